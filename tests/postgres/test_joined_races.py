"""Hosts that meet others: conflicts are told, waiting is bounded, and what stays open holds up nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.postgres import histories
from tests.postgres.histories import until, wait_for_blocked
from tests.postgres.hosting import BEGUN, Shop, open_shop, unit
from tests.postgres.joining import KINDS, LEVELS, Host, Undone, driven
from xzepr import Recorded, Registry, Unit, errors
from xzepr.testing.postgres import LocalServer, find_binaries
from xzepr_postgres import PostgresStore, migrate

every_kind = pytest.mark.parametrize("kind", KINDS)
above_read_committed = pytest.mark.parametrize("level", LEVELS[1:])

A, B = unit("a"), unit("b")
LATE = "-c lock_timeout=20ms"


@pytest.fixture
def shop(xzepr_postgres_database: str) -> Iterator[Shop]:
    """A host with a registry in its database."""
    with open_shop(xzepr_postgres_database) as shop:
        yield shop


@pytest.fixture
def watcher(shop: Shop) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode, to look at the others."""
    with psycopg.connect(shop.url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for what has to wait."""
    with ThreadPoolExecutor(2) as threads:
        yield threads


def when_blocked(watcher: psycopg.Connection, then: Callable[[], None]) -> None:
    """Do something as soon as somebody waits for a lock."""
    wait_for_blocked(watcher)
    then()


@above_read_committed
@every_kind
def test_c072_stale_snapshot_is_told(kind: str, level: str, shop: Shop) -> None:
    """A host whose snapshot does not know the unit's last event is told to begin again, and then the gate opens."""

    def work(host: Host) -> Recorded:
        host.execute("SELECT number FROM orders")
        if not said:
            shop.registry.events.record(A, shop.build, success=True, payload={})
            with pytest.raises(errors.Unavailable) as caught:
                shop.joined(host).events.record(A, shop.scan, success=True, payload={})
            said.append(str(caught.value))
            raise Undone
        return shop.joined(host).events.record(A, shop.scan, success=True, payload={})

    said: list[str] = []
    shop.work_in_vain(kind, work, level)
    assert said == ["other transactions were in the way (40001): retry; roll your transaction back before"]
    recorded = shop.work(kind, work, level)
    assert [transition.number for transition in recorded.transitions] == [1]


@above_read_committed
@every_kind
def test_c072_stale_definition_is_told(kind: str, level: str, shop: Shop) -> None:
    """A host whose snapshot has an old revision of a gate does not judge by it."""

    def work(host: Host) -> None:
        host.execute("SELECT number FROM orders")
        shop.registry.groups.update(shop.release, expected_revision=1, receivers=[shop.build])
        with pytest.raises(errors.Unavailable, match=r"in the way \(40001\)"):
            shop.joined(host).events.record(A, shop.build, success=True, payload={})

    shop.work_in_vain(kind, work, level)
    assert shop.feed() == [*BEGUN, "group.updated"]


@every_kind
def test_c072_read_committed_sees_what_others_committed(kind: str, shop: Shop) -> None:
    """At READ COMMITTED there is no snapshot to be stale: the gate opens at once."""

    def work(host: Host) -> Recorded:
        host.execute("SELECT number FROM orders")
        shop.registry.events.record(A, shop.build, success=True, payload={})
        return shop.joined(host).events.record(A, shop.scan, success=True, payload={})

    assert [transition.number for transition in shop.work(kind, work).transitions] == [1]


@every_kind
def test_key_that_another_host_commits_meanwhile_is_told(
    kind: str, shop: Shop, watcher: psycopg.Connection, threads: ThreadPoolExecutor
) -> None:
    """Two hosts record the same key: the second one is told to begin again, and then meets a replay or a conflict."""

    def work(host: Host) -> None:
        held = threads.submit(when_blocked, watcher, first.commit)
        with pytest.raises(errors.Unavailable, match="records an event of the same id or key: retry; roll your"):
            record(shop.joined(host), B)
        held.result()

    def record(registry: Registry, about: Unit) -> Recorded:
        return registry.events.record(about, shop.build, success=True, payload={}, idempotency_key="k")

    with histories.Host(shop.registry, shop.url) as first:
        record(first.registry, A)
        shop.work_in_vain(kind, work)
    assert shop.work(kind, lambda host: record(shop.joined(host), A)).replayed
    with pytest.raises(errors.IdempotencyConflict):
        shop.work(kind, lambda host: record(shop.joined(host), B))


@pytest.mark.parametrize("level", LEVELS)
@every_kind
def test_key_that_another_host_gives_up_is_free(
    kind: str, level: str, shop: Shop, watcher: psycopg.Connection, threads: ThreadPoolExecutor
) -> None:
    """Whoever waited for the same key records its event when the other one is rolled back."""

    def work(host: Host) -> Recorded:
        held = threads.submit(when_blocked, watcher, first.rollback)
        recorded = shop.joined(host).events.record(A, shop.build, success=True, payload={}, idempotency_key="k")
        held.result()
        return recorded

    with histories.Host(shop.registry, shop.url) as first:
        first.registry.events.record(A, shop.build, success=False, payload={}, idempotency_key="k")
        recorded = shop.work(kind, work, level)
    assert (recorded.replayed, recorded.event.n, recorded.event.success) == (False, 1, True)


@every_kind
def test_c074_opposite_orders_are_told_and_repeated(
    kind: str, shop: Shop, watcher: psycopg.Connection, threads: ThreadPoolExecutor
) -> None:
    """Two hosts append to A and B, and to B and A: one of them is told, and when it repeats, each gate opens once."""

    def work(host: Host) -> None:
        mine = shop.joined(host)
        mine.events.record(A, shop.build, success=True, payload={})
        other.record(B, shop.scan)
        waiting.append(threads.submit(other.record, A, shop.scan))
        wait_for_blocked(watcher)
        mine.events.record(B, shop.build, success=True, payload={})

    def work_alone(host: Host) -> None:
        for about in (A, B):
            shop.joined(host).events.record(about, shop.build, success=True, payload={})

    def alone(host: histories.Host) -> None:
        for about in (B, A):
            host.record(about, shop.scan)

    waiting: list[Future[str]] = []
    with histories.Host(shop.registry, shop.url) as other:
        mine = told(lambda: shop.work(kind, work))
        theirs = told(waiting[0].result)
        assert (mine or "") + (theirs or "") == (
            "other transactions were in the way (40P01): retry; roll your transaction back before"
        )
        if mine:
            other.commit()
            shop.work(kind, work_alone)
        else:
            other.rollback()
            other.until_committed(alone)
    for about in (A, B):
        assert [each.number for each in shop.registry.groups.transitions(shop.release, about)] == [1]
    assert len(shop.feed()) == len(BEGUN) + 6


def told(work: Callable[[], object]) -> str | None:
    """Return what somebody was told who was in another's way."""
    try:
        work()
    except errors.Unavailable as error:
        return str(error)
    return None


@contextmanager
def impatient(shop: Shop) -> Iterator[Registry]:
    """Open a registry that waits for no lock for long, and tries nothing twice."""
    engine = create_engine(driven(shop.url, "psycopg"), connect_args={"options": LATE})
    store = PostgresStore(engine, attempts=1)
    with Registry(store) as registry:
        yield registry
    store.close()
    engine.dispose()


def expect_that_only_one_unit_is_held(shop: Shop) -> None:
    """See that everything works while A is held, but for appending to A and changing definitions: those wait a bit."""
    held = "another transaction held a lock for too long: retry"
    with impatient(shop) as registry:
        recorded = registry.events.record(B, shop.build, success=True, payload={})
        page = registry.feed.read(0, payloads=True)
        assert (page.head, page.changes[-1].subject) == (4, recorded.event)
        assert not registry.groups.verdict(shop.release, A).complete
        assert registry.events.list().items == (recorded.event,)
        with pytest.raises(errors.Unavailable, match=held):
            registry.events.record(A, shop.scan, success=True, payload={})
        with pytest.raises(errors.Unavailable, match=held):
            registry.receivers.update(shop.build, expected_revision=1, description="late")


@every_kind
def test_c071_open_transaction_holds_up_its_own_unit_alone(kind: str, shop: Shop) -> None:
    """While a host's transaction stays open, others record and read the feed; its own changes come with its commit."""

    def work(host: Host) -> None:
        shop.joined(host).events.record(A, shop.build, success=True, payload={})
        expect_that_only_one_unit_is_held(shop)

    shop.work(kind, work)
    page = shop.registry.feed.read(0)
    assert [change.subject.unit.name for change in page.changes[3:]] == ["b", "a"]  # type: ignore[union-attr]  # events


@every_kind
def test_c071_host_that_waits_is_bounded_by_its_own_settings(kind: str, shop: Shop) -> None:
    """How long a joined call waits for a unit is for the host to say; told, it has to roll back."""

    def work(host: Host) -> None:
        for setting, what in (("lock_timeout", "held a lock for too long"), ("statement_timeout", "statement timeout")):
            with suppress(Undone), host.savepoint():
                host.execute(f"SET LOCAL {setting} = '20ms'")
                with pytest.raises(errors.Unavailable, match=what):
                    shop.joined(host).events.record(A, shop.scan, success=True, payload={})
                raise Undone
        shop.joined(host).events.record(B, shop.scan, success=True, payload={})

    with histories.Host(shop.registry, shop.url) as first:
        first.record(A, shop.scan)
        shop.work(kind, work)
        assert shop.feed() == [*BEGUN, "event.recorded"]


@every_kind
def test_c071_idle_transaction_that_the_server_ends_is_unavailable(
    kind: str, shop: Shop, watcher: psycopg.Connection
) -> None:
    """Nothing of it was done, and its unit is free again."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        registry.events.record(A, shop.build, success=True, payload={})
        [(pid,)] = host.execute("SELECT pg_backend_pid()")
        host.execute("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
        asked = "SELECT FROM pg_stat_activity WHERE pid = %s"
        until(lambda: watcher.execute(asked, (pid,)).fetchone() is None, "the session is ended")
        with pytest.raises(errors.Unavailable, match="the connection to the database was lost: retry"):
            registry.events.record(A, shop.scan, success=True, payload={})
        raise Undone

    with suppress(Undone):
        shop.work(kind, work)
    assert shop.registry.events.record(A, shop.build, success=True, payload={}).event.n == 1
    assert shop.feed() == [*BEGUN, "event.recorded"]


@pytest.fixture(scope="module")
def preparing_server() -> Iterator[LocalServer]:
    """A server on which transactions can be prepared, which is off by default."""
    programs = find_binaries()
    assert programs is not None
    with LocalServer(programs, settings={"max_prepared_transactions": "5"}) as server:
        yield server


@pytest.fixture
def preparing_shop(preparing_server: LocalServer) -> Iterator[Shop]:
    """A shop on that server."""
    url = preparing_server.url(preparing_server.create_database())
    engine = create_engine(driven(url, "psycopg"))
    migrate(engine)
    engine.dispose()
    with open_shop(url) as shop:
        yield shop


def test_c071_prepared_transaction_left_behind_holds_up_its_own_unit_alone(preparing_shop: Shop) -> None:
    """Its host is gone, and its locks are not: it is as an open transaction, until somebody commits it."""
    shop = preparing_shop
    with closing(psycopg.connect(shop.url)) as connection:
        connection.tpc_begin("order 1")
        shop.registry.joined(connection).events.record(A, shop.build, success=True, payload={})
        connection.tpc_prepare()
    expect_that_only_one_unit_is_held(shop)
    with closing(psycopg.connect(shop.url)) as connection:
        [left] = connection.tpc_recover()
        connection.rollback()
        connection.tpc_commit(left)
    page = shop.registry.feed.read(0)
    assert [change.subject.unit.name for change in page.changes[3:]] == ["b", "a"]  # type: ignore[union-attr]  # events


def test_c072_transaction_in_two_phases_is_joined(preparing_shop: Shop) -> None:
    """Nothing that we do, such as a notification, would forbid to prepare it; SQLAlchemy's kinds work too."""
    shop = preparing_shop
    engine = create_engine(driven(shop.url, "psycopg"))
    with engine.connect() as connection:
        transaction = connection.begin_twophase()
        shop.registry.joined(connection).events.record(A, shop.build, success=True, payload={})
        transaction.prepare()
        transaction.commit()
    with Session(engine, twophase=True) as session:
        shop.registry.joined(session).events.record(A, shop.scan, success=True, payload={})
        session.commit()
    with Session(engine, twophase=True) as session:
        shop.registry.joined(session).receivers.create(name="sign", type="ci.sign", version="1", schema=True)
        session.prepare()
        session.rollback()
    engine.dispose()
    assert shop.feed() == [*BEGUN, "event.recorded", "event.recorded", "group.completed"]


def test_c072_commit_of_a_serializable_host_may_fail(shop: Shop) -> None:
    """At SERIALIZABLE the commit itself may find a conflict of the host's own rows: then nothing of ours was done."""
    with psycopg.connect(shop.url) as one, psycopg.connect(shop.url) as other:
        for number, connection in enumerate((one, other)):
            connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            connection.execute("SELECT count(*) FROM orders")
            connection.execute("INSERT INTO orders VALUES (%s)", (number,))
        shop.registry.joined(one).events.record(A, shop.build, success=True, payload={})
        other.commit()
        with pytest.raises(psycopg.errors.SerializationFailure):
            one.commit()
    assert (shop.orders(), shop.feed()) == ([1], BEGUN)
