"""Appends that lose, leak or reorder."""

from __future__ import annotations

from collections.abc import Sequence

from tests.contract.broken.base import promised
from tests.contract.harness import MemoryHarness
from xzepr.errors import TooLarge, Violation
from xzepr.model import ChangeKind, Clock, Count, EventFilter, NewEvent, Principal, Recorded
from xzepr.stores import Conflicting, Outcome, ReceiverMissing, Store
from xzepr_memory import MemoryStore
from xzepr_memory.events import MemoryEvents, _unit
from xzepr_memory.rows import StatisticsRow
from xzepr_memory.tables import Tables


class DropsTheLast(MemoryEvents):
    """Answers for the whole batch, and writes all but its last event."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, in pieces that were counted wrong."""
        outcomes = promised(self._tables, events, principal)
        super().append(events[: max(1, len(events) - 1)], principal)
        return outcomes


class CommitsOneByOne(MemoryEvents):
    """Writes each event in a transaction of its own."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, as if one write after another were one step."""
        outcomes: list[Outcome] = []
        for event in events:
            outcomes += super().append([event], principal)
        return outcomes


class CountsBeforeItWrites(MemoryEvents):
    """Keeps the figures of receivers up outside of the step."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, after counting what is going to be there."""
        before = dict(self._tables.statistics)
        for event in events:
            figures = self._tables.statistics.get(event.receiver_id, StatisticsRow())
            self._tables.statistics[event.receiver_id] = figures._replace(succeeded=figures.succeeded + 1)
        self._tables.statistics.clear()
        self._tables.statistics.update(before)
        return super().append(events, principal)


class UnorderedEvents(MemoryEvents):
    """Judges a batch as a set: failures first."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append in another order, and answer in the order asked for."""
        order = sorted(range(len(events)), key=lambda place: events[place].success)
        outcomes = super().append([events[place] for place in order], principal)
        return [outcomes[order.index(place)] for place in range(len(events))]


class UnorderedHarness(MemoryHarness):
    """Opens stores that judge a batch as a set."""

    def open(self, clock: Clock) -> Store:
        """A store whose appends are out of order."""
        store = MemoryStore(clock=clock)
        store.events = UnorderedEvents(store._tables)  # noqa: SLF001 - to break it
        return store


class TakesLess(MemoryEvents):
    """Runs out of parameters at half of what it declares."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, if there is not too much of it."""
        if len(events) > 500:
            raise TooLarge([Violation("events", "are more than one statement takes", 500)])
        return super().append(events, principal)


class NumbersRefusedEvents(MemoryEvents):
    """Draws the number of an event before it looks at its receiver."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, every event taking a number."""
        with self._tables.writing(principal.identity) as write:
            for event in events:
                if event.receiver_id not in self._tables.receivers:
                    _unit(self._tables, write, event.unit).n += 1
        return super().append(events, principal)


class CountsRefusedEvents(MemoryEvents):
    """Counts what it was asked to store."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._refused = 0

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and keep a counter beside the table."""
        outcomes = super().append(events, principal)
        self._refused += sum(isinstance(outcome, ReceiverMissing) for outcome in outcomes)
        return outcomes

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count with the help of that counter."""
        counted = super().count(where, limit=limit)
        return Count(counted.value + self._refused, exact=counted.exact)


class CountsConflicts(MemoryEvents):
    """Keeps the figures of a receiver up for every attempt."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and count the conflicts too."""
        outcomes = super().append(events, principal)
        for event, outcome in zip(events, outcomes, strict=True):
            if isinstance(outcome, Conflicting):
                figures = self._tables.statistics.get(event.receiver_id, StatisticsRow())
                self._tables.statistics[event.receiver_id] = figures._replace(failed=figures.failed + 1)
        return outcomes


class TellsConflicts(MemoryEvents):
    """Writes the entry of the feed before it finds that the event is stored with other content."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and tell of the conflicts too."""
        outcomes = super().append(events, principal)
        with self._tables.writing(principal.identity) as write:
            for outcome in outcomes:
                if isinstance(outcome, Conflicting):
                    write.announce(ChangeKind.EVENT_RECORDED, outcome.event_id)
        return outcomes


class AnswersInTheOrderOfIds(MemoryEvents):
    """Reads the stored rows back, and answers in their order."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and answer sorted by id."""
        outcomes = super().append(events, principal)
        return sorted(outcomes, key=lambda each: each.event.id if isinstance(each, Recorded) else "")
