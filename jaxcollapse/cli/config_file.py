"""The TOML files of ``jaxcollapse run``: their keys are its settings."""

from __future__ import annotations

import pathlib
import tomllib
from collections.abc import Container, Mapping
from typing import Any

from jaxcollapse import check
from jaxcollapse.cli.setting_types import check_value


def read_config(path: str, types: Mapping[str, Any], of_one_call: Container[str]) -> dict[str, Any]:
    """Return what a file says; it may hold the settings of these types, and not those `of_one_call`.

    Raises:
      ValueError: where the file is not TOML, or says what no flags could say.
      OSError: when it cannot be read.
    """
    content = pathlib.Path(path).read_bytes()
    try:
        held = tomllib.loads(content.decode("utf-8-sig"))
        for key, value in held.items():
            if key in of_one_call:
                raise ValueError(f"{key} belongs to one call, not to a file; give it as --{key}")
            check.choice("key", key, types)
            check_value(key, types[key], value)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not UTF-8 near byte {error.start}; TOML must be") from None
    except tomllib.TOMLDecodeError as error:
        last = len(content.splitlines())
        where = str(error).replace("at end of document", f"at the end, line {last}")
        raise ValueError(f"{path!r} is not TOML: {where}") from None
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    return held
