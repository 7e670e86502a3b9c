"""Connections from a pool: what they are while they are ours, and that they go back as they were."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from xzepr.errors import ConfigurationError, Unavailable
from xzepr_postgres import PostgresStore
from xzepr_postgres.failures import Failure
from xzepr_postgres.lending import Lent, lend

Place = tuple[str, int]


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


def test_a_transaction_that_was_left_open_is_told(xzepr_postgres_database: str) -> None:
    """A pool that resets nothing hands out what somebody has begun: we say so, and have no part in it."""
    engine = engine_for(xzepr_postgres_database, pool_reset_on_return=None)
    kept = engine.raw_connection()
    kept.driver_connection.execute("SELECT 1")
    kept.close()
    with pytest.raises(Unavailable, match="inside of a transaction: commit or roll back"):
        PostgresStore(engine).check()
    PostgresStore(engine).check()
    engine.dispose()


def test_sessions_that_change_behind_a_connection_are_told(engine: Engine) -> None:
    """What a pooler that gives each transaction another session does to prepared statements has its own message."""
    store = PostgresStore(engine)
    for _ in range(8):
        store.feed.head()
    with engine.begin() as connection:
        connection.exec_driver_sql("DO $$ BEGIN DEALLOCATE ALL; END $$")
    with pytest.raises(ConfigurationError, match="gives each transaction another session"):
        store.feed.head()


def test_another_encoding_is_refused(xzepr_postgres_database: str) -> None:
    """A host's connections that cannot carry every character are refused before anything is sent."""
    engine = engine_for(xzepr_postgres_database, connect_args={"client_encoding": "latin1"})
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="encoding UTF8"):
            PostgresStore(engine).check()
    engine.dispose()


def test_an_interrupt_leaves_no_connection_in_our_mode(engine: Engine) -> None:
    """Ctrl-C at any line while a connection is borrowed: the host's next one is not in autocommit mode."""
    store = PostgresStore(engine)
    store.check()
    places = lines_of(store.check)
    assert len(places) > 20
    left = []
    for place in places:
        with pytest.raises(KeyboardInterrupt):
            traced(store.check, place)
        gc.collect()
        if mode_of(engine):
            left.append(place)
    assert left == []


def lines_of(work: Callable[[], None]) -> list[Place]:
    """The lines of the modules under test that some work runs."""
    met: dict[Place, None] = {}
    traced(work, None, met)
    return list(met)


def traced(work: Callable[[], None], interrupted: Place | None, met: dict[Place, None] | None = None) -> None:
    """Do some work, note its lines, and interrupt it once, before a line."""
    noted = {} if met is None else met

    def trace(frame: FrameType, what: str, _: object) -> Any:  # noqa: ANN401 - itself
        if not frame.f_code.co_filename.endswith(("/lending.py", "/sessions.py")):
            return None
        place = (frame.f_code.co_name, frame.f_lineno)
        if what == "line" and place not in noted:
            noted[place] = None
            if place == interrupted:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)


def mode_of(engine: Engine) -> bool:
    """Whether the host's next connection is in autocommit mode."""
    kept = engine.raw_connection()
    try:
        return bool(kept.driver_connection.autocommit)
    finally:
        kept.close()
