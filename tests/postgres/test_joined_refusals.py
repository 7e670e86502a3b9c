"""What cannot be joined, or not any more: each is a typed error that says what to do."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from types import SimpleNamespace
from typing import Any

import asyncpg
import psycopg
import pytest
from django.db import connection as django_connection
from django.db import connections, transaction
from django.db.utils import ConnectionHandler
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from tests.postgres.joining import KINDS, Host, Undone, django_database, driven
from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr_postgres import Schema
from xzepr_postgres.joined import session_of
from xzepr_postgres.joined.hosts import meaning_of

SCHEMA = Schema()
HEAD = "SELECT head FROM {schema}.feed_head"
READ_COMMITTED = "READ COMMITTED"
AUTOCOMMIT = "autocommit mode: begin a transaction on it, and join that"
CLOSED = "the connection is closed, and its transaction over: begin again on another"
FAILED = "the transaction has failed before: roll it back and retry"

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine of a host."""
    engine = create_engine(driven(xzepr_postgres_database, "psycopg"))
    yield engine
    engine.dispose()


def refusal(connection: object) -> str:
    """Say why a connection cannot be joined."""
    with pytest.raises(XzeprError) as caught:
        session_of(connection, SCHEMA)
    return told(caught)


def told(caught: pytest.ExceptionInfo[XzeprError]) -> str:
    """Return what an error says, if it carries nothing of a driver's."""
    assert caught.value.__context__ is None
    return str(caught.value)


