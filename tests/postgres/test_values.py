"""Values come back from PostgreSQL as they were recorded, and the rows are the preimages of their digests."""

# ruff: noqa: RUF001 - look-alikes are the point
from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
import rfc8785
from sqlalchemy import create_engine

from tests.documents.suites import files
from tests.postgres.faults.worlds import about, empty
from tests.registry.test_bad_text import SQL
from xzepr import EventDraft, EventFilter, EventReceiver, Identity, Principal, Registry, Unit
from xzepr.errors import Invalid
from xzepr.model import UNIT_FIELDS, Clock, Recorded, Role
from xzepr.model.checks import text_problem
from xzepr.testing.clock import ManualClock
from xzepr.testing.postgres import PostgresServer
from xzepr.testing.world import new_event
from xzepr_postgres import PostgresStore

PAYLOAD_DIFFERS = """
    SELECT count(*) FROM xzepr.events
    WHERE payload_digest <> sha256(salt || convert_to(payload::text, 'UTF8'))
        OR payload_bytes <> octet_length(payload::text)"""
"""How many rows are not the preimage of the digest of their payload."""

DIGEST_DIFFERS = """
    WITH ulid (id, text) AS (
        SELECT DISTINCT each.id, (
            SELECT string_agg(
                substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + substring(
                    B'00' || ('x' || replace(each.id::text, '-', ''))::bit(128) FROM 1 + 5 * place FOR 5
                )::bit(5)::integer, 1), '' ORDER BY place)
            FROM generate_series(0, 25) place
        )
        FROM xzepr.events e CROSS JOIN LATERAL (VALUES (e.id), (e.receiver_id)) each (id)
    )
    SELECT count(*)
    FROM xzepr.events e
    JOIN xzepr.units u ON u.key = e.unit_key
    JOIN ulid own ON own.id = e.id
    JOIN ulid of_receiver ON of_receiver.id = e.receiver_id
    WHERE e.digest <> sha256(convert_to('xzepr.event.v1', 'UTF8') || '\\x00' || convert_to(format(
        '{"description":%s,"id":"%s","occurred_at":"%s","owner":{"issuer":%s,"subject":%s},"payload_digest":"%s",'
        '"receiver_fingerprint":"%s","receiver_id":"%s","success":%s,'
        '"unit":{"name":%s,"package":%s,"platform_id":%s,"release":%s,"version":%s}}',
        to_json(e.description), own.text, to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_json(e.owner_issuer), to_json(e.owner_subject), encode(e.payload_digest, 'hex'),
        encode(e.receiver_fingerprint, 'hex'), of_receiver.text, to_json(e.success), to_json(u.name),
        to_json(u.package), to_json(u.platform_id), to_json(u.release), to_json(u.version)
    ), 'UTF8'))"""
"""How many rows are not the preimage of the digest of their event."""


def differing(connection: psycopg.Connection) -> tuple[int, int]:
    """Let the database recompute the digests of all events; return how many payloads and how many events differ."""
    [(payloads,)] = connection.execute(PAYLOAD_DIFFERS).fetchall()
    [(events,)] = connection.execute(DIGEST_DIFFERS).fetchall()
    return payloads, events


