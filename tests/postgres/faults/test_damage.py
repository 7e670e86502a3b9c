"""C82: every column of every table is damaged, one at a time, by every value that it takes: all else can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs
import psycopg
import pytest

from tests.postgres.faults.conftest import OpenRegistry
from tests.postgres.faults.worlds import Ready, about, attempt, make_ready
from xzepr import EventDraft, EventFilter, Recorded, Registry
from xzepr.errors import Damaged
from xzepr.model import SYSTEM
from xzepr.testing.world import new_event, read_feed

EVIL: Final[Mapping[str, Sequence[str]]] = {
    "text": ["''", "E'a\\nb'", "repeat('x', 2000)", "'another'"],
    "uuid": ["gen_random_uuid()", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'00000000-0000-0000-0000-000000000000'"],
    "integer": ["0", "-1", "2147483647"],
    "smallint": ["0", "-1", "1", "2", "3", "6", "9", "32767"],
    "bigint": ["0", "-1", "9223372036854775807"],
    "boolean": ["NOT {}"],
    "timestamp with time zone": ["'infinity'", "'-infinity'", "'4713-01-01 BC'", "'20000-01-01'"],
    "bytea": ["''", "'\\x00'", "decode(repeat('00', 100), 'hex')"],
    "json": [
        *("'null'", "'[]'", "'1'", "'\"x\"'", "'{{}}'", "'{{\"id\": 7}}'", '\'{{"id": "zz", "reason": null}}\''),
        *("'\"\\ud800\"'", "(repeat('[', 3000) || repeat(']', 3000))::json"),
        "('{{\"id\": 1' || repeat('0', 5000) || '}}')::json",
    ],
    "ARRAY": ["'{{}}'", "'{{NULL}}'", "ARRAY[gen_random_uuid()]"],
}
"""What to put into a column, by its type; NULL besides, where it may stand."""

KEYS: Final = ("id", "group_id", "owner_issuer", "owner_subject", "name", "deleted", "kind")
"""Columns by which a row is found: with another value there, it is not, and that may be said."""

READ: Final = (
    *("events", "units", "receivers", "receiver_figures", "groups", "group_revisions", "group_receivers"),
    *("transitions", "feed", "subscriptions", "parked"),
)
"""The tables that reads touch."""

LOST: Final = {"events": 1, "receivers": 1, "groups": 1, "feed": 1, "units": 4}
"""How many items a list may lose, by the table that was damaged; no unit has more than four events."""

_COLUMNS: Final = """
    SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
    WHERE table_schema = 'xzepr' AND table_name = %s AND column_name <> 'position' ORDER BY ordinal_position"""
"""A change at another position is one that is gone, and of those there is a test of its own."""


@attrs.frozen
class Refused:
    """An error that a call has raised: its code, and what it says."""

    code: str
    said: str


@attrs.frozen(kw_only=True)
class Scene:
    """A registry with something of everything.

    Args:
        ready: What it was made of.
        events: The ids of its events.
        head: Where its feed ends.
    """

    ready: Ready
    events: tuple[str, ...]
    head: int

    @property
    def registry(self) -> Registry:
        """The registry."""
        return self.ready.registry

    def read(self) -> dict[str, object]:
        """Call everything that reads; return what came of each call, an error too."""
        return {name: _outcome(call) for name, call in self._calls()}

    def _calls(self) -> Iterator[tuple[str, Callable[[], object]]]:
        yield from self._about_events()
        yield from self._about_definitions()
        for name in ("web", "api"):
            yield from self._about_gates(name)
        for position in range(self.head):
            yield f"feed {position}", partial(self.registry.feed.read, position, limit=1, payloads=True)
        yield "feed", lambda: [change.position for change in read_feed(self.registry, payloads=True)]
        for name in ("mail", "idle"):
            yield f"subscription {name}", partial(self.ready.store.subscriptions.get, name, SYSTEM)
        yield "parked", lambda: tuple(self.ready.store.subscriptions.parked("mail", SYSTEM, after=0, limit=9))

    def _about_events(self) -> Iterator[tuple[str, Callable[[], object]]]:
        events = self.registry.events
        for event_id in self.events:
            yield f"event {event_id}", partial(events.get, event_id)
        yield "events", lambda: _walk(lambda cursor: events.list(limit=1, cursor=cursor))
        yield "events, oldest", lambda: _walk(lambda cursor: events.list(limit=2, cursor=cursor, newest_first=False))
        yield "events without", lambda: _walk(lambda _: events.list(payloads=False))
        for where in (EventFilter(receiver_id=self.ready.build.id), EventFilter(name_contains="e")):
            yield f"events where {where}", lambda where=where: _walk(lambda cursor: events.list(where, cursor=cursor))
        yield "count", events.count

    def _about_definitions(self) -> Iterator[tuple[str, Callable[[], object]]]:
        registry, ready = self.registry, self.ready
        for receiver in (ready.build, ready.scan, ready.spare):
            yield f"receiver {receiver.name}", partial(ready.store.receivers.get, receiver.id)
            yield f"find {receiver.name}", partial(registry.receivers.find, name=receiver.name, type="t", version="1")
            yield f"statistics {receiver.name}", partial(registry.receivers.statistics, receiver)
        for group in (ready.group, ready.late):
            yield f"group {group.name}", partial(registry.groups.get, group.id)
            yield f"revisions {group.name}", partial(registry.groups.revisions, group)
        yield "receivers", lambda: _walk(lambda cursor: registry.receivers.list(limit=1, cursor=cursor))
        yield "groups", lambda: _walk(lambda cursor: registry.groups.list(limit=1, cursor=cursor))

    def _about_gates(self, name: str) -> Iterator[tuple[str, Callable[[], object]]]:
        for group in (self.ready.group, self.ready.late):
            yield f"verdict {group.name} {name}", partial(self.registry.groups.verdict, group, about(name))
            yield f"transitions {group.name} {name}", partial(self.registry.groups.transitions, group, about(name))
            for position in range(0, self.head + 1, 3):
                past = partial(self.registry.groups.verdict, group, about(name), as_of=position)
                yield f"verdict {group.name} {name} as of {position}", past


def _walk(page: Callable[[str | None], Any]) -> list[object]:
    """Return all items and errors of a list, page by page."""
    found: list[object] = []
    cursor: str | None = None
    for _ in range(30):
        these = page(cursor)
        found += [*these.items, *these.damaged]
        cursor = these.next
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


def _outcome(call: Callable[[], object]) -> object:
    """Call; return what came of it. An exception that is not ours, or tells too much, fails the test."""
    found: list[object] = []
    error = attempt(lambda: found.append(call()))
    return found[0] if error is None else Refused(error.code, str(error))


@pytest.fixture
def scene(direct: Registry) -> Scene:
    """Make a scene."""
    ready = make_ready(direct)
    ready.record()
    direct.events.redact(direct.events.list(newest_first=False).items[1].id, "asked for")
    direct.groups.reevaluate(ready.late)
    ready.store.subscriptions.release(ready.lease)
    events = tuple(event.id for event in direct.events.list(payloads=False))
    return Scene(ready=ready, events=events, head=direct.feed.head())


@pytest.fixture
def hand(connection: psycopg.Connection) -> psycopg.Connection:
    """A superuser for whom no trigger works."""
    connection.execute("SET session_replication_role = replica")
    return connection


def damages(hand: psycopg.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Yield each column of a table with each evil value for it."""
    for column, kind, nullable in hand.execute(_COLUMNS, (table,)).fetchall():
        for value in EVIL[kind]:
            yield column, value.format(column)
        if nullable:
            yield column, "NULL"


