"""Feeds with holes, out of order, or with a short memory."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tests.contract.broken.base import of_this_append
from xzepr.errors import Damaged
from xzepr.model import SYSTEM, Change, FeedCursor, NewEvent, Principal, Transition
from xzepr.stores import FeedSlice, Outcome
from xzepr_memory.events import MemoryEvents
from xzepr_memory.feed import MemoryFeed
from xzepr_memory.tables import Tables

HOLE = 3


class SkipsAPosition(MemoryFeed):
    """Takes a position from a sequence, and loses it with a transaction that was rolled back."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes with a hole between their positions."""
        position = after if isinstance(after, int) else after.position
        place = position - 1 if position >= HOLE else position
        asked = place if isinstance(after, int) else attrs.evolve(after, position=place)
        found = super().read(asked, limit=limit, payloads=payloads)
        changes = tuple(attrs.evolve(each, position=_moved(each.position)) for each in found.changes)
        cursor = attrs.evolve(found.cursor, position=_moved(found.cursor.position))
        return FeedSlice(changes=changes, cursor=cursor, head=_moved(found.head))

    def head(self) -> int:
        """Return the newest position."""
        return _moved(super().head())


def _moved(position: int) -> int:
    return position + (position >= HOLE)


class LosesAChange(MemoryFeed):
    """Reads what is committed, and never again what was not committed then."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the changes but one."""
        found = super().read(after, limit=limit, payloads=payloads)
        return attrs.evolve(found, changes=tuple(each for each in found.changes if each.position != HOLE))


class TellsTransitionsFirst(MemoryEvents):
    """Writes the entry of an event after those of its transitions."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and swap the entries."""
        log, head = self._tables.log, len(self._tables.log)
        outcomes = super().append(events, principal)
        places = of_this_append(self._tables, head)
        for place, end in zip(places, [*places[1:], len(log)], strict=True):
            log[place:end] = [*log[place + 1 : end], log[place]]
        return outcomes


class TellsTransitionsLast(MemoryEvents):
    """Writes the entries of all events of a batch, and then those of all transitions."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and sort the entries."""
        log, head = self._tables.log, len(self._tables.log)
        outcomes = super().append(events, principal)
        log[head:] = sorted(log[head:], key=lambda entry: isinstance(entry.subject, Transition))
        return outcomes


class AcceptsAnyPosition(MemoryFeed):
    """Finds nothing beyond the head, and calls that no news."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return what is behind a position, wherever that is."""
        position = after if isinstance(after, int) else after.position
        if position > self.head():
            return FeedSlice(changes=(), cursor=FeedCursor(), head=self.head())
        return super().read(after, limit=limit, payloads=payloads)


class AcceptsAnyHistory(MemoryFeed):
    """Looks only at the position of a saved cursor."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return what is behind a position, whosever it is."""
        position = after if isinstance(after, int) else after.position
        return super().read(position, limit=limit, payloads=payloads)


class NumbersItsChanges(MemoryFeed):
    """Makes the ids of changes from their positions alone, so that they are the same in every history."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        tables._history = 0  # noqa: SLF001 - to break it


class ForgetsWhoDidIt(MemoryFeed):
    """Tells that the registry did everything."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes without their actors."""
        found = super().read(after, limit=limit, payloads=payloads)
        return attrs.evolve(found, changes=tuple(attrs.evolve(each, actor=SYSTEM.identity) for each in found.changes))


class LeavesDamageOut(MemoryFeed):
    """Leaves out what it cannot read."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the changes that are whole."""
        found = super().read(after, limit=limit, payloads=payloads)
        return attrs.evolve(
            found, changes=tuple(each for each in found.changes if not isinstance(each.subject, Damaged))
        )


class StopsAtDamage(MemoryFeed):
    """Lets a row that it cannot read stop every reader."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes, if every one of them is whole."""
        found = super().read(after, limit=limit, payloads=payloads)
        for change in found.changes:
            if isinstance(change.subject, Damaged):
                raise change.subject
        return found


class BringsPayloads(MemoryFeed):
    """Reads whole rows, whatever was asked for."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes with payloads."""
        del payloads
        return super().read(after, limit=limit, payloads=True)


class BeginsAgain(MemoryFeed):
    """Looks where a reader stands, and begins at the beginning."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the first changes."""
        super().read(after, limit=limit, payloads=payloads)
        return super().read(0, limit=limit, payloads=payloads)


class BringsAnySize(MemoryFeed):
    """Fills a page to its limit, however large its payloads are."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return as many changes as were asked for."""
        found = super().read(after, limit=limit, payloads=payloads)
        left = limit - len(found.changes)
        if not found.changes or not left:
            return found
        more = self.read(found.cursor, limit=left, payloads=payloads)
        return attrs.evolve(more, changes=found.changes + more.changes)


class OwnClock(MemoryFeed):
    """Stamps the changes with the time at which they are read."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes of now."""
        found = super().read(after, limit=limit, payloads=payloads)
        return attrs.evolve(found, changes=tuple(map(self._now, found.changes)))

    def _now(self, change: Change) -> Change:
        return attrs.evolve(change, recorded_at=self._tables.now())
