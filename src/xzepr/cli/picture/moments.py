"""The history of a unit in one order: its events, with the transitions that each caused, and what happened in between.

The order is the unit's own, that of `n`. A transition without an event that is shown (a re-evaluation found it due, or
the event is damaged) stands where its time puts it, but never on the wrong side of its neighbours of the same group.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final

import attrs

from xzepr import Event, Transition
from xzepr.cli.picture.unit_picture import GroupPicture, UnitPicture
from xzepr.model import Ulid

REEVALUATED: Final = "re-evaluation"
DAMAGED_EVENT: Final = "a damaged event"
OTHER_EVENT: Final = "an event that is not shown"


@attrs.frozen(kw_only=True)
class Moment:
    """Something that happened to the unit.

    Args:
        event: The event; None where there is none to show.
        missing: The numbers of events that should stand here and cannot be read.
        cause: In words, what else caused the transitions.
        transitions: What changed with it.
    """

    event: Event | None = None
    missing: range | None = None
    cause: str = ""
    transitions: tuple[Transition, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When it was recorded; None for what cannot be read."""
        if self.event is not None:
            return self.event.recorded_at
        return self.transitions[0].recorded_at if self.transitions else None


@attrs.frozen(kw_only=True)
class History:
    """What happened to a unit, in order, as far as it is shown.

    Args:
        moments: What happened.
        before: The last transition of each group before all that, by group.
    """

    moments: tuple[Moment, ...]
    before: Mapping[Ulid, Transition]


def history_of(picture: UnitPicture) -> History:
    """Put the events and transitions of a picture into one order."""
    sorter = _Sorter(picture)
    for group in picture.groups:
        sorter.add(group)
    return History(moments=tuple(sorter.moments()), before=sorter.before)


class _Sorter:
    def __init__(self, picture: UnitPicture) -> None:
        self._picture = picture
        self._events = picture.events
        self._place_of = {event.id: place for place, event in enumerate(self._events)}
        self._times = list(accumulate((event.recorded_at for event in self._events), max))
        self._caused: defaultdict[Ulid, list[Transition]] = defaultdict(list)
        self._between: defaultdict[int, list[Transition]] = defaultdict(list)
        self._broken = {error.key for error in picture.damaged}
        self.before: dict[Ulid, Transition] = {}

    def add(self, group: GroupPicture) -> None:
        """Give each transition of a group its event, or a place between events."""
        low = 0
        for index, transition in enumerate(group.transitions):
            if transition.event_id in self._place_of:
                self._caused[transition.event_id].append(transition)
                low = self._place_of[transition.event_id] + 1
            else:
                place = max(low, min(self._high(group.transitions[index:]), self._by_time(transition)))
                if place == 0 and self._picture.begins_at > 1:
                    self.before[group.group.id] = transition
                else:
                    low = place
                    self._between[place].append(transition)

    def _high(self, onward: Sequence[Transition]) -> int:
        """Return how many events may stand before the first of some transitions: those before the next one's event."""
        places = (self._place_of[one.event_id] for one in onward if one.event_id in self._place_of)
        return next(places, len(self._events))

    def _by_time(self, transition: Transition) -> int:
        return bisect_right(self._times, transition.recorded_at)

    def moments(self) -> Iterator[Moment]:
        """Yield what happened, in order."""
        expected = self._picture.begins_at
        for place, event in enumerate(self._events):
            yield from self._before(place, range(expected, event.n))
            yield Moment(event=event, transitions=tuple(self._caused[event.id]))
            expected = event.n + 1
        yield from self._before(len(self._events), range(expected, self._picture.recorded + 1))

    def _before(self, place: int, missing: range) -> Iterator[Moment]:
        """Yield what stands before an event: what damaged events caused stands where these are missing."""
        between = sorted(self._between[place], key=lambda one: (one.recorded_at, one.group.name, one.number))
        lost = tuple(one for one in between if missing and one.event_id in self._broken)
        for transition in between:
            if transition not in lost:
                yield Moment(cause=self._cause(transition), transitions=(transition,))
        if missing:
            yield Moment(missing=missing, transitions=lost)

    def _cause(self, transition: Transition) -> str:
        if transition.event_id is None:
            return REEVALUATED
        return DAMAGED_EVENT if transition.event_id in self._broken else OTHER_EVENT