ENGINE = create_async_engine("postgresql+asyncpg://db/shop")
OTHERS: dict[str, tuple[Callable[[], object], str]] = {
    "nothing": (lambda: None, "NoneType cannot be joined: give a SQLAlchemy Connection or Session, a psycopg.Conn"),
    "url": (lambda: "postgresql://app:secret@db/shop", "this is text: open a connection, and join that"),
    "object": (object, "object cannot be joined: give"),
    "engine": (lambda: ENGINE.sync_engine, "join one, as in `with engine.begin() as connection`"),
    "sessionmaker": (sessionmaker, "join one, as in `with sessions.begin() as session`"),
    "async_engine": (lambda: ENGINE, "begin a connection, and join what its run_sync hands over"),
    "async_connection": (lambda: AsyncConnection(ENGINE), "hands over: `await connection.run_sync(function)`"),
    "async_session": (AsyncSession, "hands over: `await session.run_sync(function)`"),
    "async_scope": (lambda: async_scoped_session(AsyncSession, str), "`await session.run_sync(function)`"),  # type: ignore[arg-type]  # a stand-in
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_cannot_be_joined_is_refused(other: str) -> None:
    """Anything else is refused with what to give instead, and without what it holds."""
    make, advice = OTHERS[other]
    said = refusal(make())
    assert advice in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("module", "name", "advice"),
    [
        ("psycopg_pool", "ConnectionPool", "join one, as in `with pool.connection()`"),
        ("psycopg2.extensions", "connection", "join a SQLAlchemy Connection on this driver"),
        ("pg8000.dbapi", "Connection", "join a SQLAlchemy Connection on this driver"),
        ("asyncpg.pool", "PoolConnectionProxy", "take SQLAlchemy's run_sync"),
    ],
)
def test_connections_of_other_libraries_are_refused(
    module: str, name: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way round is named for those that have one, if the host has imported the library."""
    other = type(name, (), {})
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{name: other}))
    assert advice in refusal(other())


def test_raw_connections_of_asyncio_are_refused(xzepr_postgres_database: str) -> None:
    """Neither psycopg's nor asyncpg's own can be waited for."""

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(xzepr_postgres_database) as connection:
            assert "take a psycopg.Connection, or SQLAlchemy's run_sync" in refusal(connection)
        raw = await asyncpg.connect(xzepr_postgres_database)
        assert "take SQLAlchemy's AsyncConnection, and its run_sync" in refusal(raw)
        await raw.close()

    asyncio.run(main())


def test_cursor_is_refused(xzepr_postgres_database: str) -> None:
    """A cursor has a connection, and that is what is joined."""
    with psycopg.connect(xzepr_postgres_database) as connection, connection.cursor() as cursor:
        assert refusal(cursor) == "this is a cursor: join its connection"


def test_other_databases_are_refused(xzepr_postgres_database: str) -> None:
    """A connection to another database is told by its name, whoever made it."""
    with closing(sqlite3.connect(":memory:")) as raw:
        assert "Connection cannot be joined" in refusal(raw)
    other_engine = create_engine("sqlite://")
    with other_engine.connect() as connection:
        assert "leads to sqlite, not to PostgreSQL: give one to the database" in refusal(connection)
    other_engine.dispose()
    with django_database(xzepr_postgres_database):
        other = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})["default"]
        assert "leads to sqlite, not to PostgreSQL" in refusal(other)
        other.close()


def test_c072_autocommit_is_refused_at_once(xzepr_postgres_database: str, engine: Engine) -> None:
    """Where each statement is committed at once there is nothing to join, however the host came to that."""
    with psycopg.connect(xzepr_postgres_database, autocommit=True) as connection:
        assert AUTOCOMMIT in refusal(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as automatic:
        assert AUTOCOMMIT in refusal(automatic)
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
        assert AUTOCOMMIT in refusal(session)
    by_driver = create_engine(driven(xzepr_postgres_database, "psycopg"), connect_args={"autocommit": True})
    with by_driver.connect() as automatic:
        assert AUTOCOMMIT in refusal(automatic)
    by_driver.dispose()
    with django_database(xzepr_postgres_database):
        assert AUTOCOMMIT in refusal(django_connection)


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_c072_autocommit_is_refused_inside_run_sync(driver: str, xzepr_postgres_database: str) -> None:
    """The same holds for the drivers of asyncio."""

    async def main() -> None:
        engine = create_async_engine(driven(xzepr_postgres_database, driver), isolation_level="AUTOCOMMIT")
        async with AsyncSession(engine) as session:
            assert AUTOCOMMIT in await session.run_sync(refusal)
        await engine.dispose()

    asyncio.run(main())


def test_c072_autocommit_is_refused_at_each_call(xzepr_postgres_database: str, engine: Engine) -> None:
    """A connection that was inside a transaction when it was joined may have left it since."""
    with psycopg.connect(xzepr_postgres_database, autocommit=True) as raw:
        with raw.transaction():
            joined = [session_of(raw, SCHEMA)]
        with engine.connect() as connection:
            joined.append(session_of(connection, SCHEMA))
            connection.commit()
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with django_database(xzepr_postgres_database):
                with transaction.atomic():
                    joined.append(session_of(django_connection, SCHEMA))
                for session in joined:
                    with pytest.raises(ConfigurationError, match=AUTOCOMMIT):
                        session.read(HEAD, {})


def test_transaction_begun_by_hand_is_joined(xzepr_postgres_database: str) -> None:
    """In autocommit mode a host may still begin one, be it by SQL or in Django by switching the mode off."""
    with psycopg.connect(xzepr_postgres_database, autocommit=True) as connection:
        connection.execute("BEGIN")
        assert session_of(connection, SCHEMA).read(HEAD, {}) == [(0,)]
    with django_database(xzepr_postgres_database):
        transaction.set_autocommit(False)
        assert session_of(django_connection, SCHEMA).read(HEAD, {}) == [(0,)]
        transaction.rollback()


@every_kind
def test_failed_transaction_is_told(kind: str, xzepr_postgres_database: str) -> None:
    """After a host's statement has failed, ours says to roll back; rolled back to a savepoint, it works again."""

    def work(host: Host) -> None:
        session = session_of(host.connection, SCHEMA)
        with suppress(Undone), host.savepoint():
            with pytest.raises(Exception, match="zero"):
                host.execute("SELECT 1 / 0")
            with pytest.raises(Unavailable) as caught:
                session.read(HEAD, {})
            assert told(caught) == FAILED
            raise Undone
        assert session.read(HEAD, {}) == [(0,)]

    KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work)


@every_kind
def test_own_failure_says_to_roll_back(kind: str, xzepr_postgres_database: str) -> None:
    """When a statement of ours fails in passing, the host is told to roll back, and nothing is tried again."""

    def work(host: Host) -> None:
        host.execute("SET LOCAL lock_timeout = '1ms'")
        with (
            psycopg.connect(xzepr_postgres_database) as other,
            suppress(Undone),
            host.savepoint(),
        ):
            other.execute("LOCK TABLE xzepr.feed_head")
            with pytest.raises(Unavailable) as caught:
                session_of(host.connection, SCHEMA).read(HEAD, {})
            assert told(caught) == (
                "another transaction held a lock for too long: retry; roll your transaction back before"
            )
            assert str(caught.value.__cause__) == "SQLSTATE 55P03"
            raise Undone

    KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work)


