"""What JSON is here: the type of a value, the limits on one, and the pointers that name its places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, Union

import attrs

from xzepr.errors import ConfigurationError

JsonValue: TypeAlias = Union[  # noqa: UP007 - a recursive alias needs its names quoted, which ``|`` cannot have on 3.11
    dict[str, "JsonValue"], list["JsonValue"], str, int, float, bool, None
]
"""One I-JSON value (RFC 7493), of exactly these Python types."""

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 7493, section 2.2)."""

MAX_DEPTH = 128
"""No limit on depth may be set above this: the C code beneath recurses, on the stack of the calling thread."""

_NAME_LENGTH = 100


def _whole(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number from 1")


def _shallow(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value > MAX_DEPTH:
        raise ConfigurationError(f"{attribute.name} must not be above {MAX_DEPTH}: the stack of a thread is finite")


@attrs.frozen(kw_only=True)
class JsonLimits:
    """How large a JSON document may be.

    The defaults refuse none of the real documents that were measured (the largest software bill of materials
    had 1.5 MB, the deepest 20 levels).

    Args:
        max_bytes: Bytes of its UTF-8 text.
        max_depth: Arrays and objects inside each other; at most :data:`MAX_DEPTH`.
        max_nodes: Values, counting arrays and objects as well as what they hold.

    Raises:
        ConfigurationError: A limit is not a positive whole number.

    Example:
        >>> JsonLimits(max_depth=8).max_bytes
        2097152
    """

    max_bytes: int = attrs.field(default=2 * 1024 * 1024, validator=_whole)
    max_depth: int = attrs.field(default=64, validator=[_whole, _shallow])
    max_nodes: int = attrs.field(default=100_000, validator=_whole)


DEFAULT_LIMITS = JsonLimits()


def printable(text: str, length: int = _NAME_LENGTH) -> str:
    r"""Shorten a name for a message, and escape what would not print.

    Args:
        text: A name that a document chose.
        length: How many characters of it are shown.

    Returns:
        At most ``length`` characters and an ellipsis, no control characters.

    Example:
        >>> printable("a\nb")
        'a\\nb'
    """
    cut = text if len(text) <= length else text[:length] + "…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def pointer(field: str, path: Iterable[str | int]) -> str:
    """Name a place inside a field by a JSON Pointer (RFC 6901).

    Args:
        field: The field.
        path: Member names and array indices, outermost first.

    Returns:
        The field and the pointer below it, its names shortened where they are long.

    Example:
        >>> pointer("payload", ["a/b", 0])
        'payload/a~1b/0'
    """
    return "/".join((field, *(printable(str(step)).replace("~", "~0").replace("/", "~1") for step in path)))
