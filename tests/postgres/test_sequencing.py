"""The sequencer and its low-water mark: no schedule of writers, readers, old snapshots and crashes loses a change."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus

from tests.postgres.appending import append, event, receiver, sequence, unit
from tests.postgres.histories import begin, break_function, make_group, make_receivers, open_registry, until
from xzepr import Registry
from xzepr.model import EventReceiver, EventReceiverGroup, Ulid
from xzepr.testing.world import UNIT
from xzepr_postgres.batches import uuid_text

SCHEDULES = 100
"""Schedules of chance, each of so many steps."""

STEPS = 40


def low_and_mark(connection: psycopg.Connection) -> tuple[int, int]:
    """Return up to where nothing can come any more, and the last number that was drawn."""
    [found] = connection.execute("SELECT low, (SELECT last_value FROM xzepr.staging_seq) FROM xzepr.feed_head")
    return found


def test_the_low_water_mark_waits_for_whoever_is_still_writing(
    connection: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """It rises once nobody can commit below it, and never before."""
    known = receiver(connection)
    with psycopg.connect(xzepr_postgres_database) as slow:
        append(slow, [event(unit("slow"), known)])
        append(connection, [event(unit("quick"), known)])
        for _ in range(6):
            sequence(connection)
        assert low_and_mark(connection) == (0, 2)
        slow.commit()
    for _ in range(6):
        sequence(connection)
    assert low_and_mark(connection) == (2, 2)
    assert [row[0] for row in connection.execute("SELECT position FROM xzepr.feed ORDER BY 1")] == [1, 2]


def test_the_low_water_mark_rises_beside_an_old_snapshot(
    connection: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """Who only reads cannot commit below it: however old its snapshot is, it holds up nothing."""
    known = receiver(connection)
    with psycopg.connect(xzepr_postgres_database) as reader:
        reader.isolation_level = IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT FROM xzepr.staging")
        for number in range(3):
            append(connection, [event(unit(f"u{number}"), known)])
            for _ in range(3):
                sequence(connection)
            assert low_and_mark(connection) == (number + 1, number + 1)


def test_the_low_water_mark_rises_again_after_a_restore(connection: psycopg.Connection) -> None:
    """A transaction id from another cluster, which this one will not see for long, is not waited for."""
    known = receiver(connection)
    append(connection, [event(unit("before"), known)])
    sequence(connection)
    connection.execute("UPDATE xzepr.feed_head SET horizon = '99999999999', mark = 1")
    append(connection, [event(unit("after"), known)])
    for _ in range(6):
        sequence(connection)
    assert low_and_mark(connection) == (2, 2)


def test_a_sequence_that_was_left_behind_loses_nothing(connection: psycopg.Connection) -> None:
    """Rows without their sequence, as logical replication carries them: what is staged under old numbers comes too."""
    known = receiver(connection)
    for number in range(6):
        append(connection, [event(unit(f"before-{number}"), known)])
        sequence(connection)
    assert low_and_mark(connection) >= (4, 4)
    connection.execute("SELECT setval('xzepr.staging_seq', 1, false)")
    for number in range(6):
        append(connection, [event(unit(f"after-{number}"), known)])
        sequence(connection)
    placed = connection.execute("SELECT position FROM xzepr.feed ORDER BY position").fetchall()
    assert placed == [(position,) for position in range(1, 13)]


def test_rows_from_elsewhere_lose_nothing(connection: psycopg.Connection) -> None:
    """Rows without their sequence, which has overtaken the old mark before anybody read: what is staged comes too."""
    known = receiver(connection)
    for number in range(6):
        append(connection, [event(unit(f"before-{number}"), known)])
        sequence(connection)
    # As in a table that a replication has filled: its own id is another one.
    connection.execute("UPDATE xzepr.feed_head SET home = 1")
    connection.execute("SELECT setval('xzepr.staging_seq', 1, false)")
    for number in range(12):
        append(connection, [event(unit(f"after-{number}"), known)])
    sequence(connection)
    placed = connection.execute("SELECT position FROM xzepr.feed ORDER BY position").fetchall()
    assert placed == [(position,) for position in range(1, 19)]
    assert connection.execute("SELECT home FROM xzepr.feed_head WHERE home = tableoid").fetchall() != []


def test_whoever_asks_while_nothing_happens_writes_nothing(connection: psycopg.Connection) -> None:
    """A reader who is up to date costs no transaction id."""
    append(connection, [event(unit("web"), receiver(connection))])
    for _ in range(6):
        sequence(connection)
    asked = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text, (SELECT ctid::text FROM xzepr.feed_head)"
    before = connection.execute(asked).fetchone()
    sequence(connection)
    assert connection.execute(asked).fetchone() == before


# Own writes.


@contextmanager
def sequenced_by_another(
    connection: psycopg.Connection, url: str
) -> Iterator[Callable[[Callable[[], object]], object]]:
    """Let another reader sequence everything, and commit while we wait for it."""
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as pool:
        sequence(other)

        def ask(question: Callable[[], object]) -> object:
            answer = begin(pool, connection, question)
            assert not answer.done()
            other.commit()
            return answer.result()

        yield ask


def ask_page(registry: Registry, _: EventReceiver, __: EventReceiverGroup) -> object:
    """Read a page behind the definitions."""
    return [change.position for change in registry.feed.read(2)]


def ask_head(registry: Registry, _: EventReceiver, __: EventReceiverGroup) -> object:
    """Ask for all positions behind the definitions, by the head."""
    return list(range(3, registry.feed.head() + 1))


def ask_verdict(registry: Registry, _: EventReceiver, gate: EventReceiverGroup) -> object:
    """Ask for the verdict as of the event."""
    return [3, 4] if registry.groups.verdict(gate, UNIT, as_of=3).complete else []


def ask_statistics(registry: Registry, build: EventReceiver, _: EventReceiverGroup) -> object:
    """Ask for the figures."""
    return [3, 4] if registry.receivers.statistics(build).succeeded == 1 else []


def ask_place(registry: Registry, _: EventReceiver, __: EventReceiverGroup) -> object:
    """Read behind the position of the event."""
    return [3, *(change.position for change in registry.feed.read(3))]


@pytest.mark.parametrize("ask", [ask_page, ask_head, ask_verdict, ask_statistics, ask_place])
def test_a_caller_reads_its_own_write_also_when_another_sequences_it(
    ask: Callable[[Registry, EventReceiver, EventReceiverGroup], object],
    connection: psycopg.Connection,
    xzepr_postgres_database: str,
) -> None:
    """Another reader gives it its position between our look at the feed and our own sequencing."""
    with open_registry(xzepr_postgres_database) as registry:
        [build] = make_receivers(registry, 1)
        gate = make_group(registry, build)
        assert registry.feed.head() == 2
        registry.events.record(UNIT, build, success=True, payload=None)
        with sequenced_by_another(connection, xzepr_postgres_database) as waiting:
            assert waiting(lambda: ask(registry, build, gate)) == [3, 4]


# Schedules.


class Schedule:
    """Writers, sequencers and a reader, each on a connection of its own; one of them takes a step at a time.

    Args:
        watcher: A connection in autocommit mode.
        url: The database.
    """

    def __init__(self, watcher: psycopg.Connection, url: str) -> None:
        self.counts: Counter[str] = Counter()
        self._watcher = watcher
        self._url = url
        self._known: Ulid = receiver(watcher)
        self._writers = [self._connect() for _ in range(4)]
        self._sequencers = [self._connect(level) for level in (*[IsolationLevel.READ_COMMITTED] * 2, _REPEATABLE)]
        self._reader = self._connect(_REPEATABLE)
        self._open: dict[int, list[UUID]] = {place: [] for place in range(len(self._writers))}
        self._committed: list[UUID] = []
        self._sequencing: int | None = None
        self._seen: list[UUID] = []

    def close(self) -> None:
        """Close the connections."""
        for connection in (*self._writers, *self._sequencers, self._reader):
            connection.close()

    def run(self, chance: random.Random) -> None:
        """Take steps of chance, come to an end, and look whether every committed event is in the feed, once.

        Raises:
            AssertionError: It is not.
        """
        steps = [self._write, self._write, self._write, self._sequence, self._sequence, self._read]
        for _ in range(STEPS):
            chance.choice(steps)(chance)
        for place in self._open:
            self._end(place, chance.choice(("commit", "rollback")))
        if self._sequencing is not None:
            self._end_sequencing("commit")
        for connection in (*self._sequencers, self._reader):
            connection.rollback()
        sequence(self._watcher)
        self._look()
        assert sorted(self._seen) == sorted(self._committed)

    def _connect(self, level: IsolationLevel = IsolationLevel.READ_COMMITTED) -> psycopg.Connection:
        connection = psycopg.connect(self._url)
        connection.isolation_level = level
        return connection

    def _write(self, chance: random.Random) -> None:
        place = chance.randrange(len(self._writers))
        writer = self._writers[place]
        match chance.choice(("id", "append", "append", "commit", "commit", "rollback", "rollback", "kill")):
            case "id":
                writer.execute("SELECT pg_current_xact_id()")
            case "append":
                new = [event(unit(f"w{place}"), self._known) for _ in range(chance.randint(1, 3))]
                append(writer, new)
                self._open[place] += [UUID(uuid_text(each.id)) for each in new]
                self.counts["appended"] += 1
            case how:
                self._end(place, how)

    def _end(self, place: int, how: str) -> None:
        self.counts[f"writer: {how}"] += bool(self._open[place])
        if how == "commit":
            self._writers[place].commit()
            self._committed += self._open[place]
        elif how == "rollback":
            self._writers[place].rollback()
        else:
            self._writers[place] = self._killed(self._writers[place])
        self._open[place] = []

    def _killed(self, connection: psycopg.Connection) -> psycopg.Connection:
        """End a connection from outside, wait until it is gone, and return another one."""
        pid, level = connection.info.backend_pid, connection.isolation_level
        self._watcher.execute("SELECT pg_terminate_backend(%s)", (pid,))
        there = "SELECT FROM pg_stat_activity WHERE pid = %s"
        until(lambda: not self._watcher.execute(there, (pid,)).rowcount, "a killed connection is gone")
        connection.close()
        return self._connect(level or IsolationLevel.READ_COMMITTED)

    def _sequence(self, chance: random.Random) -> None:
        if self._sequencing is not None:
            self._end_sequencing(chance.choice(("commit", "commit", "rollback", "kill")))
            return
        place = chance.randrange(len(self._sequencers))
        sequencer = self._sequencers[place]
        if chance.random() < 0.3:
            sequencer.execute(chance.choice((b"SELECT pg_current_xact_id()", b"SELECT FROM xzepr.staging")))
            return
        self._sequencing = place
        if sequencer.info.transaction_status == TransactionStatus.INTRANS:
            self.counts["sequenced in an old transaction"] += 1
        try:
            sequencer.execute("SELECT xzepr.sequence_v1(%s)", (chance.choice((1, 2, 100)),))
        except psycopg.errors.SerializationFailure:
            self._end_sequencing("rollback")
            return
        if chance.random() < 0.6:
            self._end_sequencing("commit")

    def _end_sequencing(self, how: str) -> None:
        assert self._sequencing is not None
        sequencer = self._sequencers[self._sequencing]
        self.counts[f"sequencer: {how}"] += 1
        if how == "commit":
            sequencer.commit()
        elif how == "rollback":
            sequencer.rollback()
        else:
            self._sequencers[self._sequencing] = self._killed(sequencer)
        self._sequencing = None
        self._look()

    def _look(self) -> None:
        """Read on: what was seen stays where it was."""
        rows = self._watcher.execute("SELECT position, event_id FROM xzepr.feed ORDER BY position").fetchall()
        assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
        ids = [event_id for _, event_id in rows]
        assert ids[: len(self._seen)] == self._seen
        self._seen = ids

    def _read(self, chance: random.Random) -> None:
        """Take a snapshot and keep it, or let it go."""
        if chance.random() < 0.3:
            self._reader.rollback()
        else:
            self._reader.execute("SELECT FROM xzepr.staging")
            self.counts["snapshots"] += 1


_REPEATABLE = IsolationLevel.REPEATABLE_READ


def run_schedules(watcher: psycopg.Connection, url: str) -> Counter[str]:
    """Run schedules of chance, one after the other in one database; return how often what was done.

    Raises:
        AssertionError: One of them lost a change, or showed it twice or at another place.
    """
    schedule = Schedule(watcher, url)
    try:
        for seed in range(SCHEDULES):
            schedule.run(random.Random(seed))  # noqa: S311 - the same every time
        return schedule.counts
    finally:
        schedule.close()


@pytest.mark.slow
def test_no_schedule_loses_a_change(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """Writers draw numbers long before they end, and are killed; sequencers are old, or die; snapshots are held."""
    counts = run_schedules(connection, xzepr_postgres_database)
    print(dict(counts))  # noqa: T201 - what was generated
    assert min(counts.values()) > SCHEDULES / 10
    assert len(counts) == 9


FAULTS = {
    "the mark is noted by a transaction with an id": ("pg_current_xact_id_if_assigned() IS NULL", "true"),
    "the horizon is what has ended": (
        "at.horizon := pg_current_xact_id()",
        "at.horizon := pg_snapshot_xmax(pg_current_snapshot())",
    ),
    "nobody is waited for": ("ELSIF pg_snapshot_xmin(pg_current_snapshot()) >= at.horizon", "ELSIF true"),
    "what is left below the mark is left": ("seq > at.low AND seq <= at.mark", "false"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_sequencer_that_loses_changes_is_found(
    fault: str, connection: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """The negative controls: each way of raising the mark too early loses a change in one of the schedules."""
    break_function(connection, "feed.sql", "sequence_v1", *FAULTS[fault])
    with pytest.raises(AssertionError):
        run_schedules(connection, xzepr_postgres_database)
