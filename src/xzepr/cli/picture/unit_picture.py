"""What is shown about a unit, as values that need no registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

import attrs

from xzepr import Event, EventReceiverGroup, GateState, Transition, Unit, Verdict
from xzepr.errors import Damaged
from xzepr.model import ReceiverRef, Ulid, transition_due


@attrs.frozen(kw_only=True)
class GroupPicture:
    """A group, and what it says and said about the unit.

    Args:
        group: The group.
        verdict: What it says now; None if that cannot be read.
        transitions: How that came about, by number; the newest ones.
        read_to_end: Whether these reach to the last one; if not, they could not be read, or there are too many.
    """

    group: EventReceiverGroup
    verdict: Verdict | None
    transitions: tuple[Transition, ...] = ()
    read_to_end: bool = True

    @property
    def complete(self) -> bool:
        """Whether the gate is open now."""
        return self.verdict is not None and self.verdict.complete

    @property
    def enabled(self) -> bool:
        """Whether it can be complete at all."""
        return self.group.enabled if self.verdict is None else self.verdict.enabled

    @property
    def failed(self) -> bool:
        """Whether a gate of it failed."""
        return self.verdict is not None and any(gate.state is GateState.FAILED for gate in self.verdict.gates)

    @property
    def due(self) -> bool:
        """Whether the last transition is known, and does not say what the verdict says: the group was changed since."""
        if self.verdict is None or not self.read_to_end:
            return False
        last = self.transitions[-1].kind if self.transitions else None
        return transition_due(last, complete=self.verdict.complete) is not None

    @property
    def urgency(self) -> int:
        """How soon to look at it: stopped by a failure, unknown, waiting, complete, disabled."""
        if not self.enabled:
            return 4
        if self.complete:
            return 3
        return 0 if self.failed else 1 if self.verdict is None else 2


@attrs.frozen(kw_only=True)
class Tally:
    """How many groups concern the unit, also those that are not shown.

    Args:
        groups: How many there are.
        complete: How many of them are complete.
        disabled: How many of them are disabled, and therefore complete for no unit.
    """

    groups: int = 0
    complete: int = 0
    disabled: int = 0

    @classmethod
    def of(cls, groups: Collection[GroupPicture]) -> Tally:
        """Count groups."""
        complete = sum(one.complete for one in groups)
        return cls(groups=len(groups), complete=complete, disabled=sum(not one.enabled for one in groups))

    @property
    def enabled(self) -> int:
        """How many of them can be complete."""
        return self.groups - self.disabled


@attrs.frozen(kw_only=True)
class UnitPicture:
    """All that is shown about a unit.

    Args:
        unit: The unit.
        read_at: When it was read.
        events: The newest events, in the order of the unit, without payloads.
        recorded: How many events there are, as far as their numbers tell.
        begins_at: The number of the first event that is shown; not 1 if older ones are left out.
        receivers: The receivers that are mentioned, by id.
        groups: The groups that concern the unit: those that a failure stops first, the complete ones late.
        tally: How many groups concern the unit.
        damaged: The stored rows that could not be decoded.
        altered: The events that are not what was recorded, by their digest.
        left_out: What is not shown, in words.
    """

    unit: Unit
    read_at: datetime
    events: tuple[Event, ...] = ()
    recorded: int = 0
    begins_at: int = 1
    receivers: dict[Ulid, ReceiverRef] = attrs.field(factory=dict)
    groups: tuple[GroupPicture, ...] = ()
    tally: Tally = attrs.field(factory=Tally)
    damaged: tuple[Damaged, ...] = ()
    altered: frozenset[Ulid] = frozenset()
    left_out: tuple[str, ...] = ()
    labels: dict[Ulid, str] = attrs.field(init=False, eq=False, repr=False)
    """What receivers and groups are called: their name, with type and version where another one has the same."""

    @labels.default
    def _labels(self) -> dict[Ulid, str]:
        receivers = {one.id: (one.name, one.type, one.version) for one in self.receivers.values()}
        return _labelled(receivers) | _labelled({one.group.id: one.group.naming for one in self.groups})

    @property
    def unknown(self) -> bool:
        """Whether nothing was ever recorded about the unit."""
        return not (self.events or self.damaged or self.groups)

    @property
    def sound(self) -> bool:
        """Whether it is the whole truth: nothing is left out, damaged or altered."""
        return not (self.left_out or self.damaged or self.altered)

    @property
    def altered_events(self) -> tuple[Event, ...]:
        """The events that are not what was recorded, in the order of the unit."""
        return tuple(event for event in self.events if event.id in self.altered)

    def label(self, of: Ulid) -> str:
        """Return what a receiver or a group is called; its id, if it cannot be read."""
        return self.labels.get(of, of)


def _labelled(namings: Mapping[Ulid, tuple[str, str, str]]) -> dict[Ulid, str]:
    names = Counter(name for name, _, _ in namings.values())
    return {one: naming[0] if names[naming[0]] == 1 else "/".join(naming) for one, naming in namings.items()}
