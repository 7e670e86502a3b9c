"""Threads that start together, so that tests about races do not depend on luck or on sleeping."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 60.0
"""Seconds after which a race is taken for a deadlock."""

SWITCH_SECONDS: Final = 1e-5
"""How often threads take turns while they race; by default it is every 5 ms, in which one of them wins alone."""


def race(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Run every action in a thread of its own, all released at one barrier.

    Args:
        actions: What the threads do.

    Returns:
        What they returned, in the order of the actions.

    Raises:
        ExceptionGroup: Some of them raised.
        TimeoutError: One of them did not end.

    Example:
        >>> race([lambda: 1, lambda: 2])
        [1, 2]
    """
    barrier = threading.Barrier(len(actions), timeout=PATIENCE)
    results: dict[int, T] = {}
    errors: list[Exception] = []

    def run(place: int, action: Callable[[], T]) -> None:
        try:
            barrier.wait()
            results[place] = action()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
            errors.append(error)

    threads = [threading.Thread(target=run, args=(place, action), daemon=True) for place, action in enumerate(actions)]
    with _frequent_switches():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError("a racing thread did not end: the store has deadlocked")
    if errors:
        raise ExceptionGroup("racing threads failed", errors)
    return [results[place] for place in range(len(actions))]


def race_watched(writers: Sequence[Callable[[], object]], look: Callable[[], object]) -> None:
    """Race writers, and look again and again while they write, and once more when the last one has ended.

    Args:
        writers: What the writing threads do.
        look: What the watching thread does each time. It ends with the writers, so that a store that lost something
            fails what is asserted afterwards, and keeps nobody waiting.

    Raises:
        ExceptionGroup: Some of them raised.
        TimeoutError: One of them did not end.

    Example:
        >>> seen = []
        >>> race_watched([lambda: seen.append("write")], lambda: seen.append("look"))
        >>> seen[-1]
        'look'
    """
    ended = [threading.Event() for _ in writers]

    def write(place: int) -> None:
        try:
            writers[place]()
        finally:
            ended[place].set()

    def watch() -> None:
        while not all(each.is_set() for each in ended):
            look()
        look()

    actions: list[Callable[[], None]] = [*(partial(write, place) for place in range(len(writers))), watch]
    race(actions)


@contextmanager
def _frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
