"""News: telling that something was committed waits for nobody, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event

from tests.postgres.histories import GUARD, until
from xzepr_postgres import Schema
from xzepr_postgres.news import News
from xzepr_postgres.sessions import PooledSession

NAME = "news"


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine whose pool has one connection, for which nobody waits long."""
    url = xzepr_postgres_database.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05, connect_args={"application_name": NAME})
    yield engine
    engine.dispose()


def test_whoever_has_committed_does_not_wait_for_the_pool(engine: Engine, connection: psycopg.Connection) -> None:
    """While somebody else has the only connection of the pool, news are told over one beside it."""
    news = News(PooledSession(engine, Schema()), Schema())
    with engine.connect():
        news.tell()
        assert any(query.startswith("NOTIFY") for query in statements(connection))
    news.close()
    until(lambda: not any(query.startswith("NOTIFY") for query in statements(connection)), "the line is closed")


def test_closing_while_somebody_tells_leaves_no_connection(engine: Engine, connection: psycopg.Connection) -> None:
    """A connection that comes to be after the end is closed by whoever has opened it."""
    connecting, go_on = Event(), Event()

    @event.listens_for(engine, "connect")
    def wait(*_: object) -> None:
        connecting.set()
        assert go_on.wait(GUARD)

    news = News(PooledSession(engine, Schema()), Schema())
    teller = Thread(target=news.tell)
    teller.start()
    assert connecting.wait(GUARD)
    assert statements(connection)
    news.close()
    go_on.set()
    teller.join(GUARD)
    until(lambda: not statements(connection), "the line is closed")


def statements(connection: psycopg.Connection) -> list[str]:
    """What each connection of the engine has said last, as the server sees it."""
    found = connection.execute("SELECT query FROM pg_stat_activity WHERE application_name = %s", (NAME,))
    return [query for (query,) in found]
