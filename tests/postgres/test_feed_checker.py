"""The feed under everything at once: rollbacks, long transactions, old snapshots, killed connections."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Lock

import attrs
import psycopg
import pytest

from tests.postgres.anomalies import Entry, Fate, Read, Write, find
from tests.postgres.histories import GUARD, LEVELS, Host, draft, make_group, make_receivers, open_registry
from xzepr import Change, FeedCursor, Registry
from xzepr import Event as Recorded
from xzepr.errors import CommitUnknown, Unavailable
from xzepr.model import UlidGenerator, Unit, ulid_from_int
from xzepr.testing.checking import check_history
from xzepr.testing.world import unit

SECONDS = 60
"""How long the whole thing runs."""

OWN_UNITS = 6
"""Units of each writer, to which a long transaction can be open without holding up others."""

SHARED_UNITS = 5

FOLLOWER = "outbox"
"""How a follower calls itself whose connection is not to be ended."""

GENERATED = (
    "single committed",
    "batch committed",
    *(f"{level} {fate}" for level in LEVELS for fate in ("committed", "undone")),
    *("savepoints rolled back", "long transactions", "old snapshots", "own writes read"),
    *("killed active", "killed idle in transaction"),
)
"""What a storm is made of."""


class Log:
    """What was written and what was seen, noted from many threads."""

    def __init__(self) -> None:
        self.writes: dict[str, Write] = {}
        self.chains: list[list[Read]] = []
        self.again: list[Read] = []
        self.counts: Counter[str] = Counter()
        self._lock = Lock()

    def wrote(self, ids: Sequence[str], how: str, write: Write) -> None:
        """Note the events of one transaction."""
        with self._lock:
            self.writes.update(dict.fromkeys(ids, write))
            self.counts[f"{how} {write.fate}"] += 1

    def count(self, what: str, number: int = 1) -> None:
        """Count something that was done."""
        with self._lock:
            self.counts[what] += number

    def anomalies(self) -> list[str]:
        """Return what is wrong."""
        return find(self.writes, self.chains, self.again)


class Storm:
    """Writers, followers, old snapshots, and somebody who ends connections.

    Args:
        registry: The registry.
        url: Its database.
        seed: Where chance begins.
    """

    def __init__(self, registry: Registry, url: str, seed: int = 7) -> None:
        self.log = Log()
        self._registry = registry
        self._url = url
        self._seed = seed
        self._receivers = make_receivers(registry, 3)
        make_group(registry, *self._receivers[:2])
        self._new_id = UlidGenerator()
        self._stop = Event()
        self._written = Event()

    def run(self, seconds: float, *others: Callable[[Event], object]) -> None:
        """Let it rage for a while.

        Args:
            seconds: How long.
            others: Further followers; they read until what they are given is set, and then to the end.
        """
        hosts = [partial(self._as_host, level) for level in LEVELS]
        writers = [self._singly, self._singly, self._in_batches, *hosts, *hosts[:2]]
        acts = [partial(self._until_stopped, act, place) for place, act in enumerate(writers)]
        acts += [partial(self._until_stopped, self._hold_snapshot, place) for place in (100, 101)]
        acts += [partial(self._until_stopped, self._kill, 102)]
        follows = [self._follow_pages, self._follow_by_iterating, *(partial(each, self._written) for each in others)]
        with ThreadPoolExecutor(len(acts) + len(follows)) as pool:
            futures = [pool.submit(act) for act in acts]
            followers = [pool.submit(follow) for follow in follows]
            wait([*futures, *followers], seconds, FIRST_EXCEPTION)
            self._stop.set()
            done = wait(futures, GUARD)
            self._written.set()
            assert not done.not_done, "a writer hangs"
            for future in [*futures, *followers]:
                future.result(GUARD)

    # Writers.

    def _until_stopped(self, act: Callable[[random.Random, int], None], place: int) -> None:
        chance = random.Random(self._seed * 1_000 + place)  # noqa: S311 - the same every time
        while not self._stop.is_set():
            act(chance, place)

    def _unit(self, chance: random.Random, place: int, *, own: bool = False) -> Unit:
        if own or chance.random() < 0.8:
            return unit(100 + place * OWN_UNITS + chance.randrange(OWN_UNITS))
        return unit(chance.randrange(SHARED_UNITS))

    def _singly(self, chance: random.Random, place: int) -> None:
        event_id, begun = self._new_id(), time.monotonic()
        head = self._registry.feed.head() if chance.random() < 0.1 else None
        receiver, success = chance.choice(self._receivers), chance.random() < 0.7
        with self._noting([event_id], "single", begun):
            self._registry.events.record(
                self._unit(chance, place), receiver, success=success, payload=None, id=event_id
            )
        if head is not None and self.log.writes[event_id].fate is Fate.COMMITTED:
            self._read_own(head, event_id)

    def _read_own(self, head: int, event_id: str) -> None:
        """Read what we have just written, at once."""
        ids: set[str] = set()
        page = self._registry.feed.read(head, limit=1_000)
        while page.changes:
            ids |= {change.subject.id for change in page if isinstance(change.subject, Recorded)}
            page = self._registry.feed.read(page.cursor, limit=1_000)
        assert event_id in ids, "a caller did not read its own write"
        self.log.count("own writes read")

    def _in_batches(self, chance: random.Random, place: int) -> None:
        drafts = [
            attrs.evolve(draft(self._unit(chance, place), chance.choice(self._receivers)), id=self._new_id())
            for _ in range(chance.randint(2, 20))
        ]
        with self._noting([str(each.id) for each in drafts], "batch", time.monotonic()):
            assert self._registry.events.record_many(drafts).refused == 0

    @contextmanager
    def _noting(self, ids: Sequence[str], how: str, begun: float) -> Iterator[None]:
        """Note what became of a call of the registry's own."""
        try:
            yield
        except Unavailable:
            self.log.wrote(ids, how, Write(fate=Fate.UNDONE, begun=begun))
        except CommitUnknown:
            self.log.wrote(ids, how, Write(fate=Fate.UNKNOWN, begun=begun, committing=begun))
        else:
            ended = time.monotonic()
            self.log.wrote(ids, how, Write(fate=Fate.COMMITTED, begun=begun, committing=begun, ended=ended))

    def _as_host(self, level: str, chance: random.Random, place: int) -> None:
        """Connect, and work until somebody ends the connection."""
        with suppress(Unavailable, psycopg.OperationalError), Host(self._registry, self._url, level) as host:
            while not self._stop.is_set() and not host.connection.closed:
                self._transact(chance, place, host)

    def _transact(self, chance: random.Random, place: int, host: Host) -> None:
        long = chance.random() < 0.02
        ids = [self._new_id() for _ in range(chance.randint(1, 4))]
        begun, committing, fate = time.monotonic(), None, Fate.UNDONE
        try:
            for event_id in ids:
                self._append(chance, host, event_id, self._unit(chance, place, own=long))
            if long:
                self.log.count("long transactions")
                self._stop.wait(chance.uniform(0.5, 3))
            if chance.random() < 0.2:
                host.rollback()
            else:
                committing, fate = time.monotonic(), Fate.UNKNOWN
                host.commit()
                fate = Fate.COMMITTED
        except psycopg.errors.SerializationFailure:
            fate = Fate.UNDONE
            host.rollback()
        except Unavailable:
            host.connection.closed or host.rollback()
        finally:
            ended = time.monotonic() if fate is Fate.COMMITTED else None
            self.log.wrote(ids, host.level, Write(fate=fate, begun=begun, committing=committing, ended=ended))

    def _append(self, chance: random.Random, host: Host, event_id: str, about: Unit) -> None:
        """Append inside a savepoint, which is released, or rolled back and tried again."""
        receiver, success = chance.choice(self._receivers), chance.random() < 0.7

        def append() -> None:
            host.registry.events.record(about, receiver, success=success, payload=None, id=event_id)

        if chance.random() < 0.2:
            host.connection.execute("SAVEPOINT here")
            append()
            host.connection.execute("ROLLBACK TO here")
            self.log.count("savepoints rolled back")
        append()

    # Who makes it hard.

    def _hold_snapshot(self, chance: random.Random, _: int) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("SELECT count(*) FROM xzepr.staging")
            self.log.count("old snapshots")
            self._stop.wait(chance.uniform(1, 5))

    def _kill(self, chance: random.Random, _: int) -> None:
        """End some connection that is at work: a host's, a writer's, or that of whoever sequences."""
        self._stop.wait(chance.uniform(0.05, 0.3))
        with psycopg.connect(self._url, autocommit=True) as connection:
            victims = connection.execute(
                "SELECT pid, state FROM pg_stat_activity WHERE datname = current_database()"
                " AND state <> 'idle' AND pid <> pg_backend_pid() AND application_name <> %s",
                (FOLLOWER,),
            ).fetchall()
            if victims:
                pid, state = chance.choice(victims)
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
                self.log.count(f"killed {state}")

    # Followers.

    def _follow_pages(self) -> None:
        """One cursor chain in pages of any size; now and then, read once more what was read before."""
        chance = random.Random(self._seed)  # noqa: S311 - the same every time
        chain: list[Read] = []
        self.log.chains.append(chain)
        cursor = FeedCursor()
        while True:
            last = self._written.is_set()
            page = self._registry.feed.read(cursor, limit=chance.choice((1, 3, 50, 400)))
            chain.append(Read(cursor.position, tuple(map(entry_of, page)), time.monotonic()))
            cursor = page.cursor
            if chance.random() < 0.05:
                self._look_back(chance, cursor.position)
            if last and not page.changes:
                return

    def _look_back(self, chance: random.Random, position: int) -> None:
        after = chance.randint(0, position)
        page = self._registry.feed.read(after, limit=100)
        self.log.again.append(Read(after, tuple(map(entry_of, page)), time.monotonic()))

    def _follow_by_iterating(self) -> None:
        chain: list[Read] = []
        self.log.chains.append(chain)
        after = 0
        while True:
            last = self._written.is_set()
            before = after
            for change in self._registry.feed.follow(after, idle_seconds=0.2):
                chain.append(Read(after, (entry_of(change),), time.monotonic()))
                after = change.position
            if last and after == before:
                return


