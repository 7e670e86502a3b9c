"""What the tests of the commands share: a store that outlives a command, and a database with tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.calling import Call, Story, answer_of, tell_story
from tests.migrated import migrated_database
from xzepr import Registry
from xzepr.testing.postgres import PostgresServer
from xzepr_memory import MemoryStore


@pytest.fixture(scope="session")
def xzepr_postgres_template(xzepr_postgres_server: PostgresServer) -> str:
    """A database with the newest tables, of which each test gets a copy."""
    return migrated_database(xzepr_postgres_server)


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
def url(xzepr_postgres_database: str) -> str:
    """A store that outlives a process."""
    return xzepr_postgres_database


@pytest.fixture
def shop(url: str) -> Iterator[Story]:
    """What is in it."""
    with Registry.open(url) as registry:
        yield tell_story(registry)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls a command in this process."""
    return lambda *arguments: answer_of(capsys, *arguments)
