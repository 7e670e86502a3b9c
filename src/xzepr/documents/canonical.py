"""Writing JSON: canonical text (RFC 8785), text in the caller's order, and the digest of either."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import rfc8785

from xzepr.documents.values import DEFAULT_LIMITS, JsonLimits
from xzepr.documents.walking import Text, survey, violations
from xzepr.errors import Invalid, TooLarge, Violation, refuse

_sorted_text = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
_given_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False).encode


def canonical(value: object, *, field: str = "document", limits: JsonLimits = DEFAULT_LIMITS) -> str:
    """Write the canonical text (RFC 8785) of a value, if it is I-JSON within the limits.

    Args:
        value: A value of exactly the types of :data:`JsonValue`; nothing is converted, least of all names.
        field: What errors call the value.
        limits: How large it may be; its bytes are those of the canonical text.

    Returns:
        Its one canonical text: names sorted, ``1.0`` as ``1``, ``-0.0`` as ``0``.

    Raises:
        TooLarge: The value is beyond a limit, or holds itself.
        Invalid: It is not I-JSON (RFC 7493), or has U+0000; each violation names the place.

    Example:
        >>> canonical({"b": 1.0, "a": [None, "é"]})
        '{"a":[null,"é"],"b":1}'
    """
    return _written(value, field, limits, _sorted_text, _special_text)


def ordered_text(value: object, *, field: str = "document", limits: JsonLimits = DEFAULT_LIMITS) -> str:
    """Write a value as compact JSON with the names in the order given, after the checks of :func:`canonical`.

    Args:
        value: A value of exactly the types of :data:`JsonValue`.
        field: What errors call the value.
        limits: How large it may be.

    Returns:
        JSON text that reads back as an equal value, in the same order.

    Raises:
        TooLarge: The value is beyond a limit, or holds itself.
        Invalid: It is not I-JSON (RFC 7493), or has U+0000; each violation names the place.

    Example:
        >>> ordered_text({"type": "object", "required": ["b", "a"]})
        '{"type":"object","required":["b","a"]}'
    """
    return _written(value, field, limits, _given_text, _given_text)


def digest(text: str, *, prefix: bytes = b"") -> bytes:
    """Hash a text with SHA-256.

    Args:
        text: Canonical text.
        prefix: What goes before it: a salt, or the name of the domain.

    Returns:
        The 32 bytes.

    Example:
        >>> digest("{}").hex()[:16]
        '44136fa355b3678a'
    """
    return hashlib.sha256(prefix + text.encode()).digest()


def _written(
    value: object, field: str, limits: JsonLimits, plain: Callable[[object], str], special: Callable[[object], str]
) -> str:
    try:
        text = (plain if _surveyed(value, field, limits) is Text.PLAIN else special)(value)
    except (RuntimeError, TypeError, ValueError) as error:
        # It was right when it was looked at, so another thread changes it meanwhile.
        raise Invalid([Violation(field, "changed while it was read: give a copy")]) from error
    if len(text) > limits.max_bytes or (not text.isascii() and len(text.encode()) > limits.max_bytes):
        raise TooLarge([Violation(field, f"is larger than {limits.max_bytes} bytes", limits.max_bytes)])
    return text


def _surveyed(value: object, field: str, limits: JsonLimits) -> Text:
    found = survey(value, limits)
    if found is None:
        refuse(violations(value, field, limits))
        raise RuntimeError  # nothing is wrong with it any more
    return found


def _special_text(value: object) -> str:
    return rfc8785.dumps(value).decode()  # type: ignore[arg-type]  # survey() has checked it
