"""What the tests of the commands share: a store that outlives a command, and a database with tables."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from tests.cli.calling import Call, Story, answer_of, tell_story
from xzepr import Registry
from xzepr.testing.postgres import PostgresServer
from xzepr_memory import MemoryStore
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
def kept(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry in memory; every command of the test opens its store instead of a fresh one."""
    store = MemoryStore()
    monkeypatch.setattr(Registry, "open", lambda _url: Registry(store))
    monkeypatch.setenv("XZEPR_STORE_URL", "memory:")
    return Registry(store)


@pytest.fixture
def story(kept: Registry) -> Story:
    """Two receivers, a group of both, and a unit that the second one has not seen yet."""
    return tell_story(kept)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls a command in this process."""
    return lambda *arguments: answer_of(capsys, *arguments)
