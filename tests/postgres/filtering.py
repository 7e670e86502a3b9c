"""Every way to narrow a list of events, and how many rows a page of it may look at.

A page whose filter fits nearly every row looks at little more than it returns, however long the list is. One whose
filter fits few looks at as many rows as a page may, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, Final

import attrs

from tests.postgres.asking import START, Asker, Case
from tests.postgres.cases import WALK
from tests.postgres.growing import event_id, unit
from xzepr.model import SYSTEM, EventFilter, Identity

PAGE: Final = 100
SHORT: Final = 9 * PAGE
"""Rows of a page that fills at once: up to 303 events in two windows, their units, and 100 of each when it is read."""

Fields = Callable[[Asker], dict[str, Any]]

_ANCHORS: Final[dict[str, Fields]] = {
    "all": lambda _: {},
    "ids": lambda _: {"ids": tuple(map(event_id, range(0, 1_000, 10)))},
    "a busy unit": lambda _: unit(0).fields(),
    "a calm unit": lambda _: unit(3).fields(),
    "a busy receiver": lambda a: {"receiver_id": a.busy.id},
    "a calm receiver": lambda a: {"receiver_id": a.calm.id},
    "a busy receiver and unit": lambda a: {"receiver_id": a.busy.id, **unit(0).fields()},
}
_OFTEN: Final[dict[str, Fields]] = {
    "": lambda _: {},
    "well": lambda _: {"success": True},
    "of the system": lambda _: {"owner": SYSTEM.identity},
    "of a version": lambda _: {"version": "1"},
    "of several things": lambda _: {"success": True, "owner": SYSTEM.identity, "version": "1", "name_contains": "UNIT"},
}
_SELDOM: Final[dict[str, Fields]] = {
    "of Alice": lambda _: {"owner": Identity("local", "alice")},
    "of no version": lambda _: {"version": "2"},
    "of no such name": lambda _: {"name_contains": "no such"},
}
_TIMES: Final[dict[str, Fields]] = {
    "": lambda _: {},
    "since": lambda a: {"recorded_from": a.middle.recorded_at},
    "until": lambda a: {"recorded_until": a.middle.recorded_at},
    "never": lambda _: {"recorded_from": START, "recorded_until": START},
}


def _cases(what: str) -> Iterator[tuple[str, Case]]:
    for often, when in product(_OFTEN, _TIMES):
        yield from _ordered(f"{often} {when}", SHORT, _ANCHORS[what], _OFTEN[often], _TIMES[when])
    for seldom in _SELDOM:
        yield from _ordered(seldom, WALK, _ANCHORS[what], _SELDOM[seldom])


def _ordered(name: str, rows: int, *fields: Fields) -> Iterator[tuple[str, Case]]:
    for newest_first, behind in product((True, False), (True, False)):
        told = f"{name} {'newest' if newest_first else 'oldest'} first{' from the middle' if behind else ''}"
        yield (
            " ".join(told.split()),
            Case(rows, partial(_listing, fields, newest_first=newest_first, behind=behind), grows=rows == WALK),
        )


def _listing(fields: tuple[Fields, ...], asker: Asker, *, newest_first: bool, behind: bool) -> Callable[[], object]:
    where = EventFilter(**{name: value for each in fields for name, value in each(asker).items()})
    how = {"newest_first": newest_first, "after": asker.middle if behind else None, "limit": PAGE, "payloads": True}
    return partial(asker.store.events.list, where, **how)


LISTS: Final = {what: dict(_cases(what)) for what in _ANCHORS} | {
    "a calm receiver and a busy unit": dict(
        _ordered("", WALK, lambda a: {"receiver_id": a.calm.id, **unit(0).fields()})
    )
}
"""By what an index finds."""

FULL: Final = {"all", "a busy unit", "a busy receiver", "a busy receiver and unit"}
"""What fills a page also when there are few events."""

SHORT_LISTS: Final = {
    f"events: list {what}": attrs.evolve(next(iter(cases.values())), grows=what not in FULL)
    for what, cases in LISTS.items()
}
COUNTS: Final = {
    "events: count": Case(
        4_000, lambda a: partial(a.store.events.count, EventFilter(owner=SYSTEM.identity), limit=1_000)
    ),
    "events: count all": Case(WALK, lambda a: partial(a.store.events.count, EventFilter(), limit=10**6), grows=True),
    "events: count nothing": Case(
        WALK, lambda a: partial(a.store.events.count, EventFilter(version="2"), limit=1_000), grows=True
    ),
}
