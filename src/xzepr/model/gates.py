"""The completion rule. It stands here once; a store that judges inside its database is bound to it by a test.

A receiver's gate for a unit is its latest event for that unit, in the order of the unit. A group is complete for a
unit when it is enabled and each of its gates is passed. A transition is due when that differs from the last one
recorded. An event that leaves its gate as it was judges no group: what changed since is then the definition of a
group, and re-evaluating that group records what is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from xzepr.model.groups import GroupRef
from xzepr.model.receivers import ReceiverRef
from xzepr.model.ulids import Ulid
from xzepr.model.units import Unit


class GateState(StrEnum):
    """What a receiver says about a unit."""

    MISSING = "missing"
    PASSED = "passed"
    FAILED = "failed"


class TransitionKind(StrEnum):
    """How a verdict changes."""

    COMPLETED = "completed"
    REOPENED = "reopened"


def gate_state(success: bool) -> GateState:  # noqa: FBT001 - the one argument is the event's own field
    """Return the state of a gate whose latest event is this."""
    return GateState.PASSED if success else GateState.FAILED


def is_complete(enabled: bool, states: Iterable[GateState]) -> bool:  # noqa: FBT001 - the group's own field
    """Say whether a group with these gates is complete."""
    return enabled and all(state is GateState.PASSED for state in states)


def transition_due(last: TransitionKind | None, *, complete: bool) -> TransitionKind | None:
    """Say which transition follows the last one, now that the verdict is this.

    Example:
        >>> transition_due(None, complete=True)
        <TransitionKind.COMPLETED: 'completed'>
        >>> transition_due(TransitionKind.COMPLETED, complete=True)
        >>> transition_due(TransitionKind.COMPLETED, complete=False)
        <TransitionKind.REOPENED: 'reopened'>
    """
    if complete == (last is TransitionKind.COMPLETED):
        return None
    return TransitionKind.COMPLETED if complete else TransitionKind.REOPENED


@attrs.frozen(kw_only=True)
class Gate:
    """One receiver's state for one unit, and the event that says so.

    Args:
        receiver: The receiver.
        state: Missing, passed or failed.
        event_id: Its latest event for the unit; None when missing.
        recorded_at: When that event was recorded; None when missing.
    """

    receiver: ReceiverRef
    state: GateState
    event_id: Ulid | None = None
    recorded_at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.receiver.name} {'is missing' if self.state is GateState.MISSING else self.state}"


@attrs.frozen(kw_only=True)
class Verdict:
    """A group's answer for one unit, gate by gate.

    Args:
        group: The group revision that judged.
        enabled: Whether that revision is enabled; a disabled gate is pending.
        unit: What was judged.
        gates: One gate for each receiver, in the group's order.
        as_of: The feed position for which it answers; None for now.

    Example:
        >>> group = GroupRef(Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"), 1, "release", "ci.gate", "1")
        >>> scan = ReceiverRef(Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAW"), "scan", "ci.scan", "1")
        >>> unit = Unit(name="web", version="1", release="1", platform_id="linux", package="oci")
        >>> print(Verdict(group=group, enabled=True, unit=unit, gates=(Gate(receiver=scan, state=GateState.MISSING),)))
        pending: scan is missing
    """

    group: GroupRef
    enabled: bool
    unit: Unit
    gates: tuple[Gate, ...]
    as_of: int | None = None

    @property
    def complete(self) -> bool:
        """Whether the gate is open."""
        return is_complete(self.enabled, (gate.state for gate in self.gates))

    @property
    def blocking(self) -> tuple[Gate, ...]:
        """The gates that are not passed."""
        return tuple(gate for gate in self.gates if gate.state is not GateState.PASSED)

    @property
    def decided_at(self) -> datetime | None:
        """When the last event that it rests on was recorded; None if there is none."""
        return max((gate.recorded_at for gate in self.gates if gate.recorded_at is not None), default=None)

    def __str__(self) -> str:
        if self.complete:
            return "complete"
        reasons = ["the group is disabled"] if not self.enabled else []
        return "pending: " + ", ".join(reasons + [str(gate) for gate in self.blocking])


@attrs.frozen(kw_only=True)
class Transition:
    """The moment a verdict changes.

    Per group and unit they alternate ``completed``, ``reopened``, ``completed`` …, each exactly once.

    Args:
        group: The group revision that judged.
        unit: The unit.
        number: 1, 2, 3 … per group and unit; odd numbers are ``completed``.
        kind: What happened.
        event_id: The event that caused it; None if a re-evaluation found it due.
        recorded_at: When it was recorded.
    """

    group: GroupRef
    unit: Unit
    number: int
    kind: TransitionKind
    event_id: Ulid | None
    recorded_at: datetime

    def __str__(self) -> str:
        return f"{self.group.name} {self.kind} for {self.unit}"
