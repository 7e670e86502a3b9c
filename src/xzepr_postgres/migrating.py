"""Migrations: bring a database to the version that this package needs, or print how.

They run under an advisory lock, so that any number of processes may try, and under a lock of this process, because
Alembic keeps what it is working on in globals. All is one transaction: a crash leaves the version before.

Alembic is imported where it is used: it takes a second, which a service that only opens a store shall not pay.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text

from xzepr.errors import ConfigurationError
from xzepr.plugins import Versions
from xzepr_postgres.checking import NEEDED_VERSION
from xzepr_postgres.connecting import take_turn, transact
from xzepr_postgres.schema import Schema

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE: Final = "version"
"""Where the version stands, in the registry's own schema."""

KNOWN_VERSIONS: Final = ("0001",)
"""Every version that this package can bring further, oldest first."""

_ONE_AT_A_TIME: Final = threading.Lock()
_NO_RIGHT: Final = (
    "the role may not migrate: connect as the owner of the tables, or, the first time, as a role that may create the "
    "schema, as after GRANT CREATE ON DATABASE"
)
_FIND_TABLE: Final = text(
    "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = :name"
)


def migrate(target: Engine | Connection, schema: Schema | None = None) -> Versions:
    """Bring a database to the newest version. Running it again does nothing.

    Args:
        target: Where. A connection is used as it is, in the caller's transaction; nothing is committed.
        schema: The PostgreSQL schema; it is created if there is none.

    Returns:
        The version that was found before, and the one that is there now.

    Raises:
        Unavailable: The database cannot be reached, or somebody held a lock for too long.
        ConfigurationError: The database is newer than this package, a right is missing, or this is no transaction.
    """
    place = schema or Schema()
    return transact(target, lambda connection: _migrate(connection, place), no_right=_NO_RIGHT)


def migration_sql(schema: Schema | None = None) -> str:
    """Return the SQL that :func:`migrate` would run on an empty database, to be reviewed or run by others.

    It is one transaction. On a database that is set up already it fails and changes nothing.

    Args:
        schema: The PostgreSQL schema; it is created if there is none.

    Example:
        >>> migration_sql().splitlines()[:3]
        ['BEGIN;', '', 'CREATE SCHEMA IF NOT EXISTS "xzepr";']
    """
    from alembic import command  # noqa: PLC0415 - see above

    schema = schema or Schema()
    output = io.StringIO()
    with _ONE_AT_A_TIME:
        command.upgrade(_config(schema, output=output), "head", sql=True)
    script = output.getvalue().replace("%%", "%")  # SQLAlchemy doubles them, for a driver that a script does not have
    return script.replace("BEGIN;\n", f"BEGIN;\n\nCREATE SCHEMA IF NOT EXISTS {schema.quoted};\n", 1)


def current_version(target: Engine | Connection, schema: Schema | None = None) -> str | None:
    """Return the version of a database; None if there is no registry in it.

    Args:
        target: Where.
        schema: The PostgreSQL schema.

    Raises:
        Unavailable: The database cannot be reached.
        ConfigurationError: It lets nobody in, or the role was granted no access.
    """
    place = schema or Schema()
    return transact(target, lambda connection: _current_version(connection, place))


def newest_version() -> str:
    """Return the version that this package needs."""
    return NEEDED_VERSION


def is_newer(version: str) -> bool:
    """Say whether a version is none that this package knows: a later package has left it.

    Example:
        >>> is_newer(newest_version()), is_newer("9999")
        (False, True)
    """
    return version not in KNOWN_VERSIONS


def _migrate(connection: Connection, schema: Schema) -> Versions:
    from alembic import command  # noqa: PLC0415 - see above

    take_turn(connection, schema)
    found = _current_version(connection, schema)
    if found is not None and is_newer(found):
        raise ConfigurationError(f"the database is at version {found}, which this xzepr does not know: upgrade xzepr")
    _create_schema(connection, schema)
    with _ONE_AT_A_TIME:
        command.upgrade(_config(schema, connection=connection), "head")
    return Versions(found=found, needed=NEEDED_VERSION)


def _current_version(connection: Connection, schema: Schema) -> str | None:
    if connection.execute(_FIND_TABLE, {"schema": schema.name, "name": VERSION_TABLE}).first() is None:
        return None
    statement = f"SELECT version_num FROM {schema.quoted}.{VERSION_TABLE}"
    rows = connection.exec_driver_sql(statement.replace("%", "%%")).scalars()
    return ", ".join(sorted(map(str, rows))) or None


def _create_schema(connection: Connection, schema: Schema) -> None:
    """Create the schema unless it is there: who owns one need not be allowed to create others."""
    found = connection.execute(text("SELECT FROM pg_namespace WHERE nspname = :name"), {"name": schema.name})
    if found.first() is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema.quoted}".replace("%", "%%"))


def _config(schema: Schema, **attributes: object) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "xzepr_postgres:migrations")
    config.attributes.update({"schema": schema, **attributes})
    return config
