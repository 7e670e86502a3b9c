"""Engines made from a URL: what their connections are like, and what becomes of dead ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from xzepr.errors import ConfigurationError
from xzepr.plugins import StoreURL
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import engines, make_engine, read_options
from xzepr_postgres.connecting import connect

Make = Callable[..., Engine]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes engines from URLs, and disposes of them after the test."""
    made: list[Engine] = []

    def engine(url: str, **options: object) -> Engine:
        query = "&".join(f"{name}={value}" for name, value in options.items())
        parsed = StoreURL.parse(f"{url}?{query}" if query else url)
        made.append(make_engine(parsed, read_options(parsed)))
        return made[-1]

    yield engine
    for each in made:
        each.dispose()


def show(engine: Engine, *names: str) -> list[str]:
    """Return what a connection of the pool says about its settings."""
    with engine.connect() as connection:
        return [str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names]


def pid(engine: Engine) -> int:
    """Return the process that serves the next connection."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_the_options_are_what_the_connection_has(make: Make, xzepr_postgres_database: str) -> None:
    """Timeouts and name stand on each connection; by default every wait is bounded."""
    names = ("statement_timeout", "lock_timeout", "application_name", "client_encoding")
    assert show(make(xzepr_postgres_database), *names) == ["30s", "5s", "xzepr", "UTF8"]
    other = make(xzepr_postgres_database, statement_timeout=1.5, lock_timeout="0.25", application_name="shop")
    assert show(other, *names) == ["1500ms", "250ms", "shop", "UTF8"]


def test_defaults_of_the_database_count_for_nothing(
    connection: psycopg.Connection, make: Make, xzepr_postgres_database: str
) -> None:
    """Whatever an administrator has set for others, our connections work as we know it."""
    ours = {
        "TimeZone": ("Asia/Tokyo", "UTC"),
        "DateStyle": ("German, DMY", "ISO, DMY"),
        "standard_conforming_strings": ("off", "on"),
        "search_path": ("public", "pg_catalog, pg_temp"),
        "default_transaction_isolation": ("serializable", "read committed"),
        "jit": ("on", "off"),
        "synchronous_commit": ("off", "on"),
        "statement_timeout": ("7s", "30s"),
    }
    database = sql.Identifier(connection.info.dbname)
    for name, (theirs, _) in ours.items():
        statement = sql.SQL("ALTER DATABASE {} SET {} = {}").format(database, sql.Identifier(name), theirs)
        connection.execute(statement)
    assert show(make(xzepr_postgres_database), *ours) == [expected for _, expected in ours.values()]


def test_settings_outlive_a_rollback(make: Make, xzepr_postgres_database: str) -> None:
    """They are the session's, not those of its first transaction."""
    engine = make(xzepr_postgres_database, pool_size=1)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        connection.rollback()
    assert show(engine, "TimeZone", "lock_timeout") == ["UTC", "5s"]


def test_more_durable_than_asked_for_stays(
    connection: psycopg.Connection, make: Make, xzepr_postgres_database: str
) -> None:
    """Only a commit that a crash could undo is made a durable one."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = remote_apply").format(name))
    assert show(make(xzepr_postgres_database), "synchronous_commit") == ["remote_apply"]


def test_a_statement_that_takes_too_long_is_ended(make: Make, xzepr_postgres_database: str) -> None:
    """The server itself ends it, after the timeout of the URL."""
    engine = make(xzepr_postgres_database, statement_timeout="0.02")
    with engine.connect() as connection, pytest.raises(OperationalError) as caught:
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    assert getattr(caught.value.orig, "sqlstate", None) == "57014"


def test_the_shortest_timeout_is_none_of_zero(make: Make, xzepr_postgres_database: str) -> None:
    """PostgreSQL takes 0 for no timeout at all: less than a millisecond is one."""
    engine = make(xzepr_postgres_database, lock_timeout="0.0001")
    assert show(engine, "lock_timeout") == ["1ms"]


def test_a_connection_that_cannot_be_prepared_is_closed(
    make: Make, xzepr_postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server refuses to set is an error of ours, and no connection is left open."""
    monkeypatch.setitem(engines._SETTINGS, "no_such_setting", "on")  # noqa: SLF001 - nothing else can fail
    with pytest.raises(ConfigurationError, match="xzepr migrate"):
        connect(make(xzepr_postgres_database))


def test_a_wait_for_a_lock_is_ended(connection: psycopg.Connection, make: Make, xzepr_postgres_database: str) -> None:
    """Also that for an advisory lock, such as changes of definitions hold."""
    connection.execute("SELECT pg_advisory_lock(1)")
    engine = make(xzepr_postgres_database, lock_timeout="0.02")
    with engine.connect() as other, pytest.raises(OperationalError) as caught:
        other.exec_driver_sql("SELECT pg_advisory_lock(1)")
    assert getattr(caught.value.orig, "sqlstate", None) == "55P03"