@every_kind
def test_lost_connection_is_unavailable(kind: str, xzepr_postgres_database: str) -> None:
    """Before the host's commit nothing is in doubt: a connection that is lost is Unavailable, now and afterwards."""
    said: list[str] = []

    def work(host: Host) -> None:
        session = session_of(host.connection, SCHEMA)
        [(pid,)] = host.execute("SELECT pg_backend_pid()")
        with psycopg.connect(xzepr_postgres_database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                session.read(HEAD, {})
            said.append(told(caught))
        raise Undone

    with suppress(Undone):
        KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work)
    assert said[0] == "the connection to the database was lost: retry; roll your transaction back before"
    assert said[1] in (said[0], CLOSED, FAILED)


def test_transaction_that_only_reads_is_told(xzepr_postgres_database: str) -> None:
    """A host's transaction that may not write serves what is read, and refuses the rest."""
    with psycopg.connect(xzepr_postgres_database) as connection:
        connection.read_only = True
        session = session_of(connection, SCHEMA)
        assert session.read(HEAD, {}) == [(0,)]
        with pytest.raises(ConfigurationError) as caught:
            session.write("UPDATE {schema}.definitions SET version = version RETURNING one", {})
        assert told(caught) == "the transaction only reads: begin one that may write, on the primary"


class Psycopg2Error(Exception):
    """An error as psycopg2 has it."""

    pgcode = "23505"
    diag = SimpleNamespace(constraint_name="events_key")


@pytest.mark.parametrize(
    "error", [Psycopg2Error("a payload"), Exception({"C": "23505", "n": "events_key", "M": "a payload"})]
)
def test_errors_of_other_drivers_are_understood(error: Exception) -> None:
    """What psycopg2 and pg8000 tell means the same: two of one key met, and the host is to begin again."""
    meaning = meaning_of(DBAPIError("a statement", {}, error), lost=False)
    assert str(meaning) == (
        "another transaction records an event of the same id or key: retry; roll your transaction back before"
    )
    assert str(meaning.__cause__) == "SQLSTATE 23505, constraint events_key"


def test_closed_connection_is_unavailable(xzepr_postgres_database: str, engine: Engine) -> None:
    """A connection that the host has closed says so, when it is joined and when it is used."""
    raw = psycopg.connect(xzepr_postgres_database)
    connection = engine.connect()
    joined = [session_of(raw, SCHEMA), session_of(connection, SCHEMA)]
    raw.close()
    connection.close()
    assert refusal(raw) == refusal(connection) == CLOSED
    with django_database(xzepr_postgres_database), transaction.atomic():
        joined.append(session_of(django_connection, SCHEMA))
        django_connection.close()
        assert refusal(django_connection) == CLOSED
        for session in joined:
            with pytest.raises(Unavailable) as caught:
                session.read(HEAD, {})
            assert told(caught) == CLOSED


def test_busy_connection_is_refused(xzepr_postgres_database: str) -> None:
    """In the middle of a COPY or of a pipeline nothing can be asked; the host's own work goes on undisturbed."""
    with psycopg.connect(xzepr_postgres_database) as connection:
        session = session_of(connection, SCHEMA)
        connection.execute("CREATE TABLE shop (n int)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY shop FROM STDIN") as copy:
                copy.write_row([1])
                with pytest.raises(ConfigurationError) as caught:
                    session.read(HEAD, {})
                assert told(caught) == "the connection is busy with something else: end that first, then call again"
                copy.write_row([2])
            with connection.pipeline():
                cursor.execute("SELECT sum(n) FROM shop")
                with pytest.raises(ConfigurationError, match="in pipeline mode: leave it before you call"):
                    session.read(HEAD, {})
                assert cursor.fetchone() == (3,)
        assert session.read(HEAD, {}) == [(0,)]


def test_other_encodings_are_refused(xzepr_postgres_database: str) -> None:
    """Only UTF8 carries every character; the host is told before one is lost."""
    for encoding in ("latin1", "sql_ascii"):
        with psycopg.connect(xzepr_postgres_database, client_encoding=encoding) as connection:
            assert "set its client_encoding to UTF8" in refusal(connection)
    engine = create_engine(driven(xzepr_postgres_database, "psycopg"), connect_args={"client_encoding": "latin1"})
    with engine.connect() as joined:
        assert "set its client_encoding to UTF8" in refusal(joined)
    engine.dispose()


