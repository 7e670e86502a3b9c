"""Gates, verdicts and transitions over the tables; the rule itself is :mod:`xzepr.model.gates`."""

from __future__ import annotations

import sqlite3

from xzepr.model import (
    KIND_OF_TRANSITION,
    EventReceiverGroup,
    Gate,
    GateState,
    GroupRef,
    Transition,
    TransitionKind,
    Ulid,
    Unit,
    gate_state,
    is_complete,
    transition_due,
)

from xzepr_sqlite.database import Write
from xzepr_sqlite.definitions import present
from xzepr_sqlite.lists import first
from xzepr_sqlite.rows import receiver_of, time_of

_FOREVER = 2**63 - 1


def unit_number(sql: sqlite3.Connection, unit: Unit) -> int | None:
    """Return the number under which a unit is known."""
    fields = "(name, version, release, platform_id, package) = (?, ?, ?, ?, ?)"
    row = first(sql.execute(f"SELECT number FROM units WHERE {fields}", tuple(unit.fields().values())))
    return None if row is None else row["number"]


def state(sql: sqlite3.Connection, receiver_id: Ulid, unit: int | None) -> GateState:
    """Return the state of a gate now."""
    row = _evidence(sql, receiver_id, unit, None)
    return GateState.MISSING if row is None else gate_state(bool(row["success"]))


def gates(sql: sqlite3.Connection, group: EventReceiverGroup, unit: int | None, as_of: int | None) -> tuple[Gate, ...]:
    """Return the gates of a group for a unit, now or as of a feed position, in the group's order."""
    return tuple(_gate(sql, receiver_id, unit, as_of) for receiver_id in group.receiver_ids)


def judge_groups(write: Write, receiver_id: Ulid, number: int, unit: Unit, cause: Ulid) -> tuple[Transition, ...]:
    """Record the transitions that are due for every enabled group of a receiver whose gate has moved."""
    groups = write.sql.execute(
        "SELECT g.* FROM standings s JOIN groups g ON g.id = s.group_id AND g.until IS NULL"
        " WHERE s.receiver_id = ? AND s.counting ORDER BY s.group_id",
        (receiver_id,),
    ).fetchall()
    judged = (judge(write, group, number, unit, cause) for group in groups)
    return tuple(transition for transition in judged if transition is not None)


def judge(write: Write, group: sqlite3.Row, number: int, unit: Unit, cause: Ulid | None) -> Transition | None:
    """Record the transition that is due for a group and a unit, if one is.

    Args:
        write: The write that this belongs to.
        group: The present revision of the group.
        number: The number of the unit, whose events are all stored.
        unit: The unit.
        cause: The event that caused it; None in a re-evaluation.
    """
    [count] = write.sql.execute(
        "SELECT coalesce(max(number), 0) FROM transitions WHERE group_id = ? AND unit = ?", (group["id"], number)
    ).fetchone()
    members = group["receiver_ids"].split()
    complete = is_complete(bool(group["enabled"]), (state(write.sql, member, number) for member in members))
    kind = transition_due(_kind(count), complete=complete)
    if kind is None:
        return None
    position = write.announce(KIND_OF_TRANSITION[kind], group["id"], group["revision"])
    write.sql.execute(
        "INSERT INTO transitions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (position, group["id"], group["revision"], number, count + 1, cause, write.stamp),
    )
    ref = GroupRef(group["id"], group["revision"], group["name"], group["type"], group["version"])
    return Transition(group=ref, unit=unit, number=count + 1, kind=kind, event_id=cause, recorded_at=write.now)


def _kind(number: int) -> TransitionKind | None:
    """Return the kind of the transition of a number: odd ones are completions, and before the first there is none."""
    if not number:
        return None
    return TransitionKind.COMPLETED if number % 2 else TransitionKind.REOPENED


def _gate(sql: sqlite3.Connection, receiver_id: Ulid, unit: int | None, as_of: int | None) -> Gate:
    receiver = receiver_of(present(sql, "receiver", receiver_id)).ref
    row = _evidence(sql, receiver_id, unit, as_of)
    if row is None:
        return Gate(receiver=receiver, state=GateState.MISSING)
    return Gate(
        receiver=receiver,
        state=gate_state(bool(row["success"])),
        event_id=row["id"],
        recorded_at=time_of(row["recorded_at"]),
    )


def _evidence(sql: sqlite3.Connection, receiver_id: Ulid, unit: int | None, as_of: int | None) -> sqlite3.Row | None:
    """Return the latest event of a receiver about a unit, up to a position: positions have the order of ``n``."""
    return first(
        sql.execute(
            "SELECT id, success, recorded_at FROM events WHERE receiver_id = ? AND unit = ? AND position <= ?"
            " ORDER BY position DESC LIMIT 1",
            (receiver_id, unit, _FOREVER if as_of is None else as_of),
        )
    )
