"""ULIDs: 48 bits of milliseconds, 80 bits of randomness, 26 characters that sort like the time they were made.

Text form: Crockford's base 32, canonical upper case only; anything else is refused at the edge and never folded.
Own code, because the packages measured were slower, not monotonic under threads, or accepted overflow.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from typing import Final, NewType, TypeGuard

from xzepr.errors import Invalid, Unavailable, Violation

Ulid = NewType("Ulid", str)
"""An id: 26 characters."""

ULID_REASON: Final = "must be a ULID: 26 characters of 0-9 and A-Z without I, L, O and U, at most 7ZZZ…"
"""What a refusal says of what is none."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_BASE_32: Final = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""From Crockford's digits to those of ``int``: three times as fast as a loop (measured)."""
_TEXT: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SHIFTS: Final = tuple(range(120, -1, -10))
_RANDOM_BITS: Final = 80
_TIME_LIMIT: Final = 1 << 48


def is_ulid(value: object) -> TypeGuard[Ulid]:
    """Say whether a value is a ULID in its one text form.

    Example:
        >>> is_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"), is_ulid("01arz3ndektsv4rrffq69g5fav")
        (True, False)
    """
    return type(value) is str and _TEXT.fullmatch(value) is not None


def parse_ulid(value: object, field: str = "id") -> Ulid:
    """Take an id at the edge.

    Args:
        value: What was given.
        field: How to name it in the refusal.

    Returns:
        The same text.

    Raises:
        Invalid: It is not a ULID in canonical form.
    """
    if not is_ulid(value):
        raise Invalid([Violation(field, ULID_REASON)])
    return value


def ulid_to_int(ulid: Ulid) -> int:
    """Return the 128-bit number of an id.

    Example:
        >>> ulid_to_int(Ulid("00000000000000000000000010"))
        32
    """
    return int(ulid.translate(_BASE_32), 32)


def ulid_from_int(number: int) -> Ulid:
    """Return the id of a 128-bit number.

    Args:
        number: At least 0 and below 2**128.

    Example:
        >>> ulid_from_int(2**128 - 1)
        '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'
    """
    return Ulid("".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS]))  # a list: a third faster (measured)


def ulid_time_ms(ulid: Ulid) -> int:
    """Return when an id was made, in milliseconds since 1970.

    Example:
        >>> ulid_time_ms(Ulid("01ARYZ6S41TSV4RRFFQ69G5FAV"))
        1469918176385
    """
    return ulid_to_int(ulid) >> _RANDOM_BITS


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class UlidGenerator:
    """Makes ids that rise strictly within a process, under threads and after a fork.

    Within one millisecond, and while the clock stands still or steps back, the last id is counted up by one.

    Args:
        clock_ms: Tells the milliseconds since 1970.
        random_bytes: Gives that many random bytes.

    Example:
        >>> new = UlidGenerator()
        >>> new() < new()
        True
    """

    def __init__(
        self, clock_ms: Callable[[], int] = _wall_clock_ms, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._clock_ms = clock_ms
        self._random_bytes = random_bytes
        self._runs: dict[int, _Run] = {}

    def __call__(self) -> Ulid:
        """Make an id.

        Raises:
            Unavailable: The 2**80 ids of this millisecond are used up, or the clock is out of the range of a ULID.
        """
        pid = os.getpid()
        run = self._runs.get(pid)
        if run is None:  # the first use, or the first in a forked child: of several threads, one run is kept
            run = self._runs.setdefault(pid, _Run())
        with run.lock:
            now = self._clock_ms()
            if now > run.last_ms or not run.prefix:
                self._start(run, now)
            elif run.last_random + 1 >> _RANDOM_BITS:
                raise Unavailable("no id is left in this millisecond: retry in the next one")
            else:
                run.last_random += 1
            return Ulid(run.prefix + _random_text(run.last_random))

    def _start(self, run: _Run, now: int) -> None:
        if not 0 <= now < _TIME_LIMIT:
            raise Unavailable("the clock is outside the milliseconds of a ULID, 1970 to 10889: set it right and retry")
        run.last_random = int.from_bytes(self._random_bytes(_RANDOM_BITS // 8), "big")
        run.prefix = ulid_from_int(now << _RANDOM_BITS)[:10]
        run.last_ms = now


class _Run:
    """The ids of one process."""

    __slots__ = ("last_ms", "last_random", "lock", "prefix")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.last_ms = -1
        self.last_random = 0
        self.prefix = ""


def _random_text(number: int) -> str:
    pairs = _PAIRS
    return (
        pairs[number >> 70]
        + pairs[number >> 60 & 1023]
        + pairs[number >> 50 & 1023]
        + pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )
