"""The PostgreSQL store: ``PostgresStore(engine)``, or ``Registry.open("postgresql://…")``.

An operator prepares the database with :func:`migrate` and :func:`grant_access`, or ``xzepr migrate``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xzepr_postgres.engines import make_engine
    from xzepr_postgres.granting import grant_access, grant_sql, require_access
    from xzepr_postgres.hosts import include_name
    from xzepr_postgres.migrating import current_version, is_newer, migrate, migration_sql, newest_version
    from xzepr_postgres.options import PostgresOptions, read_options
    from xzepr_postgres.schema import Schema
    from xzepr_postgres.store import JoinedPostgresStore, PostgresStore

__all__ = [
    "JoinedPostgresStore",
    "PostgresOptions",
    "PostgresStore",
    "Schema",
    "current_version",
    "grant_access",
    "grant_sql",
    "include_name",
    "is_newer",
    "make_engine",
    "migrate",
    "migration_sql",
    "newest_version",
    "read_options",
    "require_access",
]

_HOMES: Final = {
    "engines": ("make_engine",),
    "granting": ("grant_access", "grant_sql", "require_access"),
    "hosts": ("include_name",),
    "migrating": ("current_version", "is_newer", "migrate", "migration_sql", "newest_version"),
    "options": ("PostgresOptions", "read_options"),
    "schema": ("Schema",),
    "store": ("JoinedPostgresStore", "PostgresStore"),
}

if not TYPE_CHECKING:  # or every misspelt name would be right

    def __getattr__(name: str) -> object:
        """Import a public name when it is asked for: the plugin beside it must not need the driver."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
