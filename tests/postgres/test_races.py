"""Racing for the same units: each gate opens exactly once, at every isolation level, and nobody waits for ever."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest
from psycopg.errors import SerializationFailure

from tests.postgres.histories import (
    GUARD,
    LEVELS,
    Host,
    begin,
    break_function,
    draft,
    make_group,
    make_receiver,
    make_receivers,
    numbers,
    open_registry,
)
from xzepr import EventDraft, Registry
from xzepr.errors import Unavailable
from xzepr.model import SYSTEM, Event, EventReceiver, Recorded, Unit
from xzepr.testing.checking import check_history
from xzepr.testing.racing import race
from xzepr.testing.world import new_event, read_feed, unit

UNITS = {2: 900, 4: 500, 8: 280}
"""Units in a race of so many writers; at three levels that is more than 5,000."""

HEAT = 140
"""Units in one heat of a race, so that no heat takes long."""

Record = Callable[[Unit], int]
"""Records an event about a unit; returns how often somebody was in the way."""

Open = Callable[[EventReceiver], AbstractContextManager[Record]]
"""Opens what a writer records to its receiver with."""


class Finish:
    """Several last receivers, one for each writer, and groups that share them: all, the first two, the first alone.

    Half of the units are new, the others have an event: they are met in two ways.

    Args:
        registry: The registry.
        writers: How many there are.
        units: For how many units they race.
    """

    def __init__(self, registry: Registry, writers: int, units: int) -> None:
        self._registry = registry
        self._receivers = make_receivers(registry, writers)
        self._groups = [
            make_group(registry, *shared, name=name)
            for name, shared in (("all", self._receivers), ("two", self._receivers[:2]), ("one", self._receivers[:1]))
        ]
        self._units = [unit(number) for number in range(units)]
        first = make_receiver(registry, "first")
        registry.events.record_many(draft(each, first) for each in self._units[::2])
        self._line = Barrier(writers, timeout=GUARD)

    def run(self, writer: Open) -> int:
        """Let every writer start at one barrier for each unit; return how often they were in each other's way."""
        heats = (self._units[start : start + HEAT] for start in range(0, len(self._units), HEAT))
        return sum(sum(race([partial(self._write, writer, mine, heat) for mine in self._receivers])) for heat in heats)

    def check(self) -> None:
        """Look whether each group opened once for each unit, and the feed says so too."""
        for group in self._groups:
            assert numbers(self._registry, group, self._units) == [[1]] * len(self._units), group.name
        kinds = [str(change.kind) for change in read_feed(self._registry)]
        assert kinds.count("group.completed") == len(self._groups) * len(self._units)
        assert kinds.count("group.reopened") == 0
        check_history(self._registry, every_position=False)

    def _write(self, writer: Open, mine: EventReceiver, heat: Sequence[Unit]) -> int:
        conflicts = 0
        with writer(mine) as record:
            for about in heat:
                try:
                    self._line.wait()
                    conflicts += record(about)
                except BrokenBarrierError:
                    raise AssertionError("another writer failed, or never came") from None
                except BaseException:
                    self._line.abort()
                    raise
        return conflicts


@contextmanager
def by_host(registry: Registry, url: str, level: str, mine: EventReceiver) -> Iterator[Record]:
    """Record in transactions of a host."""
    with Host(registry, url, level) as host:
        yield lambda about: host.until_committed(lambda own: own.record(about, mine))


@contextmanager
def by_registry(registry: Registry, mine: EventReceiver) -> Iterator[Record]:
    """Record on the registry's own connections; it does not tell conflicts, it fails."""

    def record(about: Unit) -> int:
        registry.events.record(about, mine, success=True, payload=None)
        return 0

    yield record


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("writers", UNITS)
def test_c073_last_events_at_once_complete_a_unit_once(level: str, writers: int, xzepr_postgres_database: str) -> None:
    """Hosts record the last events of a unit at once: whoever is in the way repeats, and one event opens the gate."""
    url, units = xzepr_postgres_database, UNITS[writers]
    with open_registry(url) as registry:
        finish = Finish(registry, writers, units)
        conflicts = finish.run(partial(by_host, registry, url, level))
        print(f"{level}, {writers} writers, {units} units: {conflicts} conflicts")  # noqa: T201 - what was generated
        assert (conflicts > units / 10) == (level != "READ COMMITTED")
        finish.check()


@pytest.mark.slow
def test_c073_our_own_calls_race_without_a_conflict(xzepr_postgres_database: str) -> None:
    """On the registry's own connections nobody gets into another's way: no call is tried twice."""
    with open_registry(xzepr_postgres_database, attempts=1) as registry:
        finish = Finish(registry, 8, HEAT)
        finish.run(partial(by_registry, registry))
        finish.check()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("by", ["id", "key"])
def test_c073_the_same_event_from_two_hosts_is_stored_once(level: str, by: str, xzepr_postgres_database: str) -> None:
    """The second one is told to retry, since the first one was not committed when it asked; then it is a replay."""
    url = xzepr_postgres_database
    with open_registry(url) as registry, Host(registry, url, level) as first, Host(registry, url, level) as second:
        [build] = make_receivers(registry, 1)
        gate = make_group(registry, build)
        known = new_event(unit(), build)
        named = {"id": known.id} if by == "id" else {"idempotency_key": "run-1"}

        def record(host: Host) -> Recorded:
            return host.registry.events.record(unit(), build, success=True, payload=None, **named)

        second.look()
        assert not record(first).replayed
        with ThreadPoolExecutor(1) as pool, psycopg.connect(url, autocommit=True) as watcher:
            waiting = begin(pool, watcher, lambda: record(second))
            assert not waiting.done()
            first.commit()
            with pytest.raises(Unavailable):
                waiting.result()
        second.rollback()
        again = record(second)
        second.commit()
        assert (again.replayed, [each.number for each in again.transitions]) == (True, [1])
        assert numbers(registry, gate, [unit()]) == [[1]]


