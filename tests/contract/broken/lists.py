"""Pages, filters and counts that are off by one, or forgive too much."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from itertools import chain, islice

import attrs

from xzepr.errors import Damaged
from xzepr.model import Anchor, Count, Event, EventFilter, Ulid
from xzepr.model.checks import fold
from xzepr.stores import Slice
from xzepr_memory.events import MemoryEvents
from xzepr_memory.rows import AnchorKey
from xzepr_memory.tables import Tables


class RepeatsAtTheBorder(MemoryEvents):
    """Begins a page with the last row of the one before: ``>=`` for ``>``."""

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        keys = super()._keys(where, after, newest_first=newest_first)
        return keys if after is None else chain([(after.recorded_at, after.id)], keys)


class SkipsAtTheBorder(MemoryEvents):
    """Fetches one row more than a page to see whether there is a next one, and goes on behind it."""

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        keys = super()._keys(where, after, newest_first=newest_first)
        return islice(keys, int(after is not None), None)


class PagesByTimeAlone(MemoryEvents):
    """Goes on behind the time of the last row, whatever else happened at that time."""

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        keys = super()._keys(where, after, newest_first=newest_first)
        return (key for key in keys if after is None or key[0] != after.recorded_at)


class PagesByOffset(MemoryEvents):
    """Goes on behind as many rows as were seen, whatever was recorded since."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._seen: dict[Anchor, int] = {}

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page, and remember how far it reached."""
        page = super().list(where, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        if page.next is not None:
            self._seen[page.next] = self._seen.get(after, 0) + limit if after else limit
        return page

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        keys = super()._keys(where, None, newest_first=newest_first)
        return islice(keys, self._seen.get(after, 0) if after else 0, None)


class BeginsAgain(MemoryEvents):
    """Shows the first page, whichever is asked for."""

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return the first page."""
        del after
        return super().list(where, after=None, newest_first=newest_first, limit=limit, payloads=payloads)


class BringsAnySize(MemoryEvents):
    """Fills a page to its limit, however large its payloads are."""

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return as many events as were asked for."""
        page = super().list(where, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        left = limit - len(page.items) - len(page.damaged)
        if page.next is None or not left:
            return page
        more = self.list(where, after=page.next, newest_first=newest_first, limit=left, payloads=payloads)
        return Slice(items=page.items + more.items, damaged=page.damaged + more.damaged, next=more.next)


class EndsWithACursor(MemoryEvents):
    """Says that there is more whenever a page is not empty."""

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page, always with a cursor."""
        page = super().list(where, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        last = page.items[-1] if page.items else None
        return attrs.evolve(page, next=page.next or (last and Anchor(last.recorded_at, last.id)))


class Matching(MemoryEvents):
    """Lists under a filter of its own."""

    def matches(self, where: EventFilter, event: Event) -> bool:
        """Say whether an event belongs to the list."""
        raise NotImplementedError

    def asked(self, where: EventFilter) -> EventFilter:
        """Return what of the filter is left to the right code."""
        raise NotImplementedError

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page, filtered afterwards."""
        asked = self.asked(where)
        page = super().list(asked, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        return attrs.evolve(page, items=tuple(each for each in page.items if self.matches(where, each)))

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count, filtered the same way."""
        found = self.list(where, after=None, newest_first=True, limit=limit, payloads=False)
        return Count(len(found.items), exact=found.next is None)


class KnowsWildcards(Matching):
    """Puts the text that is searched for into LIKE as it is."""

    def asked(self, where: EventFilter) -> EventFilter:
        """Everything but the text."""
        return attrs.evolve(where, name_contains=None)

    def matches(self, where: EventFilter, event: Event) -> bool:
        """Compare as LIKE does."""
        pattern = (where.name_contains or "").replace("%", "*").replace("_", "?")
        return fnmatch.fnmatchcase(fold(event.unit.name), f"*{fold(pattern)}*")


class FoldsOnlyAscii(Matching):
    """Searches with LOWER, which on many databases knows 26 letters."""

    def asked(self, where: EventFilter) -> EventFilter:
        """Everything but the text."""
        return attrs.evolve(where, name_contains=None)

    def matches(self, where: EventFilter, event: Event) -> bool:
        """Compare in lower case."""
        return (where.name_contains or "").lower() in event.unit.name.lower()


class ClosesRanges(Matching):
    """Uses BETWEEN, which holds both ends."""

    def asked(self, where: EventFilter) -> EventFilter:
        """Everything but the end."""
        return attrs.evolve(where, recorded_until=None)

    def matches(self, where: EventFilter, event: Event) -> bool:
        """Compare with both ends."""
        return where.recorded_until is None or event.recorded_at <= where.recorded_until


class TakesNoIdsForNoFilter(MemoryEvents):
    """Leaves the condition out where the list of ids is empty."""

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        return super()._keys(self._asked(where), after, newest_first=newest_first)

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page of what is left of the filter."""
        asked = self._asked(where)
        return super().list(asked, after=after, newest_first=newest_first, limit=limit, payloads=payloads)

    @staticmethod
    def _asked(where: EventFilter) -> EventFilter:
        return attrs.evolve(where, ids=where.ids or None)


class CountsToTheBound(MemoryEvents):
    """Never says that a count stopped."""

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count, and call it exact."""
        return Count(super().count(where, limit=limit).value, exact=True)


class SwallowsDamage(MemoryEvents):
    """Leaves out what it cannot read."""

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page, and say nothing of damaged rows."""
        page = super().list(where, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        return attrs.evolve(page, damaged=())


class BreaksAtDamage(MemoryEvents):
    """Lets a row that it cannot read break the page."""

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page, if every row of it is whole."""
        page = super().list(where, after=after, newest_first=newest_first, limit=limit, payloads=payloads)
        for error in page.damaged:
            raise Damaged(error.kind, error.key, error.reason)
        return page


class TrustsItsRows(MemoryEvents):
    """Hands out whatever lies in the row."""

    def get(self, event_id: Ulid) -> Event:
        """Return an event, unchecked."""
        with self._tables.reading:
            return self._row(event_id).event
