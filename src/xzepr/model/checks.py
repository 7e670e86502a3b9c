"""The rules for text, numbers and times, and the collector through which a value names all that is wrong with it.

Every value of the model calls these at construction: it makes one :class:`Checks`, asks about each field, and raises
everything at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from xzepr.errors import Violation, refuse
from xzepr.model.ulids import ULID_REASON, is_ulid

MAX_TEXT = 255
"""Characters in a name, type, version … (contract of the older systems; code points, not bytes)."""

MAX_DESCRIPTION = 1_000
"""Characters in a description."""

MAX_SECONDS = 366 * 24 * 60 * 60
"""A year: longer than anybody waits, and short enough for every clock and timer that has to count it."""

MAX_WHOLE = 2**63 - 1
"""The largest whole number anywhere: what a database counts with."""

_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)

_DIGEST = re.compile(r"[0-9a-f]{64}")


def fold(text: str) -> str:
    r"""Fold text for a search: NFKC, case-folded, NFKC again (Unicode 15, section 5.18.4).

    Example:
        >>> fold("\uff37eb") == fold("wEB")
        True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def text_problem(value: object, limit: int = MAX_TEXT, *, blank: bool = False) -> Violation | None:
    """Say what is wrong with a text, if anything is.

    Text is stored exactly as given. It holds no control characters (category Cc), and, as I-JSON (RFC 7493) and
    CloudEvents demand, no lone surrogates and no noncharacters.

    Args:
        value: What was given.
        limit: The most characters allowed.
        blank: Whether it may be empty or white space only.

    Returns:
        A violation without a field, or None.
    """
    if type(value) is not str:
        return Violation("", f"must be text (str), not {type(value).__name__}")
    if value.isprintable() and len(value) <= limit and (blank or (value and not value.isspace())):
        return None  # nearly always; what is printable holds nothing that is forbidden
    if len(value) > limit:
        return Violation("", f"must have at most {limit:,} characters", limit)
    if not blank and not value.strip():
        return Violation("", "must not be blank")
    if _FORBIDDEN.search(value):
        return Violation("", "must hold no control characters, lone surrogates or noncharacters")
    return None


class Checks:
    """Collects what is wrong with one value, field by field.

    Example:
        >>> checks = Checks()
        >>> checks.text("name", "")
        >>> checks.whole("limit", 0, least=1)
        >>> checks.done()
        Traceback (most recent call last):
        xzepr.errors.Invalid: name: must not be blank; limit: must be at least 1
    """

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def add(self, field: str, reason: str, limit: int | None = None) -> None:
        """Note a violation."""
        self.found.append(Violation(field, reason, limit))

    def text(self, field: str, value: object, limit: int = MAX_TEXT, *, blank: bool = False) -> None:
        """Check a text; see :func:`text_problem`."""
        problem = text_problem(value, limit, blank=blank)
        if problem is not None:
            self.add(field, problem.reason, problem.limit)

    def ulid(self, field: str, value: object) -> None:
        """Check an id: 26 canonical upper-case characters."""
        if not is_ulid(value):
            self.add(field, ULID_REASON)

    def kind(self, field: str, value: object, wanted: type) -> None:
        """Check that a value is of a class; ``bool`` does not count as ``int``."""
        if not isinstance(value, wanted) or (type(value) is bool and wanted is not bool):
            self.add(field, f"must be {wanted.__name__}, not {type(value).__name__}")

    def exactly(self, field: str, value: object, wanted: type) -> None:
        """Check that a value is of a class and of no subclass: two values are equal only if their classes are."""
        if type(value) is not wanted:
            self.add(field, f"must be {wanted.__name__}, not {type(value).__name__}")

    def callback(self, field: str, value: object) -> None:
        """Check that a caller's function, if there is one, can be called."""
        if value is not None and not callable(value):
            self.add(field, f"must be callable, not {type(value).__name__}")

    def digest(self, field: str, value: object) -> None:
        """Check a SHA-256 digest: 64 lower-case hex digits."""
        if type(value) is not str or _DIGEST.fullmatch(value) is None:
            self.add(field, "must be 64 lower-case hex digits")

    def whole(self, field: str, value: object, *, least: int, most: int = MAX_WHOLE) -> None:
        """Check a whole number within bounds; ``True`` and ``1.0`` are not whole numbers."""
        if type(value) is not int:
            self.add(field, f"must be a whole number (int), not {type(value).__name__}")
        elif value < least:
            self.add(field, f"must be at least {least:,}")
        elif value > most:
            self.add(field, f"must be at most {most:,}", most)

    def seconds(self, field: str, value: object, *, above: float | None = None) -> None:
        """Check a finite number of seconds, 0 or more, or above a bound."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.add(field, f"must be a number of seconds, not {type(value).__name__}")
        elif not 0 <= value < float("inf") or (above is not None and value <= above):
            self.add(field, f"must be finite and {'0 or more' if above is None else f'above {above:g}'}")
        elif value > MAX_SECONDS:
            self.add(field, f"must be at most {MAX_SECONDS:,} seconds", MAX_SECONDS)

    def time(self, field: str, value: object) -> None:
        """Check that a time is aware and can be told in UTC."""
        if type(value) is datetime and value.tzinfo is UTC:
            return
        problem = time_problem(value)
        if problem is not None:
            self.add(field, problem)

    def done(self) -> None:
        """Raise everything found, at once.

        Raises:
            TooLarge: A limit was passed.
            Invalid: Something else is wrong.
        """
        refuse(self.found)


def time_problem(value: object) -> str | None:
    """Say why something cannot be told as a time in UTC; None if it can."""
    if not isinstance(value, datetime):
        return f"must be a datetime, not {type(value).__name__}"
    try:
        if value.utcoffset() is None:
            return "must have a time zone"
        value.astimezone(UTC)
    except OverflowError:
        return "must lie in the years 1 to 9999 in UTC"
    except Exception as error:  # noqa: BLE001 - a zone is anybody's code
        return f"must have a zone that tells an offset of less than a day ({type(error).__name__})"
    return None


def only_known(names: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse names that are not known, each by name.

    Args:
        names: What was given, by name.
        known: The names that there are.

    Raises:
        Invalid: Some names are unknown.

    Example:
        >>> only_known({"enabeld": True}, frozenset({"enabled"}))
        Traceback (most recent call last):
        xzepr.errors.Invalid: enabeld: is unknown; known are enabled
    """
    refuse(Violation(name, f"is unknown; known are {', '.join(sorted(known))}") for name in names if name not in known)
