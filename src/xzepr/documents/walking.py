"""The walk that decides whether a Python value is I-JSON within the limits.

There are two. :func:`survey` says yes as fast as it can, for it is on the path of every event. Only when it does not
say yes does :func:`violations` walk again, slowly, to say where and why. Neither of them recurses.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any

import attrs

from xzepr.documents.values import MAX_INTEGER, JsonLimits, pointer
from xzepr.errors import MAX_VIOLATIONS, Violation

_NONCHARACTERS = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_REFUSED = re.compile(f"[\0\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
"""U+0000 (our own rule), and the surrogates and the 66 noncharacters of Unicode (RFC 7493, section 2.1)."""

_LEAST_ALIKE, _LEAST_OTHER = 1e-4, 1e16
"""Between these, Python spells doubles that have a fraction as ECMAScript, and so RFC 8785, does."""

UNSAFE_INTEGER = "is an integer beyond ±(2^53-1): write it as a string"
NOT_FINITE = "is not a finite number"

_Path = tuple["_Path", str | int] | None


class Text(enum.Enum):
    """How the canonical text of a value can be written."""

    PLAIN = enum.auto()
    """The C encoder of the standard library writes it as RFC 8785 wants it."""
    SPECIAL = enum.auto()
    """It has numbers that Python spells otherwise, or names that it sorts otherwise."""


@attrs.frozen
class Flaw:
    """What the reader puts in the place of something that no Python value can stand for."""

    reason: str


class Repeated(dict[str, Any]):
    """What the reader puts in the place of an object that has a name twice."""

    __slots__ = ()


def survey(value: object, limits: JsonLimits) -> Text | None:  # noqa: C901, PLR0911, PLR0912 - one hot loop
    """Decide whether a value is I-JSON within the limits, level by level.

    Args:
        value: Any Python object.
        limits: How large it may be. Characters are counted here, which are never more than the bytes they take.

    Returns:
        How its canonical text can be written, or ``None`` if something is wrong with it.

    Example:
        >>> survey({"n": 3}, JsonLimits())
        <Text.PLAIN: 1>
        >>> survey({3: "n"}, JsonLimits())
    """
    nodes, room, depth, text = 1, limits.max_bytes, 0, Text.PLAIN
    level: list[Any] = [value]
    while level:
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                room -= len(item)
                if room < 0 or ("\0" in item if item.isascii() else _REFUSED.search(item)):
                    return None
            elif kind is dict:
                nodes += len(item)
                if depth >= limits.max_depth or nodes > limits.max_nodes:
                    return None
                for key in item:
                    if type(key) is not str:
                        return None
                    room -= len(key)
                    if room < 0 or ("\0" in key if key.isascii() else _REFUSED.search(key)):
                        return None
                    if not key.isascii() and max(key) > "\uffff":
                        text = Text.SPECIAL
                below += item.values()
            elif kind is int:
                if not -MAX_INTEGER <= item <= MAX_INTEGER:
                    return None
            elif kind is list:
                nodes += len(item)
                if depth >= limits.max_depth or nodes > limits.max_nodes:
                    return None
                below += item
            elif kind is float:
                if not _LEAST_ALIKE <= abs(item) < _LEAST_OTHER or item.is_integer():
                    if not isfinite(item):
                        return None
                    text = Text.SPECIAL
            elif kind is not bool and item is not None:
                return None
        depth += 1
        level = below
    return text


def violations(value: object, field: str, limits: JsonLimits) -> list[Violation]:
    """Say everything that is wrong with a value, in document order.

    Args:
        value: A value of which :func:`survey` did not say that it is right.
        field: What the value is called.
        limits: How large it may be.

    Returns:
        At most one violation more than an error lists. None at all, if the value has become right in the meantime.
    """
    return list(islice(_violations(value, field, limits), MAX_VIOLATIONS + 1))


def _violations(value: object, field: str, limits: JsonLimits) -> Iterator[Violation]:
    nodes, room = 1, limits.max_bytes
    stack: list[tuple[Any, _Path, int]] = [(value, None, 0)]
    while stack:
        item, path, depth = stack.pop()
        room -= _characters(item)
        if room < 0:
            yield Violation(field, f"is larger than {limits.max_bytes} bytes", limits.max_bytes)
            return
        for reason in _reasons(item):
            yield Violation(_place(field, path), reason)
        if not _holds_values(item):
            continue
        if depth >= limits.max_depth:
            reason = f"is nested deeper than {limits.max_depth} levels"
            yield Violation(_place(field, path), reason, limits.max_depth)
            continue
        nodes += len(item)
        if nodes > limits.max_nodes:
            yield Violation(field, f"has more than {limits.max_nodes} values", limits.max_nodes)
            return
        members = list(enumerate(item)) if type(item) is list else list(item.items())
        stack += [(member, (path, key), depth + 1) for key, member in reversed(members) if type(key) in {str, int}]


def _holds_values(item: object) -> bool:
    return type(item) is dict or type(item) is list or type(item) is Repeated


def _characters(item: object) -> int:
    if isinstance(item, dict):
        return sum(len(key) for key in item if type(key) is str)
    return len(item) if isinstance(item, str) else 0


def _reasons(item: object) -> Iterator[str]:
    """Say what is wrong with one value, leaving out what it holds."""
    if type(item) is Flaw:
        yield item.reason
    elif type(item) is str:
        if found := _REFUSED.search(item):
            yield f"holds U+{ord(found[0]):04X} at character {found.start()}: leave it out"
    elif type(item) is int:
        if not -MAX_INTEGER <= item <= MAX_INTEGER:
            yield UNSAFE_INTEGER
    elif type(item) is float:
        if not isfinite(item):
            yield NOT_FINITE
    elif type(item) is dict or type(item) is Repeated:
        yield from _names(item)
    elif type(item) is not list and type(item) is not bool and item is not None:
        yield f"is a Python {type(item).__name__}: convert it to a dict, list, str, int, float, bool or None"


def _names(item: dict[Any, Any]) -> Iterator[str]:
    if type(item) is Repeated:
        yield "has a name twice"
    for key in item:
        if type(key) is not str:
            yield f"has a name that is a Python {type(key).__name__}: convert it to a str"
        elif found := _REFUSED.search(key):
            yield f"has a name that holds U+{ord(found[0]):04X}: leave it out"


def _place(field: str, path: _Path) -> str:
    steps: list[str | int] = []
    while path:
        path, step = path
        steps.append(step)
    return pointer(field, reversed(steps))
