"""The doors of the store: which engines it takes, and what it says of tables that are not its own."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from xzepr.errors import Closed, ConfigurationError
from xzepr_postgres import PostgresStore, Schema, newest_version
from xzepr_postgres.checking import NEEDED_VERSION


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine of a host."""
    engine = create_engine(xzepr_postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


def test_the_version_needed_is_the_newest_migration() -> None:
    """It stands in the code a second time, because Alembic takes a second to import."""
    assert newest_version() == NEEDED_VERSION


@pytest.mark.parametrize(
    ("version", "advice"),
    [("0000", r"at version 0000.*run `xzepr migrate`"), ("9999", r"at version 9999.*upgrade xzepr")],
)
def test_c079_tables_of_another_version_are_told(
    engine: Engine, connection: psycopg.Connection, version: str, advice: str
) -> None:
    """Older ones are to be migrated, newer ones need a newer package."""
    connection.execute("UPDATE xzepr.version SET version_num = %s", (version,))
    with pytest.raises(ConfigurationError, match=advice):
        PostgresStore(engine).check()


def test_c079_a_version_that_is_gone_is_told(engine: Engine, connection: psycopg.Connection) -> None:
    """A database that does not say its version is set up anew."""
    connection.execute("DELETE FROM xzepr.version")
    with pytest.raises(ConfigurationError, match=r"at version none.*run `xzepr migrate`"):
        PostgresStore(engine).check()


def test_c079_a_schema_without_tables_is_told(engine: Engine) -> None:
    """The message names the command."""
    with pytest.raises(ConfigurationError, match="run `xzepr migrate`"):
        PostgresStore(engine, schema=Schema("elsewhere")).check()


@pytest.mark.parametrize("given", [None, "postgresql://host/database", object()])
def test_what_is_no_engine_is_refused(given: object) -> None:
    """It says what to give instead."""
    with pytest.raises(ConfigurationError, match=r"is no Engine of SQLAlchemy: give what create_engine\(\) returns"):
        PostgresStore(given)  # type: ignore[arg-type]


def test_an_engine_of_another_database_is_refused() -> None:
    """The message names the one that is needed."""
    with pytest.raises(ConfigurationError, match=r"for sqlite\+pysqlite: make one for postgresql\+psycopg://"):
        PostgresStore(create_engine("sqlite://"))


def test_an_asynchronous_engine_is_refused() -> None:
    """Stores have one colour."""
    engine = create_async_engine("postgresql+psycopg://app@db.example/shop")
    with pytest.raises(ConfigurationError, match="asynchronous"):
        PostgresStore(engine.sync_engine)


def test_a_closed_store_joins_nothing(engine: Engine) -> None:
    """Not even a connection that is still good."""
    store = PostgresStore(engine)
    store.close()
    with engine.begin() as connection, pytest.raises(Closed):
        store.join(connection)


def test_closing_leaves_the_engine_of_a_host_open(engine: Engine) -> None:
    """What the host made, the host closes; what the store owns, it disposes of."""
    PostgresStore(engine).close()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    pool = engine.pool
    PostgresStore.owning(engine).close()
    assert engine.pool is not pool


def test_a_store_shows_its_schema(engine: Engine) -> None:
    """And nothing of the URL."""
    assert repr(PostgresStore(engine, schema=Schema("shop"))) == '<PostgresStore in schema "shop">'
