"""Migrations."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

from tests.postgres.catalog import catalog, rows
from xzepr.errors import ConfigurationError, Invalid, TooLarge
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import Schema, current_version, migrate, migration_sql, newest_version
from xzepr_postgres.migrating import KNOWN_VERSIONS


@pytest.fixture
def empty(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = xzepr_postgres_server.create_database()
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def other(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of another empty database."""
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


@pytest.mark.parametrize("name", ["", " ", "a\0b", "pg_mine", "$user"])
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
    """Eight threads that migrate one database at the same time end in one version, and one of them did it."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: migrate(engine).found, range(8)))
    assert sorted(found, key=str) == [newest_version()] * 7 + [None]
    assert version(engine) == newest_version()


def test_c080_a_crash_in_the_middle_leaves_the_version_before(engine: Engine) -> None:
    """Tables and version are one transaction: rolled back together, done again together."""
    with engine.connect() as connection:
        migrate(connection)
        connection.rollback()
    assert version(engine) is None
    migrate(engine)
    assert version(engine) == newest_version()


def test_the_versions_are_those_of_the_scripts() -> None:
    """What is known without asking Alembic is what Alembic finds."""
    config = Config()
    config.set_main_option("script_location", "xzepr_postgres:migrations")
    revisions = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(KNOWN_VERSIONS) == revisions[::-1]
    assert newest_version() == KNOWN_VERSIONS[-1]


def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    """What a later package has left is not touched: the message says to upgrade."""
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE xzepr.version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="at version 9999, which this xzepr does not know: upgrade xzepr"):
        migrate(engine)
    assert version(engine) == "9999"


@pytest.mark.parametrize("name", ["xzepr", "Tenant 1", 'o"dd', "it's", "%s", ":name", "{definitions_lock}", "a\\b"])
def test_c057_the_printed_script_makes_the_same(engine: Engine, empty: str, other: str, name: str) -> None:
    """What others are to review or run makes what a migration makes, to the last entry of PostgreSQL's catalog."""
    migrate(engine, Schema(name))
    with psycopg.connect(other, autocommit=True) as printed, psycopg.connect(empty) as migrated:
        printed.execute(migration_sql(Schema(name)))  # type: ignore[call-overload]  # a whole script, as psql runs it
        assert catalog(printed, name) == catalog(migrated, name)
        assert rows(printed, name) == rows(migrated, name)
        assert len(catalog(printed, name)) > 100


def test_the_comparison_sees_a_planted_difference(engine: Engine, empty: str, other: str) -> None:
    """The control: a column, a default, a right, a setting of a function that differs is found."""
    migrate(engine)
    with psycopg.connect(other, autocommit=True) as printed, psycopg.connect(empty, autocommit=True) as migrated:
        printed.execute(migration_sql())  # type: ignore[call-overload]
        for planted in (
            "ALTER TABLE xzepr.events ALTER description DROP NOT NULL",
            "ALTER TABLE xzepr.units ALTER n SET DEFAULT 7",
            "GRANT EXECUTE ON FUNCTION xzepr.append_v1 TO PUBLIC",
            "ALTER FUNCTION xzepr.append_v1 RESET jit",
            "ALTER TABLE xzepr.events DISABLE TRIGGER append_only_rows",
        ):
            before = catalog(migrated)
            migrated.execute(planted)  # type: ignore[call-overload]
            assert catalog(migrated) not in (before, catalog(printed))


def test_the_script_is_all_or_nothing(empty: str) -> None:
    """On a database that is set up already it fails, and leaves it as it is."""
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(migration_sql())  # type: ignore[call-overload]
        before = catalog(connection)
        with pytest.raises(psycopg.errors.DuplicateTable):
            connection.execute(migration_sql())  # type: ignore[call-overload]
        connection.execute("ROLLBACK")
        assert catalog(connection) == before


@pytest.mark.parametrize("path", ["", "pg_catalog", "evil,pg_catalog", "evil,xzepr"])
def test_the_search_path_of_a_host_counts_for_nothing(empty: str, other: str, path: str) -> None:
    """Wherever a host's connection looks for names, the migration makes the same."""
    hosts = create_engine(
        empty.replace("postgresql://", "postgresql+psycopg://"), connect_args={"options": f"-c search_path={path}"}
    )
    plain = create_engine(other.replace("postgresql://", "postgresql+psycopg://"))
    for engine in (hosts, plain):
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA evil")
            connection.exec_driver_sql("CREATE TABLE evil.events (id int)")
        migrate(engine)
        engine.dispose()
    with psycopg.connect(empty) as one, psycopg.connect(other) as two:
        assert catalog(one) == catalog(two)
        assert [name for kind, name, *_ in catalog(one, "evil") if kind == "relation r"] == ["events"]


def test_a_host_keeps_its_transaction(engine: Engine) -> None:
    """On a connection of the host's nothing is committed."""
    with engine.connect() as connection:
        migrate(connection)
        assert connection.in_transaction()


def test_a_migration_is_one_transaction(engine: Engine) -> None:
    """A connection that commits each statement by itself could leave half of it: refused."""
    with pytest.raises(ConfigurationError, match="not in autocommit mode"):
        migrate(engine.execution_options(isolation_level="AUTOCOMMIT"))
    assert version(engine) is None
