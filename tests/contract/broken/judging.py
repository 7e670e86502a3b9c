"""Verdicts and transitions that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs

from tests.contract.broken.base import forget
from tests.contract.harness import MemoryHarness
from xzepr.model import (
    KIND_OF_TRANSITION,
    Clock,
    Event,
    EventFilter,
    EventReceiverGroup,
    Gate,
    NewEvent,
    Principal,
    Recorded,
    Transition,
    TransitionKind,
    Ulid,
    Unit,
    Verdict,
    gate_state,
)
from xzepr.stores import Outcome, Reevaluated, Store
from xzepr_memory import MemoryStore
from xzepr_memory.events import MemoryEvents
from xzepr_memory.groups import MemoryGroups
from xzepr_memory.judging import row_of


class ForgetfulGroups(MemoryGroups):
    """Skips the second completion."""

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions but one."""
        found = super().transitions(group_id, unit, after=after, limit=limit)
        return [each for each in found if (each.number, each.kind) != (3, TransitionKind.COMPLETED)]


class ForgetfulHarness(MemoryHarness):
    """Opens stores that skip a transition."""

    def open(self, clock: Clock) -> Store:
        """A store whose groups are forgetful."""
        store = MemoryStore(clock=clock)
        store.groups = ForgetfulGroups(store._tables)  # noqa: SLF001 - to break it
        return store


class DropsTransitions(MemoryEvents):
    """Forgets some of the transitions that an append causes."""

    def dropped(self, caused: tuple[Transition, ...]) -> Sequence[Transition]:
        """Return those of one event that are forgotten."""
        raise NotImplementedError

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and take some of the transitions back."""
        return [self._without(outcome) for event in events for outcome in self._one(event, principal)]

    def _one(self, event: NewEvent, principal: Principal) -> Sequence[Outcome]:
        return super().append([event], principal)

    def _without(self, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Recorded) or outcome.replayed:
            return outcome
        gone = self.dropped(outcome.transitions)
        for transition in gone:
            forget(self._tables, transition)
        kept = tuple(each for each in outcome.transitions if each not in gone)
        self._tables.events[outcome.event.id].transitions = kept
        return attrs.evolve(outcome, transitions=kept)


class MissesReopened(DropsTransitions):
    """Tells when a gate opens, and never when it closes."""

    def dropped(self, caused: tuple[Transition, ...]) -> Sequence[Transition]:
        """Those that reopen."""
        return [each for each in caused if each.kind is TransitionKind.REOPENED]


class JudgesOneGroup(DropsTransitions):
    """Stops at the first group that an event completes."""

    def dropped(self, caused: tuple[Transition, ...]) -> Sequence[Transition]:
        """All but the first."""
        return caused[1:]


class DoublesTransitions(MemoryEvents):
    """Tells every transition twice: a trigger and the code both write it."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and write each transition again."""
        outcomes = super().append(events, principal)
        for transition in (
            each for outcome in outcomes if isinstance(outcome, Recorded) for each in outcome.transitions
        ):
            row = row_of(self._tables, transition.unit)
            assert row is not None
            history = row.transitions[transition.group.id]
            with self._tables.writing(principal.identity) as write:
                history.append(attrs.evolve(transition, number=len(history) + 1))
                write.announce(KIND_OF_TRANSITION[transition.kind], history[-1])
        return outcomes


class LatestBy(MemoryGroups):
    """Judges by another event than the last one recorded."""

    def order(self, event: Event) -> str | datetime:
        """What the latest event has most of."""
        raise NotImplementedError

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge by that event, where it is asked for the present."""
        verdict = super().verdict(group_id, unit, as_of=as_of)
        return verdict if as_of is not None else attrs.evolve(verdict, gates=tuple(map(self._of(unit), verdict.gates)))

    def _of(self, unit: Unit) -> Callable[[Gate], Gate]:
        return lambda gate: self._gate(gate, unit)

    def _gate(self, gate: Gate, unit: Unit) -> Gate:
        where = attrs.evolve(EventFilter.of(unit), receiver_id=gate.receiver.id)
        events = [row.event for row in self._tables.events.values() if where.matches(row.event)]
        if not events:
            return gate
        latest = max(events, key=self.order)
        return attrs.evolve(gate, state=gate_state(latest.success), event_id=latest.id, recorded_at=latest.recorded_at)


class LatestByTime(LatestBy):
    """Takes the clock of the caller for the order of events."""

    def order(self, event: Event) -> datetime:
        """When it happened."""
        return event.occurred_at


class LatestById(LatestBy):
    """Takes ids for the order of events, as they begin with a time."""

    def order(self, event: Event) -> str:
        """Its id."""
        return event.id


class AnswersForNow(MemoryGroups):
    """Answers every question about the past with the present."""

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge what is now."""
        super().verdict(group_id, unit, as_of=as_of)
        return attrs.evolve(super().verdict(group_id, unit, as_of=None), as_of=as_of)


class AnswersForTheDayBefore(MemoryGroups):
    """Takes a position to be before its own change."""

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge one position too early."""
        if as_of is None:
            return super().verdict(group_id, unit, as_of=None)
        return attrs.evolve(super().verdict(group_id, unit, as_of=as_of - 1), as_of=as_of)


class SortsGates(MemoryGroups):
    """Keeps the order of a group's receivers, and joins its gates in that of their ids."""

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge, with the gates in another order."""
        verdict = super().verdict(group_id, unit, as_of=as_of)
        return attrs.evolve(verdict, gates=tuple(sorted(verdict.gates, key=lambda gate: gate.receiver.id)))


class MissesTheLastChunk(MemoryGroups):
    """Ends a re-evaluation when what is left is less than a chunk."""

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge a chunk, and end too early."""
        step = super().reevaluate(group_id, principal, after=after, limit=limit)
        left = len(self._tables.unit_order) - int(step.next or 0)
        return attrs.evolve(step, next=None) if left <= limit else step


class BeginsAgain(MemoryGroups):
    """Judges the first chunk of a re-evaluation, again and again."""

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge the first chunk."""
        del after
        return super().reevaluate(group_id, principal, after=None, limit=limit)


class ForgetsUnitsOfRemovedReceivers(MemoryGroups):
    """Re-evaluates only the units that have an event of a present receiver."""

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge a chunk, without those units."""
        step = super().reevaluate(group_id, principal, after=after, limit=limit)
        members = set(self.get(group_id).receiver_ids)
        for transition in step.transitions:
            row = row_of(self._tables, transition.unit)
            if row is not None and not members & set(row.gates):
                forget(self._tables, transition)
        return step


class JudgesWhenDefined(MemoryGroups):
    """Judges every unit when a group is created."""

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Create a group, and re-evaluate it at once."""
        created = super().create(group, principal, max_enabled_groups=max_enabled_groups)
        self.reevaluate(created.id, principal, after=None, limit=1_000)
        return created


class MixesPlatforms(MemoryEvents):
    """Leaves one field out of the key of a unit."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append as if there were one platform."""
        return super().append(
            [attrs.evolve(event, unit=attrs.evolve(event.unit, platform_id="linux-amd64")) for event in events],
            principal,
        )
