"""A clock that a test sets: nothing in the contract waits for real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
"""Where a clock begins: no round number, so that a lost microsecond shows."""


class ManualClock:
    """Stands still until it is told to move.

    Args:
        start: The time it tells first.

    Example:
        >>> clock = ManualClock()
        >>> before = clock()
        >>> clock.advance(1.5)
        >>> (clock() - before).total_seconds()
        1.5
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Tell the time."""
        return self._now

    def advance(self, seconds: float = 1.0) -> None:
        """Move on; a negative number steps back."""
        self._now += timedelta(seconds=seconds)
