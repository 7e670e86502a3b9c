"""Everything that a store can be asked, each with how many rows it may look at, however many there are.

What is refused counts too: its statements look for what is in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import attrs

from tests.postgres.appending import new_id
from tests.postgres.asking import Asked, Asker, Case, fresh
from tests.postgres.growing import unit
from xzepr.errors import AlreadyExists, BadCursor, InUse, LeaseLost, NotFound, RevisionConflict, TooLarge
from xzepr.model import (
    MAX_EXAMINED_ROWS,
    SYSTEM,
    Anchor,
    EventReceiver,
    EventReceiverGroup,
    GroupFilter,
    Lease,
    NewEvent,
    ReceiverFilter,
    Ulid,
)

_PAGE: Final = {"after": None, "newest_first": True, "limit": 100}
WALK: Final = 2 * MAX_EXAMINED_ROWS + 500
"""Every row that a page may look at, the unit of each, and a few more."""

RECEIVERS: Final = {
    "create": Case(10, lambda a: partial(a.store.receivers.create, a.receiver(), SYSTEM)),
    "create again": Case(10, lambda a: partial(a.store.receivers.create, a.stored_receiver(), SYSTEM)),
    "create taken": Case(
        10, lambda a: partial(a.store.receivers.create, a.receiver(name=a.busy.name), SYSTEM), AlreadyExists
    ),
    "get": Case(10, lambda a: partial(a.store.receivers.get, a.busy.id)),
    "get missing": Case(10, lambda a: partial(a.store.receivers.get, new_id()), NotFound),
    "find": Case(10, lambda a: partial(a.store.receivers.find, *a.busy.naming)),
    "describe": Case(10, lambda a: partial(a.store.receivers.update, a.stored_receiver(), SYSTEM)),
    "update": Case(
        10,
        lambda a: partial(a.store.receivers.update, attrs.evolve(a.stored_receiver(), fingerprint="0" * 64), SYSTEM),
    ),
    "update used": Case(
        10, lambda a: partial(a.store.receivers.update, attrs.evolve(a.busy, fingerprint="0" * 64), SYSTEM), InUse
    ),
    "update stale": Case(
        10, lambda a: partial(a.store.receivers.update, attrs.evolve(a.busy, revision=7), SYSTEM), RevisionConflict
    ),
    "update taken": Case(
        10,
        lambda a: partial(a.store.receivers.update, attrs.evolve(a.stored_receiver(), name=a.busy.name), SYSTEM),
        AlreadyExists,
    ),
    "delete": Case(10, lambda a: partial(a.store.receivers.delete, a.stored_receiver().id, 1, SYSTEM)),
    "delete used": Case(10, lambda a: partial(a.store.receivers.delete, a.busy.id, 1, SYSTEM), InUse),
    "delete grouped": Case(10, lambda a: partial(a.store.receivers.delete, _grouped(a), 1, SYSTEM), InUse),
    "list": Case(1_010, lambda a: partial(a.store.receivers.list, ReceiverFilter(), **_PAGE)),
    "list behind": Case(1_010, lambda a: partial(a.store.receivers.list, ReceiverFilter(), **_behind(a.calm))),
    "list nothing": Case(
        WALK, lambda a: partial(a.store.receivers.list, ReceiverFilter(name_contains="no such"), **_PAGE), grows=True
    ),
    "statistics": Case(10, lambda a: partial(a.store.receivers.statistics, a.busy.id)),
}


def _grouped(asker: Asker) -> Ulid:
    """Store a receiver that stands in a group and has no events."""
    receiver = asker.stored_receiver()
    asker.stored_group(receiver.id)
    return receiver.id


def _behind(definition: EventReceiver | EventReceiverGroup) -> dict[str, Any]:
    return {**_PAGE, "after": Anchor(definition.created_at, definition.id), "newest_first": False}


def _many(asker: Asker) -> list[Ulid]:
    """Store the receivers of a group that is as large as may be."""
    return [asker.stored_receiver().id for _ in range(100)]


GROUPS: Final = {
    "create": Case(20, lambda a: partial(a.store.groups.create, a.group(), SYSTEM, max_enabled_groups=100)),
    "create large": Case(
        600, lambda a: partial(a.store.groups.create, a.group(*_many(a)), SYSTEM, max_enabled_groups=100)
    ),
    "create again": Case(10, lambda a: partial(a.store.groups.create, a.stored_group(), SYSTEM, max_enabled_groups=9)),
    "create taken": Case(
        10,
        lambda a: partial(
            a.store.groups.create, attrs.evolve(a.group(), name=a.gate.name), SYSTEM, max_enabled_groups=9
        ),
        AlreadyExists,
    ),
    "create without": Case(
        10, lambda a: partial(a.store.groups.create, a.group(new_id()), SYSTEM, max_enabled_groups=9), NotFound
    ),
    "create crowded": Case(
        150,
        lambda a: partial(
            a.store.groups.create, attrs.evolve(a.group(a.busy.id), enabled=True), SYSTEM, max_enabled_groups=9
        ),
        TooLarge,
    ),
    "get": Case(10, lambda a: partial(a.store.groups.get, a.gate.id)),
    "find": Case(10, lambda a: partial(a.store.groups.find, *a.gate.naming)),
    "update": Case(20, lambda a: partial(a.store.groups.update, a.stored_group(), SYSTEM, max_enabled_groups=100)),
    "update stale": Case(
        10,
        lambda a: partial(a.store.groups.update, attrs.evolve(a.gate, revision=7), SYSTEM, max_enabled_groups=100),
        RevisionConflict,
    ),
    "update taken": Case(
        10,
        lambda a: partial(
            a.store.groups.update, attrs.evolve(a.stored_group(), name=a.gate.name), SYSTEM, max_enabled_groups=100
        ),
        AlreadyExists,
    ),
    "delete": Case(20, lambda a: partial(a.store.groups.delete, a.stored_group().id, 1, SYSTEM)),
    "list": Case(1_010, lambda a: partial(a.store.groups.list, GroupFilter(), **_PAGE)),
    "list behind": Case(1_010, lambda a: partial(a.store.groups.list, GroupFilter(), **_behind(a.grown.groups[1]))),
    "list nothing": Case(
        WALK, lambda a: partial(a.store.groups.list, GroupFilter(receiver_id=new_id()), **_PAGE), grows=True
    ),
    "revisions": Case(10, lambda a: partial(a.store.groups.revisions, a.gate.id)),
    "verdict": Case(20, lambda a: partial(a.store.groups.verdict, a.gate.id, unit(0), as_of=None)),
    "verdict of nothing": Case(20, lambda a: partial(a.store.groups.verdict, a.gate.id, unit(-1), as_of=None)),
    "verdict large": Case(
        600,
        lambda a: partial(a.store.groups.verdict, a.stored_group(*_many(a)).id, unit(0), as_of=None),
    ),
    "past verdict": Case(30, lambda a: partial(_past, a, a.grown.head // 2)),
    "past verdict of now": Case(30, lambda a: partial(_past, a, a.grown.head)),
    "past verdict of then": Case(30, lambda a: partial(_past, a, 1), NotFound),
    "transitions": Case(250, lambda a: partial(a.store.groups.transitions, a.gate.id, unit(0), after=0, limit=100)),
    "transitions behind": Case(
        250, lambda a: partial(a.store.groups.transitions, a.gate.id, unit(0), after=500, limit=100)
    ),
    "reevaluate": Case(10_000, lambda a: partial(a.store.groups.reevaluate, a.gate.id, SYSTEM, after=None, limit=500)),
    "reevaluate nothing": Case(
        2 * MAX_EXAMINED_ROWS + 100,
        lambda a: partial(
            a.store.groups.reevaluate, a.stored_group(a.stored_receiver().id).id, SYSTEM, after=None, limit=500
        ),
        grows=True,
    ),
    "reevaluate on": Case(
        10_000, lambda a: partial(a.store.groups.reevaluate, a.gate.id, SYSTEM, after="8" * 32, limit=500)
    ),
}


def _past(asker: Asker, position: int) -> object:
    return asker.store.groups.verdict(asker.gate.id, unit(0), as_of=position)


def _append(asker: Asker, events: Sequence[NewEvent]) -> Asked:
    return partial(asker.store.events.append, events, SYSTEM)


EVENTS: Final = {
    "append": Case(40, lambda a: _append(a, [a.event()])),
    "append with a key": Case(40, lambda a: _append(a, [a.event(idempotency_key=f"fresh-{next(fresh)}")])),
    "append about a new unit": Case(40, lambda a: _append(a, [a.event(number=-1 - next(fresh))])),
    "append of a busy receiver": Case(
        3_000, lambda a: _append(a, [a.event(a.busy, number=0, success=next(fresh) % 2 == 0)])
    ),
    "append many": Case(40_000, lambda a: _append(a, a.events(units=1_000, each=1))),
    "append many to few": Case(40_000, lambda a: _append(a, a.events(units=200, each=5))),
    "append repeated": Case(40, lambda a: _append(a, [a.event(id=new_id())] * 2)),
    "append again": Case(40, lambda a: _append(a, [a.stored_event()])),
    "append another of a key": Case(
        40, lambda a: _append(a, [a.event(idempotency_key=a.stored_event().idempotency_key)])
    ),
    "append what differs": Case(40, lambda a: _append(a, [attrs.evolve(a.stored_event(), success=False)])),
    "append many again": Case(10_000, lambda a: _append(a, _stored(a, a.events(units=200, each=5)))),
    "append without a receiver": Case(40, lambda a: _append(a, [a.event(a.receiver())])),
    "append for another receiver": Case(40, lambda a: _append(a, [a.event(receiver_fingerprint="0" * 64)])),
    "get": Case(10, lambda a: partial(a.store.events.get, a.grown.middle)),
    "get missing": Case(10, lambda a: partial(a.store.events.get, new_id()), NotFound),
    "redact": Case(20, lambda a: partial(a.store.events.redact, a.stored_event().id, "wrong", SYSTEM)),
    "redact missing": Case(20, lambda a: partial(a.store.events.redact, new_id(), "wrong", SYSTEM), NotFound),
}


def _stored(asker: Asker, events: list[NewEvent]) -> list[NewEvent]:
    _append(asker, events)()
    return events


def _read(asker: Asker, after: int, limit: int, *, payloads: bool) -> Asked:
    return partial(asker.store.feed.read, after, limit=limit, payloads=payloads)


def _unread(asker: Asker) -> Asked:
    head = asker.store.feed.head()
    asker.stored_event()
    return _read(asker, head, 100, payloads=True)


def _staged(asker: Asker) -> Asked:
    asker.store.feed.head()
    _append(asker, asker.events(units=1_000, each=1))()
    return asker.store.feed.head


def _restored(asker: Asker) -> Asked:
    asker.store.feed.head()
    asker.stored_event()
    asker.session.disturb("UPDATE xzepr.feed_head SET home = 0")
    return asker.store.feed.head


FEED: Final = {
    "read": Case(600, lambda a: _read(a, 0, 100, payloads=False)),
    "read payloads": Case(800, lambda a: _read(a, 0, 100, payloads=True)),
    "read on": Case(600, lambda a: _read(a, a.grown.head // 2, 100, payloads=False)),
    "read payloads on": Case(800, lambda a: _read(a, a.grown.head // 2, 100, payloads=True)),
    "read large": Case(8_000, lambda a: _read(a, a.grown.head // 2, 1_000, payloads=True)),
    "read at the head": Case(50, lambda a: _read(a, a.store.feed.head(), 100, payloads=False)),
    "read one's own": Case(50, _unread),
    "read beyond": Case(20, lambda a: _read(a, 10**9, 100, payloads=False), BadCursor),
    "head": Case(20, lambda a: a.store.feed.head),
    "place what is staged": Case(10_000, _staged),
    "place what was restored": Case(50, _restored, grows=True),
    "check": Case(5, lambda a: a.store.check),
}


SUBSCRIPTIONS: Final = {
    "ensure": Case(
        10, lambda a: partial(a.store.subscriptions.ensure, f"fresh-{next(fresh)}", SYSTEM, start=a.cursor(7))
    ),
    "ensure again": Case(
        10, lambda a: partial(a.store.subscriptions.ensure, a.subscription(), SYSTEM, start=a.cursor(7))
    ),
    "get": Case(10, lambda a: partial(a.store.subscriptions.get, a.subscription(), SYSTEM)),
    "get missing": Case(10, lambda a: partial(a.store.subscriptions.get, "no such", SYSTEM), NotFound),
    "acquire": Case(10, lambda a: partial(a.store.subscriptions.acquire, a.subscription(), SYSTEM, seconds=60)),
    "acquire what is held": Case(
        10, lambda a: partial(a.store.subscriptions.acquire, a.lease().name, SYSTEM, seconds=60)
    ),
    "renew": Case(10, lambda a: partial(a.store.subscriptions.renew, a.lease(), seconds=60)),
    "renew what is lost": Case(
        10, lambda a: partial(a.store.subscriptions.renew, attrs.evolve(a.lease(), token=1), seconds=60), LeaseLost
    ),
    "advance": Case(10, lambda a: partial(a.store.subscriptions.advance, a.lease(), a.cursor(a.grown.head // 2))),
    "park": Case(10, lambda a: partial(a.store.subscriptions.park, a.lease(), a.parked())),
    "count what is parked": Case(2_000, lambda a: partial(a.store.subscriptions.get, "reader-1", SYSTEM), grows=True),
    "parked of nothing": Case(
        10, lambda a: partial(a.store.subscriptions.parked, "no such", SYSTEM, after=0, limit=100), NotFound
    ),
    "parked": Case(500, lambda a: partial(a.store.subscriptions.parked, "reader-1", SYSTEM, after=0, limit=100)),
    "unpark": Case(10, lambda a: partial(a.store.subscriptions.unpark, _parked(a), 5)),
    "release": Case(10, lambda a: partial(a.store.subscriptions.release, a.lease())),
    "delete": Case(10, lambda a: partial(a.store.subscriptions.delete, _parked(a).name, SYSTEM)),
}


def _parked(asker: Asker) -> Lease:
    lease = asker.lease()
    asker.store.subscriptions.park(lease, asker.parked())
    return lease


CASES: Final = {
    f"{kind}: {name}": case
    for kind, cases in {
        "receivers": RECEIVERS,
        "groups": GROUPS,
        "events": EVENTS,
        "feed": FEED,
        "subscriptions": SUBSCRIPTIONS,
    }.items()
    for name, case in cases.items()
}