def entry_of(change: Change) -> Entry:
    """Return a change as the checker takes it."""
    subject = change.subject
    if isinstance(subject, Recorded):
        return Entry(change.position, f"{change.id} {subject.digest} {subject.n}", subject.id)
    return Entry(change.position, f"{change.id} {subject}", None)


class Outbox:
    """The negative control: a follower of a sequence, as a plain outbox has it.

    Args:
        connection: A connection in autocommit mode.
        url: The same database.
    """

    def __init__(self, connection: psycopg.Connection, url: str) -> None:
        self.chain: list[Read] = []
        self._url = url
        connection.execute(
            "CREATE TABLE public.outbox (seq bigserial PRIMARY KEY, event_id uuid NOT NULL);"
            "CREATE FUNCTION public.put() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO public.outbox (event_id) VALUES (NEW.id); RETURN NULL; END';"
            "CREATE TRIGGER put AFTER INSERT ON xzepr.events FOR EACH ROW EXECUTE FUNCTION public.put()"
        )

    def follow(self, written: Event) -> None:
        """Read what has a higher number than the last one, until nothing comes any more."""
        with psycopg.connect(self._url, autocommit=True, application_name=FOLLOWER) as connection:
            last = 0
            while True:
                over = written.is_set()
                rows = connection.execute(
                    "SELECT seq, event_id FROM public.outbox WHERE seq > %s ORDER BY seq LIMIT 100", (last,)
                ).fetchall()
                entries = [Entry(seq, str(event_id), ulid_from_int(event_id.int)) for seq, event_id in rows]
                self.chain.append(Read(last, tuple(entries), time.monotonic()))
                last = entries[-1].position if entries else last
                if over and not entries:
                    return


