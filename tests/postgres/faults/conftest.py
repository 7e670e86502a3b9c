"""One database for the tests of a module, emptied before each, and what stands between it and a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

from tests.postgres.faults.proxy import Proxy
from tests.postgres.faults.worlds import Ready, empty, make_ready
from xzepr import Registry
from xzepr.model import Clock
from xzepr.registry import recording
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import PostgresStore, sessions

OpenRegistry = Callable[..., Registry]
OpenEngine = Callable[..., Engine]
OpenStore = Callable[..., PostgresStore]


@pytest.fixture(scope="module")
def tables(xzepr_postgres_server: PostgresServer, xzepr_postgres_template: str) -> Iterator[str]:
    """The URL of a database with the newest tables."""
    name = xzepr_postgres_server.create_database(xzepr_postgres_template)
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def database(tables: str) -> str:
    """The same, empty."""
    empty(tables)
    return tables


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """A connection of an administrator."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def open_registry() -> Iterator[OpenRegistry]:
    """Opens registries by URL, with options; they are closed after the test."""
    opened: list[Registry] = []

    def open_one(url: str, **options: object) -> Registry:
        query = "&".join(f"{name}={value}" for name, value in options.items())
        opened.append(Registry.open(f"{url}?{query}" if query else url))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def open_engine() -> Iterator[OpenEngine]:
    """Makes engines as a host does, without a look at what we would advise; they are disposed of after the test."""
    made: list[Engine] = []

    def open_one(url: str, **options: object) -> Engine:
        made.append(create_engine(url.replace("postgresql://", "postgresql+psycopg://"), **options))
        return made[-1]

    yield open_one
    for each in made:
        each.dispose()


@pytest.fixture
def open_store(open_engine: OpenEngine) -> Iterator[OpenStore]:
    """Opens stores over such engines; they are closed after the test."""
    opened: list[PostgresStore] = []

    def open_one(url: str, *, clock: Clock | None = None, **options: object) -> PostgresStore:
        opened.append(PostgresStore(open_engine(url, **options), clock=clock))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def direct(database: str, open_registry: OpenRegistry) -> Registry:
    """A registry that meets no fault."""
    return open_registry(database)


@pytest.fixture
def ready(direct: Registry) -> Ready:
    """A registry in which everything can be done."""
    return make_ready(direct)


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    """A proxy in front of the database."""
    with Proxy(database) as proxy:
        yield proxy


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have stores and registries not wait between two attempts."""
    monkeypatch.setattr(recording, "RESOLVE_DELAYS", (0.0,) * len(recording.RESOLVE_DELAYS))
    monkeypatch.setattr(sessions, "DELAYS", (0.0,))
