"""Subscriptions that several owners share, stopped and killed in the middle: nothing skipped, nobody moves it back."""

from __future__ import annotations

import random
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import Self

import attrs
import psycopg
import pytest

from tests.postgres.histories import GUARD, LEVELS, Host, blocked, make_receiver, make_receivers, open_registry, until
from tests.postgres.subscriber import NAME
from xzepr import ChangeKind, Delivery, FeedCursor, Registry, RetryPolicy, Subscription
from xzepr.errors import LeaseLost
from xzepr.testing.world import unit

LEASE = 0.5
"""Seconds of a lease that somebody will let expire."""

AT_ONCE = RetryPolicy(attempts=3, first_delay=0)


class Subscriber:
    """A process that owns the subscription.

    Args:
        mode: ``step``, to be told what to do with each change, or ``work``.
        url: The database.
        lease: Seconds of its lease.
        level: The isolation level of its transactions.
    """

    def __init__(self, mode: str, url: str, lease: float = LEASE, level: str = LEVELS[0]) -> None:
        program = str(Path(__file__).with_name("subscriber.py"))
        self._process = subprocess.Popen(
            [sys.executable, program, mode, url, str(lease), level], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._told = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def hear(self) -> str:
        """Return what it tells next."""
        assert self._process.stdout is not None
        while b"\n" not in self._told:
            readable, _, _ = select.select([self._process.stdout], [], [], GUARD)
            assert readable, "a subscriber tells nothing"
            told = self._process.stdout.read1()
            assert told, "a subscriber has ended"
            self._told += told
        line, _, self._told = self._told.partition(b"\n")
        return line.decode()

    def say(self, what: str) -> None:
        """Tell it how the handler ends: ``handled``, or anything else for a failure."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()

    def stop(self) -> None:
        """Stop it where it is."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> list[str]:
        """Kill it; return what it had still told."""
        self._process.kill()
        told, _ = self._process.communicate()
        return (self._told + told).decode().splitlines()


@pytest.fixture
def registry(xzepr_postgres_database: str) -> Iterator[Registry]:
    """A registry with three changes in its feed."""
    with open_registry(xzepr_postgres_database) as registry:
        make_receivers(registry, 3)
        assert registry.feed.head() == 3
        yield registry


def subscribe(registry: Registry, name: str = NAME, lease: float = 30) -> Subscription:
    """Return a subscription whose failures are tried again at once."""
    return registry.feed.subscription(name, retry=AT_ONCE, lease_seconds=lease)


# Fencing, between processes.


def overtake(registry: Registry, url: str, outcome: str) -> None:
    """Stop an owner in the middle of a change, let another one take over, and let the first one come back.

    Raises:
        AssertionError: The one that came back moved or parked something, or a change was skipped.
    """
    subscription = subscribe(registry)
    with Subscriber("step", url) as older:
        assert older.hear() == "took 1"
        older.stop()
        with Subscriber("step", url) as newer:
            assert newer.hear() == "took 1"
            older.go_on()
            older.say(outcome)
            assert older.hear() == "lost the lease"
            state = subscription.state()
            assert (state.cursor, state.parked) == (FeedCursor(), 0)
            assert state.held_until is not None, "the older one has given back what is not its own"
            finish(newer)
    state = subscription.state()
    assert (state.cursor.position, state.parked, state.held_until) == (3, 0, None)


def finish(subscriber: Subscriber) -> None:
    """Let a subscriber that has taken the first change handle all three."""
    subscriber.say("handled")
    for position in (2, 3):
        assert subscriber.hear() == f"took {position}"
        subscriber.say("handled")
    assert subscriber.hear() == "up to date"


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["handled", "failed"])
def test_c081_an_owner_that_was_stopped_moves_nothing(
    registry: Registry, xzepr_postgres_database: str, outcome: str
) -> None:
    """A process that comes back after its lease neither advances nor parks, whatever its handler did."""
    overtake(registry, xzepr_postgres_database, outcome)


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["handled", "failed"])
def test_c081_a_fence_that_is_open_is_found(
    registry: Registry, connection: psycopg.Connection, xzepr_postgres_database: str, outcome: str
) -> None:
    """The negative control: when every lease has the same token, the one that comes back moves the cursor."""
    connection.execute("ALTER TABLE xzepr.subscriptions ALTER COLUMN token SET DEFAULT 7")
    with pytest.raises(AssertionError):
        overtake(registry, xzepr_postgres_database, outcome)


