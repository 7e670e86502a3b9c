"""Whoever reads the feed meets what is committed late, and nothing of what is rolled back: one test for each query.

A trigger makes one transaction wait after it has drawn its number: what is recorded next is committed before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import attrs
import psycopg
import pytest

from tests.postgres.histories import GUARD, Host, Late, begin, make_group, make_receivers, open_registry, until
from xzepr import Change, Event, FeedCursor, Registry
from xzepr.errors import BadCursor, Unavailable
from xzepr.model import EventReceiver, EventReceiverGroup
from xzepr.testing.world import unit

EARLY, LATE = unit(1), unit(2)


@attrs.frozen(kw_only=True)
class Scene:
    """One event is committed, at position 3, with its transition at 4; another one, which was staged before, is not.

    Args:
        registry: The registry.
        build: The receiver, at position 1.
        gate: Its group, at position 2.
        place: The place behind position 4.
        host: Who records the late event.
        recording: Its transaction, until it has ended.
        late: What it waits for.
    """

    registry: Registry
    build: EventReceiver
    gate: EventReceiverGroup
    place: FeedCursor
    host: Host
    recording: Future[None]
    late: Late

    def commit(self) -> None:
        """Let the late event be committed."""
        self.late.let_go()
        self.recording.result()
        self.host.commit()

    def roll_back(self) -> None:
        """Let the late event be rolled back."""
        self.late.let_go()
        self.recording.result()
        self.host.rollback()

    def kill(self, connection: psycopg.Connection) -> None:
        """End the connection of the late event while it waits."""
        connection.execute("SELECT pg_terminate_backend(%s)", (self.host.pid,))
        with pytest.raises(Unavailable):
            self.recording.result()
        self.late.let_go()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for what has to wait."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def scene(connection: psycopg.Connection, xzepr_postgres_database: str, pool: ThreadPoolExecutor) -> Iterator[Scene]:
    """The scene, with everything sequenced that can be."""
    with open_registry(xzepr_postgres_database) as registry, Host(registry, xzepr_postgres_database) as host:
        [build] = make_receivers(registry, 1)
        gate = make_group(registry, build)
        late = Late(connection, LATE)
        recording = begin(pool, connection, lambda: host.record(LATE, build))
        assert not recording.done()
        registry.events.record(EARLY, build, success=True, payload=None)
        place = registry.feed.read().cursor
        assert place.position == 4
        yield Scene(registry=registry, build=build, gate=gate, place=place, host=host, recording=recording, late=late)
        late.let_go()


Query = Callable[[Scene], list[object]]
"""Asks something of the feed."""


def told(change: Change) -> str:
    """Return a change in a word: its position, and what it is about."""
    about = change.subject.unit.name if isinstance(change.subject, Event) else str(change.kind)
    return f"{change.position} {about}"


def page(scene: Scene) -> list[object]:
    """Read on from the place."""
    return [told(change) for change in scene.registry.feed.read(scene.place)]


def whole_feed(scene: Scene) -> list[object]:
    """Read from the beginning, in pages of one; return what stands behind the place."""
    cursor, changes = FeedCursor(), []
    while found := scene.registry.feed.read(cursor, limit=1):
        changes += found.changes
        cursor = found.cursor
    return [told(change) for change in changes[4:]]


def head(scene: Scene) -> list[object]:
    """Ask how far the feed goes."""
    return [f"{position} is there" for position in range(5, scene.registry.feed.head() + 1)]


def verdict_as_of(scene: Scene) -> list[object]:
    """Ask about the late unit as of each position behind the place."""
    assert not scene.registry.groups.verdict(scene.gate, LATE, as_of=4).complete
    return [*complete_as_of(scene, 5), *complete_as_of(scene, 6)]


def complete_as_of(scene: Scene, position: int) -> list[object]:
    """Ask as of one position; return nothing if the feed has not come to it."""
    try:
        return [scene.registry.groups.verdict(scene.gate, LATE, as_of=position).complete]
    except BadCursor:
        return []


def statistics(scene: Scene) -> list[object]:
    """Ask for the figures of the receiver, and which of its events is the latest."""
    found = scene.registry.receivers.statistics(scene.build)
    assert found.latest is not None
    name = scene.registry.events.get(found.latest.event_id).unit.name
    return [] if name == EARLY.name else [found.succeeded, name]


def wait(scene: Scene) -> list[object]:
    """Ask whether there is news."""
    return [True] if scene.registry.store.wait(4, 0) else []  # type: ignore[attr-defined]  # it can


def follow(scene: Scene) -> list[object]:
    """Follow from the place, until nothing is left."""
    return [told(change) for change in scene.registry.feed.follow(scene.place, idle_seconds=0)]


def new_subscription(scene: Scene) -> list[object]:
    """Subscribe from the place on."""
    subscription = scene.registry.feed.subscription(f"from {scene.registry.feed.head()}", start=scene.place)
    return delivered(scene, subscription.name)


def old_subscription(scene: Scene) -> list[object]:
    """Go on with a subscription, which has acknowledged everything up to the place."""
    subscription = scene.registry.feed.subscription("old")
    if subscription.state().cursor == FeedCursor():
        assert len(delivered(scene, "old")) == 4
    return delivered(scene, "old")


def delivered(scene: Scene, name: str) -> list[object]:
    """Return what a subscription hands over now."""
    changes: list[object] = []
    scene.registry.feed.subscription(name).deliver(lambda delivery: changes.append(told(delivery.change)))
    return changes


CHANGES = ["5 unit-2", "6 group.completed"]
QUERIES: dict[str, tuple[Query, list[object]]] = {
    "page": (page, CHANGES),
    "whole feed": (whole_feed, CHANGES),
    "head": (head, ["5 is there", "6 is there"]),
    "verdict as_of": (verdict_as_of, [True, True]),
    "statistics": (statistics, [2, LATE.name]),
    "wait": (wait, [True]),
    "follow": (follow, CHANGES),
    "new subscription": (new_subscription, CHANGES),
    "old subscription": (old_subscription, CHANGES),
}

each_query = pytest.mark.parametrize("query", QUERIES)


@each_query
def test_c069_a_late_commit_is_delivered(scene: Scene, query: str) -> None:
    """What was staged first and committed last comes last, behind a cursor that had passed its number."""
    ask, expected = QUERIES[query]
    assert ask(scene) == []
    scene.commit()
    assert ask(scene) == expected


@each_query
def test_c070_a_rollback_stalls_nothing_and_leaves_nothing(scene: Scene, query: str) -> None:
    """A number that was drawn in vain is no position: the next change stands where it would have stood."""
    ask, expected = QUERIES[query]
    assert ask(scene) == []
    scene.roll_back()
    assert ask(scene) == []
    scene.registry.events.record(LATE, scene.build, success=True, payload=None)
    assert ask(scene) == expected


@each_query
def test_c070_a_writer_that_is_killed_stalls_nothing(scene: Scene, connection: psycopg.Connection, query: str) -> None:
    """The same when the server ends its connection."""
    ask, expected = QUERIES[query]
    assert ask(scene) == []
    scene.kill(connection)
    assert ask(scene) == []
    scene.registry.events.record(LATE, scene.build, success=True, payload=None)
    assert ask(scene) == expected


def test_c069_whoever_waits_is_woken_by_a_late_commit(
    scene: Scene, connection: psycopg.Connection, pool: ThreadPoolExecutor
) -> None:
    """Waiting for news behind a cursor ends when the late change is committed."""
    waiting = pool.submit(scene.registry.store.wait, 4, GUARD)  # type: ignore[attr-defined]  # it can
    listening = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
    until(lambda: connection.execute(listening).rowcount, "somebody listens")
    assert not waiting.done()
    scene.commit()
    assert waiting.result()


def test_c070_a_savepoint_that_was_rolled_back_leaves_nothing(scene: Scene) -> None:
    """Of a host that records, rolls back to a savepoint and records again, the feed has what was committed."""
    scene.roll_back()
    scene.host.connection.execute("SAVEPOINT here")
    scene.host.record(LATE, scene.build, success=False)
    scene.host.connection.execute("ROLLBACK TO here")
    scene.host.record(LATE, scene.build)
    scene.host.commit()
    assert page(scene) == CHANGES
