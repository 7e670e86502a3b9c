"""A registry in which everything can be done, every write that it has, and pictures of what is stored."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
import psycopg

from xzepr import EventDraft, EventReceiver, EventReceiverGroup, Lease, Parked, Registry, Unit
from xzepr.errors import XzeprError
from xzepr.model import SYSTEM
from xzepr.testing.clock import START
from xzepr_postgres import PostgresStore

EMPTY: Final = """
    SET session_replication_role = replica;
    DELETE FROM xzepr.parked; DELETE FROM xzepr.subscriptions; DELETE FROM xzepr.receiver_figures;
    DELETE FROM xzepr.feed; DELETE FROM xzepr.staging; DELETE FROM xzepr.transitions; DELETE FROM xzepr.events;
    DELETE FROM xzepr.units; DELETE FROM xzepr.group_receivers; DELETE FROM xzepr.group_revisions;
    DELETE FROM xzepr.groups; DELETE FROM xzepr.receivers; DELETE FROM xzepr.deleted_receivers;
    UPDATE xzepr.feed_head SET head = 0, low = 0, mark = 0, horizon = NULL;
    SELECT setval('xzepr.staging_seq', 1, false)
"""
"""Forgets everything, without the triggers that keep a history from being forgotten."""

_CHANGES: Final = """
    SELECT change_id, kind, recorded_at, actor_subject, event_id, unit_key, receiver_id, group_id, revision, number,
        success, snapshot::text
    FROM xzepr.{}"""
_PICTURED: Final = {
    "receivers": "SELECT * FROM xzepr.receivers",
    "deleted receivers": "SELECT * FROM xzepr.deleted_receivers",
    "groups": "SELECT * FROM xzepr.groups",
    "revisions": "SELECT * FROM xzepr.group_revisions",
    "members": "SELECT * FROM xzepr.group_receivers",
    "units": "SELECT * FROM xzepr.units",
    "events": "SELECT e.*, e.payload::text FROM xzepr.events e",
    "transitions": "SELECT * FROM xzepr.transitions",
    "changes": f"{_CHANGES.format('staging')} UNION ALL {_CHANGES.format('feed')}",
    "subscriptions": "SELECT * FROM xzepr.subscriptions",
    "parked": "SELECT * FROM xzepr.parked",
}

SECRET: Final = "open sesame"  # noqa: S105 - of nobody
"""What stands in payloads, and in no error."""

_TELLTALE: Final = re.compile(rf"{SECRET}|hunter2|SELECT |INSERT |UPDATE |_v1\(|psycopg\.|sqlalchemy")

Picture = dict[str, "Counter[str]"]
"""The rows of each table, in no order; a change is the same whether it has its position yet or not."""


def picture(url: str) -> Picture:
    """Return all that is stored."""
    with psycopg.connect(url, autocommit=True) as connection:
        return {
            name: Counter(map(repr, connection.execute(query).fetchall()))  # type: ignore[call-overload]
            for name, query in _PICTURED.items()
        }


def sizes(stored: Picture) -> dict[str, int]:
    """Return how many rows each table has."""
    return {name: rows.total() for name, rows in stored.items()}


def empty(url: str) -> None:
    """Forget everything that is stored."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EMPTY)


def about(name: str) -> Unit:
    """Return a unit by its name."""
    return Unit(name=name, version="1", release="1", platform_id="linux", package="oci")


@attrs.frozen(kw_only=True)
class Ready:
    """What the writes below work on, all of it stored before faults begin."""

    registry: Registry
    build: EventReceiver
    scan: EventReceiver
    spare: EventReceiver
    group: EventReceiverGroup
    late: EventReceiverGroup
    lease: Lease

    @property
    def store(self) -> PostgresStore:
        """The store."""
        store = self.registry.store
        assert isinstance(store, PostgresStore)
        return store

    def through(self, registry: Registry) -> Ready:
        """Return the same, worked on through another registry."""
        return attrs.evolve(self, registry=registry)

    def record(self) -> object:
        """Record the event that completes a group."""
        return self.registry.events.record(about("web"), self.scan, success=True, payload={"n": 1}, idempotency_key="k")

    def record_many(self) -> object:
        """Complete, reopen and complete a group for a new unit and a known one, in one append."""
        steps = [(self.build, True), (self.scan, True), (self.build, False), (self.build, True)]
        drafts = [
            EventDraft(
                unit=about(name), receiver=receiver, success=success, payload={}, idempotency_key=f"{name}{number}"
            )
            for name in ("new", "web")
            for number, (receiver, success) in enumerate(steps)
        ]
        return self.registry.events.record_many(drafts)

    def park(self, position: int) -> None:
        """Park a change."""
        cursor = self.registry.feed.read(position - 1, limit=1).changes[0].cursor
        self.store.subscriptions.park(self.lease, Parked(cursor=cursor, attempts=1, error="E", parked_at=START))

    def advance(self) -> None:
        """Acknowledge the second change."""
        self.store.subscriptions.advance(self.lease, self.registry.feed.read(limit=2).changes[1].cursor)


