"""Stores that are wrong on purpose, to show that the kit notices."""

from __future__ import annotations

from collections.abc import Sequence

from tests.contract.harness import MemoryHarness
from xzepr.model import Clock, NewEvent, Principal, Transition, TransitionKind, Ulid, Unit
from xzepr.stores import Outcome, Store
from xzepr_memory import MemoryStore
from xzepr_memory.events import MemoryEvents
from xzepr_memory.groups import MemoryGroups


class ForgetfulGroups(MemoryGroups):
    """Skips the second completion."""

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions but one."""
        found = super().transitions(group_id, unit, after=after, limit=limit)
        return [each for each in found if (each.number, each.kind) != (3, TransitionKind.COMPLETED)]


class UnorderedEvents(MemoryEvents):
    """Judges a batch as a set: failures first."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append in another order, and answer in the order asked for."""
        order = sorted(range(len(events)), key=lambda place: events[place].success)
        outcomes = super().append([events[place] for place in order], principal)
        return [outcomes[order.index(place)] for place in range(len(events))]


class ForgetfulHarness(MemoryHarness):
    """Opens stores that skip a transition."""

    def open(self, clock: Clock) -> Store:
        """A store whose groups are forgetful."""
        store = MemoryStore(clock=clock)
        store.groups = ForgetfulGroups(store._tables)  # noqa: SLF001 - to break it
        return store


class UnorderedHarness(MemoryHarness):
    """Opens stores that judge a batch as a set."""

    def open(self, clock: Clock) -> Store:
        """A store whose appends are out of order."""
        store = MemoryStore(clock=clock)
        store.events = UnorderedEvents(store._tables)  # noqa: SLF001 - to break it
        return store
