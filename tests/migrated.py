"""A database with the newest tables, as the tests of several rooms begin with."""

from __future__ import annotations

from sqlalchemy import create_engine

from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import migrate


def migrated_database(server: PostgresServer) -> str:
    """Create a database, set it up, and return its name."""
    name = server.create_database()
    engine = create_engine(server.url(name).replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    engine.dispose()
    return name
