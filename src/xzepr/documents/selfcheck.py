"""The start-up self-check: the installed jsonschema-rs keeps what we rely on.

It has no upper bound in our metadata, so a later version might change a default that guards us. Once per process,
before the first schema is compiled, small schemas prove that it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from xzepr.errors import ConfigurationError

_HTTP = "http://127.0.0.1:9/schema.json"
"""On loopback, where nothing listens: even a validator that tried would reach nobody."""

_FILE = (Path(__file__).parent / "selfcheck.json").absolute().as_uri()
"""A schema that is there, and right: only a validator that opens no files refuses to refer to it."""


@cache
def require_safe_validator() -> None:
    """Prove, once per process, that jsonschema-rs stays offline and linear, and asserts formats.

    Raises:
        ConfigurationError: It does not; the message says what is broken.
    """
    for guarantee, holds in _GUARANTEES.items():
        if not holds():
            raise ConfigurationError(
                f"the installed jsonschema-rs {guarantee}: install another version, 0.60.3 is known to be right"
            )


def _compiles(schema: dict[str, Any]) -> bool:
    try:
        _compiled(schema)
    except ValueError:
        return False
    return True


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        schema, offline=True, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )


def _opens_no_file() -> bool:
    return not _compiles({"$ref": _FILE})


def _opens_no_socket() -> bool:
    return not _compiles({"$ref": _HTTP})


def _refuses_back_references() -> bool:
    return not _compiles({"pattern": r"(a)\1"})


def _refuses_lookaround() -> bool:
    return not _compiles({"pattern": "(?=a)"}) and not _compiles({"patternProperties": {"(?<!a)": True}})


def _asserts_formats() -> bool:
    validator = _compiled({"format": "date"})
    return validator.is_valid("2026-11-23") and not validator.is_valid("yesterday")


_GUARANTEES: dict[str, Callable[[], bool]] = {
    "opens file:// references": _opens_no_file,
    "fetches http:// references": _opens_no_socket,
    "accepts patterns with back-references": _refuses_back_references,
    "accepts patterns with look-around": _refuses_lookaround,
    "does not assert formats": _asserts_formats,
}
