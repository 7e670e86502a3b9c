"""How SQLite goes about each statement of the store: along an index, and never through a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from harness import SqliteHarness, behind
from xzepr import RetryPolicy
from xzepr.model import EventFilter
from xzepr.testing.world import UNIT, World, new_event

from xzepr_sqlite import SqliteStore
from xzepr_sqlite.schema import TABLES

SMALL = re.compile(r"SCAN (tokens|m|json_each|CONSTANT ROW)\b")
"""What may be walked whole: a table of one row, and what the caller has handed over."""

LISTED = re.compile(r"SCAN \w+ USING INDEX \w+_in_order$")
"""A list without a condition walks its index until the page is full."""


def plan(sql: sqlite3.Connection, statement: str) -> list[str]:
    """Return the steps that SQLite would take."""
    return [str(step[3]) for step in sql.execute(f"EXPLAIN QUERY PLAN {statement}")]


def costly(statement: str, steps: list[str]) -> list[str]:
    """Return the steps that walk what grows, or sort it."""
    chosen = "json_each" in statement  # no more rows than the caller has named
    walks = [step for step in steps if step.startswith("SCAN") and not SMALL.match(step) and not LISTED.match(step)]
    return walks + [step for step in steps if step.startswith("USE TEMP B-TREE") and not chosen]


@contextmanager
def listening(world: World) -> Iterator[list[str]]:
    """Note the statements that a store executes, with their values."""
    assert isinstance(world.store, SqliteStore)
    heard: list[str] = []
    with world.store._database.reading() as sql:  # noqa: SLF001 - to listen
        sql.set_trace_callback(heard.append)
    yield heard
    sql.set_trace_callback(None)


def use_events(world: World) -> None:
    """Record, retry, read, list, count and redact events."""
    build = world.receiver()
    keyed = new_event(UNIT, build, key="run-1")
    world.append(keyed, new_event(UNIT, build))
    world.append(keyed, new_event(UNIT, build, key="run-1"))
    world.registry.events.redact(keyed.id, "asked for")
    filters = (EventFilter(), EventFilter(receiver_id=build.id), EventFilter.of(UNIT), EventFilter(ids=(keyed.id,)))
    for where in filters:
        for newest_first in (True, False):
            page = world.registry.events.list(where, limit=1, newest_first=newest_first)
            world.registry.events.list(where, limit=1, newest_first=newest_first, cursor=page.next)
        world.registry.events.count(where)
    moment = world.clock()
    world.registry.events.list(EventFilter(recorded_from=moment, recorded_until=moment))


def use_definitions(world: World) -> None:
    """Create, ensure, change, list and delete receivers and groups; judge units."""
    build, scan = world.receivers(2)
    gate = world.group(build)
    world.record(UNIT, build)
    world.registry.groups.update(gate, expected_revision=1, receivers=[scan])
    world.registry.groups.reevaluate(gate)
    position = world.registry.feed.head()
    for as_of in (None, position):
        world.registry.groups.verdict(gate, UNIT, as_of=as_of)
    world.registry.groups.transitions(gate, UNIT)
    world.registry.groups.revisions(gate)
    world.registry.receivers.statistics(build)
    for each in (world.registry.receivers, world.registry.groups):
        for newest_first in (True, False):
            page = each.list(limit=1, newest_first=newest_first)
            each.list(limit=1, newest_first=newest_first, cursor=page.next)
    world.registry.groups.delete(gate, expected_revision=2)
    world.registry.receivers.delete(world.receiver("another"), expected_revision=1)


def use_feed(world: World) -> None:
    """Read the feed, and let a subscriber park and replay."""
    use_definitions(world)
    world.registry.events.redact(world.event(UNIT, world.receiver("late")).id, "asked for")
    world.registry.feed.read(world.changes(payloads=True)[0].cursor)
    mirror = world.registry.feed.subscription("mirror", retry=RetryPolicy(attempts=1, first_delay=0))

    def refuse(_: object) -> None:
        raise ValueError

    mirror.deliver(refuse)
    mirror.replay(lambda _: None)
    mirror.state()
    mirror.delete()


@pytest.mark.parametrize("use", [use_events, use_definitions, use_feed])
def test_nothing_is_walked_whole(world: World, use: Callable[[World], None]) -> None:
    """No statement walks or sorts a table that grows."""
    with listening(world) as heard:
        use(world)
    statements = {each for each in heard if each.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))}

    assert isinstance(world.harness, SqliteHarness)
    with behind(world.harness.path) as sql:
        found = {each: steps for each in statements if (steps := costly(each, plan(sql, each)))}
    assert len(statements) > 20
    assert found == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM events WHERE description = 'x'",
        "SELECT * FROM units ORDER BY n",
        "SELECT * FROM receivers ORDER BY created_at",
    ],
)
def test_what_walks_a_table_is_seen(statement: str) -> None:
    """A statement without an index is found."""
    with closing(sqlite3.connect(":memory:")) as sql:
        for table in TABLES:
            sql.execute(table)
        assert costly(statement, plan(sql, statement))


def test_reevaluation_asks_an_index_of_gates(world: World) -> None:
    """A re-evaluation finds out by an index whether a unit has an event of a receiver, however many events it has."""
    gate = world.group(world.receiver())
    with listening(world) as heard:
        world.registry.groups.reevaluate(gate)
    [statement] = [each for each in heard if "json_each" in each]

    assert isinstance(world.harness, SqliteHarness)
    with behind(world.harness.path) as sql:
        steps = plan(sql, statement)
    assert any("USING COVERING INDEX events_of_gate (receiver_id=? AND unit=?)" in step for step in steps), steps
