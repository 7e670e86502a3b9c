"""Taking times: two ways to do the same work, in turns.

What runs in one thread and waits for nothing is measured by its processor time: other work on the machine, which would
spoil the wall clock, then shows only through shared caches, and hits both sides alike. Where a database takes part only
the wall clock will do; then rounds are short, so that other work hits both sides of most of them alike.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Final, TypeVar

import attrs

T = TypeVar("T")

MIN_ROUNDS: Final = 11


@attrs.frozen(kw_only=True)
class Comparison:
    """Two ways to do the same work.

    Args:
        ours_us: Microseconds per operation, the median of all rounds.
        theirs_us: The same, of what it is compared with.
        ratio: Our throughput by theirs, the median of the rounds' own ratios.
        low: The ratio that one round in ten does not reach.
        high: The ratio that one round in ten passes.
        rounds: How many rounds there were.
    """

    ours_us: float
    theirs_us: float
    ratio: float
    low: float
    high: float
    rounds: int

    @property
    def times(self) -> float:
        """How many times theirs is the time that ours takes."""
        return 1 / self.ratio


def compare(
    make: Callable[[], Sequence[T]],
    ours: Callable[[Sequence[T]], object],
    theirs: Callable[[Sequence[T]], object],
    *,
    seconds: float,
    clock: Callable[[], float] = time.thread_time,
) -> Comparison:
    """Do the same work in two ways, in turns, and let each begin every other round.

    Args:
        make: Makes the work of one round; this is not measured.
        ours: Does it.
        theirs: Does it the other way.
        seconds: For about how long; at least :data:`MIN_ROUNDS` rounds.
        clock: Tells the time, in seconds.
    """
    work = make()
    ours(work)
    theirs(work)
    gc.collect()
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while len(pairs) < MIN_ROUNDS or time.perf_counter() < end:
        work = make()
        if len(pairs) % 2:
            first = _time_of(ours, work, clock)
            pairs.append((first, _time_of(theirs, work, clock)))
        else:
            second = _time_of(theirs, work, clock)
            pairs.append((_time_of(ours, work, clock), second))
    return _summed_up(pairs)


def microseconds(do: Callable[[], object], *, seconds: float = 0.5, repeat: int = 1) -> float:
    """Return the median processor time of one call.

    Args:
        do: What to do.
        seconds: For about how long.
        repeat: How often to do it between two looks at the clock: more for what takes less than some microseconds.
    """
    do()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < MIN_ROUNDS or time.perf_counter() < end:
        start = time.thread_time()
        for _ in range(repeat):
            do()
        times.append((time.thread_time() - start) / repeat)
    return median(times) * 1e6


def _time_of(do: Callable[[Sequence[T]], object], work: Sequence[T], clock: Callable[[], float]) -> float:
    start = clock()
    do(work)
    return (clock() - start) / len(work)


def _summed_up(pairs: Sequence[tuple[float, float]]) -> Comparison:
    ratios = [theirs / ours for ours, theirs in pairs]
    deciles = quantiles(ratios, n=10)
    return Comparison(
        ours_us=median(ours for ours, _ in pairs) * 1e6,
        theirs_us=median(theirs for _, theirs in pairs) * 1e6,
        ratio=median(ratios),
        low=deciles[0],
        high=deciles[-1],
        rounds=len(pairs),
    )
