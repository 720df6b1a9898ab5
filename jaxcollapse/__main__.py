"""``python -m jaxcollapse``."""

import sys

from jaxcollapse.cli.main import main

sys.exit(main())
