"""Migrations."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

from xzepr.errors import Invalid, TooLarge
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import Schema, current_version, migrate, migration_sql, newest_version


@pytest.fixture
def empty(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = xzepr_postgres_server.create_database()
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def engine(empty: str) -> Iterator[Engine]:
    """An engine for an empty database."""
    engine = create_engine(empty.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


def version(engine: Engine, schema: Schema | None = None) -> str | None:
    """Return the version of a database."""
    with engine.connect() as connection:
        return current_version(connection, schema)


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    """The first run brings the newest version, the second finds it."""
    assert version(engine) is None
    migrate(engine)
    migrate(engine)
    assert version(engine) == newest_version()


@pytest.mark.parametrize("name", ["xzepr", "Tenant 1", 'o"dd', "%s", ":name", "prüfung"])
def test_c057_any_schema_name_is_quoted(engine: Engine, name: str) -> None:
    """Every object stands in the schema of that name, and two registries meet nothing of each other."""
    migrate(engine, Schema(name))
    migrate(engine, Schema("other"))
    assert version(engine, Schema(name)) == newest_version()


@pytest.mark.parametrize("name", ["", " ", "a\0b"])
def test_c057_what_is_no_name_is_refused(name: str) -> None:
    """A schema has a name."""
    with pytest.raises(Invalid, match="schema:"):
        Schema(name)


def test_c057_a_name_that_would_be_cut_off_is_refused() -> None:
    """PostgreSQL cuts at 63 bytes without a word."""
    assert Schema("é" * 31).quoted
    with pytest.raises(TooLarge, match="at most 63 bytes"):
        Schema("é" * 32)


def test_c080_many_may_migrate_at_once(engine: Engine) -> None:
    """Eight migrations of one database at the same time end in one version."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: migrate(engine), range(8)))
    assert version(engine) == newest_version()


def test_c080_a_crash_in_the_middle_leaves_the_version_before(engine: Engine) -> None:
    """Tables and version are one transaction: rolled back together, done again together."""
    with engine.connect() as connection:
        migrate(connection)
        connection.rollback()
    assert version(engine) is None
    migrate(engine)
    assert version(engine) == newest_version()


def test_the_printed_script_does_the_same(engine: Engine, empty: str) -> None:
    """What others are to review or run brings the same version."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(migration_sql())  # type: ignore[call-overload]  # a whole script, as psql would run it
    assert version(engine) == newest_version()


def test_a_host_keeps_its_transaction(engine: Engine) -> None:
    """On a connection of the host's nothing is committed."""
    with engine.connect() as connection:
        migrate(connection)
        assert connection.in_transaction()
