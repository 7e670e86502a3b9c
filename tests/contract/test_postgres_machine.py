"""Random programs: PostgreSQL gives the answers that the memory store gives, and both are what the oracle says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.broken.appending import UnorderedHarness
from tests.contract.postgres_harness import PostgresHarness
from tests.contract.test_machine import FIRST_FAILURE, RULES
from tests.contract.twins import TwinHarness
from xzepr.testing.machine import machine_for
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import migrate

Machine = machine_for(TwinHarness)


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

    def runTest(self) -> None:  # noqa: N802 - the name that unittest knows
        """Run them, and see that each rule ran."""
        super().runTest()
        assert set(Machine.ran) == RULES


class UnorderedTwinHarness(TwinHarness):
    """The same with a memory store that judges a batch as a set."""

    def __init__(self) -> None:
        self._harnesses = (UnorderedHarness(), PostgresHarness())


@pytest.mark.slow
def test_stores_that_differ_are_caught() -> None:
    """The negative control: it is the answers that are compared, before the oracle is asked."""
    with pytest.raises(AssertionError, match="the stores differ in"):
        run_state_machine_as_test(machine_for(UnorderedTwinHarness), settings=FIRST_FAILURE)
