"""C82: rows that other hands have damaged are errors for themselves alone, and never a foreign exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.errors import CheckViolation
from sqlalchemy import Engine, create_engine
from sqlalchemy import event as listening

from tests.postgres.appending import unit
from xzepr import EventDraft, Registry
from xzepr.errors import CommitUnknown, Damaged
from xzepr.model import Event, EventReceiver, EventReceiverGroup
from xzepr.testing.world import read_feed
from xzepr_postgres import PostgresStore
from xzepr_postgres.batches import uuid_text


@pytest.fixture
def registry(xzepr_postgres_database: str) -> Iterator[Registry]:
    """A registry over a fresh database."""
    store = PostgresStore.owning(create_engine(engine_url(xzepr_postgres_database)))
    with Registry(store) as registry:
        yield registry
    store.close()


@pytest.fixture
def hand(connection: psycopg.Connection) -> psycopg.Connection:
    """A connection for which no trigger works, as a superuser can have it."""
    connection.execute("SET session_replication_role = replica")
    return connection


def three(registry: Registry) -> tuple[EventReceiver, list[Event]]:
    """Record three events about three units."""
    build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
    events = [registry.events.record(unit(name), build, success=True, payload=name).event for name in "abc"]
    return build, events


EVENT_DAMAGE = [
    "description = E'a\\nb'",
    "owner_subject = ''",
    "receiver_fingerprint = '\\x00'",
    "payload_digest = '\\x00'",
    "digest = '\\x00'",
    "salt = '\\x00'",
    "n = 0",
    "occurred_at = 'infinity'",
    "occurred_at = '4713-01-01 BC'",
    "occurred_at = '20000-01-01'",
    "unit_key = gen_random_uuid()",
    "payload = '{\"forged\": true}'",
    "payload = NULL",
]


@pytest.mark.parametrize("damage", EVENT_DAMAGE)
def test_c082_a_damaged_event_spoils_no_page(registry: Registry, hand: psycopg.Connection, damage: str) -> None:
    """Whatever column was changed: it is an error by id, in lists and in the feed; its neighbours are not."""
    _, (first, bad, third) = three(registry)
    hand.execute(f"UPDATE xzepr.events SET {damage} WHERE id = %s", (uuid_text(bad.id),))  # type: ignore[call-overload]
    with pytest.raises(Damaged):
        registry.events.get(bad.id)
    page = registry.events.list(newest_first=False)
    assert page.items == (first, third)
    assert [(error.kind, error.key) for error in page.damaged] == [("event", bad.id)]
    told = [change.subject for change in read_feed(registry, payloads=True)][1:]
    assert [told[0], told[2]] == [first, third]
    assert isinstance(told[1], Damaged)


def test_c082_an_event_whose_row_is_gone_is_a_hole_that_is_told(registry: Registry, hand: psycopg.Connection) -> None:
    """The feed names it at its position."""
    _, (first, bad, third) = three(registry)
    hand.execute("DELETE FROM xzepr.events WHERE id = %s", (uuid_text(bad.id),))
    told = [change.subject for change in read_feed(registry, payloads=True)][1:]
    assert (told[0], told[2]) == (first, third)
    assert isinstance(told[1], Damaged)
    assert told[1].key == bad.id


@pytest.mark.parametrize("snapshot", ["NULL", "'{}'", "'[]'", "'null'", "'{\"id\": 7}'", "'\"text\"'"])
@pytest.mark.parametrize("position", [1, 2])
def test_c082_a_damaged_snapshot_is_one_change(
    registry: Registry, hand: psycopg.Connection, snapshot: str, position: int
) -> None:
    """A definition in the feed that cannot be read is an error at its position; the others are told."""
    build, _ = three(registry)
    registry.groups.ensure(name="gate", type="ci.gate", version="1", receivers=[build])
    assert registry.feed.head() == 5
    place = {1: 1, 2: 5}[position]
    hand.execute(f"UPDATE xzepr.feed SET snapshot = {snapshot} WHERE position = {place}")  # type: ignore[call-overload]
    told = read_feed(registry)
    assert [change.position for change in told] == [1, 2, 3, 4, 5]
    assert [isinstance(change.subject, Damaged) for change in told] == [number == place for number in range(1, 6)]


def test_c082_a_damaged_receiver_is_one_row(registry: Registry, hand: psycopg.Connection) -> None:
    """Its events, verdicts and neighbours stay readable."""
    build, (first, *_) = three(registry)
    scan = registry.receivers.ensure(name="scan", type="ci.scan", version="1", schema=True)
    hand.execute("UPDATE xzepr.receivers SET revision = 0 WHERE id = %s", (uuid_text(build.id),))
    with pytest.raises(Damaged):
        registry.receivers.get(build.id)
    page = registry.receivers.list()
    assert page.items == (scan,)
    assert [(error.kind, error.key) for error in page.damaged] == [("receiver", build.id)]
    assert registry.events.get(first.id) == first


def test_c082_a_damaged_group_is_one_row(registry: Registry, hand: psycopg.Connection) -> None:
    """Other groups are listed, and judge."""
    build, _ = three(registry)

    def group(name: str) -> EventReceiverGroup:
        return registry.groups.ensure(name=name, type="ci.gate", version="1", receivers=[build])

    bad, good = group("bad"), group("good")
    hand.execute("UPDATE xzepr.groups SET receiver_ids = '{}' WHERE id = %s", (uuid_text(bad.id),))
    with pytest.raises(Damaged):
        registry.groups.get(bad.id)
    page = registry.groups.list()
    assert page.items == (good,)
    assert [(error.kind, error.key) for error in page.damaged] == [("group", bad.id)]
    assert registry.groups.verdict(good, unit("a")).complete


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xzepr.events SET recorded_at = 'infinity'",
        "UPDATE xzepr.events SET recorded_at = '10000-01-01'",
        "UPDATE xzepr.receivers SET created_at = '-infinity'",
        "UPDATE xzepr.groups SET created_at = '4713-01-01 BC'",
        "UPDATE xzepr.feed SET recorded_at = 'infinity'",
        "UPDATE xzepr.feed SET kind = 11",
    ],
)
def test_c082_what_rows_are_walked_by_cannot_be_damaged(
    registry: Registry, hand: psycopg.Connection, statement: str
) -> None:
    """A row without a place in time, or a change without a kind, is refused by the table itself."""
    build, _ = three(registry)
    registry.groups.ensure(name="gate", type="ci.gate", version="1", receivers=[build])
    registry.feed.head()
    with pytest.raises(CheckViolation):
        hand.execute(statement)  # type: ignore[call-overload]


def test_tampering_shows(registry: Registry, hand: psycopg.Connection) -> None:
    """What a superuser changed in a way that still decodes, the event's digest tells."""
    _, (_, bad, third) = three(registry)
    hand.execute("UPDATE xzepr.events SET success = false WHERE id = %s", (uuid_text(bad.id),))
    assert not registry.events.get(bad.id).verify()
    assert registry.events.get(third.id).verify()


