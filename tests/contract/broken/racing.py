"""Stores that are right as long as nobody else writes. Two threads meet where it goes wrong, so it always does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import attrs

from tests.contract.broken.base import forget
from xzepr.model import FeedCursor, NewEvent, Principal, Recorded, Transition, TransitionKind
from xzepr.stores import FeedSlice, Outcome
from xzepr_memory.events import MemoryEvents
from xzepr_memory.feed import MemoryFeed
from xzepr_memory.judging import row_of
from xzepr_memory.tables import Tables

PATIENCE = 0.5
"""Seconds for which a thread waits for another one, the first time that none comes."""


class Racing(MemoryEvents):
    """Looks before it has the lock, and writes by what it saw."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._barrier = threading.Barrier(2, timeout=PATIENCE)

    def meet(self) -> None:
        """Wait until another thread is here too; the thread of the test waits for nobody."""
        if threading.current_thread() is not threading.main_thread():
            with suppress(threading.BrokenBarrierError):
                self._barrier.wait()


class LooksThenInserts(Racing):
    """Looks whether an event is known, and then inserts it: two threads that look at once both do."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append what was not there when it looked."""
        fresh = [event for event in events if self._is_fresh(event)]
        self.meet()
        for event in fresh:
            self._tables.events.pop(event.id, None)
            self._tables.keys.pop((event.owner, event.idempotency_key or ""), None)
        return super().append(events, principal)

    def _is_fresh(self, event: NewEvent) -> bool:
        return event.id not in self._tables.events and (event.owner, event.idempotency_key) not in self._tables.keys


class InsertsThenChecks(Racing):
    """Judges by a snapshot from before its own lock: of the last two events neither sees the other."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and forget the completions that the snapshot did not show."""
        seen = [self._passed(event) for event in events]
        self.meet()
        outcomes = super().append(events, principal)
        return [self._judged(outcome, gates) for outcome, gates in zip(outcomes, seen, strict=True)]

    def _passed(self, event: NewEvent) -> set[str]:
        row = row_of(self._tables, event.unit)
        return set() if row is None else set(row.gates)

    def _judged(self, outcome: Outcome, seen: set[str]) -> Outcome:
        if not isinstance(outcome, Recorded) or outcome.replayed:
            return outcome
        mine = {*seen, outcome.event.receiver_id}
        lost = [each for each in outcome.transitions if not self._completes(each, mine)]
        for transition in lost:
            forget(self._tables, transition)
        return attrs.evolve(outcome, transitions=tuple(each for each in outcome.transitions if each not in lost))

    def _completes(self, transition: Transition, seen: set[str]) -> bool:
        members = set(self._tables.groups[transition.group.id].now.receiver_ids)
        return transition.kind is TransitionKind.REOPENED or members <= seen


class NumbersThenInserts(Racing):
    """Reads the number of the last event of a unit, and then writes the next one."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append under the number that was the next one."""
        row = row_of(self._tables, events[0].unit) if events else None
        last = row.n if row else 0
        self.meet()
        with self._tables.reading:
            row = row_of(self._tables, events[0].unit) if events else None
            if row is not None:
                row.n = last
        return super().append(events, principal)


class ShowsPositionsLate(MemoryFeed):
    """Gives positions before the commit: the last one is seen only when there is another behind it."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return changes; a thread that reads while others write misses one, and goes on behind it."""
        found = super().read(after, limit=limit, payloads=payloads)
        if threading.current_thread() is threading.main_thread() or len(found.changes) < 2:
            return found
        return attrs.evolve(found, changes=(*found.changes[:-2], found.changes[-1]))
