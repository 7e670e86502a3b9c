"""Backends that are ended or fail: what the caller is told, how often it is tried, what becomes of the connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest

from tests.postgres.faults.conftest import OpenRegistry, OpenStore
from tests.postgres.faults.proxy import Proxy
from tests.postgres.faults.waiting import unit_held, until, waiters
from tests.postgres.faults.worlds import SECRET, UNREPEATABLE, WRITES, Ready, about, attempt, picture
from xzepr import EventDraft, EventFilter, Registry
from xzepr.errors import CommitUnknown, ConfigurationError, StorageFull, Unavailable, XzeprError
from xzepr.testing.checking import check_history

NAME = "victim"
"""What the connections of the store under test are called."""

_TERMINATE = f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = '{NAME}'"
_BACKENDS = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{NAME}' ORDER BY pid"


def terminate(connection: psycopg.Connection) -> int:
    """End every backend of the store under test, and wait until they are gone; return how many there were."""
    return len(connection.execute(_TERMINATE).fetchall())


def backends(connection: psycopg.Connection) -> list[int]:
    """Return the processes that serve the store under test."""
    return [pid for (pid,) in connection.execute(_BACKENDS)]


@pytest.fixture
def victim(database: str, open_registry: OpenRegistry) -> Registry:
    """A registry whose backends are ended."""
    return open_registry(database, application_name=NAME)


@pytest.fixture
def hosted(database: str, open_store: OpenStore) -> Registry:
    """The same over an engine of a host, which has none of our settings."""
    store = open_store(f"{database}?application_name={NAME}", pool_size=4)
    return Registry(store)


# --- ended ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["victim", "hosted"])
@pytest.mark.parametrize("name", WRITES)
def test_c078_a_connection_that_died_in_the_pool_is_replaced(
    kind: str, name: str, *, ready: Ready, connection: psycopg.Connection, database: str, request: pytest.FixtureRequest
) -> None:
    """All of the pool are dead, as after a restart: the write is done, or in doubt where it may not be tried twice."""
    registry: Registry = request.getfixturevalue(kind)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: registry.feed.head(), range(9)))
    assert terminate(connection) >= 1
    before = picture(database)
    error = attempt(partial(WRITES[name], ready.through(registry)))
    if kind == "hosted" and name in UNREPEATABLE and error is not None:
        assert isinstance(error, CommitUnknown)
        assert picture(database) == before
    else:
        assert error is None
    check_history(ready.registry, every_position=False)


@pytest.mark.parametrize("name", ["events.record", "groups.reevaluate", "receivers.create"])
def test_c078_a_statement_whose_backend_is_ended_is_tried_again(
    name: str, ready: Ready, victim: Registry, connection: psycopg.Connection, database: str
) -> None:
    """Ended in the middle, it is done by the second attempt, and once."""
    with ThreadPoolExecutor(1) as pool, everything_held(database):
        writing = pool.submit(attempt, partial(WRITES[name], ready.through(victim)))
        until(lambda: waiters(connection) == 1)
        assert terminate(connection) == 1
        until(lambda: waiters(connection) == 1)
    assert writing.result() is None
    check_history(ready.registry)


@pytest.mark.parametrize("name", sorted(UNREPEATABLE - {"subscriptions.delete"}))
def test_c078_an_update_whose_backend_is_ended_is_in_doubt(
    name: str, ready: Ready, victim: Registry, connection: psycopg.Connection, database: str
) -> None:
    """It is not tried again, and leaves nothing."""
    before = picture(database)
    with ThreadPoolExecutor(1) as pool, everything_held(database):
        writing = pool.submit(attempt, partial(WRITES[name], ready.through(victim)))
        until(lambda: waiters(connection) == 1)
        assert terminate(connection) == 1
        assert isinstance(writing.result(), CommitUnknown)
    assert picture(database) == before


@contextmanager
def everything_held(database: str) -> Iterator[None]:
    """Hold what every write needs, as a migration would."""
    with psycopg.connect(database) as host:
        host.execute("LOCK xzepr.definitions, xzepr.deleted_receivers, xzepr.units IN ACCESS EXCLUSIVE MODE")
        yield
        host.rollback()


# --- timeouts and conflicts -------------------------------------------------------------------------------------------


def test_c078_a_statement_timeout_is_not_tried_again(
    ready: Ready, database: str, proxy: Proxy, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """Whoever waits for too long is told so after one statement, and the connection goes on."""
    registry = open_registry(proxy.url, application_name=NAME, statement_timeout=0.2, pool_size=1)
    registry.receivers.get(ready.build.id)
    before = backends(connection)
    with unit_held(database, about("web"), ready.scan):
        assert told(registry, ready, proxy) == (Unavailable, "longer than the statement timeout", 2)
    assert backends(connection) == before
    assert attempt(ready.through(registry).record) is None


def test_c078_a_lock_timeout_is_tried_again(
    ready: Ready, database: str, proxy: Proxy, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """As often as the URL says; then the caller is told, and the connection goes on."""
    registry = open_registry(proxy.url, application_name=NAME, lock_timeout=0.05, pool_size=1, attempts=3)
    registry.receivers.get(ready.build.id)
    before = backends(connection)
    with unit_held(database, about("web"), ready.scan):
        assert told(registry, ready, proxy) == (Unavailable, "held a lock for too long", 4)
    assert backends(connection) == before
    assert attempt(ready.through(registry).record) is None


def told(registry: Registry, ready: Ready, proxy: Proxy) -> tuple[type[XzeprError], str, int]:
    """Record an event; return what the caller is told, the middle of it, and after how many requests."""
    proxy.plan(None)
    error = attempt(ready.through(registry).record)
    assert error is not None
    found = [
        words for words in ("longer than the statement timeout", "held a lock for too long") if words in str(error)
    ]
    return type(error), *found, proxy.requests  # type: ignore[return-value]  # one of them


def test_c078_the_victim_of_a_deadlock_is_tried_again(
    ready: Ready, database: str, open_store: OpenStore, connection: psycopg.Connection
) -> None:
    """Somebody locks two units the other way round: the append is ended by the server, tried again, and stored once."""
    quick = Registry(open_store(f"{database}?options=-c%20deadlock_timeout%3D20ms"))
    low, high = sorted((about("web"), about("api")), key=lambda unit: unit.key)
    drafts = [EventDraft(unit=unit, receiver=ready.scan, success=True, payload=SECRET) for unit in (high, low)]
    lock = "SELECT FROM xzepr.units WHERE key = %s FOR UPDATE"
    with psycopg.connect(database) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SET LOCAL deadlock_timeout = '60s'")
        other.execute(lock, (high.key.hex(),))
        recording = pool.submit(quick.events.record_many, drafts)
        until(lambda: waiters(connection) == 1)
        other.execute(lock, (low.key.hex(),))
        other.rollback()
        assert recording.result().recorded == 2
    check_history(ready.registry)


@pytest.mark.slow
def test_c072_defaults_of_a_host_decide_nothing(ready: Ready, database: str, open_store: OpenStore) -> None:
    """Connections that are serializable by default meet real conflicts: each event is stored, or refused as passing."""
    strict = Registry(open_store(f"{database}?options=-c%20default_transaction_isolation%3Dserializable"))

    def write(number: int) -> XzeprError | None:
        return attempt(lambda: strict.events.record(about("web"), ready.scan, success=bool(number % 2), payload=number))

    with ThreadPoolExecutor(4) as pool:
        errors = list(pool.map(write, range(80)))
    assert all(error is None or isinstance(error, Unavailable) for error in errors)
    stored = ready.registry.events.count(EventFilter(receiver_id=ready.scan.id)).value
    assert stored == errors.count(None)
    assert stored > 0
    check_history(ready.registry)


# --- what PostgreSQL says ---------------------------------------------------------------------------------------------

PASSING = ("40001", "40P01", "55P03")
MEANINGS = {
    **dict.fromkeys(("57014", "53200", "53300", "53400", "58030", "XX000", "XX001", "25P02"), Unavailable),
    "53100": StorageFull,
    **dict.fromkeys(
        ("22P02", "22003", "22P05", "23502", "23503", "23505", "23514", "0A000", "P0001"), ConfigurationError
    ),
    **dict.fromkeys(("42501", "25006", "42P01", "42883"), ConfigurationError),
}
"""What must not be tried again, and what the caller is told."""


@contextmanager
def failing(connection: psycopg.Connection, state: str, times: int) -> Iterator[None]:
    """Have the database fail so many times when a unit is written, with words that nobody shall see."""
    connection.execute(
        f"""
        CREATE SEQUENCE public.failed;
        CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('public.failed') <= {times} THEN
                RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{SECRET}', DETAIL = '{SECRET}', HINT = '{SECRET}';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON xzepr.units FOR EACH ROW EXECUTE FUNCTION public.fail()"""
    )
    try:
        yield
    finally:
        connection.execute("DROP FUNCTION public.fail CASCADE; DROP SEQUENCE public.failed")


