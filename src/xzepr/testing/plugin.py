"""The pytest plugin: the fixtures, the kit's markers, and readable assertions in the contract.

pytest imports this module in every run of everybody who has xzepr installed. So it imports no store, no driver and no
Hypothesis; a fixture does what it needs when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from xzepr import Registry

if TYPE_CHECKING:
    from xzepr.testing.postgres import PostgresServer

MARKERS = (
    "xzepr_contract: a promise that every xzepr store keeps",
    "xzepr_race: threads race each other; the result does not depend on who wins",
)

pytest.register_assert_rewrite("xzepr.testing.contract", "xzepr.testing.checking", "xzepr.testing.machine")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def xzepr_registry() -> Iterator[Registry]:
    """A fresh registry over a fresh store in memory, closed after the test."""
    with Registry.open("memory:") as registry:
        yield registry


@pytest.fixture(scope="session")
def xzepr_postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run, one in each process of pytest-xdist; stopped at the end."""
    from xzepr.testing.postgres import find_server  # noqa: PLC0415 - only who asks for a server pays for it

    with find_server() as server:
        yield server


@pytest.fixture(scope="session")
def xzepr_postgres_template() -> str:
    """The database that those of the tests are copies of: an empty one, until you override this fixture."""
    return "template1"


@pytest.fixture
def xzepr_postgres_database(xzepr_postgres_server: PostgresServer, xzepr_postgres_template: str) -> Iterator[str]:
    """The URL of a fresh database, dropped after the test together with whoever is still connected to it."""
    name = xzepr_postgres_server.create_database(xzepr_postgres_template)
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)
