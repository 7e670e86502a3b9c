"""C78: pools that are small, used up or dead, and that nothing leaks from them."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.postgres.faults.conftest import OpenEngine, OpenRegistry, OpenStore
from tests.postgres.faults.proxy import Fault, Plan, Proxy
from tests.postgres.faults.test_backends import NAME, backends, terminate
from tests.postgres.faults.waiting import unit_held, until, waiters, waiting
from tests.postgres.faults.worlds import WRITES, Ready, about, attempt, empty, make_ready, picture, sizes
from tests.postgres.roles import connect_as, making_roles
from xzepr import Registry
from xzepr.errors import Unavailable, XzeprError
from xzepr.testing.checking import check_history
from xzepr_postgres import PostgresStore, grant_access

USED_UP = "every connection of the pool is in use: retry, or allow more connections"


def test_c078_a_pool_that_is_used_up_is_unavailable(ready: Ready, database: str, open_engine: OpenEngine) -> None:
    """The caller is told within the pool's own timeout; once a connection is back, all goes on."""
    engine = open_engine(database, pool_size=1, max_overflow=0, pool_timeout=0.05)
    store = PostgresStore(engine)
    registry = Registry(store)
    with engine.connect():
        for call in (ready.through(registry).record, registry.feed.head, store.check):
            error = attempt(call)
            assert isinstance(error, Unavailable)
            assert str(error) == USED_UP
    assert attempt(ready.through(registry).record) is None
    store.close()


def test_c078_a_server_without_connections_left_is_unavailable(
    ready: Ready, database: str, connection: psycopg.Connection, open_engine: OpenEngine
) -> None:
    """Somebody else has them all: the caller is told, nothing is stored, and it goes on once one is free."""
    with making_roles(connection) as new_role:
        role = new_role("app")
        grant_access(open_engine(database), role)
        connection.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 3").format(sql.Identifier(role)))
        store = PostgresStore(open_engine(database.replace("//postgres@", f"//{quote(role)}@"), pool_size=1))
        with connect_as(connection, role), connect_as(connection, role), connect_as(connection, role):
            error = attempt(ready.through(Registry(store)).record)
            assert isinstance(error, Unavailable)
            assert str(error).startswith("no connection to the database at")
        until(lambda: attempt(ready.through(Registry(store)).record) is None)
        store.close()


@pytest.mark.parametrize("name", WRITES)
def test_c078_one_connection_is_enough(name: str, database: str, direct: Registry, open_registry: OpenRegistry) -> None:
    """No call needs a second one while it holds the first."""
    WRITES[name](make_ready(direct))
    expected = sizes(picture(database))
    empty(database)
    small = open_registry(database, pool_size=1, pool_timeout=1)
    WRITES[name](make_ready(direct).through(small))
    assert sizes(picture(database)) == expected


def test_c078_a_handler_may_use_the_registry_that_calls_it(
    ready: Ready, database: str, open_registry: OpenRegistry
) -> None:
    """Over a pool of one, a subscriber records, reads, follows and waits, and nobody waits for himself."""
    small = open_registry(database, pool_size=1, pool_timeout=1)
    recorded: list[int] = []

    def handle(_: object) -> None:
        if len(recorded) < 3:
            recorded.append(small.events.record(about("more"), ready.scan, success=True, payload={}).event.n)
            assert len(list(small.feed.follow(idle_seconds=0.01))) > 3
            assert not small.store.wait(small.feed.head(), 0.01)  # type: ignore[attr-defined]  # it can

    small.feed.subscription("handles").deliver(handle)
    assert recorded == [1, 2, 3]


@pytest.mark.parametrize("fault", [Fault.UNSEEN, Fault.UNANSWERED, Fault.RESET])
@pytest.mark.usefixtures("impatient")
def test_c078_failures_leak_nothing(
    fault: Fault, ready: Ready, proxy: Proxy, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """After a hundred lost connections there are no more than the pool and the one that tells news."""
    registry = open_registry(proxy.url, application_name=NAME, pool_size=3, attempts=2, pool_timeout=0.2)
    registry.receivers.get(ready.scan.id)

    def fail(number: int) -> XzeprError | None:
        return attempt(partial(registry.events.record, about(f"u{number}"), ready.scan, success=True, payload={}))

    with ThreadPoolExecutor(4) as pool:
        for number in range(0, 100, 10):
            proxy.plan(Plan(fault, times=20))
            errors = list(pool.map(fail, range(number, number + 10)))
    assert errors
    proxy.plan(None)
    assert fail(100) is None
    until(lambda: len(backends(connection)) <= 4)
    check_history(ready.registry, every_position=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ours", "host's"])
def test_c078_backends_that_keep_dying_leak_nothing(
    kind: str,
    ready: Ready,
    database: str,
    *,
    connection: psycopg.Connection,
    open_registry: OpenRegistry,
    open_store: OpenStore,
) -> None:
    """Six threads record while all backends are ended again and again: each event once, and no connection too many."""
    if kind == "ours":
        registry = open_registry(database, application_name=NAME, pool_size=4, attempts=8)
    else:
        registry = Registry(open_store(f"{database}?application_name={NAME}", pool_size=4, max_overflow=0))
    done = threading.Event()

    def write(number: int) -> XzeprError | None:
        return attempt(
            partial(
                registry.events.record,
                about(f"u{number % 9}"),
                ready.scan,
                success=True,
                payload=number,
                idempotency_key=str(number),
            )
        )

    def kill() -> int:
        killed = 0
        while not done.wait(0.002):
            killed += terminate(connection)
        return killed

    with ThreadPoolExecutor(7) as pool:
        killing = pool.submit(kill)
        errors = list(pool.map(write, range(300)))
        done.set()
        assert killing.result() >= 3
    assert all(error is None or isinstance(error, Unavailable) for error in errors)
    for number, error in enumerate(errors):
        assert write(number) is None, error
    assert sizes(picture(database))["events"] == 3 + 300
    assert len(backends(connection)) <= 5
    check_history(ready.registry, every_position=False)


def test_c078_a_connection_that_is_in_use_when_another_dies_is_not_left_open(
    ready: Ready, database: str, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """Its statement goes on, and then it is closed or back in the pool: nobody forgets it."""
    registry = open_registry(database, application_name=NAME, pool_size=2)

    def record(name: str) -> XzeprError | None:
        return attempt(partial(registry.events.record, about(name), ready.scan, success=True, payload={}))

    with (
        ThreadPoolExecutor(2) as pool,
        unit_held(database, about("lives"), ready.scan) as first,
        unit_held(database, about("dies"), ready.scan) as second,
    ):
        living = pool.submit(record, "lives")
        until(lambda: waiters(connection) == 1)
        [alive] = waiting(connection)
        dying = pool.submit(record, "dies")
        until(lambda: waiters(connection) == 2)
        [dead] = waiting(connection) - {alive}
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", (dead,))
        until(lambda: waiters(connection) == 2)
        for host, done in ((second, dying), (first, living)):
            host.rollback()
            assert done.result() is None
    gc.collect()
    assert registry.feed.head() > 0
    assert len(backends(connection)) <= 3
