"""The harness of the memory store."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from xzepr.model import Clock, Ulid
from xzepr.stores import Store
from xzepr.testing.harness import RawEvent, StoreHarness
from xzepr_memory import MemoryStore


class MemoryHarness(StoreHarness):
    """Opens memory stores, and looks into their tables."""

    capabilities = MemoryStore.capabilities

    def open(self, clock: Clock) -> Store:
        """A new store, and so an empty one."""
        return MemoryStore(clock=clock)

    def reset(self) -> None:
        """Nothing is left of a store that is closed."""

    def raw_events(self, store: Store) -> Sequence[RawEvent]:
        """The rows of the table of events."""
        assert isinstance(store, MemoryStore)
        return [
            RawEvent(
                id=row.event.id,
                n=row.event.n,
                payload_text=row.event.payload_text,
                salt=row.event.salt,
                payload_digest=row.event.payload_digest,
                digest=row.event.digest,
            )
            for row in store._tables.events.values()  # noqa: SLF001 - the back door
        ]

    def damage_event(self, store: Store, event_id: Ulid) -> None:
        """Put another payload into the row."""
        assert isinstance(store, MemoryStore)
        row = store._tables.events[event_id]  # noqa: SLF001 - the back door
        row.event = attrs.evolve(row.event, payload_text='"forged"')