@pytest.mark.slow
def test_c081_an_owner_that_was_killed_is_replaced(registry: Registry, xzepr_postgres_database: str) -> None:
    """Another process takes over after the lease, and begins with the change that was not acknowledged."""
    with Subscriber("step", xzepr_postgres_database) as older:
        assert older.hear() == "took 1"
    with Subscriber("step", xzepr_postgres_database) as newer:
        assert newer.hear() == "took 1"
        finish(newer)
    assert subscribe(registry).state().cursor.position == 3


class Owners:
    """Three processes that share a subscription, and are stopped, let go on, and killed.

    Args:
        url: The database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._running = [self._start(level) for level in LEVELS]
        self._stopped: set[int] = set()
        self.told: list[str] = []
        self.counts: Counter[str] = Counter()

    def disturb(self, chance: random.Random) -> None:
        """Stop one, let one go on, or replace one."""
        place = chance.randrange(len(self._running))
        if place in self._stopped:
            self._stopped.remove(place)
            self._running[place].go_on()
        elif chance.random() < 0.8:
            self._stopped.add(place)
            self._running[place].stop()
            self.counts["stopped"] += 1
        else:
            self.told += self._running[place].kill()
            self._running[place] = self._start(LEVELS[place])
            self.counts["killed"] += 1

    def calm(self) -> None:
        """Let all go on."""
        while self._stopped:
            self._running[self._stopped.pop()].go_on()

    def end(self) -> None:
        """Kill all."""
        for each in self._running:
            self.told += each.kill()

    def _start(self, level: str) -> Subscriber:
        return Subscriber("work", self._url, LEASE, level)


@pytest.mark.slow
def test_c081_effects_in_one_transaction_with_the_acknowledgement_happen_once(
    registry: Registry, connection: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """Owners at every isolation level are stopped for longer than their lease, and killed: each change counts once."""
    connection.execute("CREATE TABLE public.effects (position bigint NOT NULL)")
    chance = random.Random(81)  # noqa: S311 - the same every time
    build, pause = make_receiver(registry, "build"), Event()
    owners = Owners(xzepr_postgres_database)
    try:
        for number in range(50):
            for _ in range(4):
                registry.events.record(unit(number), build, success=True, payload=None)
            owners.disturb(chance)
            pause.wait(chance.uniform(0, 0.2))
        owners.calm()
        head = registry.feed.head()
        counted = "SELECT count(DISTINCT position) FROM public.effects"
        until(lambda: connection.execute(counted).fetchone() == (head,), "every change has had its effect")
    finally:
        owners.end()
    effects = [row[0] for row in connection.execute("SELECT position FROM public.effects ORDER BY position")]
    assert effects == list(range(1, head + 1))
    assert subscribe(registry).state().cursor.position == head
    assert subscribe(registry).parked() == []
    taken = Counter(each for each in owners.told if each.startswith("took"))
    owners.counts["handed over again"] = sum(times > 1 for times in taken.values())
    print(dict(owners.counts))  # noqa: T201 - what was generated
    assert len(taken) == head
    assert min(owners.counts["stopped"], owners.counts["killed"]) > 3


# Followers and owners at once, in one process.


class Deliveries:
    """What two owners of one subscription were handed, in the order of time.

    Each of them hangs at some changes until the other one has taken over.
    """

    def __init__(self, every: int) -> None:
        self.taken: list[tuple[str, int]] = []
        self._every = every
        self._lock = Lock()

    def handler(self, owner: str) -> Callable[[Delivery], None]:
        """Return the handler of an owner."""
        return partial(self._handle, owner)

    def _handle(self, owner: str, delivery: Delivery) -> None:
        position = delivery.change.position
        with self._lock:
            first = position not in {known for _, known in self.taken}
            self.taken.append((owner, position))
        if first and position % self._every == 0:
            until(lambda: self.taken[-1][0] != owner, "the other one takes over")


@pytest.mark.slow
def test_two_followers_and_two_owners_at_once(registry: Registry, xzepr_postgres_database: str) -> None:
    """Followers meet each change once, owners at least once; a change comes for the first time in its turn."""
    url, build, over = xzepr_postgres_database, make_receiver(registry, "build"), Event()
    deliveries = Deliveries(every=100)

    def write(place: int) -> None:
        for number in range(100):
            registry.events.record(unit(place * 10 + number % 10), build, success=True, payload=None)

    def follow() -> list[int]:
        return [change.position for change in registry.feed.follow(stop=over)]

    def own(owner: str) -> None:
        with open_registry(url, connections=4) as mine:
            subscribe(mine, lease=0.2).run(deliveries.handler(owner), stop=over)

    with ThreadPoolExecutor(8) as pool:
        followers = [pool.submit(follow) for _ in range(2)]
        owners = [pool.submit(own, name) for name in ("one", "other")]
        try:
            list(pool.map(write, range(4)))
            head = registry.feed.head()
            until(lambda: subscribe(registry).state().cursor.position == head, "all is handled")
        finally:
            over.set()
        for owner in owners:
            owner.result(GUARD)
        seen = [follower.result(GUARD) for follower in followers]
    assert seen == [list(range(1, head + 1))] * 2
    assert list(dict.fromkeys(position for _, position in deliveries.taken)) == list(range(1, head + 1))
    counts = Counter(owner for owner, _ in deliveries.taken)
    print(dict(counts))  # noqa: T201 - what was generated
    assert counts.keys() == {"one", "other"}
    assert sum(counts.values()) >= head + head // 100
    assert subscribe(registry).parked() == []


# One subscriber that misbehaves.


class Seen(list[int]):
    """A handler that remembers positions, and fails at some."""

    def __init__(self, *fails_at: int) -> None:
        super().__init__()
        self._fails_at = fails_at

    def __call__(self, delivery: Delivery) -> None:
        """Take a change."""
        self.append(delivery.change.position)
        if delivery.change.position in self._fails_at:
            raise ValueError


def test_c081_a_subscriber_that_raises_is_tried_again_and_parked(registry: Registry) -> None:
    """The others are not held up; what failed is kept, and handed over again when asked for."""
    seen, subscription = Seen(2), subscribe(registry)
    assert subscription.deliver(seen) == 3
    assert seen == [1, 2, 2, 2, 3]
    assert [(each.cursor.position, each.attempts, each.error) for each in subscription.parked()] == [
        (2, 3, "ValueError")
    ]
    assert subscription.replay(Seen(2)) == 0
    assert [each.attempts for each in subscription.parked()] == [4]
    assert subscription.replay(Seen()) == 1
    assert (subscription.parked(), subscription.state().cursor.position) == ([], 3)


def test_c081_a_subscriber_that_hangs_past_its_lease_moves_nothing(registry: Registry) -> None:
    """Another one takes over after the lease, and handles everything; the one that comes back is told."""
    slow, quick = Seen(), Seen()

    def hang(delivery: Delivery) -> None:
        slow(delivery)
        until(lambda: subscribe(registry).deliver(quick), "the lease expires")

    with pytest.raises(LeaseLost):
        subscribe(registry, lease=0.05).deliver(hang)
    assert (slow, quick) == ([1], [1, 2, 3])
    assert (subscribe(registry).state().cursor.position, subscribe(registry).parked()) == (3, [])


def test_c081_a_subscriber_reads_its_own_writes_and_is_handed_them(registry: Registry) -> None:
    """A handler works without a lock or an open transaction: it records, reads at once, and changes definitions."""
    build = make_receiver(registry, "build")
    kinds: list[ChangeKind] = []

    def handle(delivery: Delivery) -> None:
        kinds.append(delivery.change.kind)
        if delivery.change.position == 1:
            registry.receivers.update(build, expected_revision=1, description="used")
            event = registry.events.record(unit(), build, success=True, payload=None).event
            last = registry.feed.read(5).changes[-1]
            assert (last.position, last.subject) == (6, attrs.evolve(event, payload_text=None))

    assert subscribe(registry).deliver(handle) == 6
    assert kinds[4:] == [ChangeKind.RECEIVER_UPDATED, ChangeKind.EVENT_RECORDED]


def test_c081_a_subscriber_that_re_enters_gets_nothing(registry: Registry) -> None:
    """The lease is held, by itself: an inner call returns at once, under its own name and under another one."""
    inner: list[int] = []
    other = Seen()

    def handle(_: Delivery) -> None:
        inner.append(subscribe(registry).deliver(Seen()))
        subscribe(registry, "another").deliver(other)

    assert subscribe(registry).deliver(handle) == 3
    assert inner == [0, 0, 0]
    assert other == [1, 2, 3]


@pytest.mark.parametrize("level", LEVELS)
def test_c081_an_overtaken_handler_commits_nothing(
    registry: Registry, xzepr_postgres_database: str, level: str
) -> None:
    """Who acknowledges in its own transaction, after another one has taken over, is told before it commits."""
    build, quick = make_receiver(registry, "build"), Seen()

    def hang(delivery: Delivery) -> None:
        with Host(registry, xzepr_postgres_database, level) as host:
            host.record(unit(), build)
            until(lambda: subscribe(registry).deliver(quick), "the lease expires")
            host.registry.feed.subscription(NAME).acknowledge(delivery)
            host.commit()

    with pytest.raises(LeaseLost):
        subscribe(registry, lease=0.05).deliver(hang)
    assert quick == [1, 2, 3, 4]
    assert registry.feed.head() == 4


# Acknowledged by the handler's own transaction.


def test_a_commit_that_is_still_under_way_is_waited_for(registry: Registry, xzepr_postgres_database: str) -> None:
    """A handler loses the answer to a COMMIT that goes on meanwhile: what it did there is done once."""
    url, calls = xzepr_postgres_database, list[int]()
    with (
        psycopg.connect(url, autocommit=True) as gate,
        closing(psycopg.connect(url)) as lost,
        ThreadPoolExecutor(1) as pool,
    ):
        slow_commits(gate)

        def handle(delivery: Delivery) -> None:
            calls.append(delivery.change.position)
            with psycopg.connect(url) as again:
                host = lost if len(calls) == 1 else again
                host.execute("INSERT INTO effects VALUES (%s)", (delivery.change.position,))
                registry.joined(host).feed.subscription(NAME).acknowledge(delivery)
                if host is lost:
                    lost.pgconn.send_query(b"COMMIT")
                    lost.pgconn.flush()
                    raise ConnectionError

        subscription = subscribe(registry)
        turn = pool.submit(subscription.deliver, handle)
        until(lambda: blocked(gate, 2), "the COMMIT and whoever waits for it")
        gate.execute("SELECT pg_advisory_unlock(1)")
        assert turn.result(GUARD) == 3
        assert gate.execute("SELECT position FROM effects ORDER BY 1").fetchall() == [(1,), (2,), (3,)]
    assert calls == [1, 2, 3]


def slow_commits(gate: psycopg.Connection) -> None:
    """Make a table whose transactions cannot commit while a lock is held, and hold it."""
    gate.execute("CREATE TABLE effects (position bigint)")
    gate.execute(
        """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$"""
    )
    gate.execute(
        """CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON effects DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slow()"""
    )
    gate.execute("SELECT pg_advisory_lock(1)")