def rows_of(hand: psycopg.Connection, table: str) -> list[str]:
    """Return which rows of a table to damage: one in the middle, and of the feed one of each kind."""
    if table == "feed":
        query = "SELECT DISTINCT ON (kind) ctid::text FROM xzepr.feed ORDER BY kind, position DESC"
        return [row for (row,) in hand.execute(query)]
    rows = [row for (row,) in hand.execute(f"SELECT ctid::text FROM xzepr.{table} ORDER BY ctid")]  # type: ignore[call-overload]
    return [rows[len(rows) // 2]]


class Damager:
    """Damages a row, and puts it back as it was.

    Args:
        hand: With whose hand.
        table: In which table.
        row: Which row, by its place; it has another one once it is back.
    """

    def __init__(self, hand: psycopg.Connection, table: str, row: str) -> None:
        self._hand = hand
        self._table = table
        self._row = row
        self._do("DROP TABLE IF EXISTS kept")
        self._do(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM xzepr.{table} WHERE ctid = '{row}'")

    def update(self, column: str, value: str) -> bool:
        """Put another value into a column; say whether the table took it."""
        try:
            self._row = self._do(
                f"UPDATE xzepr.{self._table} SET {column} = {value} WHERE ctid = '{self._row}' RETURNING ctid::text"
            )
        except psycopg.errors.IntegrityError:
            return False
        return True

    def delete(self) -> None:
        """Let the row be gone."""
        self._do(f"DELETE FROM xzepr.{self._table} WHERE ctid = '{self._row}'")

    def put_back(self) -> None:
        """Have the row as it was."""
        self.delete()
        self._row = self._do(f"INSERT INTO xzepr.{self._table} SELECT * FROM kept RETURNING ctid::text")

    def _do(self, statement: str) -> str:
        done = self._hand.execute(statement)  # type: ignore[call-overload]
        return str(done.fetchone()[0]) if done.description else ""


def spoilt(table: str, column: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """Yield what a damage has spoilt beyond the row itself."""
    for name, was in before.items():
        now = after[name]
        if isinstance(was, list) and isinstance(now, list):
            lost = [item for item in was if item not in now]
            if len(lost) > LOST.get(table, 0):
                yield f"{name} has lost {len(lost)}"
        elif isinstance(now, Refused) and now != was:
            if isinstance(was, list):
                yield f"{name} is lost as a whole: {now}"
            elif now.code != "damaged" and column not in KEYS:
                yield f"{name} is no error of a row: {now}"


@pytest.mark.slow
@pytest.mark.parametrize("table", READ)
def test_c082_a_damaged_column_is_an_error_for_its_row_alone(
    table: str, scene: Scene, hand: psycopg.Connection
) -> None:
    """No call fails with an error of others, no list as a whole; and once the row is back, all is as before."""
    before = scene.read()
    tried = taken = 0
    for row in rows_of(hand, table):
        damager = Damager(hand, table, row)
        for column, value in damages(hand, table):
            tried += 1
            if damager.update(column, value):
                taken += 1
                assert list(spoilt(table, column, before, scene.read())) == [], f"{table}.{column} = {value}"
                damager.put_back()
    print(f"{table}: {taken} of {tried} damages taken")  # noqa: T201 - what was generated
    assert taken > 3
    assert scene.read() == before


@pytest.mark.slow
@pytest.mark.parametrize("table", READ)
def test_c082_a_row_that_is_gone_is_missed_alone(table: str, scene: Scene, hand: psycopg.Connection) -> None:
    """A row that other hands have deleted: what it was about is not found or damaged, and the rest is as before."""
    before = scene.read()
    for row in rows_of(hand, table):
        damager = Damager(hand, table, row)
        damager.delete()
        assert list(spoilt(table, "id", before, scene.read())) == []
        damager.put_back()
    assert scene.read() == before


def test_a_list_that_fails_as_a_whole_would_be_seen() -> None:
    """The negative control: a list that is an error, or has lost too much, and an error that accuses the caller."""
    before: dict[str, object] = {"list": [1, 2, 3], "one": 1}
    invalid = Refused("invalid", "name: must not be blank")
    assert list(spoilt("events", "n", before, {"list": [1, 3], "one": Refused("damaged", "")})) == []
    for after in ({"list": invalid, "one": 1}, {"list": [1], "one": 1}, {"list": [1, 2, 3], "one": invalid}):
        assert len(list(spoilt("events", "n", before, after))) == 1


# --- what must not be told wrongly ------------------------------------------------------------------------------------


def test_c082_a_gate_whose_receiver_is_gone_opens_for_nobody(scene: Scene, hand: psycopg.Connection) -> None:
    """Without the receiver that failed, the others would make the verdict: so there is none, now and as of then."""
    scene.registry.events.record(about("web"), scene.ready.scan, success=False, payload=None)
    verdict = partial(scene.registry.groups.verdict, scene.ready.group, about("web"))
    assert [gate.state for gate in verdict().gates] == ["passed", "failed"]
    hand.execute("DELETE FROM xzepr.receivers WHERE name = 'scan'")
    for call in (verdict, partial(verdict, as_of=scene.head)):
        with pytest.raises(Damaged, match="a receiver of it, or what it said, cannot be read"):
            call()
    assert scene.registry.groups.verdict(scene.ready.late, about("web")).complete


@pytest.mark.parametrize("ids", ["'{}'", "'{NULL}'", "ARRAY[gen_random_uuid()]"])
def test_c082_a_group_without_its_receivers_is_damaged(scene: Scene, hand: psycopg.Connection, ids: str) -> None:
    """It is not complete because nothing is missing, nor is it not there."""
    hand.execute(f"UPDATE xzepr.groups SET receiver_ids = {ids} WHERE name = 'release'")  # type: ignore[call-overload]
    with pytest.raises(Damaged):
        scene.registry.groups.verdict(scene.ready.group, about("web"))


@pytest.mark.parametrize("schema", ["", "{", "true", "another"])
def test_c082_a_schema_that_was_changed_judges_no_payload(
    scene: Scene, hand: psycopg.Connection, schema: str, database: str, open_registry: OpenRegistry
) -> None:
    """Whoever records to it is not told that the payload is wrong, and nothing is recorded."""
    strict = scene.registry.receivers.create(name="strict", type="t", version="1", schema={"type": "object"})
    hand.execute("UPDATE xzepr.receivers SET schema_text = %s WHERE name = 'strict'", (schema,))
    with pytest.raises(Damaged) as caught:
        open_registry(database).events.record(about("web"), strict, success=True, payload=[])
    assert (caught.value.kind, caught.value.key) == ("receiver", strict.id)
    assert scene.registry.events.count(EventFilter(receiver_id=strict.id)).value == 0


def test_c082_a_position_whose_row_is_gone_is_no_place_to_begin(scene: Scene, hand: psycopg.Connection) -> None:
    """A reader that stands there is told so; those before and behind it go on."""
    hand.execute("DELETE FROM xzepr.feed WHERE position = 5")
    with pytest.raises(Damaged, match="the stored change 5 is damaged: its row is gone"):
        scene.registry.feed.read(5)
    assert scene.registry.feed.read(4).changes[0].position == 6
    assert scene.registry.feed.read(6).changes[0].position == 7


@pytest.mark.parametrize("actor", ["''", "E'a\\nb'", "repeat('x', 256)"])
def test_c082_an_actor_who_cannot_be_read_is_one_change(scene: Scene, hand: psycopg.Connection, actor: str) -> None:
    """The change stands at its position, with the error as its subject."""
    before = read_feed(scene.registry)
    hand.execute(f"UPDATE xzepr.feed SET actor_subject = {actor} WHERE position = 4")  # type: ignore[call-overload]
    told = read_feed(scene.registry)
    assert [change for change in told if change.position != 4] == [change for change in before if change.position != 4]
    assert isinstance(told[3].subject, Damaged)
    assert (told[3].id, told[3].kind) == (before[3].id, before[3].kind)


def test_c082_a_subscription_that_lost_its_place_does_not_begin_again(scene: Scene, hand: psycopg.Connection) -> None:
    """It is an error, and nothing is delivered a second time because of it."""
    mail = scene.registry.feed.subscription("idle")
    mail.deliver(lambda _: None)
    hand.execute("UPDATE xzepr.subscriptions SET change_id = NULL WHERE name = 'idle'")
    seen: list[object] = []
    for call in (mail.state, partial(mail.deliver, seen.append)):
        with pytest.raises(Damaged, match="the stored subscription idle is damaged"):
            call()
    assert seen == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE xzepr.events SET n = 0 WHERE idempotency_key = 'k'",
        "UPDATE xzepr.events SET payload = '7' WHERE idempotency_key = 'k'",
        "DELETE FROM xzepr.group_revisions",
        "UPDATE xzepr.units SET name = '' WHERE name = 'web'",
    ],
)
def test_c082_a_retry_of_a_damaged_event_spoils_no_batch(scene: Scene, hand: psycopg.Connection, damage: str) -> None:
    """Its caller is told, also alone; what stands beside it in the batch is recorded and answered."""
    registry, ready = scene.registry, scene.ready
    hand.execute(damage)  # type: ignore[call-overload]
    with pytest.raises(Damaged):
        ready.record()
    retry = EventDraft(unit=about("web"), receiver=ready.scan, success=True, payload={"n": 1}, idempotency_key="k")
    drafts = [EventDraft(unit=about("new"), receiver=ready.scan, success=True, payload=None), retry]
    report = registry.events.record_many(drafts)
    assert (report.recorded, report.refused) == (1, 1)
    assert [(refusal.index, type(refusal.error)) for refusal in report.refusals] == [(1, Damaged)]
    assert registry.events.count(EventFilter(name="new")).value == 1


def test_c082_a_receiver_that_changed_and_is_damaged_spoils_no_batch(scene: Scene, hand: psycopg.Connection) -> None:
    """Only the event that was checked against it is refused, because nobody knows what to check it against."""
    old = [new_event(about("new"), receiver) for receiver in (scene.ready.scan, scene.ready.build)]
    hand.execute("UPDATE xzepr.receivers SET fingerprint = sha256('') WHERE name = 'build'")
    recorded, refused = scene.registry.store.events.append(old, SYSTEM)
    assert isinstance(recorded, Recorded)
    assert isinstance(refused, Damaged)