@pytest.mark.parametrize("level", LEVELS)
def test_c073_later_events_move_a_gate_again(level: str, xzepr_postgres_database: str) -> None:
    """Failure then success, success after completion, a late failure: latest wins, each move is one transition."""
    url = xzepr_postgres_database
    with open_registry(url) as registry, Host(registry, url, level) as host:
        build, scan = make_receivers(registry, 2)
        gate = make_group(registry, build, scan)
        told = []
        for receiver, success in (
            (build, False),
            (build, True),
            (scan, True),
            (scan, True),
            (build, False),
            (scan, False),
            (scan, True),
            (build, True),
        ):
            outcome = host.registry.events.record(unit(), receiver, success=success, payload=None)
            host.commit()
            told.append([str(each.kind) for each in outcome.transitions])
        assert told == [[], [], ["completed"], [], ["reopened"], [], [], ["completed"]]
        assert numbers(registry, gate, [unit()]) == [[1, 2, 3]]
        check_history(registry)


class Crowd:
    """Six units, three receivers in three groups, and eight writers that meet there.

    Args:
        registry: The registry.
        url: Its database.
    """

    def __init__(self, registry: Registry, url: str) -> None:
        self.registry = registry
        self._url = url
        self._units = [unit(number) for number in range(6)]
        self._receivers = make_receivers(registry, 3)
        make_group(registry, *self._receivers[:2], name="a and b")
        make_group(registry, *reversed(self._receivers[:2]), name="b and a")
        make_group(registry, *self._receivers, name="all")

    def in_batches(self, seed: int) -> list[str]:
        """Append batches over the same units in any order; return the ids that were stored."""
        chance = random.Random(seed)  # noqa: S311 - the same every time
        stored: list[str] = []
        for _ in range(40):
            batch = [new_event(each.unit, each.receiver, success=each.success) for each in self._drafts(chance, 9)]
            self.registry.store.events.append(batch, SYSTEM)
            stored += [each.id for each in batch]
        return stored

    def as_host(self, seed: int) -> tuple[list[str], list[str | None]]:
        """Append several times in one transaction; return the ids that were committed, and why others were not."""
        chance = random.Random(seed)  # noqa: S311 - the same every time
        stored: list[str] = []
        refused: list[str | None] = []
        with Host(self.registry, self._url, LEVELS[seed % 3]) as host:
            for _ in range(40):
                try:
                    ids = [
                        host.record(each.unit, each.receiver, success=each.success) for each in self._drafts(chance, 4)
                    ]
                    host.commit()
                    stored += ids
                except (Unavailable, SerializationFailure) as error:
                    refused.append(state_of(error))
                    host.rollback()
        return stored, refused

    def stored(self) -> list[str]:
        """Return the ids of all events, from the feed."""
        changes = read_feed(self.registry)
        return sorted(change.subject.id for change in changes if isinstance(change.subject, Event))

    def _drafts(self, chance: random.Random, most: int) -> list[EventDraft]:
        return [
            draft(chance.choice(self._units), chance.choice(self._receivers), success=chance.random() < 0.7)
            for _ in range(chance.randint(1, most))
        ]


def state_of(error: Exception) -> str | None:
    """Return the SQLSTATE of the driver's error, or of the one behind ours."""
    return getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None)


def append_overlapping_batches(url: str) -> None:
    """Let eight writers append batches over the same units; nobody gets a second chance.

    Raises:
        ExceptionGroup: Somebody was refused.
        AssertionError: The feed does not explain what there is.
    """
    with open_registry(url, attempts=1) as registry:
        crowd = Crowd(registry, url)
        stored = race([partial(crowd.in_batches, seed) for seed in range(8)])
        assert crowd.stored() == sorted(event_id for ids in stored for event_id in ids)
        assert len(crowd.stored()) > 1_000
        check_history(registry, every_position=False)


@pytest.mark.slow
def test_c074_overlapping_batches_never_deadlock(xzepr_postgres_database: str) -> None:
    """Batches over the same units and groups in any order: none is refused, none deadlocks, each unit has one order."""
    append_overlapping_batches(xzepr_postgres_database)


@pytest.mark.slow
def test_c074_batches_in_no_order_would_deadlock(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """The negative control: when units are not locked in the order of their keys, the same batches deadlock."""
    right = "WHERE a.behind = 0 ORDER BY a.unit_key"
    break_function(connection, "append.sql", "append_v1", right, "WHERE a.behind = 0 ORDER BY random()")
    with pytest.raises(ExceptionGroup) as caught:
        append_overlapping_batches(xzepr_postgres_database)
    assert "40P01" in "".join(map(str, caught.value.exceptions))


@pytest.mark.slow
def test_c074_hosts_that_deadlock_are_told_and_store_nothing_wrong(xzepr_postgres_database: str) -> None:
    """Hosts append to several units in any order beside our batches: 40P01 is `Unavailable`, the rest is as it was."""
    url = xzepr_postgres_database
    with open_registry(url, attempts=20) as registry:
        crowd = Crowd(registry, url)
        actions: list[Callable[[], tuple[list[str], list[str | None]]]] = [
            lambda seed=seed: (crowd.in_batches(seed), []) for seed in range(3)
        ]
        results = race(actions + [partial(crowd.as_host, seed) for seed in range(3, 9)])
        refused = Counter(state for _, states in results for state in states)
        print(refused)  # noqa: T201 - what was generated
        assert refused.keys() == {"40P01", "40001"}
        assert crowd.stored() == sorted(event_id for ids, _ in results for event_id in ids)
        check_history(registry, every_position=False)
