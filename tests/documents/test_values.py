"""The limits, and the pointers that name places."""

from __future__ import annotations

import pytest

from xzepr.documents import JsonLimits
from xzepr.documents.values import pointer, printable
from xzepr.errors import ConfigurationError


@pytest.mark.parametrize("name", ["max_bytes", "max_depth", "max_nodes"])
@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1", None])
def test_limits_are_positive_whole_numbers(name: str, value: object) -> None:
    """A limit that is none is a configuration error by name."""
    with pytest.raises(ConfigurationError, match=f"{name} must be a whole number from 1"):
        JsonLimits(**{name: value})  # type: ignore[arg-type]  # the wrong type is what is tested


def test_depth_is_limited_itself() -> None:
    """No limit may let a document overflow the stack of a thread."""
    assert JsonLimits(max_depth=128).max_depth == 128
    with pytest.raises(ConfigurationError, match="max_depth must not be above 128"):
        JsonLimits(max_depth=129)


def test_pointers_are_escaped() -> None:
    """A slash and a tilde in a name are written as RFC 6901 says."""
    assert pointer("payload", ["a/b", "c~d", 0]) == "payload/a~1b/c~0d/0"


def test_names_are_printable_and_short() -> None:
    """A name in a message breaks no line and fills no page."""
    assert printable("a\r\nb\x1b") == "a\\r\\nb\\x1b"
    assert printable("\ud800") == "\\ud800"
    assert printable("é" * 101) == "é" * 100 + "…"
