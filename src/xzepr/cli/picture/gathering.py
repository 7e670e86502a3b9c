"""Reads all there is about a unit, within bounds, into one value.

It costs one call for each 1,000 events or 16 MiB of payloads, which are read to be checked and dropped at once; one for
the receivers, one for each receiver with events, one for the verdict of each group that concerns the unit, and one for
the history of each that is shown. A group that was changed may hold none of those receivers any more and still have a
history: so each of the newest 1,000 other groups is asked for its first transition.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Final

from xzepr import Event, EventFilter, ReceiverFilter, Registry, Unit
from xzepr.cli.picture.groups import GroupReader
from xzepr.cli.picture.notes import Notes
from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.model import MAX_LIMIT, ReceiverRef, Ulid

DEFAULT_EVENTS: Final = 1_000
"""How many events are read, unless somebody asks for more or fewer: the newest ones."""

MAX_EVENTS: Final = 10_000
"""The most events that can be asked for."""


def gather(registry: Registry, unit: Unit, *, read_at: datetime, events: int = DEFAULT_EVENTS) -> UnitPicture:
    """Read what there is about a unit. The calls are not one snapshot: what is recorded meanwhile may be in parts.

    Args:
        registry: Where.
        unit: The unit.
        read_at: The time now.
        events: The most events.
    """
    return _Gathering(registry, unit).picture(read_at, events)


class _Gathering:
    """Collects what is damaged and what is left out beside what is read."""

    def __init__(self, registry: Registry, unit: Unit) -> None:
        self._registry = registry
        self._unit = unit
        self._notes = Notes()
        self._altered: set[Ulid] = set()

    def picture(self, read_at: datetime, most: int) -> UnitPicture:
        events, cut = self._events(most)
        newest = max((event.n for event in events), default=0)
        begins_at = events[0].n if cut and events else 1
        recorded = newest if begins_at > 1 else max(newest, len(events) + self._notes.damaged_events)
        if begins_at > 1:
            self._notes.omit(f"{begins_at - 1:,} of {recorded:,} events, the oldest")
        with_events = list(dict.fromkeys(event.receiver_id for event in events))
        groups, tally = GroupReader(self._registry, self._unit, self._notes).read(with_events)
        return UnitPicture(
            unit=self._unit,
            read_at=read_at,
            events=tuple(events),
            recorded=recorded,
            begins_at=begins_at,
            receivers=self._receivers(with_events, groups),
            groups=tuple(groups),
            tally=tally,
            damaged=self._notes.damaged,
            altered=frozenset(self._altered),
            left_out=self._notes.left_out,
        )

    def _events(self, most: int) -> tuple[list[Event], bool]:
        """Return the newest events in the order of the unit, and whether there are more."""
        where = EventFilter.of(self._unit)
        read: list[Event] = []
        cursor: str | None = None
        while wanted := most - len(read) - self._notes.damaged_events:
            page = self._registry.events.list(where, limit=min(wanted, MAX_LIMIT), cursor=cursor)
            self._altered.update(event.id for event in page if not event.verify())
            read += (event.without_payload() for event in page)
            self._notes.damage(page.damaged)
            cursor = page.next
            if cursor is None:
                break
        return sorted(read, key=_number), cursor is not None

    def _receivers(self, with_events: Iterable[Ulid], groups: Iterable[GroupPicture]) -> dict[Ulid, ReceiverRef]:
        """Return the receivers: those of verdicts are known already."""
        known = {
            gate.receiver.id: gate.receiver
            for each in groups
            if each.verdict is not None
            for gate in each.verdict.gates
        }
        missing = iter([one for one in with_events if one not in known])
        while wanted := tuple(islice(missing, MAX_LIMIT)):
            page = self._registry.receivers.list(ReceiverFilter(ids=wanted), limit=MAX_LIMIT)
            self._notes.damage(page.damaged)
            known |= {receiver.id: receiver.ref for receiver in page}
        return known


def _number(event: Event) -> int:
    return event.n
