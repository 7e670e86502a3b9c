"""Databases with the newest tables, and events to append to them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine

from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import migrate


@pytest.fixture(scope="session")
def xzepr_postgres_template(xzepr_postgres_server: PostgresServer) -> str:
    """A database with the newest tables, of which each test gets a copy."""
    name = xzepr_postgres_server.create_database()
    engine = create_engine(xzepr_postgres_server.url(name).replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture
def connection(xzepr_postgres_database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode to a fresh database."""
    with psycopg.connect(xzepr_postgres_database, autocommit=True) as connection:
        yield connection
