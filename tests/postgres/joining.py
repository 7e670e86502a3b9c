"""Transactions of hosts, one kind for each kind of connection that can be joined.

What a host does inside is a function, because two of the kinds run it inside ``run_sync``. When it returns, the host
commits; when it raises :class:`Undone`, the host rolls back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

import django
import psycopg
from django.conf import settings
from django.db import connection as django_connection
from django.db import connections, transaction
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

T = TypeVar("T")

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
SYNCHRONOUS = tuple(driver for driver in ("psycopg", "psycopg2", "pg8000") if find_spec(driver))
"""The drivers for SQLAlchemy that are installed; ours is one of them."""


class Undone(Exception):
    """What a host raises inside its transaction so that it is rolled back."""


class Host(Protocol):
    """A host inside its transaction."""

    @property
    def connection(self) -> object:
        """What is joined."""

    def execute(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Run a statement of the host's own; return its rows, if it has any."""

    def savepoint(self) -> AbstractContextManager[object]:
        """Begin a savepoint, rolled back when the block raises."""


Work = Callable[[Host], T]


class Kind(Protocol):
    """Runs what a host does in one transaction."""

    def __call__(self, url: str, level: str, work: Work[T]) -> T:
        """Begin, work, commit.

        Args:
            url: The database.
            level: The isolation level.
            work: What the host does.
        """


def undone(kind: Kind, url: str, level: str, work: Work[object]) -> None:
    """Run what a host does in one transaction, and roll it back."""

    def then_raise(host: Host) -> None:
        work(host)
        raise Undone

    with suppress(Undone):
        kind(url, level, then_raise)


class OnSqlalchemy:
    """A host with a connection or a session of SQLAlchemy."""

    def __init__(self, connection: Connection | Session) -> None:
        self.connection = connection

    def execute(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Run a statement of the host's own."""
        connection = self.connection if isinstance(self.connection, Connection) else self.connection.connection()
        result = connection.execute(text(sql))
        return [tuple(row) for row in result] if result.returns_rows else []

    def savepoint(self) -> AbstractContextManager[object]:
        """Begin a savepoint."""
        return self.connection.begin_nested()


class OnPsycopg:
    """A host with a connection of psycopg."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def execute(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Run a statement of the host's own."""
        cursor = self.connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

    def savepoint(self) -> AbstractContextManager[object]:
        """Begin a savepoint."""
        return self.connection.transaction()


class OnDjango:
    """A host with Django's connection, as ``from django.db import connection`` has it."""

    connection = django_connection

    def execute(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Run a statement of the host's own."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def savepoint(self) -> AbstractContextManager[object]:
        """Begin a savepoint."""
        atomic: AbstractContextManager[object] = transaction.atomic()
        return atomic


def driven(url: str, driver: str) -> str:
    """Return the URL of a database as SQLAlchemy takes it."""
    return make_url(url).set(drivername=f"postgresql+{driver}").render_as_string(hide_password=False)


def in_connection(url: str, level: str, work: Work[T], driver: str = "psycopg") -> T:
    """Work in a ``Connection`` of SQLAlchemy."""
    engine = create_engine(driven(url, driver), isolation_level=level)
    try:
        with engine.begin() as connection:
            return work(OnSqlalchemy(connection))
    finally:
        engine.dispose()


def in_session(url: str, level: str, work: Work[T], driver: str = "psycopg") -> T:
    """Work in a ``Session`` of SQLAlchemy."""
    engine = create_engine(driven(url, driver), isolation_level=level)
    try:
        with Session(engine) as session, session.begin():
            return work(OnSqlalchemy(session))
    finally:
        engine.dispose()


def in_async_session(url: str, level: str, work: Work[T]) -> T:
    """Work inside ``AsyncSession.run_sync``, over asyncpg."""

    async def main() -> T:
        engine = create_async_engine(driven(url, "asyncpg"), isolation_level=level)
        try:
            async with AsyncSession(engine) as session, session.begin():
                return await session.run_sync(lambda inner: work(OnSqlalchemy(inner)))
        finally:
            await engine.dispose()

    return _run(main())


def in_async_connection(url: str, level: str, work: Work[T]) -> T:
    """Work inside ``AsyncConnection.run_sync``, over the awaitable psycopg."""

    async def main() -> T:
        engine = create_async_engine(driven(url, "psycopg"), isolation_level=level)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(lambda inner: work(OnSqlalchemy(inner)))
        finally:
            await engine.dispose()

    return _run(main())


def in_psycopg(url: str, level: str, work: Work[T]) -> T:
    """Work in a connection of psycopg that was not in autocommit mode."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel[level.replace(" ", "_")]
        return work(OnPsycopg(connection))


def in_psycopg_transaction(url: str, level: str, work: Work[T]) -> T:
    """Work in a transaction on a connection of psycopg in autocommit mode."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.isolation_level = psycopg.IsolationLevel[level.replace(" ", "_")]
        with connection.transaction():
            return work(OnPsycopg(connection))


def in_django(url: str, level: str, work: Work[T]) -> T:
    """Work in an atomic block of Django."""
    with django_database(url, isolation_level=psycopg.IsolationLevel[level.replace(" ", "_")]), transaction.atomic():
        return work(OnDjango())


@contextmanager
def django_database(url: str, **options: object) -> Iterator[None]:
    """Make a database the default one of Django, and close the connection to it in the end."""
    _set_django_up()
    given = conninfo_to_dict(url)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given["dbname"],
        "USER": given["user"],
        "PASSWORD": given.get("password", ""),
        "HOST": given.get("host", ""),
        "PORT": given.get("port", ""),
        "OPTIONS": options,
    }
    before = connections["default"]
    connections["default"] = ConnectionHandler({"default": database})["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


def _set_django_up() -> None:
    if not settings.configured:
        settings.configure(LOGGING_CONFIG=None, USE_TZ=True)
        django.setup()


def _run(main: Awaitable[T]) -> T:
    with asyncio.Runner() as runner:
        return runner.run(main)  # type: ignore[arg-type]  # a coroutine, as the callers know


KINDS: dict[str, Kind] = {
    "connection": in_connection,
    "session": in_session,
    "async_session": in_async_session,
    "async_connection": in_async_connection,
    "psycopg": in_psycopg,
    "psycopg_transaction": in_psycopg_transaction,
    "django": in_django,
}