def test_c082_a_row_that_is_gone_between_two_looks_is_one_row(
    registry: Registry, hand: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """A list is chosen first and read then: what has vanished meanwhile is told, and its neighbours are listed."""
    _, (first, bad, third) = three(registry)
    engine = create_engine(engine_url(xzepr_postgres_database))
    with after_call(1, engine, lambda: delete_event(hand, bad)):
        page = Registry(PostgresStore(engine)).events.list(newest_first=False)
    engine.dispose()
    assert page.items == (first, third)
    assert [error.key for error in page.damaged] == [bad.id]


def test_c082_a_reevaluation_names_the_group_whose_unit_is_damaged(
    registry: Registry, hand: psycopg.Connection
) -> None:
    """A unit that cannot be read is damage, and no fault of the caller's."""
    build, _ = three(registry)
    gate = registry.groups.create(name="gate", type="ci.gate", version="1", receivers=[build])
    hand.execute("UPDATE xzepr.units SET name = E'a\\nb' WHERE name = 'b'")
    with pytest.raises(Damaged) as caught:
        registry.groups.reevaluate(gate)
    assert (caught.value.kind, caught.value.key) == ("group", gate.id)


def test_what_was_recorded_before_the_end_is_in_doubt(registry: Registry, xzepr_postgres_database: str) -> None:
    """Closed after the events were committed and before their repeated ones were read: the caller is told which."""
    build, _ = three(registry)
    known = EventDraft(unit=unit("a"), receiver=build, success=True, payload="a", idempotency_key="k")
    registry.events.record_many([known])
    engine = create_engine(engine_url(xzepr_postgres_database))
    store = PostgresStore(engine)
    drafts = [known, EventDraft(unit=unit("new"), receiver=build, success=True, payload=None)]
    with after_call(2, engine, store.close), pytest.raises(CommitUnknown) as caught:
        Registry(store).events.record_many(drafts)
    engine.dispose()
    [doubtful] = caught.value.ids
    assert registry.events.get(doubtful).unit == unit("new")


def engine_url(url: str) -> str:
    """The URL with its driver, as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://")


def delete_event(hand: psycopg.Connection, event: Event) -> None:
    """Delete the row of an event."""
    hand.execute("DELETE FROM xzepr.events WHERE id = %s", (uuid_text(event.id),))


@contextmanager
def after_call(number: int, engine: Engine, work: Callable[[], object]) -> Iterator[None]:
    """Do something once the answer to a statement is there and its connection is back in the pool."""
    calls = iter([None] * (number - 1) + [work])
    listening.listen(engine, "checkin", lambda *_: (next(calls, None) or int)())
    yield
    assert next(calls, "done") == "done"
