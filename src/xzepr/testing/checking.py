"""Does the feed explain everything? Replays it through the pure rule, and compares with what the store says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xzepr import Registry
from xzepr.errors import NotFound
from xzepr.model import (
    KIND_OF_TRANSITION,
    Change,
    ChangeKind,
    Event,
    EventReceiverGroup,
    GateState,
    Transition,
    TransitionKind,
    Ulid,
    Unit,
    gate_state,
    is_complete,
    transition_due,
)
from xzepr.testing.world import read_feed

Expected = tuple[Ulid, Unit, int, TransitionKind, Ulid | None]


class Replay:
    """What a reader of the feed knows after each change.

    Args:
        every_position: Whether to compare ``as_of`` at every position, or only at the end.
    """

    def __init__(self, registry: Registry, *, every_position: bool = True) -> None:
        self._registry = registry
        self._every_position = every_position
        self._groups: dict[Ulid, EventReceiverGroup] = {}
        self._ever: dict[Ulid, None] = {}
        self._units: dict[Unit, None] = {}
        self._gates: dict[tuple[Unit, Ulid], GateState] = {}
        self._history: dict[tuple[Ulid, Unit], list[Transition]] = {}
        self._counters: dict[Unit, int] = {}
        self._expected: set[Expected] = set()

    def run(self) -> None:
        """Replay the whole feed.

        Raises:
            AssertionError: The feed does not explain what the store says; the message names the position.
        """
        changes = read_feed(self._registry)
        for position, change in enumerate(changes, 1):
            assert change.position == position, f"the feed has {change.position} where {position} belongs"
            self._take(change)
            if self._every_position:
                self._compare(position)
        assert not self._expected, f"the feed ends before transitions that are due: {self._expected}"
        self._compare(None)

    def _take(self, change: Change) -> None:
        match change.subject:
            case Transition():
                self._transition(change, change.subject)
                return
            case Event():
                self._nothing_is_due(change.position)
                self._event(change, change.subject)
            case EventReceiverGroup():
                self._nothing_is_due(change.position)
                self._ever[change.subject.id] = None
                if change.kind is ChangeKind.GROUP_DELETED:
                    del self._groups[change.subject.id]
                else:
                    self._groups[change.subject.id] = change.subject
            case _:
                self._nothing_is_due(change.position)

    def _nothing_is_due(self, position: int) -> None:
        assert not self._expected, f"position {position} stands before transitions that are due: {self._expected}"

    def _event(self, change: Change, event: Event) -> None:
        count = self._counters.get(event.unit, 0) + 1
        assert event.n == count, f"position {change.position} has n = {event.n} where {count} belongs"
        self._counters[event.unit] = count
        self._units[event.unit] = None
        gate = (event.unit, event.receiver_id)
        before, after = self._gates.get(gate, GateState.MISSING), gate_state(event.success)
        self._gates[gate] = after
        if before is not after:
            judged = (
                group for group in self._groups.values() if group.enabled and event.receiver_id in group.receiver_ids
            )
            self._expected = {due for group in judged for due in self._due(group, event.unit, event.id)}

    def _transition(self, change: Change, transition: Transition) -> None:
        group = self._groups.get(transition.group.id)
        assert group is not None, f"position {change.position} is a transition of a group that does not exist"
        told = (group.id, transition.unit, transition.number, transition.kind, transition.event_id)
        due = self._expected if transition.event_id else set(self._due(group, transition.unit, None))
        assert told in due, f"position {change.position} is a transition that was not due: {transition}"
        assert transition.group == group.ref, (
            f"position {change.position} names another revision than the one that judged"
        )
        assert change.kind is KIND_OF_TRANSITION[transition.kind], f"position {change.position} is called {change.kind}"
        self._expected.discard(told)
        self._history.setdefault((group.id, transition.unit), []).append(transition)

    def _due(self, group: EventReceiverGroup, unit: Unit, cause: Ulid | None) -> Iterator[Expected]:
        known = self._history.get((group.id, unit), [])
        kind = transition_due(known[-1].kind if known else None, complete=self._complete(group, unit))
        if kind is not None:
            yield group.id, unit, len(known) + 1, kind, cause

    def _complete(self, group: EventReceiverGroup, unit: Unit) -> bool:
        return is_complete(group.enabled, (self._gate(unit, each) for each in group.receiver_ids))

    def _gate(self, unit: Unit, receiver_id: Ulid) -> GateState:
        return self._gates.get((unit, receiver_id), GateState.MISSING)

    def _compare(self, position: int | None) -> None:
        """Compare every verdict, as of a position or now; at the end, every transition too."""
        for group_id in self._ever:
            for unit in self._units:
                self._compare_verdict(group_id, unit, position)
                if position is None:
                    stored = list(self._registry.groups.transitions(group_id, unit))
                    assert stored == self._history.get((group_id, unit), []), f"transitions of {group_id} for {unit}"

    def _compare_verdict(self, group_id: Ulid, unit: Unit, position: int | None) -> None:
        group = self._groups.get(group_id)
        where = f"the verdict of {group_id} for {unit} as of {position or 'now'}"
        try:
            verdict = self._registry.groups.verdict(group_id, unit, as_of=position)
        except NotFound:
            assert group is None, f"{where} is missing"
            return
        assert group is not None, f"{where} is told for a group that does not exist"
        assert verdict.group == group.ref, f"{where} is that of another revision"
        assert verdict.as_of == position, f"{where} says that it is as of {verdict.as_of}"
        states = [gate.state for gate in verdict.gates]
        assert states == [self._gate(unit, receiver_id) for receiver_id in group.receiver_ids], f"{where} is wrong"
        assert verdict.complete == self._complete(group, unit), f"{where} is wrong"


def stale_units(registry: Registry, group: EventReceiverGroup, units: Iterable[Unit]) -> list[Unit]:
    """Return the units for which a group's live verdict differs from its last transition.

    After a re-evaluation there are none.
    """
    return [unit for unit in units if _is_stale(registry, group, unit)]


def _is_stale(registry: Registry, group: EventReceiverGroup, unit: Unit) -> bool:
    known = registry.groups.transitions(group, unit)
    told = bool(known) and known[-1].kind is TransitionKind.COMPLETED
    return registry.groups.verdict(group, unit).complete != told


def check_history(registry: Registry, *, every_position: bool = True) -> None:
    """Check that the feed explains every verdict and every transition, and that positions and ``n`` are dense.

    Args:
        registry: The registry; nobody else may be writing.
        every_position: Whether to compare ``as_of`` at every position, which is quadratic, or only at the end.

    Raises:
        AssertionError: It does not; the message names the position.

    Example:
        >>> check_history(getfixture("xzepr_registry"))
    """
    Replay(registry, every_position=every_position).run()
