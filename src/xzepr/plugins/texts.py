"""From texts to typed values, strictly: what a URL's options and the environment have in common.

Used by :meth:`xzepr.plugins.StoreURL.take_options` and by :mod:`xzepr.settings`. The spellings, and no others:

- ``bool``: ``true`` or ``false``
- ``int``: ASCII digits, with ``-`` in front if negative, at most 18 of them
- ``float``: the same, and if wanted a point and more digits
- ``str``: as it stands; :class:`~xzepr.secret.Secret`: the same, masked
- an enumeration of texts: one of its values
- a class with a classmethod ``parse``: what it makes of the text
- ``X | None``: what X says; absent is the default
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import attrs

from xzepr.errors import Invalid, Violation, refuse
from xzepr.secret import Secret

if TYPE_CHECKING:
    # At run time inside the functions: importing it takes longer than all the rest of this package.
    from cattrs import ClassValidationError, Converter

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_SHOWABLE = re.compile(r"[A-Za-z0-9_.+-]{1,100}", re.ASCII)

T = TypeVar("T", bound=attrs.AttrsInstance)
V = TypeVar("V")
E = TypeVar("E", bound=StrEnum)


class Misspelt(ValueError):
    """A text is none of the spellings; the message is the reason, and never holds the text."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest that is known, and all of them.

    Example:
        >>> did_you_mean("memroy", ["memory", "postgresql"])
        'did you mean memory? Known are memory, postgresql'
    """
    names = sorted(known)
    if not names:
        return "none are known"
    nearest = get_close_matches(name, names, n=1)
    return (
        "".join(f"did you mean {near}? Known are " for near in nearest)
        + ("" if nearest else "known are ")
        + ", ".join(names)
    )


def showable(name: str) -> str:
    """Return a name for use in a message: itself if it is harmless, else what is wrong with it."""
    return name if _SHOWABLE.fullmatch(name) else "(a name that is too long or has odd characters)"


def read_texts(kind: type[T], texts: Mapping[str, str | Secret], *, field: Callable[[str], str] = str) -> T:
    """Build a value from texts.

    Args:
        kind: An attrs class whose fields have the types that this module knows.
        texts: The texts, by the names of the fields; absent ones take the field's default.
        field: How a violation calls a field.

    Raises:
        TooLarge: A value is beyond a limit of the class.
        Invalid: Some texts are no spelling of their type, some names are unknown, or the class refuses its values.
    """
    value, violations = _structure(kind, texts)
    refuse(Violation(field(found.field), found.reason, found.limit) for found in violations)
    assert value is not None  # noqa: S101 - or there were violations
    return value


def _structure(kind: type[T], texts: Mapping[str, str | Secret]) -> tuple[T | None, tuple[Violation, ...]]:
    """Return the value or the violations: an error raised in here would carry the texts along, in its context."""
    from cattrs import ClassValidationError  # noqa: PLC0415

    try:
        return _converter().structure(texts, kind), ()
    except ClassValidationError as error:
        return None, tuple(_violations(error, attrs.fields_dict(kind)))


def _violations(error: ClassValidationError, known: Iterable[str]) -> Iterator[Violation]:
    from cattrs import ForbiddenExtraKeysError  # noqa: PLC0415

    of_fields, others = error.group_exceptions()
    for problem, note in of_fields:
        yield Violation(note.name, _reason(problem))
    for other in others:
        if isinstance(other, ForbiddenExtraKeysError):
            for name in sorted(other.extra_fields):
                yield Violation(showable(name), f"is unknown: {did_you_mean(name, known)}")
        elif isinstance(other, Invalid):
            yield from other.violations
        else:
            yield Violation("", f"is refused ({type(other).__name__})")


def _reason(problem: Exception) -> str:
    match problem:
        case Misspelt():
            return str(problem)
        case KeyError():
            return "is missing"
        case Invalid():
            return "; ".join(f"{found.field} {found.reason}" for found in problem.violations)
        case _:
            return f"is refused ({type(problem).__name__})"


@cache
def _converter() -> Converter:
    from cattrs import Converter  # noqa: PLC0415

    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(bool, _hook(flag))
    converter.register_structure_hook(int, _hook(whole))
    converter.register_structure_hook(float, _hook(number))
    converter.register_structure_hook(str, _text_or_choice)
    converter.register_structure_hook(Secret, _hook(Secret))
    converter.register_structure_hook_factory(
        lambda kind: isinstance(kind, type) and hasattr(kind, "parse"), lambda kind: _hook(kind.parse)
    )
    return converter


def flag(text: str) -> bool:
    """Read ``true`` or ``false``."""
    if text not in ("true", "false"):
        raise Misspelt("must be true or false")
    return text == "true"


def whole(text: str) -> int:
    """Read a whole number.

    Example:
        >>> whole("-12")
        -12
        >>> whole("1_000")
        Traceback (most recent call last):
        xzepr.plugins.texts.Misspelt: must be a whole number: digits only, at most 18
    """
    if not _WHOLE.fullmatch(text):
        raise Misspelt("must be a whole number: digits only, at most 18")
    return int(text)


def number(text: str) -> float:
    """Read a number."""
    if not _NUMBER.fullmatch(text):
        raise Misspelt("must be a number: digits, and if need be a point and more digits")
    return float(text)


def choice(kind: type[E]) -> Callable[[str], E]:
    """Return what reads a value of an enumeration."""

    def read(text: str) -> E:
        for member in kind:
            if member.value == text:
                return member
        raise Misspelt(f"must be one of {', '.join(kind)}")

    return read


@attrs.frozen
class Refused:
    """Why a text was not converted."""

    reason: str


def converted(text: str | Secret, convert: Callable[[str], V]) -> V | Refused:
    """Convert one text; the error of a converter is not kept, as it holds the text in its frames.

    Example:
        >>> converted("yes", flag)
        Refused(reason='must be true or false')
    """
    try:
        return convert(text.reveal() if isinstance(text, Secret) else text)
    except (ValueError, Invalid) as error:
        return Refused(_reason(error))


def _hook(read: Callable[[str], V]) -> Callable[[str | Secret, object], V]:
    return lambda text, _: read(text.reveal() if isinstance(text, Secret) else text)


def _text_or_choice(text: str | Secret, kind: type[str]) -> str:
    """Read a text, or one of an enumeration of texts: cattrs asks the hook of a class for its subclasses too."""
    return _hook(choice(kind) if issubclass(kind, StrEnum) else str)(text, kind)