def failed(connection: psycopg.Connection) -> int:
    """Return how often that was tried."""
    [(tried,)] = connection.execute("SELECT last_value FROM public.failed").fetchall()
    return int(tried)


@pytest.mark.parametrize("state", PASSING)
def test_c078_what_passes_is_tried_again(
    state: str, ready: Ready, database: str, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """Twice in vain, the third attempt does it, on the same connection."""
    registry = open_registry(database, application_name=NAME, pool_size=1)
    registry.receivers.get(ready.scan.id)
    before = backends(connection)
    with failing(connection, state, 2):
        assert attempt(ready.through(registry).record) is None
        assert failed(connection) == 3
    assert before[0] in backends(connection)
    check_history(ready.registry)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("state", [*PASSING, *MEANINGS])
def test_c078_what_does_not_pass_is_told(
    state: str, ready: Ready, database: str, open_registry: OpenRegistry, connection: psycopg.Connection
) -> None:
    """Once tried, or as often as the URL says where it might have passed; the connection stays, and nothing is left."""
    registry = open_registry(database, application_name=NAME, pool_size=1, attempts=3)
    registry.receivers.get(ready.scan.id)
    before, picture_before = backends(connection), picture(database)
    with failing(connection, state, 100):
        error = attempt(ready.through(registry).record)
        assert type(error) is MEANINGS.get(state, Unavailable)
        assert failed(connection) == (3 if state in PASSING else 1)
    assert backends(connection) == before
    assert picture(database) == picture_before
    assert attempt(ready.through(registry).record) is None
