"""Every real JSON document that the library accepts comes back from PostgreSQL, and its digest from the row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.shared_data import folder_or_skip
from xzepr import EventDraft, EventFilter, Registry, Unit
from xzepr.documents import JsonValue, canonical, parse
from xzepr.errors import Invalid
from xzepr.model import Event
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import PostgresStore, migrate

pytestmark = pytest.mark.slow


def documents() -> Iterator[tuple[str, JsonValue]]:
    """Every document of the test data that the library reads, by its file and line."""
    folder = folder_or_skip()
    for path in sorted(folder.rglob("*.json*")):
        lines = [path.read_bytes()] if path.suffix == ".json" else path.read_bytes().splitlines()
        for number, text in enumerate(lines):
            try:
                yield f"{path.relative_to(folder)}:{number}", parse(text)
            except Invalid:
                continue


@pytest.fixture(scope="module")
def url(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """A database for all of them."""
    name = xzepr_postgres_server.create_database()
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def registry(url: str) -> Iterator[Registry]:
    """A registry over it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    store = PostgresStore.owning(engine)
    with Registry(store) as registry:
        yield registry
    store.close()


@pytest.fixture(scope="module")
def recorded(registry: Registry) -> dict[str, JsonValue]:
    """What was recorded, by the name of its unit."""
    anything = registry.receivers.ensure(name="any", type="document", version="1", schema=True)
    given = dict(documents())
    drafts = (
        EventDraft(unit=about(name), receiver=anything, success=True, payload=payload, description=Path(name).suffix)
        for name, payload in given.items()
    )
    report = registry.events.record_many(drafts)
    assert (report.recorded, report.refused) == (len(given), 0)
    return given


def about(name: str) -> Unit:
    """Make the unit of a document."""
    return Unit(name=name[-255:], version="1", release="1", platform_id="any", package="document")


def stored(registry: Registry) -> Iterator[Event]:
    """Walk all events, with their payloads."""
    cursor: str | None = None
    while True:
        page = registry.events.list(limit=500, cursor=cursor, newest_first=False)
        assert page.damaged == ()
        yield from page
        cursor = page.next
        if cursor is None:
            return


def test_every_document_comes_back(registry: Registry, recorded: dict[str, JsonValue]) -> None:
    """In canonical form, equal to what was given, and intact."""
    seen = {event.unit.name: event for event in stored(registry)}
    assert len(seen) == len(recorded) > 9_000
    for name, payload in recorded.items():
        event = seen[name[-255:]]
        assert event.payload_text == canonical(payload), name
        assert event.payload == payload, name
        assert event.verify(), name


def test_every_digest_recomputes_in_sql(url: str, recorded: dict[str, JsonValue]) -> None:
    """The row is the preimage: salt and text as they lie in the table give the digest, without any of our code."""
    with psycopg.connect(url) as connection:
        [found] = connection.execute(
            "SELECT count(*),"
            " count(*) FILTER (WHERE payload_digest = sha256(salt || convert_to(payload::text, 'UTF8'))),"
            " count(*) FILTER (WHERE payload_bytes = octet_length(payload::text)) FROM xzepr.events"
        )
    assert found == (len(recorded),) * 3


def test_the_feed_tells_them_all(registry: Registry, recorded: dict[str, JsonValue]) -> None:
    """Pages that are bounded in bytes meet each of them once."""
    told: list[str] = []
    place = 0
    while page := registry.feed.read(place, limit=1_000, payloads=True).changes:
        told += [change.subject.unit.name for change in page if isinstance(change.subject, Event)]
        place = page[-1].position
    assert sorted(told) == sorted(name[-255:] for name in recorded)


def test_c018_naughty_strings_come_back(registry: Registry) -> None:
    """In every text field: equal, found by the filter for the field, or refused by name; never another error."""
    anything = registry.receivers.ensure(name="any", type="document", version="1", schema=True)
    kept: list[str] = []
    strings = json.loads(folder_or_skip("naughty-strings").joinpath("blns.json").read_bytes())
    for text in strings:
        try:
            unit = Unit(name=text, version=text, release=text, platform_id=text, package=text)
        except Invalid:
            continue
        event = registry.events.record(unit, anything, success=True, payload=text, description=text).event
        assert registry.events.get(event.id) == event
        assert registry.events.list(where=EventFilter.of(unit), limit=1).items[0].unit == unit
        kept.append(text)
    assert len(kept) > 300
    for text in kept[::20]:
        found = registry.events.list(where=EventFilter(name_contains=text), limit=1_000)
        assert text in {event.unit.name for event in found}
