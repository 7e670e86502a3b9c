"""What redaction erases: not only in the tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from processes import PATIENCE, heard, started, tell
from xzepr import Registry
from xzepr.documents import JsonValue
from xzepr.model import SYSTEM, EventReceiver, Ulid
from xzepr.testing.world import UNIT, new_event

from xzepr_sqlite import SqliteStore
from xzepr_sqlite.capabilities import MAX_TIMEOUT

SECRET = "a word that nobody else uses"  # noqa: S105 - no password

Step = Callable[[SqliteStore, EventReceiver], object]

STEPS: dict[str, Step] = {
    "check": lambda store, _: store.check(),
    "read": lambda store, _: store.feed.head(),
    "write": lambda store, build: store.events.append([new_event(UNIT, build)], SYSTEM),
}


def traces(path: Path) -> list[str]:
    """Return the names of the files in which the secret can be read."""
    return [each.name for each in path.parent.iterdir() if SECRET.encode() in each.read_bytes()]


def with_a_secret(store: SqliteStore) -> tuple[EventReceiver, Ulid]:
    """Record an event with a secret and another one; return their receiver, and the id of the first."""
    build = Registry(store).receivers.create(name="build", type="ci.step", version="1", schema=True)
    payloads: list[JsonValue] = [[SECRET] * 1_000, "another"]
    events = [new_event(UNIT, build, payload=payload) for payload in payloads]
    store.events.append(events, SYSTEM)
    return build, events[0].id


def test_nothing_is_left_in_the_files(path: Path) -> None:
    """After a redaction neither the file nor its log holds the payload, on any page."""
    store = SqliteStore(path)
    _, secret = with_a_secret(store)
    assert traces(path)

    store.events.redact(secret, "asked for", SYSTEM)

    assert traces(path) == []
    store.close()


@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_left_once_no_other_process_reads(path: Path, step: str) -> None:
    """While another process reads, the log keeps the payload; whatever the store does after that erases it."""
    store = SqliteStore(path, timeout=0)
    build, secret = with_a_secret(store)
    with started("read_until_told", path) as reader:
        assert heard(reader) == "reading\n"
        store.events.redact(secret, "asked for", SYSTEM)
        STEPS[step](store, build)
        assert traces(path)
        tell(reader)
        assert reader.wait(PATIENCE) == 0

    STEPS[step](store, build)

    assert traces(path) == []
    store.close()


def test_nobody_waits_for_the_log(path: Path) -> None:
    """Who only comes by does not wait until the log can be erased, however long he would wait for a writer."""
    store = SqliteStore(path, timeout=0)
    _, secret = with_a_secret(store)
    store._database._timeout = MAX_TIMEOUT  # noqa: SLF001 - from here on; whoever waits now waits for ever
    with started("read_until_told", path) as reader:
        assert heard(reader) == "reading\n"
        store.events.redact(secret, "asked for", SYSTEM)
        store.check()
        store.check()

    with store._database.reading() as sql:  # noqa: SLF001 - a setting of the connection
        assert tuple(sql.execute("PRAGMA busy_timeout").fetchone()) == (MAX_TIMEOUT * 1_000,)
    store.close()
