"""The reads that are measured, each at places that chance chooses."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import attrs

from benchmarks.postgres.filling import Filled, unit
from benchmarks.postgres.places import Place
from xzepr import EventFilter, Unit
from xzepr.model import Anchor, Event, Ulid, encode_cursor, query_digest

PAGE: Final = 100
SEED: Final = 2


@attrs.frozen
class Reads:
    """One read of each kind.

    Args:
        here: The registry.
        filled: What is in it.
        chance: Chooses the places.
    """

    here: Place
    filled: Filled
    chance: random.Random = attrs.field(factory=lambda: random.Random(SEED))  # noqa: S311 - no secret

    def ids(self) -> list[Ulid]:
        """Choose the ids of some events."""
        return self.chance.sample(self.filled.ids, k=5)

    def events(self) -> list[Event]:
        """Choose an event."""
        return [self.here.registry.events.get(self.chance.choice(self.filled.ids))]

    def units(self) -> list[Unit]:
        """Choose some units."""
        return [unit(self.chance.randrange(self.filled.units)) for _ in range(5)]

    def positions(self, room: int) -> list[int]:
        """Choose a position of the feed that has so many changes behind it."""
        return [self.chance.randrange(max(1, self.filled.events - room))]

    def get(self, event_id: Ulid) -> object:
        """Read an event."""
        return self.here.registry.events.get(event_id)

    def newest(self, _: object = None) -> object:
        """Read the first page of the list."""
        return self.here.registry.events.list(limit=PAGE)

    def behind(self, event: Event) -> object:
        """Read the page behind an event."""
        query = query_digest("events", {"where": EventFilter().query(), "newest_first": True})
        cursor = encode_cursor(Anchor(event.recorded_at, event.id), query)
        return self.here.registry.events.list(limit=PAGE, cursor=cursor)

    def verdict(self, about: Unit) -> object:
        """Judge a unit."""
        return self.here.registry.groups.verdict(self.here.group, about)

    def changes(self, after: int, *, limit: int = PAGE) -> object:
        """Read a page of the feed, with payloads."""
        return self.here.registry.feed.read(after, limit=limit, payloads=True)

    def others(self) -> dict[str, Callable[[Unit], object]]:
        """Return reads that have no counterpart by hand."""
        registry, group = self.here.registry, self.here.group
        middle = self.filled.events // 2
        return {
            "events.list of one unit": lambda about: registry.events.list(EventFilter.of(about), limit=PAGE),
            "events.list, page 1, no payloads": lambda _: registry.events.list(limit=PAGE, payloads=False),
            "groups.verdict as of half way": lambda about: registry.groups.verdict(group, about, as_of=middle),
            "groups.transitions": lambda about: registry.groups.transitions(group, about),
            "receivers.statistics": lambda _: registry.receivers.statistics(self.here.lone),
            "feed.read, page of 100, no payloads": lambda _: registry.feed.read(middle, limit=PAGE),
            "feed.head": lambda _: registry.feed.head(),
        }