@contextmanager
def opened(url: str, clock: Clock | None = None) -> Iterator[Registry]:
    """Open a registry over an engine as a host makes it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    store = PostgresStore(engine, clock=clock)
    with Registry(store) as registry:
        yield registry
    store.close()
    engine.dispose()


@pytest.fixture(scope="module")
def place(xzepr_postgres_server: PostgresServer, xzepr_postgres_template: str) -> Iterator[str]:
    """A database for what needs many."""
    name = xzepr_postgres_server.create_database(xzepr_postgres_template)
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def emptied(place: str) -> Iterator[Registry]:
    """A registry there, with nothing in it."""
    empty(place)
    with opened(place) as registry:
        yield registry


@pytest.fixture
def anything(registry: Registry) -> EventReceiver:
    """A receiver that takes any payload."""
    return registry.receivers.create(name="anything", type="t", version="1", schema=True)


# --- documents --------------------------------------------------------------------------------------------------------


def documents(folder: Path) -> Iterator[Any]:
    """Yield what the JSON Schema suite tests with: documents with every feature of JSON, and some are none."""
    for path in files(folder / "json-schema-test-suite" / "tests"):
        for group in json.loads(path.read_bytes()):
            for test in group["tests"]:
                yield test["data"]


@pytest.mark.slow
def test_every_kind_of_document_reads_back(
    registry: Registry, anything: EventReceiver, connection: psycopg.Connection, shared_data: Path
) -> None:
    """The stored text is the canonical one, by another implementation, and both digests recompute from the row."""
    given = list(documents(shared_data))
    report = registry.events.record_many(
        EventDraft(unit=about(f"u{n % 7}"), receiver=anything, success=n % 2 > 0, payload=one, idempotency_key=f"{n}")
        for n, one in enumerate(given)
    )
    print(f"{len(given)} documents, {report.refused} are no I-JSON")  # noqa: T201 - the counts are there to be seen
    assert report.recorded == len(given) - report.refused
    assert report.refused < len(given) / 20
    rows = connection.execute("SELECT idempotency_key, payload::text FROM xzepr.events").fetchall()
    assert [key for key, text in rows if rfc8785.dumps(given[int(key)]).decode() != text] == []
    assert differing(connection) == (0, 0)


def test_a_row_that_is_no_preimage_would_be_found(
    registry: Registry, anything: EventReceiver, connection: psycopg.Connection
) -> None:
    """The negative control: the database finds the one payload and the one event that somebody changed."""
    for number in range(3):
        registry.events.record(about("web"), anything, success=True, payload=number)
    assert differing(connection) == (0, 0)
    connection.execute("SET session_replication_role = replica")
    connection.execute("UPDATE xzepr.events SET payload = '7' WHERE n = 1")
    assert differing(connection) == (1, 0)
    connection.execute("UPDATE xzepr.events SET success = false WHERE n = 2")
    assert differing(connection) == (1, 1)


NESTED = json.loads("[" * 63 + "{}" + "]" * 63)
EDGES: dict[str, tuple[Any, Any]] = {
    "null": (None, None),
    "no items": ([], []),
    "no members": ({}, {}),
    "no characters": ("", ""),
    "1e21": (1e21, 1e21),
    "1e308": (1e308, 1e308),
    "largest": (1.7976931348623157e308, 1.7976931348623157e308),
    "smallest": (5e-324, 5e-324),
    "-0.0": (-0.0, 0),
    "1.0": (1.0, 1),
    "2^53-1": ([2**53 - 1, -(2**53) + 1], [2**53 - 1, -(2**53) + 1]),
    "2.0^53": (2.0**53, 2.0**53),
    "many 1e308": ([1e308] * 10_000, [1e308] * 10_000),
    "escapes": ('\\u0000 \\ " \b\f\n\r\t\x1f\x7f', '\\u0000 \\ " \b\f\n\r\t\x1f\x7f'),
    "planes": ({"\U0001f600": "\U0010fffd", "ﬀ": "e\u0301"}, {"ﬀ": "e\u0301", "\U0001f600": "\U0010fffd"}),
    "deepest": (NESTED, NESTED),
    "largest text": ("x" * (2 * 1024 * 1024 - 2), "x" * (2 * 1024 * 1024 - 2)),
    "most nodes": ([0] * 99_999, [0] * 99_999),
}


@pytest.mark.parametrize("name", EDGES)
def test_c011_payloads_at_the_edges(
    name: str, registry: Registry, anything: EventReceiver, connection: psycopg.Connection
) -> None:
    """What a limit or a number format might break reads back, with its type, from a get, a list and the feed."""
    given, expected = EDGES[name]
    event = registry.events.record(about(name), anything, success=True, payload=given).event
    [listed] = registry.events.list()
    [told] = [change.subject for change in registry.feed.read(1, payloads=True)]
    for read in (registry.events.get(event.id), listed, told):
        assert read == event
        assert read.payload == expected
        assert type(read.payload) is type(expected)
        assert read.verify()
    if expected == 0:
        assert math.copysign(1, event.payload) == 1  # type: ignore[arg-type]  # a number
    assert differing(connection) == (0, 0)


# --- times ------------------------------------------------------------------------------------------------------------

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
TIMES = [
    FIRST,
    LAST,
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 100_000, tzinfo=UTC),
    datetime(1883, 11, 18, 12, 3, 58, 5, tzinfo=timezone(timedelta(hours=-4, minutes=-56, seconds=-2))),
]


@pytest.mark.parametrize("session", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_c065_times_are_kept_to_the_microsecond(
    registry: Registry,
    anything: EventReceiver,
    connection: psycopg.Connection,
    session: str,
    xzepr_postgres_database: str,
) -> None:
    """The first and the last moment and those between, whatever zone a connection is in."""
    with opened(f"{xzepr_postgres_database}?options=-c%20TimeZone%3D{session}%20-c%20DateStyle%3DGerman") as abroad:
        for when in TIMES:
            recorded = abroad.events.record(about("web"), anything, success=True, payload=None, occurred_at=when).event
            assert recorded.occurred_at == when
            assert registry.events.get(recorded.id) == recorded == abroad.events.get(recorded.id)
    assert differing(connection) == (0, 0)


@pytest.mark.parametrize("when", [FIRST, LAST])
def test_c065_the_clock_may_tell_any_time(xzepr_postgres_database: str, when: datetime) -> None:
    """What is stamped at the first or the last moment is read back, listed and paged."""
    with opened(xzepr_postgres_database, ManualClock(when)) as registry:
        build = registry.receivers.create(name="b", type="t", version="1", schema=True)
        group = registry.groups.create(name="g", type="t", version="1", receivers=[build])
        for success in (True, False):
            registry.events.record(about("web"), build, success=success, payload=None)
        first = registry.events.list(limit=1)
        second = registry.events.list(limit=1, cursor=first.next)
        assert [event.recorded_at for page in (first, second) for event in page] == [when, when]
        assert registry.receivers.get(build.id).created_at == registry.groups.get(group.id).updated_at == when
        assert {change.recorded_at for change in registry.feed.read()} == {when}


# --- texts ------------------------------------------------------------------------------------------------------------

TEXTS = [
    *SQL,
    *("%", "%%", "%s", "%(id)s", ":id", "::text", "{}", "{schema}", "{0}", "$1", "$$", "$body$", "$_$", "?", "??"),
    *(
        "'",
        "''",
        '"',
        "\\",
        "\\\\",
        "\\'",
        "E'\\n'",
        "\\x00",
        "\\u0000",
        "`",
        ";",
        "--",
        "/*",
        ",",
        "()",
        "{a,b}",
        "[1]",
    ),
    *("NULL", "null", "true", "infinity", "NaN", "0", "-1", "1e400", " a ", "a\u202eb", "\u200ba", "ÿ", "e\u0301", "é"),
    *(
        "שלום",
        "\U0001f600",
        "\U0010fffd",
        "\U0001f600" * 255,
        "ﬀ" * 255,
        "a" * 255,
        "ß",
        "İ",
        "ı",
        "ſ",
        "\ufeff",
        "\u00a0a",
    ),
]
"""Texts that a driver, a statement, a literal, an encoding or a collation might take for something else."""


def read_back(registry: Registry, text: str) -> set[object]:
    """Put a text wherever one can stand, and return what is read back from everywhere."""
    naming = {"name": text, "type": text, "version": text, "description": text}
    receiver = registry.receivers.create(**naming, schema={"required": [text], "properties": {text: {"const": text}}})
    group = registry.groups.create(**naming, receivers=[receiver])
    unit = Unit(**dict.fromkeys(UNIT_FIELDS, text))
    actor = Principal(identity=Identity(text, text), roles=frozenset({Role.EVENT_MANAGER}))
    new = new_event(unit, receiver, payload={text: text}, key=text, description=text, owner=actor.identity)
    [recorded] = registry.store.events.append([new], actor)
    assert isinstance(recorded, Recorded)
    event, [transition] = recorded.event, recorded.transitions
    where = dict.fromkeys(UNIT_FIELDS, text)
    assert registry.store.events.append([new], actor) == [attrs.evolve(recorded, replayed=True)]
    assert registry.events.get(event.id) == event
    assert registry.events.list(EventFilter(**where, owner=actor.identity)).items == (event,)
    assert event in registry.events.list(EventFilter(name_contains=text)).items
    assert registry.receivers.find(**{key: naming[key] for key in ("name", "type", "version")}) == receiver
    assert registry.groups.find(**{key: naming[key] for key in ("name", "type", "version")}) == group
    assert registry.groups.verdict(group, unit).complete
    assert list(registry.groups.transitions(group, unit)) == [transition]
    assert event.verify()
    registry.events.redact(event.id, text)
    told = registry.feed.read(registry.feed.head() - 5, payloads=True)
    created, grouped, _, completed, redacted = (change.subject for change in told)
    assert (created, grouped, completed) == (receiver, group, transition)
    return {
        *unit.fields().values(),
        *receiver.naming,
        *group.naming,
        receiver.description,
        group.description,
        event.description,
        event.owner.issuer,
        event.owner.subject,
        *event.payload,
        *event.payload.values(),
        redacted.reason,
        told.changes[2].actor.subject,
        registry.feed.subscription(text).state().name,
    }


@pytest.mark.parametrize("text", TEXTS)
def test_c018_every_text_is_kept_everywhere(text: str, emptied: Registry) -> None:
    """Whatever stands in a text, PostgreSQL stores it, finds it and gives it back in every field."""
    assert read_back(emptied, text) == {text}


@pytest.mark.slow
def test_c018_naughty_strings_are_kept_everywhere(emptied: Registry, shared_data: Path) -> None:
    """Each string of the list that a unit takes is kept in every field; the others are Invalid, and never stored."""
    strings: list[str] = json.loads((shared_data / "naughty-strings" / "blns.json").read_text("utf-8"))
    refused = [text for text in dict.fromkeys(strings) if text_problem(text)]
    taken = [text for text in dict.fromkeys(strings) if not text_problem(text)]
    print(f"{len(taken)} of {len(strings)} strings taken, {len(refused)} refused")  # noqa: T201 - to be seen
    assert taken
    for text in taken:
        assert read_back(emptied, text) == {text}
    for text in refused:
        with pytest.raises(Invalid):
            read_back(emptied, text)
    assert emptied.feed.head() == 5 * len(taken)


@pytest.mark.parametrize(
    "texts", [("a", "A"), ("é", "e\u0301"), ("ß", "ss"), ("1", "１"), ("a", "a "), ("K", "\u212a")]
)
def test_c017_texts_compare_by_code_point(emptied: Registry, texts: tuple[str, str]) -> None:
    """What some collations take for equal are two units, two receivers and two keys."""
    numbers = []
    for text in texts:
        receiver = emptied.receivers.create(name=text, type="t", version="1", schema=True)
        unit = Unit(**dict.fromkeys(UNIT_FIELDS, text))
        recorded = emptied.events.record(unit, receiver, success=True, payload=text, idempotency_key=text)
        numbers.append((recorded.replayed, recorded.event.n))
        assert emptied.events.list(EventFilter(name=text)).items == (recorded.event,)
    assert numbers == [(False, 1), (False, 1)]
