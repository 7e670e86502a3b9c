"""Migrations: bring a database to the version that this package needs, or print how.

They run under an advisory lock, so that any number of processes may try, and under a lock of this process, because
Alembic keeps what it is working on in globals. Each version is one transaction: a crash leaves the one before.
"""

from __future__ import annotations

import io
import threading
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from xzepr_postgres.schema import Schema

VERSION_TABLE: Final = "version"
"""Where the version stands, in the registry's own schema."""

_ONE_AT_A_TIME: Final = threading.Lock()


def migrate(target: Engine | Connection, schema: Schema | None = None) -> None:
    """Bring a database to the newest version. Running it again does nothing.

    Args:
        target: Where. A connection is used as it is, in the caller's transaction; nothing is committed.
        schema: The PostgreSQL schema; it is created if there is none.
    """
    schema = schema or Schema()
    if isinstance(target, Connection):
        _migrate(target, schema)
        return
    with target.begin() as connection:
        _migrate(connection, schema)


def migration_sql(schema: Schema | None = None) -> str:
    """Return the SQL that :func:`migrate` would run on an empty database, to be reviewed or run by others."""
    schema = schema or Schema()
    output = io.StringIO()
    with _ONE_AT_A_TIME:
        command.upgrade(_config(schema, output=output), "head", sql=True)
    script = output.getvalue().replace("%%", "%")  # SQLAlchemy doubles them, for a driver that a script does not have
    return f"CREATE SCHEMA IF NOT EXISTS {schema.quoted};\n\n{script}"


def current_version(connection: Connection, schema: Schema | None = None) -> str | None:
    """Return the version of a database; None if there is no registry in it."""
    schema = schema or Schema()
    options = {"version_table": VERSION_TABLE, "version_table_schema": schema.name}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def newest_version() -> str:
    """Return the version that this package needs."""
    newest = ScriptDirectory.from_config(_config(Schema())).get_current_head()
    assert newest is not None  # noqa: S101 - the package ships with versions
    return newest


def _migrate(connection: Connection, schema: Schema) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.lock_key("migrations")})
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema.quoted}".replace("%", "%%"))
    with _ONE_AT_A_TIME:
        command.upgrade(_config(schema, connection=connection), "head")


def _config(schema: Schema, **attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", "xzepr_postgres:migrations")
    config.attributes.update({"schema": schema, **attributes})
    return config
