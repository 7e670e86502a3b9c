"""What an operator does by URL: look at a database, set it up, and open it.

``xzepr check`` and ``xzepr migrate`` come here through the plugin, which is light; this module imports the driver.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

from xzepr.plugins import StoreURL, Versions
from xzepr_postgres.connecting import connect, transact
from xzepr_postgres.engines import make_engine
from xzepr_postgres.granting import grant_access, grant_sql, require_access
from xzepr_postgres.migrating import current_version, is_newer, migrate, migration_sql, newest_version
from xzepr_postgres.options import read_options
from xzepr_postgres.schema import Schema
from xzepr_postgres.store import PostgresStore

LOCK_WAIT: Final = 60
"""Seconds that a migration waits for a lock, and so for its turn among others. It takes as long as it takes."""

_TAKE_TIME: Final = text("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', :wait, true)")


def open_store(url: StoreURL) -> PostgresStore:
    """Open the store of a URL, over an engine of its own.

    Raises:
        Invalid: The URL is not right.
        Unavailable: The database cannot be reached.
        ConfigurationError: It can, and is not set up for this package.
    """
    options = read_options(url)
    engine = make_engine(url, options)
    try:
        connect(engine).close()
        store = PostgresStore.owning(engine, schema=Schema(options.schema), attempts=options.attempts)
        store.check()
    except BaseException:
        engine.dispose()
        raise
    return store


def versions_at(url: StoreURL) -> Versions:
    """Look how far a database is set up, and whether the role may work with it.

    Raises:
        Invalid: The URL is not right.
        Unavailable: The database cannot be reached.
        ConfigurationError: It can, and lets nobody in, cannot hold a registry, or the role lacks a right.
    """
    schema = Schema(read_options(url).schema)
    with _engine(url) as engine:
        found = current_version(engine, schema)
        versions = Versions(found=found, needed=newest_version(), newer=found is not None and is_newer(found))
        if versions.current:
            require_access(engine, schema)
        return versions


def migrate_at(url: StoreURL, *, grant: str | None = None) -> Versions:
    """Bring a database to the newest version and grant access to it, both or neither.

    Args:
        url: Where, as who owns the tables, or may create the schema.
        grant: The role that applications work as.

    Raises:
        Invalid: The URL is not right, or the role is no name.
        Unavailable: The database cannot be reached, or somebody held a lock for too long.
        ConfigurationError: The database is newer, cannot hold a registry, there is no such role, or a right is missing.
    """
    schema = Schema(read_options(url).schema)

    def work(connection: Connection) -> Versions:
        connection.execute(_TAKE_TIME, {"wait": f"{LOCK_WAIT}s"})
        versions = migrate(connection, schema)
        if grant is not None:
            grant_access(connection, grant, schema)
        return versions

    with _engine(url) as engine:
        return transact(engine, work)


def script_for(url: StoreURL, *, grant: str | None = None) -> str:
    """Return the SQL that sets an empty database up, and grants access to it.

    Args:
        url: Of it only the schema counts.
        grant: The role that applications work as.

    Raises:
        Invalid: The URL is not right, or the role is no name.
    """
    schema = Schema(read_options(url).schema)
    granting = "" if grant is None else "\n" + grant_sql(grant, schema)
    return migration_sql(schema) + granting


@contextmanager
def _engine(url: StoreURL) -> Iterator[Engine]:
    engine = make_engine(url, read_options(url))
    try:
        yield engine
    finally:
        engine.dispose()
