"""How the PostgreSQL store is found: ``Registry.open("postgresql://…")``. The driver is imported when it is needed."""

from __future__ import annotations

from xzepr.plugins import StoreBackend, StoreURL, Versions, hookimpl
from xzepr.stores import CONTRACT_VERSION, Store
from xzepr_postgres.capabilities import CAPABILITIES, SCHEME

ALIASES = ("postgres", "postgresql+psycopg")
"""Other ways to write the scheme: libpq's, and SQLAlchemy's with the driver that is used."""


class PostgresMigrations:
    """Sets a database up, for ``xzepr migrate`` and ``xzepr check``."""

    def versions(self, url: StoreURL) -> Versions:
        """Look how far a database is set up: see :func:`~xzepr_postgres.operating.versions_at`."""
        from xzepr_postgres.operating import versions_at  # noqa: PLC0415 - see above

        return versions_at(url)

    def migrate(self, url: StoreURL, *, grant: str | None = None) -> Versions:
        """Bring a database to the newest version: see :func:`~xzepr_postgres.operating.migrate_at`."""
        from xzepr_postgres.operating import migrate_at  # noqa: PLC0415 - see above

        return migrate_at(url, grant=grant)

    def script(self, url: StoreURL, *, grant: str | None = None) -> str:
        """Return the SQL that sets a database up: see :func:`~xzepr_postgres.operating.script_for`."""
        from xzepr_postgres.operating import script_for  # noqa: PLC0415 - see above

        return script_for(url, grant=grant)


def _open(url: StoreURL) -> Store:
    from xzepr_postgres.operating import open_store  # noqa: PLC0415 - see above

    return open_store(url)


@hookimpl
def xzepr_store_backends() -> list[StoreBackend]:
    """Describe the PostgreSQL store."""
    return [
        StoreBackend(
            scheme=SCHEME,
            summary="keeps everything in a schema of a PostgreSQL database, version 15 or later",
            open=_open,
            capabilities=CAPABILITIES,
            contract_version=CONTRACT_VERSION,
            aliases=ALIASES,
            migrations=PostgresMigrations(),
        )
    ]
