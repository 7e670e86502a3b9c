"""One order per unit: eight writers of every kind, and a feed that explains every verdict at every position."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from tests.postgres.histories import (
    LEVELS,
    Host,
    Late,
    begin,
    break_function,
    draft,
    make_group,
    make_receivers,
    open_registry,
)
from xzepr import EventDraft, Registry
from xzepr.model import SYSTEM, EventReceiver, Unit
from xzepr.testing.checking import check_history
from xzepr.testing.racing import race
from xzepr.testing.world import new_event, read_feed, unit

Counts = Counter[str]


class Writers:
    """Eight writers at once: two record singly, two in batches in one step, two in bulk, and two hosts at each level.

    Args:
        registry: The registry.
        url: Its database.
        receivers: What they record to.
        units: What they record about.
        rounds: How often each of them writes.
    """

    def __init__(
        self, registry: Registry, url: str, receivers: Sequence[EventReceiver], units: Sequence[Unit], rounds: int
    ) -> None:
        self._registry = registry
        self._url = url
        self._receivers = receivers
        self._units = units
        self._rounds = rounds

    def run(self) -> Counts:
        """Write; return what was written, by the way it was."""
        ways: list[Callable[[random.Random], Counts]] = [self._singly, self._in_batches, self._in_bulk]
        ways += [partial(self._as_host, level) for level in LEVELS]
        chances = [random.Random(seed) for seed in range(8)]  # noqa: S311 - the same every time
        counted = race([partial(ways[place % len(ways)], chance) for place, chance in enumerate(chances)])
        return sum(counted, Counts())

    def _drafts(self, chance: random.Random, most: int) -> list[EventDraft]:
        return [
            draft(chance.choice(self._units), chance.choice(self._receivers), success=chance.random() < 0.7)
            for _ in range(chance.randint(1, most))
        ]

    def _singly(self, chance: random.Random) -> Counts:
        for _ in range(self._rounds):
            for each in self._drafts(chance, 2):
                self._registry.events.record(each.unit, each.receiver, success=each.success, payload=each.payload)
        return Counts(singly=self._rounds)

    def _in_batches(self, chance: random.Random) -> Counts:
        for _ in range(self._rounds):
            batch = [new_event(each.unit, each.receiver, success=each.success) for each in self._drafts(chance, 6)]
            self._registry.store.events.append(batch, SYSTEM)
        return Counts(batches=self._rounds)

    def _in_bulk(self, chance: random.Random) -> Counts:
        for _ in range(self._rounds):
            self._registry.events.record_many(self._drafts(chance, 6))
        return Counts(bulk=self._rounds)

    def _as_host(self, level: str, chance: random.Random) -> Counts:
        counts = Counts()
        with Host(self._registry, self._url, level) as host:
            for _ in range(self._rounds):
                drafts = self._drafts(chance, 3)
                counts["conflicts"] += host.until_committed(partial(_append_several, drafts=drafts))
                counts[level] += 1
                host.undo(partial(_append_several, drafts=drafts))
                counts["rolled back"] += 1
        return counts


def _append_several(host: Host, drafts: Sequence[EventDraft]) -> None:
    for each in drafts:
        host.record(each.unit, each.receiver, success=each.success)


def write(url: str, *, units: int, rounds: int, every_position: bool) -> Counts:
    """Let eight writers write about units whose receivers stand in several groups, in one, in a disabled one, in none.

    Raises:
        AssertionError: The feed does not explain the verdicts.
    """
    with open_registry(url, attempts=20) as registry:
        receivers = make_receivers(registry, 5)
        make_group(registry, *receivers[:2], name="two")
        make_group(registry, *receivers[1:4], name="three")
        make_group(registry, receivers[0], name="one")
        make_group(registry, receivers[2], name="disabled", enabled=False)
        about = [unit(number) for number in range(units)]
        written = Writers(registry, url, receivers, about, rounds).run()
        check_history(registry, every_position=every_position)
        return written + Counts(str(change.kind) for change in read_feed(registry))


@pytest.mark.slow
def test_the_feed_explains_the_verdicts_at_every_position(xzepr_postgres_database: str) -> None:
    """Replayed through the model's rule, it gives the stored transitions, and each `as_of` as the feed has it there."""
    counts = write(xzepr_postgres_database, units=4, rounds=14, every_position=True)
    print(counts)  # noqa: T201 - what was generated
    assert counts["event.recorded"] > 100
    assert min(counts["group.completed"], counts["group.reopened"], counts["rolled back"]) > 5


