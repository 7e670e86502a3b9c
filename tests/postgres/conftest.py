"""Databases with the newest tables, registries over them, and hosts beside these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.migrated import migrated_database
from tests.postgres.histories import Begin, Host, begin, open_registry
from xzepr import Registry
from xzepr.testing.postgres import PostgresServer


@pytest.fixture(scope="session")
def xzepr_postgres_template(xzepr_postgres_server: PostgresServer) -> str:
    """A database with the newest tables, of which each test gets a copy."""
    return migrated_database(xzepr_postgres_server)


@pytest.fixture
def connection(xzepr_postgres_database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode to a fresh database."""
    with psycopg.connect(xzepr_postgres_database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def registry(xzepr_postgres_database: str) -> Iterator[Registry]:
    """A registry in a fresh database."""
    with open_registry(xzepr_postgres_database) as registry:
        yield registry


@pytest.fixture
def host(registry: Registry, xzepr_postgres_database: str, level: str) -> Iterator[Host]:
    """A host at the level of the test."""
    with Host(registry, xzepr_postgres_database, level) as host:
        yield host


@pytest.fixture
def changer(registry: Registry, xzepr_postgres_database: str) -> Iterator[Host]:
    """A host at READ COMMITTED, which changes definitions."""
    with Host(registry, xzepr_postgres_database) as host:
        yield host


@pytest.fixture
def waiting(connection: psycopg.Connection) -> Iterator[Begin]:
    """Begins in another thread what has to wait for a lock, and shows that it does."""

    def begin_waiting(work: Callable[[], object]) -> Future[Any]:
        future = begin(pool, connection, work)
        assert not future.done()
        return future

    with ThreadPoolExecutor(4) as pool:
        yield begin_waiting
