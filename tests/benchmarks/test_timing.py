"""Two ways to do the same work are timed in turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from benchmarks.timing import MIN_ROUNDS, Comparison, compare


class Clock:
    """A clock that moves only when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def takes(self, seconds: float) -> object:
        """Return work that takes so long for each thing to do."""

        def work(things: Sequence[int]) -> None:
            self.now += seconds * len(things)

        return work


def compared(ours: float, theirs: float) -> Comparison:
    """Compare two ways that take so many seconds each."""
    clock = Clock()
    return compare(lambda: [1, 2], clock.takes(ours), clock.takes(theirs), seconds=0, clock=clock)


def test_ratio_is_throughput_and_times_is_time() -> None:
    """Twice the time is half the throughput, and two times."""
    found = compared(2e-3, 1e-3)

    assert (found.ratio, found.times) == (pytest.approx(0.5), pytest.approx(2.0))


def test_times_are_for_one_operation() -> None:
    """The times are microseconds of one operation, however many a round has."""
    found = compared(2e-3, 1e-3)

    assert (found.ours_us, found.theirs_us) == (pytest.approx(2_000), pytest.approx(1_000))


def test_there_are_enough_rounds_in_no_time() -> None:
    """However little time there is, the median has some rounds behind it."""
    assert compared(1e-3, 1e-3).rounds == MIN_ROUNDS


def test_each_side_begins_every_other_round() -> None:
    """Whoever comes second finds the machine warm, so both sides do in turns."""
    begun: list[str] = []
    clock = Clock()

    compare(
        lambda: [1],
        lambda _: begun.append("ours"),
        lambda _: begun.append("theirs"),
        seconds=0,
        clock=lambda: clock.now + next(ticks),
    )

    rounds = [tuple(begun[at : at + 2]) for at in range(2, len(begun), 2)]
    assert rounds[:3] == [("theirs", "ours"), ("ours", "theirs"), ("theirs", "ours")]


ticks = itertools.count(1)