def test_session_of_asyncio_outside_run_sync_is_refused(xzepr_postgres_database: str) -> None:
    """The synchronous session inside an ``AsyncSession`` works inside ``run_sync`` only."""

    async def main() -> None:
        engine = create_async_engine(driven(xzepr_postgres_database, "asyncpg"))
        async with AsyncSession(engine) as session:
            joined = await session.run_sync(lambda inner: session_of(inner, SCHEMA))
            with pytest.raises(ConfigurationError, match=r"join inside `await session\.run_sync") as caught:
                joined.read(HEAD, {})
            told(caught)
        await engine.dispose()

    asyncio.run(main())


def test_django_connection_on_an_event_loop_is_refused(xzepr_postgres_database: str) -> None:
    """Django itself refuses to work there."""

    async def main() -> None:
        assert "call it by sync_to_async" in refusal(wrapper)

    with django_database(xzepr_postgres_database):
        wrapper = connections["default"]
        asyncio.run(main())


def test_django_server_that_is_not_there_is_unavailable(xzepr_postgres_database: str) -> None:
    """Django connects when it is first asked: what keeps it from that is no error of the program."""
    with django_database(xzepr_postgres_database):
        connections["default"].settings_dict["PORT"] = "1"
        assert "the connection to the database was lost" in refusal(django_connection)


class Base(DeclarativeBase):
    """What a host maps."""


class Order(Base):
    """A row of a host."""

    __tablename__ = "orders"

    number: Mapped[int] = mapped_column(primary_key=True)


def test_session_with_several_binds_is_asked_for_one(engine: Engine) -> None:
    """Such a session does not say which of its databases is meant; one of its connections does."""
    with Session(binds={Order: engine}) as session:
        assert "join session.connection(bind_arguments=…)" in refusal(session)
        joined = session_of(session.connection(bind_arguments={"mapper": Order}), SCHEMA)
        assert joined.read(HEAD, {}) == [(0,)]


def test_session_whose_flush_failed_is_told(engine: Engine) -> None:
    """SQLAlchemy has rolled back by itself, and waits until the host says so too."""
    with Session(engine) as session:
        session.connection().execute(text("CREATE TABLE orders (number int PRIMARY KEY CHECK (number > 0))"))
        joined = session_of(session, SCHEMA)
        session.add(Order(number=0))
        with pytest.raises(Exception, match="orders_number_check"):
            session.flush()
        with pytest.raises(Unavailable) as caught:
            joined.read(HEAD, {})
        assert told(caught) == FAILED
        session.rollback()
        assert joined.read(HEAD, {}) == [(0,)]


def test_session_that_does_not_begin_by_itself_is_told(engine: Engine) -> None:
    """A host that wants to begin each transaction itself is reminded to, and not begun for."""
    begin = "begin one, and end it after the last call"
    with Session(engine, autobegin=False) as session:
        assert begin in refusal(session)
        with session.begin():
            assert session_of(session, SCHEMA).read(HEAD, {}) == [(0,)]
    with engine.begin() as connection:
        joined = session_of(connection, SCHEMA)
        connection.commit()
        with pytest.raises(ConfigurationError, match=begin):
            joined.read(HEAD, {})


def test_pool_without_a_connection_left_is_unavailable(xzepr_postgres_database: str) -> None:
    """A session takes its connection when it is first asked, and may get none."""
    engine = create_engine(driven(xzepr_postgres_database, "psycopg"), pool_size=1, max_overflow=0, pool_timeout=0.001)
    with engine.connect(), Session(engine) as session:
        assert "every connection of the pool is in use" in refusal(session)
    engine.dispose()


def test_two_at_once_on_a_connection_of_asyncio_are_refused(xzepr_postgres_database: str) -> None:
    """Asyncpg refuses what comes while it works; that is no lost connection, and the host's work goes on."""

    async def main(holder: psycopg.Connection) -> None:
        engine = create_async_engine(driven(xzepr_postgres_database, "asyncpg"))
        async with engine.connect() as connection:
            session = await connection.run_sync(lambda inner: session_of(inner, SCHEMA))
            await connection.run_sync(lambda _: session.read(HEAD, {}))
            raw: Any = (await connection.get_raw_connection()).driver_connection
            working = asyncio.ensure_future(raw.fetchval("SELECT pg_advisory_xact_lock(1) IS NULL"))
            await asyncio.sleep(0)  # now it waits
            with pytest.raises(ConfigurationError, match=r"refuses it \(InterfaceError\): end what else") as caught:
                await connection.run_sync(lambda _: session.read(HEAD, {}))
            told(caught)
            holder.rollback()
            assert await working is False
        await engine.dispose()

    with psycopg.connect(xzepr_postgres_database) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(1)")
        asyncio.run(main(holder))
