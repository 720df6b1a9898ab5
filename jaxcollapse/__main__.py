"""``python -m jaxcollapse``."""

import sys

from jaxcollapse.cli import main

sys.exit(main())
