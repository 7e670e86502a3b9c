"""Rows that were changed by hand, through every column that can be: an error for that row alone."""

from __future__ import annotations

import sqlite3

import attrs
import pytest
from harness import SqliteHarness, behind
from xzepr.errors import Damaged, XzeprError
from xzepr.model import SYSTEM, Event, EventReceiver, FeedCursor, NewEvent, Recorded
from xzepr.stores import subscribing
from xzepr.testing.world import UNIT, World, new_event, new_id, read_feed

NO_TEXT = "CAST(x'ff' AS TEXT)"
"""Bytes that are no UTF-8 in a column of text."""


def damage(world: World, statement: str) -> None:
    """Change rows behind the store's back."""
    assert isinstance(world.harness, SqliteHarness)
    with behind(world.harness.path) as sql:
        assert sql.execute(statement).rowcount == 1


@pytest.mark.parametrize(
    "change",
    [
        f"payload_text = {NO_TEXT}",
        "payload_text = NULL",
        "payload_text = '1'",
        "salt = NULL",
        "salt = x'00'",
        "receiver_id = 'nobody'",
        "receiver_fingerprint = ''",
        "payload_digest = 'ff'",
        f"description = {NO_TEXT}",
        "description = char(0)",
        "owner_subject = ''",
        "occurred_at = 9223372036854775807",
        "digest = ''",
        "unit = 99",
        "n = 0",
    ],
)
def test_c082_event(world: World, change: str) -> None:
    """An event with a wrong column is an error by its id, in its place in lists and in the feed."""
    build = world.receiver()
    first, bad, third = (world.event(UNIT, build, payload={"secret": number}) for number in range(3))

    damage(world, f"UPDATE events SET {change} WHERE id = '{bad.id}'")

    with pytest.raises(Damaged) as caught:
        world.registry.events.get(bad.id)
    page = world.registry.events.list(newest_first=False)
    told = [change.subject for change in world.changes(after=1, payloads=True)]
    assert (caught.value.kind, caught.value.key) == ("event", bad.id)
    assert "secret" not in str(caught.value)
    assert (page.items, [error.key for error in page.damaged]) == ((first, third), [bad.id])
    assert [each.id if isinstance(each, Event) else getattr(each, "key", None) for each in told] == [
        first.id,
        bad.id,
        third.id,
    ]


@pytest.mark.parametrize(
    "column",
    ["events.id", "events.recorded_at", "events.success", "events.n", "events.salt", "feed.id", "feed.kind"],
)
def test_columns_hold_what_they_say(world: World, column: str) -> None:
    """By what rows are walked cannot be damaged: SQLite itself refuses it."""
    world.record(UNIT, world.receiver())
    table, _, name = column.partition(".")

    with pytest.raises(sqlite3.IntegrityError):
        damage(world, f"UPDATE {table} SET {name} = 'odd' WHERE position = 2")


def test_damaged_event_is_one_outcome(world: World) -> None:
    """A retry of a damaged event is told so, and stops no other event of its append."""
    build = world.receiver()
    event = new_event(UNIT, build, id=new_id())
    world.append(event)
    world.harness.damage_event(world.store, event.id)

    outcomes = world.append(event, new_event(UNIT, build))

    assert [type(outcome) for outcome in outcomes] == [Damaged, Recorded]


@pytest.mark.parametrize("change", ["schema_text = '{'", "schema_text = 'false'", "owner_issuer = ''", "name = ''"])
def test_c082_receiver(world: World, change: str) -> None:
    """A damaged receiver is an error by its id, also for who would check an event against it; others are read."""
    build, scan = world.receivers(2)
    damage(world, f"UPDATE receivers SET {change} WHERE id = '{build.id}'")

    with pytest.raises(Damaged) as caught:
        world.store.receivers.get(build.id)
    [outcome] = world.append(_checked_against_another(world, build))
    assert (caught.value.kind, caught.value.key) == ("receiver", build.id)
    assert isinstance(outcome, Damaged)
    assert world.store.receivers.get(scan.id) == scan


@pytest.mark.parametrize("change", ["receiver_ids = ''", "revision = 0", f"description = {NO_TEXT}"])
def test_c082_group(world: World, change: str) -> None:
    """A damaged group is an error by its id, in its place in lists and in the feed."""
    build = world.receiver()
    bad, good = world.group(build, name="bad"), world.group(build, name="good")
    damage(world, f"UPDATE groups SET {change} WHERE id = '{bad.id}'")

    page = world.registry.groups.list()

    with pytest.raises(Damaged):
        world.store.groups.get(bad.id)
    assert ([group.id for group in page], [error.key for error in page.damaged]) == ([good.id], [bad.id])
    told = [change.subject for change in world.changes(after=1)]
    assert isinstance(told[0], Damaged)
    assert told[1] == good


@pytest.mark.parametrize("change", ["actor_issuer = ''", "about = NULL", "revision = 7"])
def test_c082_change(world: World, change: str) -> None:
    """A damaged entry of the feed is an error at its position, and its neighbours are told."""
    first, _, third = world.receivers(3)
    damage(world, f"UPDATE feed SET {change} WHERE position = 2")

    told = world.changes()

    assert [each.position for each in told] == [1, 2, 3]
    assert isinstance(told[1].subject, Damaged)
    assert [told[0].subject, told[2].subject] == [first, third]


def test_lost_change_is_no_gap(world: World) -> None:
    """An entry that is gone from the feed is an error, and never a silent gap."""
    world.receivers(3)
    damage(world, "DELETE FROM feed WHERE position = 2")

    with pytest.raises(Damaged) as caught:
        read_feed(world.registry)
    assert (caught.value.kind, caught.value.key) == ("change", "2")


def test_c082_subscription(world: World) -> None:
    """A damaged subscription is an error by its name."""
    kept = subscribing(world.store).subscriptions
    world.receiver()
    kept.ensure("mirror", SYSTEM, start=FeedCursor())
    damage(world, "UPDATE subscriptions SET position = 1, change_id = 'odd'")

    with pytest.raises(Damaged) as caught:
        kept.get("mirror", SYSTEM)
    assert (caught.value.kind, caught.value.key) == ("subscription", "mirror")


def test_lost_table(world: World) -> None:
    """A file without one of its tables is an error of the library, not one of SQLite."""
    assert isinstance(world.harness, SqliteHarness)
    with behind(world.harness.path) as sql:
        sql.execute("DROP TABLE figures")

    with pytest.raises(XzeprError, match="not as this store has made it"):
        world.event(UNIT, world.receiver())
    assert world.registry.events.count().value == 0


def _checked_against_another(world: World, receiver: EventReceiver) -> NewEvent:
    other = world.receiver("other", schema={"type": "object"})
    return new_event(UNIT, attrs.evolve(other, id=receiver.id))
