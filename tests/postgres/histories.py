"""What the tests of the write path and of the feed are written with: registries, hosts, definitions, and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.errors import SerializationFailure
from sqlalchemy import create_engine

from xzepr import EventDraft, Limits, Registry, Unit
from xzepr.errors import Unavailable
from xzepr.model import EventReceiver, EventReceiverGroup, Transition
from xzepr_postgres import PostgresStore, Schema

T = TypeVar("T")

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")

Begin = Callable[[Callable[[], object]], Future[Any]]
"""Begins something in another thread, and shows that it has to wait."""

GUARD = 60.0
"""Seconds after which a test believes that something hangs. Nothing is fast enough because of it."""

_PAUSE = 0.002
_QUICK_DEADLOCKS = "-c deadlock_timeout=50ms"


@contextmanager
def open_registry(
    url: str, *, attempts: int = 4, connections: int = 24, limits: Limits | None = None
) -> Iterator[Registry]:
    """Open a registry over a pool of its own.

    Args:
        url: The database.
        attempts: How often what fails in passing is tried; 1 shows every deadlock.
        connections: How many threads can work at once.
        limits: The limits of the registry.
    """
    address = url.replace("postgresql://", "postgresql+psycopg://")
    options = {"connect_args": {"options": _QUICK_DEADLOCKS}, "pool_size": connections}
    engine = create_engine(address, **options)
    store = PostgresStore(engine, attempts=attempts)
    try:
        with Registry(store, limits=limits) as registry:
            yield registry
    finally:
        store.close()
        engine.dispose()


class Host:
    """A host with a transaction of its own, which a registry has joined.

    Args:
        registry: The registry.
        url: The database.
        level: The isolation level of its transactions.
    """

    def __init__(self, registry: Registry, url: str, level: str = LEVELS[0]) -> None:
        self.level = level
        self.connection = psycopg.connect(url, options=_QUICK_DEADLOCKS)
        self.connection.isolation_level = IsolationLevel[level.replace(" ", "_")]
        self.registry = registry.joined(self.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.connection.close()

    @property
    def pid(self) -> int:
        """The process that serves it."""
        return self.connection.info.backend_pid

    def look(self) -> None:
        """Take the snapshot of a transaction above READ COMMITTED."""
        self.connection.execute("SELECT 1")

    def record(self, about: Unit, receiver: EventReceiver, *, success: bool = True) -> str:
        """Record an event in the open transaction; return its id."""
        return self.registry.events.record(about, receiver, success=success, payload=None).event.id

    def commit(self) -> None:
        """Commit."""
        self.connection.commit()

    def rollback(self) -> None:
        """Roll back."""
        self.connection.rollback()

    def undo(self, work: Callable[[Self], object]) -> None:
        """Do something in a transaction, as far as others let it, and roll it back."""
        with suppress(Unavailable):
            work(self)
        self.rollback()

    def until_committed(self, work: Callable[[Self], object]) -> int:
        """Do something in a transaction, and begin again until it is committed, as a host does.

        Returns:
            How often it was in others' way.
        """
        for conflicts in range(1_000):
            try:
                work(self)
                self.commit()
            except (Unavailable, SerializationFailure):
                self.rollback()
            except BaseException:
                self.rollback()
                raise
            else:
                return conflicts
        raise AssertionError("a host never got through")


def refuse_stale(host: Host, work: Callable[[], object]) -> None:
    """Do something with a snapshot from before a change, and commit: above READ COMMITTED it is refused with 40001."""
    if host.level != LEVELS[0]:
        with pytest.raises(Unavailable, match="40001"):
            work()
        host.rollback()
    else:
        work()
        host.commit()


def draft(about: Unit, receiver: EventReceiver, *, success: bool = True) -> EventDraft:
    """Return an event for ``record_many``."""
    return EventDraft(unit=about, receiver=receiver, success=success, payload=None)


def make_receivers(registry: Registry, count: int) -> list[EventReceiver]:
    """Create receivers that accept anything."""
    return [make_receiver(registry, f"step-{number}") for number in range(count)]


def make_receiver(registry: Registry, name: str = "step", schema: Any = True) -> EventReceiver:  # noqa: ANN401, FBT002 - a schema
    """Create a receiver."""
    return registry.receivers.create(name=name, type="ci.step", version="1", schema=schema)


def make_group(
    registry: Registry, *receivers: EventReceiver, name: str = "release", enabled: bool = True
) -> EventReceiverGroup:
    """Create a group."""
    return registry.groups.create(name=name, type="ci.gate", version="1", receivers=receivers, enabled=enabled)


def numbers(registry: Registry, group: EventReceiverGroup, units: Sequence[Unit]) -> list[list[int]]:
    """Return the numbers of a group's transitions for each unit."""
    return [[each.number for each in transitions(registry, group, about)] for about in units]