def make_ready(registry: Registry) -> Ready:
    """Store what the writes work on."""
    build, scan, spare = (
        registry.receivers.create(name=name, type="t", version="1", schema=True) for name in ("build", "scan", "spare")
    )
    group = registry.groups.create(name="release", type="t", version="1", receivers=[build, scan])
    for name, success in (("web", False), ("web", True), ("api", True)):
        registry.events.record(about(name), build, success=success, payload={"word": SECRET})
    late = registry.groups.create(name="late", type="t", version="1", receivers=[build])
    for name in ("mail", "idle"):
        registry.feed.subscription(name)
    store = registry.store
    assert isinstance(store, PostgresStore)
    lease = store.subscriptions.acquire("mail", SYSTEM, seconds=60)
    assert lease is not None
    ready = Ready(registry=registry, build=build, scan=scan, spare=spare, group=group, late=late, lease=lease)
    ready.park(1)
    return ready


WRITES: Final[dict[str, Callable[[Ready], object]]] = {
    "receivers.create": lambda r: r.registry.receivers.create(name="new", type="t", version="1", schema=True),
    "receivers.update": lambda r: r.registry.receivers.update(r.scan, expected_revision=1, name="renamed"),
    "receivers.delete": lambda r: r.registry.receivers.delete(r.spare, expected_revision=1),
    "groups.create": lambda r: r.registry.groups.create(name="new", type="t", version="1", receivers=[r.scan, r.build]),
    "groups.update": lambda r: r.registry.groups.update(r.group, expected_revision=1, name="x", receivers=[r.spare]),
    "groups.delete": lambda r: r.registry.groups.delete(r.group, expected_revision=1),
    "groups.reevaluate": lambda r: r.registry.groups.reevaluate(r.late),
    "events.record": Ready.record,
    "events.record_many": Ready.record_many,
    "events.redact": lambda r: r.registry.events.redact(r.registry.events.list().items[0].id, "asked for"),
    "subscriptions.ensure": lambda r: r.registry.feed.subscription("new"),
    "subscriptions.acquire": lambda r: r.store.subscriptions.acquire("idle", SYSTEM, seconds=60),
    "subscriptions.renew": lambda r: r.store.subscriptions.renew(r.lease, seconds=90),
    "subscriptions.advance": Ready.advance,
    "subscriptions.park": lambda r: r.park(3),
    "subscriptions.unpark": lambda r: r.store.subscriptions.unpark(r.lease, 1),
    "subscriptions.release": lambda r: r.store.subscriptions.release(r.lease),
    "subscriptions.delete": lambda r: r.store.subscriptions.delete("mail", SYSTEM),
}
"""Every write."""

UNREPEATABLE: Final = frozenset(
    {"receivers.update", "receivers.delete", "groups.update", "groups.delete", "subscriptions.delete"}
)
"""Those that are not tried again when an answer is lost: the second time they would find their own work."""


def attempt(work: Callable[[], object]) -> XzeprError | None:
    """Do something; return how it failed. An exception that is not ours, or tells too much, fails the test."""
    try:
        work()
    except XzeprError as error:
        check_clean(error)
        return error
    return None


def check_clean(error: BaseException) -> None:
    """Check that an error is ours, and that neither it nor what it came from shows a statement, a payload or a driver.

    Raises:
        AssertionError: It does, or is not ours.
    """
    assert isinstance(error, XzeprError), repr(error)
    told = printed(error)
    assert _TELLTALE.search(told) is None, told


def printed(error: BaseException) -> str:
    """Return all that is printed of an error, and of each one that it came from."""
    seen, told = [error], "".join(traceback.format_exception(error))
    while seen:
        inner = seen.pop()
        told += f" {type(inner).__module__}: {inner!r} {inner.args!r}"
        seen += [each for each in (inner.__cause__, inner.__context__) if each is not None]
    return told


def rows(url: str, query: str) -> Sequence[tuple[Any, ...]]:
    """Ask the database itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]
