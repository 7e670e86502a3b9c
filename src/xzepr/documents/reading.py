"""Reading JSON that others wrote: strict I-JSON (RFC 7493), and within limits before anything is built.

The C scanner of the standard library does the reading. What it would let through is caught around it: the size before
the text is decoded, the depth before the scanner recurses, the length of an integer before it is converted; names that
come twice, numbers that are none, and everything else by the walk afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, cast

from xzepr.documents.values import DEFAULT_LIMITS, MAX_INTEGER, JsonLimits, JsonValue
from xzepr.documents.walking import NOT_FINITE, UNSAFE_INTEGER, Flaw, Repeated, survey, violations
from xzepr.errors import Invalid, TooLarge, Violation, refuse

_NOT_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^][{}"]++', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_SAFE_DIGITS = len(str(-MAX_INTEGER))


def parse(
    source: bytes | bytearray | memoryview | str | Iterable[bytes],
    *,
    field: str = "document",
    limits: JsonLimits = DEFAULT_LIMITS,
) -> JsonValue:
    """Read one JSON document that we do not trust.

    Args:
        source: The text, as UTF-8 bytes without a byte order mark, as chunks of them, or as a ``str``.
            Of chunks no more are taken than the limit allows.
        field: What errors call the document.
        limits: How large it may be.

    Returns:
        The value, of exactly the types of :data:`JsonValue`.

    Raises:
        TooLarge: The document is beyond a limit.
        Invalid: It is not I-JSON (RFC 7493), or has U+0000; each violation names the place.

    Example:
        >>> parse(b'{"ok": true}')
        {'ok': True}
        >>> parse('{"n": [1e400]}')
        Traceback (most recent call last):
        xzepr.errors.Invalid: document/n/0: is not a finite number
    """
    text = _text(source, field, limits.max_bytes)
    if _deeper(text, limits.max_depth):
        reason = f"is nested deeper than {limits.max_depth} levels"
        raise TooLarge([Violation(field, reason, limits.max_depth)])
    try:
        value = _STRICT.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg.partition(":")[0].removesuffix(" at").removesuffix(" starting").lower()
        raise Invalid([Violation(field, f"is not JSON: {what} at character {error.pos}")]) from None
    if survey(value, limits) is None:
        refuse(violations(value, field, limits))
    return cast("JsonValue", value)


def read_canonical(text: str) -> JsonValue:
    """Read back what :func:`~xzepr.documents.canonical` wrote, without the checks that it passed then.

    Args:
        text: Canonical text from a store.

    Returns:
        The value, a fresh one on each call. An integral number beyond 2^53-1 was a float, and is one again.

    Raises:
        Invalid: The text is not JSON.

    Example:
        >>> read_canonical('[1,1000000000000000000000]')
        [1, 1e+21]
    """
    try:
        return cast("JsonValue", _EXACT.decode(text))
    except (ValueError, RecursionError):
        raise Invalid([Violation("document", "is not the canonical text of a JSON value")]) from None


def _text(source: object, field: str, limit: int) -> str:
    """Decode the source, having counted its bytes."""
    if isinstance(source, str):
        return _checked(source, field, limit)
    data = _gathered(source, field, limit)
    if data.startswith(b"\xef\xbb\xbf"):
        raise Invalid([Violation(field, "starts with a byte order mark: leave it out")])
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Invalid([Violation(field, f"is not UTF-8 at byte {error.start}")]) from None


def _checked(text: str, field: str, limit: int) -> str:
    if type(text) is not str:
        raise Invalid([Violation(field, f"is a Python {type(text).__name__}: convert it to a str")])
    if len(text) > limit or (not text.isascii() and len(text.encode(errors="surrogatepass")) > limit):
        raise _too_many_bytes(field, limit)
    return text


def _gathered(source: object, field: str, limit: int) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        source = (source,)
    elif not isinstance(source, Iterable):
        raise _not_bytes(field, source)
    data = bytearray()
    for chunk in source:
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise _not_bytes(field, chunk)
        with memoryview(chunk) as view:
            if len(data) + view.nbytes > limit:
                raise _too_many_bytes(field, limit)
            data += view.tobytes()
    return bytes(data)


def _too_many_bytes(field: str, limit: int) -> TooLarge:
    return TooLarge([Violation(field, f"is larger than {limit} bytes", limit)])


def _not_bytes(field: str, found: object) -> Invalid:
    return Invalid([Violation(field, f"is a Python {type(found).__name__}: give its JSON text as bytes or str")])


def _deeper(text: str, limit: int) -> bool:
    """Whether arrays and objects are nested deeper than the limit, strings left out; linear in the text."""
    if text.count("[") + text.count("{") <= limit:
        return False
    steps = map(_STEPS.__getitem__, _NOT_BRACKETS.sub("", text))
    return max(accumulate(steps), default=0) > limit


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Repeated(members)


def _integer(digits: str) -> int | Flaw:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    return Flaw(UNSAFE_INTEGER)


def _constant(_name: str) -> Flaw:
    return Flaw(NOT_FINITE)


def _refused(name: str) -> None:
    raise ValueError(name)


def _double(digits: str) -> int | float:
    value = int(digits) if len(digits) <= _SAFE_DIGITS else MAX_INTEGER + 1
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else float(digits)


_STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_constant=_constant)
_EXACT = json.JSONDecoder(parse_int=_double, parse_constant=_refused)
