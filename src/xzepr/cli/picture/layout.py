"""Gives what happened to a unit its place in a drawing: pure numbers, no markup.

Left to right is the order of the unit, not the clock: events come in bursts with days between them, and the order is
what decides. Times stand above, and a pause of an hour or more is named. Moments share a slot when there are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, TypeVar

import attrs

from xzepr import Event, Transition, TransitionKind
from xzepr.cli.picture.moments import History, Moment
from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.model import Ulid

T = TypeVar("T")

MAX_SLOTS: Final = 116
"""More do not fit beside each other on a screen."""

MAX_LANES: Final = 40
"""The most receivers that get a lane: those that fail now, then those with the newest events."""

WIDTH: Final = 890
"""How wide a drawing is."""

PAUSE: Final = timedelta(hours=1)
"""The shortest time without events that is named."""


class Standing(StrEnum):
    """How a gate stands over a stretch of the history."""

    PENDING = "pending"
    OPEN = "open"
    REOPENED = "reopened"


STANDING_AFTER: Final = {TransitionKind.COMPLETED: Standing.OPEN, TransitionKind.REOPENED: Standing.REOPENED}


@attrs.frozen(kw_only=True)
class Slot:
    """A place from left to right.

    Args:
        x: The middle of it.
        moments: What happened there; one moment, unless there are too many.
    """

    x: float
    moments: tuple[Moment, ...]

    @property
    def at(self) -> datetime | None:
        """When the first of them was recorded, as far as that can be read."""
        return next((moment.at for moment in self.moments if moment.at is not None), None)

    @property
    def until(self) -> datetime | None:
        """When the last of them was recorded, as far as that can be read."""
        return next((moment.at for moment in reversed(self.moments) if moment.at is not None), None)


@attrs.frozen(kw_only=True)
class Span:
    """A stretch over which a gate stands in one way."""

    start: float
    end: float
    standing: Standing


@attrs.frozen(kw_only=True)
class Move:
    """The transitions of one group in one slot; the last one counts."""

    x: float
    slot: Slot
    transitions: tuple[Transition, ...]

    @property
    def kind(self) -> TransitionKind:
        """How the verdict changed in the end."""
        return self.transitions[-1].kind


@attrs.frozen(kw_only=True)
class GroupLane:
    """What is drawn for a group."""

    group: GroupPicture
    spans: tuple[Span, ...]
    moves: tuple[Move, ...]


@attrs.frozen(kw_only=True)
class Mark:
    """The events of one receiver in one slot."""

    x: float
    events: tuple[Event, ...]

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(event.success for event in self.events)

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return len(self.events) - self.passed


@attrs.frozen(kw_only=True)
class ReceiverLane:
    """What is drawn for a receiver."""

    receiver_id: Ulid
    marks: tuple[Mark, ...]


@attrs.frozen(kw_only=True)
class Layout:
    """A drawing in numbers.

    Args:
        width: How wide it is.
        step: How far slots are apart.
        each: How many moments share a slot.
        slots: The places, from left to right.
        groups: The lanes of the groups.
        receivers: The lanes of the receivers.
        hidden: How many receivers got no lane.
    """

    width: float
    step: float
    each: int
    slots: tuple[Slot, ...]
    groups: tuple[GroupLane, ...]
    receivers: tuple[ReceiverLane, ...]
    hidden: int


def lay_out(picture: UnitPicture, history: History) -> Layout:
    """Give everything its place.

    Args:
        picture: What there is.
        history: The same in one order.
    """
    each = max(1, -(-len(history.moments) // MAX_SLOTS))
    count = -(-len(history.moments) // each)
    step = WIDTH / max(count, 1)
    slots = tuple(_slots(history.moments, each, step))
    receivers = _by_weight(history.moments)
    return Layout(
        width=float(WIDTH),
        step=step,
        each=each,
        slots=slots,
        groups=tuple(_group_lane(group, history.before, slots, float(WIDTH)) for group in picture.groups),
        receivers=tuple(_receiver_lane(one, slots) for one in _in_order(receivers[:MAX_LANES], history.moments)),
        hidden=max(0, len(receivers) - MAX_LANES),
    )


def pauses(slots: Iterable[Slot]) -> Iterator[tuple[float, timedelta]]:
    """Yield the long times without events: where they are, and how long they took."""
    for before, after in pairwise(slots):
        if before.until is not None and after.at is not None and after.at - before.until >= PAUSE:
            yield (before.x + after.x) / 2, after.at - before.until


def _slots(moments: Sequence[Moment], each: int, step: float) -> Iterator[Slot]:
    for place, first in enumerate(range(0, len(moments), each)):
        yield Slot(x=(place + 0.5) * step, moments=tuple(moments[first : first + each]))


def _group_lane(
    group: GroupPicture, before: Mapping[Ulid, Transition], slots: Sequence[Slot], width: float
) -> GroupLane:
    moves = tuple(_moves(group.group.id, slots))
    earlier = before.get(group.group.id)
    first = Standing.PENDING if earlier is None else STANDING_AFTER[earlier.kind]
    edges = [(0.0, first), *((move.x, STANDING_AFTER[move.kind]) for move in moves)]
    spans = tuple(Span(start=start, end=end, standing=how) for start, end, how in stretched(edges, width))
    return GroupLane(group=group, spans=spans, moves=moves)


def stretched(edges: Sequence[tuple[float, T]], width: float) -> Iterator[tuple[float, float, T]]:
    """Yield from where to where something stands in one way; what goes on in the same way is one stretch.

    Args:
        edges: Where it may have changed, and how it stands from there on.
        width: Where it ends.

    Example:
        >>> list(stretched([(0, "open"), (2, "open"), (3, "reopened")], 9))
        [(0, 3, 'open'), (3, 9, 'reopened')]
    """
    changes = [next(same) for _, same in groupby(edges, key=itemgetter(1))]
    ends = [*(x for x, _ in changes[1:]), width]
    for (start, how), end in zip(changes, ends, strict=True):
        yield start, end, how


def _moves(group_id: Ulid, slots: Iterable[Slot]) -> Iterator[Move]:
    for slot in slots:
        found = tuple(one for moment in slot.moments for one in moment.transitions if one.group.id == group_id)
        if found:
            yield Move(x=slot.x, slot=slot, transitions=found)


def _receiver_lane(receiver_id: Ulid, slots: Iterable[Slot]) -> ReceiverLane:
    return ReceiverLane(receiver_id=receiver_id, marks=tuple(_marks(receiver_id, slots)))


def _marks(receiver_id: Ulid, slots: Iterable[Slot]) -> Iterator[Mark]:
    for slot in slots:
        own = tuple(event for event in _events(slot.moments) if event.receiver_id == receiver_id)
        if own:
            yield Mark(x=slot.x, events=own)


def _events(moments: Iterable[Moment]) -> Iterator[Event]:
    return (moment.event for moment in moments if moment.event is not None)


def _by_weight(moments: Iterable[Moment]) -> list[Ulid]:
    """Return the receivers with events: those that fail now, then the others, each with the newest event first."""
    newest: dict[Ulid, tuple[bool, int]] = {}
    for place, event in enumerate(_events(moments)):
        newest[event.receiver_id] = (event.success, -place)
    return sorted(newest, key=newest.__getitem__)


def _in_order(receivers: Iterable[Ulid], moments: Iterable[Moment]) -> list[Ulid]:
    """Return receivers in the order in which they first spoke, so that a drawing runs from top left to bottom right."""
    wanted = set(receivers)
    spoke = (event.receiver_id for event in _events(moments))
    return [one for one in dict.fromkeys(spoke) if one in wanted]