def kinds(anomalies: Sequence[str]) -> set[str]:
    """Return the kinds of some anomalies."""
    return {each.partition(":")[0] for each in anomalies}


@pytest.mark.slow
def test_no_change_is_lost_reordered_or_repeated(xzepr_postgres_database: str) -> None:
    """Two followers, each with one cursor chain, meet every committed change once, at the same dense positions."""
    with open_registry(xzepr_postgres_database, connections=32) as registry:
        storm = Storm(registry, xzepr_postgres_database)
        storm.run(SECONDS)
        log = storm.log
        print({what: log.counts[what] for what in sorted(log.counts)})  # noqa: T201 - what was generated
        assert log.anomalies() == []
        assert [sum(len(read.entries) for read in chain) for chain in log.chains] == [registry.feed.head()] * 2
        check_history(registry, every_position=False)
    assert sum(write.fate is Fate.COMMITTED for write in log.writes.values()) > 50 * SECONDS
    assert min(log.counts[what] for what in GENERATED) > SECONDS / 20


@pytest.mark.slow
def test_a_naive_feed_is_found(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """The negative control: beside our own feed, which is right, the same storm makes a plain outbox lose changes."""
    outbox = Outbox(connection, xzepr_postgres_database)
    with open_registry(xzepr_postgres_database, connections=32) as registry:
        storm = Storm(registry, xzepr_postgres_database)
        storm.run(SECONDS / 10, outbox.follow)
    lost = find(storm.log.writes, [outbox.chain])
    print(Counter(each.partition(":")[0] for each in lost))  # noqa: T201 - what was found
    assert "lost write" in kinds(lost)
    assert storm.log.anomalies() == []


WRITES = {
    "a": Write(fate=Fate.COMMITTED, begun=1, committing=2, ended=3),
    "b": Write(fate=Fate.COMMITTED, begun=4, committing=5, ended=6),
    "c": Write(fate=Fate.UNDONE, begun=4, committing=None),
    "d": Write(fate=Fate.UNKNOWN, begun=4, committing=6),
}
A, B, C, D = (Entry(position, name, name) for position, name in enumerate("abcd", 1))


def at(position: int, entry: Entry) -> Entry:
    """Return an entry at another position."""
    return Entry(position, entry.value, entry.event_id)


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        pytest.param([Read(0, (A, B), 9)], set(), id="right"),
        pytest.param([Read(0, (A,), 9), Read(1, (), 9), Read(1, (B, at(3, D)), 9)], set(), id="unknown may appear"),
        pytest.param([Read(0, (A,), 9)], {"lost write"}, id="lost"),
        pytest.param([Read(0, (A, at(3, B)), 9)], {"skipped inside a page"}, id="skip in a page"),
        pytest.param([Read(0, (A,), 9), Read(1, (at(3, B),), 9)], {"skipped between pages"}, id="skip"),
        pytest.param(
            [Read(0, (A, at(3, D), B), 9)],
            {"reordered inside a page", "skipped inside a page"},
            id="reordered in a page",
        ),
        pytest.param([Read(0, (A, B), 9), Read(2, (B,), 9)], {"reordered between pages", "duplicate"}, id="back"),
        pytest.param([Read(0, (A, B, at(3, A)), 9)], {"duplicate", "against time"}, id="twice"),
        pytest.param([Read(0, (A, B, C), 9)], {"aborted read"}, id="rolled back"),
        pytest.param([Read(0, (A, B, at(3, Entry(3, "x", "x"))), 9)], {"aborted read"}, id="nobody's"),
        pytest.param([Read(0, (A, B), 4.5)], {"precommitted read"}, id="too early"),
        pytest.param([Read(0, (at(1, B), at(2, A)), 9)], {"against time"}, id="effect before cause"),
    ],
)
def test_each_anomaly_is_found(chain: list[Read], expected: set[str]) -> None:
    """The checker names what is wrong with a chain, and nothing else."""
    assert kinds(find(WRITES, [chain])) == expected


def test_what_changes_behind_a_reader_is_found() -> None:
    """Two followers, or one that looks back, that see different changes at one position."""
    right, wrong = [Read(0, (A, B), 9)], [Read(0, (Entry(1, "another", "a"), B), 9)]
    assert kinds(find(WRITES, [right, wrong])) == {"two values at one position"}
    assert kinds(find(WRITES, [right], again=[Read(1, (at(2, D),), 9)])) == {"two values at one position"}
