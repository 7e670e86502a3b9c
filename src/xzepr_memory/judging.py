"""Gates, verdicts and transitions over the rows; the rule itself is :mod:`xzepr.model.gates`."""

from __future__ import annotations

from bisect import bisect_right

from xzepr.model import (
    KIND_OF_TRANSITION,
    EventReceiverGroup,
    Gate,
    GateState,
    Transition,
    Ulid,
    Unit,
    is_complete,
    transition_due,
)
from xzepr_memory.rows import GateRow, UnitRow
from xzepr_memory.tables import Tables, Write


def row_of(tables: Tables, unit: Unit) -> UnitRow | None:
    """Return what is known about a unit. Its key finds it, its fields decide."""
    for row in tables.units.get(unit.key, ()):
        if row.unit is unit or row.unit == unit:
            return row
    return None


def judge(write: Write, group: EventReceiverGroup, unit: UnitRow, *, cause: Ulid | None) -> tuple[Transition, ...]:
    """Record the transition that is due for a group and a unit, if one is.

    Args:
        write: The write that this belongs to.
        group: The group, at its present revision.
        unit: The unit, its gates up to date.
        cause: The event that caused it; None in a re-evaluation.

    Returns:
        The one transition, or none.
    """
    history = unit.transitions.get(group.id, [])
    complete = is_complete(group.enabled, map(unit.state, group.receiver_ids))
    kind = transition_due(history[-1].kind if history else None, complete=complete)
    if kind is None:
        return ()
    transition = Transition(
        group=group.ref, unit=unit.unit, number=len(history) + 1, kind=kind, event_id=cause, recorded_at=write.now
    )
    if not history:
        write.put(unit.transitions, group.id, history)
    write.push(history, transition)
    write.announce(KIND_OF_TRANSITION[kind], transition)
    return (transition,)


def gates_of(tables: Tables, group: EventReceiverGroup, unit: UnitRow | None, as_of: int | None) -> tuple[Gate, ...]:
    """Return the gates of a group for a unit, now or as of a feed position, in the group's order."""
    return tuple(_gate(tables, receiver_id, unit, as_of) for receiver_id in group.receiver_ids)


def _gate(tables: Tables, receiver_id: Ulid, unit: UnitRow | None, as_of: int | None) -> Gate:
    receiver = tables.receivers[receiver_id].ref
    row = None if unit is None else _held(unit.gates.get(receiver_id, []), as_of)
    if row is None:
        return Gate(receiver=receiver, state=GateState.MISSING)
    return Gate(receiver=receiver, state=row.state, event_id=row.event_id, recorded_at=row.recorded_at)


def _held(history: list[GateRow], as_of: int | None) -> GateRow | None:
    count = len(history) if as_of is None else bisect_right(history, as_of, key=lambda row: row.position)
    return history[count - 1] if count else None
