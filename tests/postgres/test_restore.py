"""A registry that was dumped and restored into a fresh cluster: nothing is lost, and no reader is led astray."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import create_engine

from xzepr import Registry, Unit
from xzepr.errors import BadCursor
from xzepr.model import EventReceiver, EventReceiverGroup, FeedCursor
from xzepr.testing.checking import check_history
from xzepr.testing.postgres import Binaries, LocalServer, find_binaries
from xzepr.testing.world import read_feed
from xzepr_postgres import PostgresStore, migrate

pytestmark = pytest.mark.slow

MAJOR = 15
"""The version whose installation brings ``pg_dump`` and ``psql`` along."""


def about(name: str) -> Unit:
    """Make a unit."""
    return Unit(name=name, version="1", release="1", platform_id="linux", package="oci")


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    """An installation with the programs that dump and restore."""
    found = find_binaries(MAJOR)
    assert found is not None
    return found


@pytest.fixture
def old(binaries: Binaries) -> Iterator[str]:
    """The URL of a database with the tables of a registry, in a cluster of its own."""
    with LocalServer(binaries) as server:
        url = server.url(server.create_database())
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(engine)
        engine.dispose()
        yield url


@pytest.fixture
def fresh(binaries: Binaries) -> Iterator[LocalServer]:
    """Another cluster, which knows nothing of the first one."""
    with LocalServer(binaries) as server:
        yield server


@contextmanager
def opened(url: str) -> Iterator[Registry]:
    """Open a registry over a database."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    store = PostgresStore.owning(engine)
    with Registry(store) as registry:
        yield registry
    store.close()


def dump(binaries: Binaries, url: str) -> str:
    """Dump a database as SQL."""
    return subprocess.run(
        [binaries.folder / "pg_dump", url], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def restore(binaries: Binaries, server: LocalServer, dumped: str) -> str:
    """Restore a dump into a new database; return its URL."""
    url = server.url(server.create_database("template0"))
    command = [binaries.folder / "psql", "-q", "-v", "ON_ERROR_STOP=1", url]
    subprocess.run(command, check=True, input=dumped, capture_output=True, text=True, timeout=60)
    return url


def definitions(registry: Registry) -> tuple[EventReceiver, EventReceiverGroup]:
    """Ensure a receiver and a group of it."""
    build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
    return build, registry.groups.ensure(name="gate", type="ci.gate", version="1", receivers=[build])


def record(registry: Registry, build: EventReceiver, names: str, *, success: bool = True) -> None:
    """Record an event about each of some units."""
    for name in names:
        registry.events.record(about(name), build, success=success, payload=name, idempotency_key=f"{name}{success}")


def test_the_feed_goes_on_from_a_saved_cursor(binaries: Binaries, old: str, fresh: LocalServer) -> None:
    """What was read, what was staged and what comes later: a reader of the old cluster goes on in the new one."""
    with opened(old) as registry:
        build, gate = definitions(registry)
        record(registry, build, "abc")
        before = registry.feed.read(0, payloads=True)
        mirror = registry.feed.subscription("mirror")
        mirror.deliver(lambda _: None)
        record(registry, build, "de", success=False)  # nobody has sequenced these
    with opened(restore(binaries, fresh, dump(binaries, old))) as registry:
        assert registry.feed.read(0, limit=len(before), payloads=True).changes == before.changes
        record(registry, build, "ab", success=False)
        behind = registry.feed.read(before.cursor).changes
        assert [change.position for change in behind] == list(range(before.head + 1, before.head + 7))
        seen: list[int] = []
        registry.feed.subscription("mirror").deliver(lambda delivery: seen.append(delivery.change.position))
        assert seen == [change.position for change in behind]
        assert not registry.groups.verdict(gate, about("a")).complete
        assert registry.groups.verdict(gate, about("a"), as_of=before.head).complete
        check_history(registry)


def test_a_retry_of_what_was_recorded_before_is_a_replay(binaries: Binaries, old: str, fresh: LocalServer) -> None:
    """Keys do not expire with the cluster, and the order of a unit goes on where it stood."""
    with opened(old) as registry:
        build, _ = definitions(registry)
        first = registry.events.record(about("a"), build, success=True, payload=1, idempotency_key="run-1")
    with opened(restore(binaries, fresh, dump(binaries, old))) as registry:
        again = registry.events.record(about("a"), build, success=True, payload=1, idempotency_key="run-1")
        assert (again.replayed, again.event) == (True, first.event)
        assert registry.events.record(about("a"), build, success=False, payload=2).event.n == 2


def test_a_cursor_from_a_newer_past_is_refused(binaries: Binaries, old: str, fresh: LocalServer) -> None:
    """A point-in-time restore: what the reader saw after that point is gone, and other changes stand there now."""
    with opened(old) as registry:
        build, gate = definitions(registry)
        record(registry, build, "a")
        dumped = dump(binaries, old)
        record(registry, build, "bc")
        newer = registry.feed.read(0).cursor
        registry.feed.subscription("mirror", start=newer)
    with opened(restore(binaries, fresh, dumped)) as registry:
        for _ in range(2):  # first it is beyond the head, then another change stands there
            with pytest.raises(BadCursor):
                registry.feed.read(newer)
            with pytest.raises(BadCursor):
                registry.feed.subscription("other", start=newer)
            record(registry, build, "xyz")
        with pytest.raises(BadCursor):
            registry.groups.verdict(gate, about("a"), as_of=100)
        assert registry.feed.read(FeedCursor()).head == len(read_feed(registry)) > newer.position


def test_the_low_water_mark_does_not_wait_for_the_old_cluster(binaries: Binaries, old: str, fresh: LocalServer) -> None:
    """The mark's horizon is a transaction id of the old cluster, far ahead of the new one's: it is not waited for."""
    with opened(old) as registry:
        build, _ = definitions(registry)
        record(registry, build, "abcdef")
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute("UPDATE xzepr.feed_head SET mark = 3, horizon = '4000000000'")
    url = restore(binaries, fresh, dump(binaries, old))
    with opened(url) as registry:
        for name in "ghijk":
            record(registry, build, name)
            registry.feed.head()
        check_history(registry)
    with psycopg.connect(url) as connection:
        [(low, horizon)] = connection.execute(
            "SELECT low, horizon IS NULL OR horizon < pg_snapshot_xmax(pg_current_snapshot()) FROM xzepr.feed_head"
        )
    assert (low > 3, horizon) == (True, True)
