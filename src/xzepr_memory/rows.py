"""The rows that the store keeps. Values inside are immutable; a payload is kept as its canonical text."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import attrs

from xzepr.model import (
    ChangeKind,
    Event,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    GateState,
    Identity,
    Parked,
    Redaction,
    Transition,
    Ulid,
    Unit,
)

AnchorKey = tuple[datetime, Ulid]
"""By what lists are ordered: when a row was recorded, and its id."""


@attrs.define
class EventRow:
    """An event, the key it was recorded under, and what it caused."""

    event: Event
    idempotency_key: str | None
    transitions: tuple[Transition, ...] = ()


class GateRow(NamedTuple):
    """What a receiver said about a unit from one feed position on."""

    position: int
    state: GateState
    event_id: Ulid
    recorded_at: datetime


@attrs.define
class UnitRow:
    """What is known about a unit: its counter, the history of its gates, its transitions by group."""

    unit: Unit
    n: int = 0
    gates: dict[Ulid, list[GateRow]] = attrs.field(factory=dict)
    transitions: dict[Ulid, list[Transition]] = attrs.field(factory=dict)
    events: list[AnchorKey] = attrs.field(factory=list)

    def state(self, receiver_id: Ulid) -> GateState:
        """Return the state of a gate now."""
        history = self.gates.get(receiver_id)
        return history[-1].state if history else GateState.MISSING


@attrs.define
class GroupRow:
    """Every revision of a group with the position from which it holds, and the position at which it was deleted."""

    revisions: list[tuple[int, EventReceiverGroup]]
    deleted_at: int | None = None

    @property
    def now(self) -> EventReceiverGroup:
        """The newest revision."""
        return self.revisions[-1][1]


class StatisticsRow(NamedTuple):
    """Figures about a receiver's events; an event is mentioned by its key."""

    succeeded: int = 0
    failed: int = 0
    latest: AnchorKey | None = None
    latest_successful: AnchorKey | None = None


class ChangeRow(NamedTuple):
    """An entry of the feed; an event is kept by its id, so that a redaction reaches it."""

    kind: ChangeKind
    recorded_at: datetime
    actor: Identity
    subject: Ulid | Redaction | EventReceiver | EventReceiverGroup | Transition


@attrs.define
class SubscriptionRow:
    """A durable cursor, its fencing token, and what is parked by position."""

    owner: Identity
    cursor: FeedCursor
    token: int = 0
    held_until: datetime | None = None
    parked: dict[int, Parked] = attrs.field(factory=dict)