@pytest.mark.slow
def test_the_feed_explains_the_verdicts_of_a_long_history(xzepr_postgres_database: str) -> None:
    """The same at its end, with ten times the changes."""
    counts = write(xzepr_postgres_database, units=12, rounds=80, every_position=False)
    print(counts)  # noqa: T201 - what was generated
    assert counts["event.recorded"] > 1_000
    assert min(counts["group.completed"], counts["group.reopened"], counts["conflicts"]) > 50


def kinds_around_a_late_transition(connection: psycopg.Connection, url: str, events: int) -> list[str]:
    """Let somebody else record while events that complete a group in the end are being staged; return the feed."""
    with open_registry(url) as registry, ThreadPoolExecutor(1) as pool:
        receivers = make_receivers(registry, events)
        make_group(registry, *receivers)
        late = Late(connection, unit(1))
        batch = [new_event(unit(1), each) for each in receivers]
        slow = begin(pool, connection, lambda: registry.store.events.append(batch, SYSTEM))
        assert not slow.done()
        registry.events.record(unit(2), receivers[0], success=False, payload=None)
        late.let_go()
        slow.result()
        return [str(change.kind) for change in read_feed(registry, after=events + 1)]


@pytest.mark.parametrize("events", [1, 2])
def test_nothing_comes_between_an_event_and_its_transitions(
    connection: psycopg.Connection, xzepr_postgres_database: str, events: int
) -> None:
    """An append's changes stand together in the feed, also when another one was committed in the middle of it."""
    feed = kinds_around_a_late_transition(connection, xzepr_postgres_database, events)
    assert feed == ["event.recorded"] * events + ["group.completed", "event.recorded"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_nothing_comes_between_when_few_are_moved_at_once(
    registry: Registry, connection: psycopg.Connection, xzepr_postgres_database: str, most: int
) -> None:
    """A sequencer that stops in the middle of an append would let in one that is older, and was committed later."""
    build, *more = make_receivers(registry, 2)
    make_group(registry, build)
    registry.feed.head()
    with Host(registry, xzepr_postgres_database) as host:
        host.record(unit(1), build)
        registry.store.events.append([new_event(unit(2), each) for each in (build, *more)], SYSTEM)
        connection.execute("SELECT xzepr.sequence_v1(%s)", (most,))
        host.commit()
    check_history(registry)


NUMBERED = {
    1: ("append_one.sql", "append_one_v1", "drawn, 1 + cardinality(due)", "nextval('staging_seq'), 1"),
    2: ("append.sql", "append_v1", "SELECT drawn,", "SELECT nextval('staging_seq'),"),
}


@pytest.mark.parametrize("events", NUMBERED)
def test_what_comes_between_is_found(connection: psycopg.Connection, xzepr_postgres_database: str, events: int) -> None:
    """The negative control: a number drawn for each change lets others in between."""
    break_function(connection, *NUMBERED[events])
    feed = kinds_around_a_late_transition(connection, xzepr_postgres_database, events)
    assert feed[1:] == ["event.recorded"] * events + ["group.completed"]


@pytest.mark.slow
def test_a_feed_in_another_order_is_found(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """The negative control: positions by chance, and no longer in the order in which changes were staged."""
    right = "row_number() OVER (ORDER BY seq, place)"
    break_function(connection, "feed.sql", "sequence_v1", right, "row_number() OVER (ORDER BY change_id)")
    with pytest.raises(AssertionError, match=r"position \d+"):
        write(xzepr_postgres_database, units=4, rounds=8, every_position=False)