def test_the_pool_has_an_end(make: Make, xzepr_postgres_database: str) -> None:
    """There are as many connections as the URL says, and who waits for one does not wait for ever."""
    engine = make(xzepr_postgres_database, pool_size=2, pool_timeout="0.02")
    with engine.connect(), engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()


def test_c078_a_connection_that_the_server_ended_is_replaced(
    connection: psycopg.Connection, make: Make, xzepr_postgres_database: str
) -> None:
    """As after a restart of the server: nobody meets the dead connection."""
    engine = make(xzepr_postgres_database, pool_size=1)
    before = pid(engine)
    assert pid(engine) == before
    assert connection.execute("SELECT pg_terminate_backend(%s, 60000)", (before,)).fetchone() == (True,)
    assert pid(engine) != before


def test_c078_a_look_at_a_connection_asks_the_server_nothing(make: Make, xzepr_postgres_database: str) -> None:
    """Taking a connection from the pool costs no statement: a ping would cost a third of an append."""
    engine = make(xzepr_postgres_database, pool_size=1)
    pid(engine)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        last = driver.execute("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()").fetchone()
        assert last == ("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()",)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_c079_a_database_in_another_encoding_is_refused(
    make: Make, xzepr_postgres_server: PostgresServer, encoding: str
) -> None:
    """A registry holds any text: the message says what kind of database to create."""
    options = {"SQL_ASCII": "ENCODING 'SQL_ASCII'", "LATIN1": "ENCODING 'LATIN1'"}[encoding]
    name = xzepr_postgres_server.create_database("template0", f"{options} LOCALE 'C'")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=f"has the encoding {encoding} and must have UTF8: create"):
        make(xzepr_postgres_server.url(name)).connect()
    xzepr_postgres_server.drop_database(name)


@pytest.mark.parametrize(
    ("version", "encoding", "problem"),
    [
        (140_020, "UTF8", "PostgreSQL 15 or later is needed, and this is 14"),
        (90_624, "UTF8", "this is 9: upgrade the server"),
        (150_000, "UTF8", None),
        (180_006, "UTF8", None),
        (180_006, "EUC_JP", "has the encoding EUC_JP and must have UTF8"),
        (180_006, None, "must have UTF8"),
    ],
)
def test_c079_an_old_server_is_refused(version: int, encoding: str | None, problem: str | None) -> None:
    """From what the server tells at once: its version, and the encoding of the database."""
    found = engines.server_problem(version, encoding)
    assert found is None if problem is None else found is not None and problem in found


def test_a_socket_is_a_host(connection: psycopg.Connection, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a socket is given percent-encoded as the host, or as an option."""
    row = connection.execute("SHOW unix_socket_directories").fetchone()
    assert row is not None
    folder, info = row[0].replace("/", "%2F"), connection.info
    engine = make(f"postgresql://{info.user}@{folder}:{info.port}/{info.dbname}")
    assert show(engine, "application_name") == ["xzepr"]
    monkeypatch.setenv("PGPORT", str(info.port))
    assert show(make(f"postgresql://{info.user}@/{info.dbname}", host=folder), "application_name") == ["xzepr"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("sslmode", "require"), ("target_session_attrs", "standby"), ("sslmode", "verify-full")],
)
def test_options_of_libpq_reach_it(make: Make, xzepr_postgres_database: str, option: str, value: str) -> None:
    """The server for tests is a primary without TLS: who insists on something else gets no connection."""
    with pytest.raises(OperationalError):
        make(xzepr_postgres_database, **{option: value}).connect()
    with make(xzepr_postgres_database, sslmode="disable", target_session_attrs="read-write").connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_no_error_of_the_driver_shows_parameters(make: Make, xzepr_postgres_database: str) -> None:
    """Whoever logs SQLAlchemy's error logs no payload."""
    with make(xzepr_postgres_database).connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.exec_driver_sql("SELECT 1 / %(zero)s - %(payload)s", {"zero": 0, "payload": 4711})
    assert "4711" not in str(caught.value)


def test_the_engine_shows_no_password(make: Make) -> None:
    """Its text form masks it."""
    engine = make("postgresql://app:hunter2@db.example/shop")
    assert "hunter2" not in repr(engine)
    with pytest.raises(OperationalError) as caught:
        make("postgresql://app:hunter2@127.0.0.1:1/shop").connect()
    assert "hunter2" not in str(caught.value)
