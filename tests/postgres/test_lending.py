"""Connections from a pool: what they are while they are ours, and that they go back as they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from xzepr.errors import ConfigurationError
from xzepr_postgres import PostgresStore
from xzepr_postgres.failures import Failure
from xzepr_postgres.lending import Lent, lend


def engine_for(url: str, **options: object) -> Engine:
    """Make an engine with a pool of one connection."""
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=1, max_overflow=0, **options)


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine whose pool has one connection."""
    engine = engine_for(xzepr_postgres_database, pool_timeout=0.1)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("before", [True, False])
def test_a_connection_goes_back_as_it_was(engine: Engine, before: bool) -> None:  # noqa: FBT001 - a parameter
    """It is in autocommit mode while it is ours, and in its own mode afterwards."""
    with engine.connect() as connection:
        connection.connection.driver_connection.autocommit = before
        lent_later = connection.connection.driver_connection
    lent_later.autocommit = before
    lent = lend(engine)
    assert isinstance(lent, Lent)
    assert (lent.driver, lent.driver.autocommit) == (lent_later, True)
    lent.give_back()
    assert lent_later.autocommit == before


def test_an_empty_pool_is_told(engine: Engine) -> None:
    """Whoever finds every connection in use is told so, and that nothing was sent."""
    lent = lend(engine)
    found = lend(engine)
    assert isinstance(lent, Lent)
    assert isinstance(found, Failure)
    assert "every connection of the pool is in use" in str(found.error())
    lent.give_back()


def test_a_dropped_connection_is_replaced(engine: Engine) -> None:
    """What is dropped is closed, and the pool opens another."""
    lent = lend(engine)
    assert isinstance(lent, Lent)
    lent.drop()
    again = lend(engine)
    assert isinstance(again, Lent)
    assert (lent.driver.closed, again.driver.closed) == (True, False)
    again.give_back()


def test_another_encoding_is_refused(xzepr_postgres_database: str) -> None:
    """A host's connections that cannot carry every character are refused before anything is sent."""
    engine = engine_for(xzepr_postgres_database, connect_args={"client_encoding": "latin1"})
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="encoding UTF8"):
            PostgresStore(engine).check()
    engine.dispose()
