"""Stores that live too long, in one thread only, or with leases that hold nothing; and those that forget."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import attrs

from tests.contract.harness import MemoryHarness
from xzepr.errors import Closed, LeaseLost
from xzepr.model import (
    Clock,
    Event,
    EventReceiver,
    FeedCursor,
    Lease,
    Parked,
    Principal,
    Ulid,
)
from xzepr.stores import Store
from xzepr_memory import MemoryStore
from xzepr_memory.events import MemoryEvents
from xzepr_memory.receivers import MemoryReceivers
from xzepr_memory.rows import SubscriptionRow
from xzepr_memory.subscriptions import MemorySubscriptions
from xzepr_memory.tables import Tables


class AnswersWhenClosed(MemoryEvents):
    """Has a cache in front of its tables, which nobody closes."""

    def get(self, event_id: Ulid) -> Event:
        """Return an event from the cache, if the tables are closed."""
        try:
            return super().get(event_id)
        except Closed:
            if event_id not in self._tables.events:
                raise
            return self._tables.events[event_id].event


class TakesWhenClosed(MemoryReceivers):
    """Opens its connection again when it needs one."""

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Create a receiver, whatever was closed."""
        self._tables.closed = False
        return super().create(receiver, principal)


class BelongsToAThread(MemoryReceivers):
    """Works only in the thread that opened it, as connections of some drivers do."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._thread = threading.get_ident()

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver to the right thread."""
        if threading.get_ident() != self._thread:
            raise RuntimeError("objects created in a thread can only be used in that same thread")
        return super().get(receiver_id)


class NeverExpires(MemorySubscriptions):
    """Waits for a holder that is gone."""

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if it was given back."""
        row = self._row(name, principal)
        return None if row.held_until is not None else super().acquire(name, principal, seconds=seconds)


class HoldsAtTheEnd(MemorySubscriptions):
    """Takes the end of a lease for its last moment."""

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if its end has passed."""
        ends_now = self._row(name, principal).held_until == self._tables.now()
        return None if ends_now else super().acquire(name, principal, seconds=seconds)


class NeverHeld(MemorySubscriptions):
    """Gives the lease to whoever asks."""

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease."""
        self._row(name, principal).held_until = None
        return super().acquire(name, principal, seconds=seconds)


class IgnoresTokens(MemorySubscriptions):
    """Looks whether there is a holder, and not who."""

    def _held(self, lease: Lease) -> SubscriptionRow:
        row = self._tables.subscriptions.get((lease.owner, lease.name))
        if row is None or row.held_until is None:
            raise LeaseLost(lease.name)
        return row


class CountsTokensAnew(MemorySubscriptions):
    """Keeps the token in the row, and loses it with the row."""

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, under the next token of the row."""
        token = self._row(name, principal).token + 1
        lease = super().acquire(name, principal, seconds=seconds)
        if lease is None:
            return None
        self._row(name, principal).token = token
        return attrs.evolve(lease, token=token)


class GoesBack(MemorySubscriptions):
    """Sets the cursor to whatever its holder says."""

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note a cursor."""
        super().advance(lease, cursor)
        self._held(lease).cursor = cursor


class GoesAnywhere(MemorySubscriptions):
    """Does not look whether a place is one of its own history before it goes there."""

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note a cursor."""
        row = self._held(lease)
        row.cursor = max(row.cursor, cursor, key=lambda each: each.position)


class ParksAndStays(MemorySubscriptions):
    """Parks a change, and leaves passing it for later."""

    def park(self, lease: Lease, parked: Parked) -> None:
        """Park, and do not advance."""
        before = self._held(lease).cursor
        super().park(lease, parked)
        self._held(lease).cursor = before


class RepeatsWhatIsParked(MemorySubscriptions):
    """Begins a page of what is parked at the beginning, always."""

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return the first ones."""
        del after
        return super().parked(name, principal, after=0, limit=limit)


class StartsAnywhere(MemorySubscriptions):
    """Does not look whether a place is one of its own history."""

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> object:  # type: ignore[override]
        """Create a subscription anywhere."""
        if (principal.identity, name) not in self._tables.subscriptions:
            self._tables.subscriptions[principal.identity, name] = SubscriptionRow(principal.identity, start)
        return super().ensure(name, principal, start=start)


class WakesNobody(MemoryStore):
    """Says that there is no news, as it looks only at what came since the question."""

    def wait(self, after: int, timeout: float) -> bool:
        """Wait for news beyond the present head."""
        del timeout
        return super().wait(max(after, self.feed.head()), 0)


class WaitingHarness(MemoryHarness):
    """Opens stores that wake nobody."""

    def open(self, clock: Clock) -> Store:
        """A store that wakes nobody."""
        return WakesNobody(clock=clock)


class ForgettingStore(MemoryStore):
    """Says that it is durable."""

    capabilities = attrs.evolve(MemoryStore.capabilities, durable=True)


class ForgettingHarness(MemoryHarness):
    """Opens a store again, and finds nothing in it: nothing was ever written through."""

    capabilities = ForgettingStore.capabilities

    def open(self, clock: Clock) -> Store:
        """A store that says that it is durable."""
        return ForgettingStore(clock=clock)

    def reopen(self, store: Store, clock: Clock) -> Store:
        """An empty one."""
        store.close()
        return self.open(clock)


class ModestHarness(MemoryHarness):
    """Declares less than its stores can do, so that whole behaviours are left out."""

    capabilities = attrs.evolve(MemoryStore.capabilities, subscriptions=False)