def transitions(registry: Registry, group: EventReceiverGroup, about: Unit) -> Sequence[Transition]:
    """Return the transitions of a group for a unit."""
    return registry.groups.transitions(group, about)


def until(look: Callable[[], T], what: str) -> T:
    """Look again and again until something is so; return what was seen then.

    Raises:
        AssertionError: It did not come to be so.
    """
    pause, deadline = Event(), time.monotonic() + GUARD
    while not (seen := look()):
        assert time.monotonic() < deadline, f"it never came to be: {what}"
        pause.wait(_PAUSE)
    return seen


def blocked(watcher: psycopg.Connection, count: int = 1) -> bool:
    """Whether so many others of this database wait for a lock.

    Args:
        watcher: A connection in autocommit mode.
        count: How many.
    """
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND wait_event IN ('advisory', 'transactionid', 'tuple')"
    )
    row = watcher.execute(waiting).fetchone()
    assert row is not None
    return bool(row[0] >= count)


def wait_for_blocked(watcher: psycopg.Connection, count: int = 1) -> None:
    """Wait until so many others of this database wait for a lock."""
    until(lambda: blocked(watcher, count), f"{count} wait for a lock")


def begin(pool: ThreadPoolExecutor, watcher: psycopg.Connection, work: Callable[[], T]) -> Future[T]:
    """Begin something in another thread; return when it waits for a lock, or has ended."""
    future = pool.submit(work)
    until(lambda: future.done() or blocked(watcher), "it waits for a lock, or has ended")
    return future


class Late:
    """Makes whoever stages a change about a unit wait, its number drawn, until the test lets it go on.

    Args:
        connection: A connection in autocommit mode.
        about: The unit.
    """

    _LOCK = 4711

    def __init__(self, connection: psycopg.Connection, about: Unit) -> None:
        self._connection = connection
        connection.execute(
            f"""
            CREATE OR REPLACE FUNCTION public.wait_for_the_test() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_advisory_xact_lock_shared({self._LOCK}); RETURN NEW; END';
            CREATE OR REPLACE TRIGGER late BEFORE INSERT ON xzepr.staging
            FOR EACH ROW WHEN (NEW.unit_key = '{about.key.hex()}') EXECUTE FUNCTION public.wait_for_the_test();
            SELECT pg_advisory_lock({self._LOCK})""".encode()
        )

    def wait(self) -> None:
        """Wait until somebody waits."""
        wait_for_blocked(self._connection)

    def let_go(self) -> None:
        """Let everybody go on."""
        self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._LOCK,))


def break_function(connection: psycopg.Connection, resource: str, function: str, right: str, wrong: str) -> None:
    """Plant a fault in a function of this one database, so that a test shows that its checker finds it.

    Args:
        connection: The database.
        resource: The file that the function stands in.
        function: Its name.
        right: What stands there.
        wrong: What is to stand there instead.
    """
    begin = f'CREATE FUNCTION "xzepr".{function}('
    [statement] = [each for each in Schema().statements(resource) if begin in each]
    assert statement.count(right) == 1, f"{right!r} stands {statement.count(right)} times in {function}"
    broken = statement.replace(right, wrong).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    connection.execute(broken.encode())
