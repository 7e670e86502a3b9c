"""A registry over a standby: it reads what is sequenced, and says where to write."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import attrs
import psycopg
import pytest
from sqlalchemy import create_engine

from tests.postgres.faults.standby import catch_up, standby_of
from tests.postgres.faults.waiting import until
from tests.postgres.faults.worlds import WRITES, Ready, about, attempt, make_ready
from xzepr import Registry
from xzepr.errors import ConfigurationError
from xzepr.model import SYSTEM, Event
from xzepr.testing.checking import check_history
from xzepr.testing.postgres import LocalServer, find_server
from xzepr_postgres import migrate

pytestmark = pytest.mark.slow

PRIMARY = "this database only reads, as a standby does: give the URL of the primary"


@attrs.frozen(kw_only=True)
class Pair:
    """A primary and its standby.

    Args:
        ready: A registry over the primary, with something in it.
        reading: A registry over the standby.
        primary: The URL of the one.
        standby: The URL of the other.
    """

    ready: Ready
    reading: Registry
    primary: str
    standby: str

    def catch_up(self) -> None:
        """Wait until the standby shows all that is committed."""
        catch_up(self.primary, self.standby)


@pytest.fixture(scope="module")
def primary() -> Iterator[LocalServer]:
    """A server of our own, with settings that a standby can follow."""
    with find_server(settings={"synchronous_commit": "off"}) as server:
        assert isinstance(server, LocalServer)
        yield server


@pytest.fixture(scope="module")
def standby(primary: LocalServer) -> Iterator[LocalServer]:
    """A server that follows it."""
    with standby_of(primary) as server:
        yield server


@contextmanager
def paired(primary: LocalServer, standby: LocalServer) -> Iterator[Pair]:
    """Make a registry on the primary, with something in it, and open it on both."""
    name = primary.create_database()
    engine = create_engine(primary.url(name).replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    engine.dispose()
    with Registry.open(primary.url(name)) as writing:
        ready = make_ready(writing)
        writing.feed.head()
        catch_up(primary.url(name), standby.url(name))
        with Registry.open(standby.url(name)) as reading:
            yield Pair(ready=ready, reading=reading, primary=primary.url(name), standby=standby.url(name))


@pytest.fixture
def pair(primary: LocalServer, standby: LocalServer) -> Iterator[Pair]:
    """Open a registry on both."""
    with paired(primary, standby) as pair:
        yield pair


def test_c079_a_standby_serves_what_is_sequenced_and_takes_nothing(pair: Pair) -> None:
    """Reads are answered as by the primary, the feed ends where the primary has placed it, each write is refused."""
    ready, reading = pair.ready, pair.reading
    reading.store.check()
    assert reading.health().ready
    head = reads_alike(pair)
    for write in WRITES.values():
        error = attempt(partial(write, ready.through(reading)))
        assert isinstance(error, ConfigurationError)
        assert str(error) == PRIMARY
    ready.record()
    pair.catch_up()
    assert reading.groups.verdict(ready.group, about("web")).complete
    assert (reading.feed.head(), reading.feed.read(limit=100).head) == (head, head)
    assert ready.through(reading).record() == attrs.evolve(ready.record(), replayed=True)  # it is there: no write
    assert ready.registry.feed.head() > head
    pair.catch_up()
    assert reads_alike(pair) == ready.registry.feed.head()


def reads_alike(pair: Pair) -> int:
    """Compare what both answer; return the head of the feed."""
    writing, reading, ready = pair.ready.registry, pair.reading, pair.ready
    for registry in (writing, reading):
        registry.feed.head()
    told = [registry.feed.read(limit=1_000, payloads=True) for registry in (writing, reading)]
    assert told[0].changes == told[1].changes
    for call in (
        lambda each: each.events.list().items,
        lambda each: each.events.count().value,
        lambda each: each.receivers.list().items,
        lambda each: each.receivers.statistics(ready.build),
        lambda each: each.groups.revisions(ready.group),
        lambda each: each.groups.verdict(ready.group, about("web")),
        lambda each: each.groups.verdict(ready.group, about("web"), as_of=5),
        lambda each: each.groups.transitions(ready.group, about("web")),
        lambda each: each.store.subscriptions.get("mail", SYSTEM),
    ):
        assert call(writing) == call(reading)
    return told[1].head


def test_c079_who_waits_on_a_standby_is_answered(pair: Pair) -> None:
    """It cannot listen there, so it asks: what the primary places meanwhile ends the wait."""
    head = pair.reading.feed.head()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pair.reading.store.wait, head, 60.0)  # type: ignore[attr-defined]  # it can
        pair.ready.record()
        pair.ready.registry.feed.head()
        assert waiting.result() is True


def test_c079_a_standby_that_is_promoted_goes_on(primary: LocalServer) -> None:
    """The same registry, which only read, writes from then on: numbers and positions go on, and nothing is lost."""
    with standby_of(primary) as standby, paired(primary, standby) as pair:
        ready, reading = pair.ready, pair.reading
        ready.record()
        before = ready.registry.feed.read(limit=1_000, payloads=True)
        ready.registry.events.record(about("web"), ready.build, success=False, payload=None)  # nobody has placed this
        pair.catch_up()
        with psycopg.connect(pair.standby, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
            until(lambda: connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,))
        last = reading.events.record(about("web"), ready.build, success=True, payload=None).event
        behind = reading.feed.read(before.cursor)
        assert [change.position for change in behind] == list(range(before.head + 1, behind.head + 1))
        assert [change.subject.n for change in behind if isinstance(change.subject, Event)] == [last.n - 1, last.n]
        check_history(reading)
