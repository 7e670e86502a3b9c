"""A registry in the database of a host: what the tests of joined registries begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import psycopg
from sqlalchemy import create_engine

from tests.postgres.joining import KINDS, Host, T, Work, driven, undone
from xzepr import EventReceiver, EventReceiverGroup, Registry, Unit
from xzepr_postgres import PostgresStore

READ_COMMITTED = "READ COMMITTED"


def unit(name: str = "web") -> Unit:
    """Make a unit."""
    return Unit(name=name, version="1.4.2", release="1", platform_id="linux-amd64", package="oci")


@attrs.frozen(kw_only=True)
class Shop:
    """A host with a table of orders, and a registry beside it with one gate.

    Args:
        url: Their database.
        registry: The registry over an engine of its own.
        build: A receiver.
        scan: Another one.
        release: The gate: both must hold.
    """

    url: str
    registry: Registry
    build: EventReceiver
    scan: EventReceiver
    release: EventReceiverGroup

    def work(self, kind: str, work: Work[T], level: str = READ_COMMITTED) -> T:
        """Work in a transaction of a host, and commit it."""
        return KINDS[kind](self.url, level, work)

    def work_in_vain(self, kind: str, work: Work[object], level: str = READ_COMMITTED) -> None:
        """Work in a transaction of a host, and roll it back."""
        undone(KINDS[kind], self.url, level, work)

    def joined(self, host: Host) -> Registry:
        """Return the registry inside the transaction of a host."""
        return self.registry.joined(host.connection)

    def orders(self) -> list[int]:
        """Return what the host has committed."""
        with psycopg.connect(self.url) as connection:
            return [number for (number,) in connection.execute("SELECT number FROM orders ORDER BY number")]

    def feed(self) -> list[str]:
        """Return the kinds of all changes, if their positions have no holes."""
        changes = self.registry.feed.read(0, limit=1_000).changes
        assert [change.position for change in changes] == list(range(1, len(changes) + 1))
        return [str(change.kind) for change in changes]


BEGUN = ["receiver.created", "receiver.created", "group.created"]
"""The feed of a shop, before anything was recorded."""


@contextmanager
def open_shop(url: str) -> Iterator[Shop]:
    """Open a shop in a database, and close it."""
    engine = create_engine(driven(url, "psycopg"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (number int PRIMARY KEY)")
    store = PostgresStore(engine)
    with Registry(store) as registry:
        build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema={"type": "object"})
        scan = registry.receivers.ensure(name="scan", type="ci.scan", version="1", schema=True)
        release = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[build, scan])
        registry.feed.head()  # so that a host finds them in the feed
        yield Shop(url=url, registry=registry, build=build, scan=scan, release=release)
    store.close()
    engine.dispose()
