"""Random programs: the PostgreSQL store says what the oracle says, and so what the memory store says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.postgres_harness import PostgresHarness
from xzepr.testing.machine import machine_for
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import migrate

Machine = machine_for(PostgresHarness)


@pytest.fixture(scope="module", autouse=True)
def database(xzepr_postgres_server: PostgresServer) -> Iterator[None]:
    """One database with the newest tables for all programs."""
    name = xzepr_postgres_server.create_database()
    PostgresHarness.use(xzepr_postgres_server.url(name))
    migrate(PostgresHarness.engine)
    yield
    PostgresHarness.engine.dispose()
    xzepr_postgres_server.drop_database(name)


@pytest.mark.slow
@pytest.mark.usefixtures("database")
class TestMachine(Machine.TestCase):  # type: ignore[misc, name-defined]
    """Two hundred programs of fifty steps."""
