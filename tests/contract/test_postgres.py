"""The PostgreSQL store keeps the whole contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.postgres_harness import PostgresHarness
from xzepr.testing.contract import adopt
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import migrate


@pytest.fixture(scope="module", autouse=True)
def database(xzepr_postgres_server: PostgresServer) -> Iterator[None]:
    """One database with the newest tables for all of them."""
    name = xzepr_postgres_server.create_database()
    PostgresHarness.use(xzepr_postgres_server.url(name))
    migrate(PostgresHarness.engine)
    yield
    PostgresHarness.engine.dispose()
    xzepr_postgres_server.drop_database(name)


globals().update(adopt(PostgresHarness))
