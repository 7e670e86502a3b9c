"""Reads the groups that concern a unit: which they are, what each says, and how that came about.

All of them are judged before some are left out, so that what blocks the unit is never among those.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from xzepr import EventReceiverGroup, GroupFilter, Registry, Transition, Unit
from xzepr.cli.picture.notes import Notes
from xzepr.cli.picture.unit_picture import GroupPicture, Tally
from xzepr.cli.walking import pages
from xzepr.errors import Damaged, NotFound
from xzepr.model import MAX_LIMIT, Ulid

MAX_GROUPS: Final = 50
"""The most groups that are shown."""

MAX_JUDGED: Final = MAX_LIMIT
"""The most groups that are asked for a verdict."""

MAX_SWEPT: Final = MAX_LIMIT
"""How many groups without a receiver that has events are asked whether they have a history."""

MAX_TRANSITIONS: Final = 20 * MAX_LIMIT
"""How many transitions of a group are read to find the newest ones."""

KEPT_TRANSITIONS: Final = 10 * MAX_LIMIT
"""How many of them are kept."""


@attrs.frozen
class GroupReader:
    """Reads the groups of one unit.

    Args:
        registry: Where.
        unit: The unit.
        notes: Takes what is damaged and what is left out.
    """

    registry: Registry
    unit: Unit
    notes: Notes

    def read(self, with_events: Iterable[Ulid]) -> tuple[list[GroupPicture], Tally]:
        """Return the groups to show, the most urgent first, and how many there are in all.

        Args:
            with_events: The receivers that have events.
        """
        chosen = sorted(self._concerned(with_events), key=lambda group: (not group.enabled, group.naming))
        unjudged = [GroupPicture(group=group, verdict=None) for group in chosen[MAX_JUDGED:]]
        judged = sorted(self._judged(chosen[:MAX_JUDGED]), key=_rank)
        shown = sorted(self._with_history(judged[:MAX_GROUPS]), key=_rank)
        others = [*judged[MAX_GROUPS:], *unjudged]
        tally = Tally.of([*shown, *others])
        if others:
            self.notes.omit(f"{len(others):,} of {tally.groups:,} groups: {_kinds(others)}")
        return shown, tally

    def _concerned(self, with_events: Iterable[Ulid]) -> Iterable[EventReceiverGroup]:
        concerned = {group.id: group for receiver_id in with_events for group in self._groups_of(receiver_id)}
        concerned |= {group.id: group for group in self._others(concerned)}
        return concerned.values()

    def _groups_of(self, receiver_id: Ulid) -> Iterator[EventReceiverGroup]:
        where = GroupFilter(receiver_id=receiver_id)
        for page in pages(lambda cursor: self.registry.groups.list(where, limit=MAX_LIMIT, cursor=cursor)):
            self.notes.damage(page.damaged)
            yield from page

    def _others(self, concerned: dict[Ulid, EventReceiverGroup]) -> Iterator[EventReceiverGroup]:
        """Yield the groups that have a history with the unit and none of its receivers."""
        page = self.registry.groups.list(limit=MAX_SWEPT)
        self.notes.damage(page.damaged)
        if page.next is not None:
            self.notes.omit(f"groups older than the newest {MAX_SWEPT:,} that hold none of the unit's receivers")
        for group in page:
            if group.id not in concerned and self._has_history(group):
                yield group

    def _has_history(self, group: EventReceiverGroup) -> bool:
        try:
            return bool(self.registry.groups.transitions(group, self.unit, limit=1))
        except (Damaged, NotFound) as error:
            self.notes.failure(error)
            return False

    def _judged(self, groups: Iterable[EventReceiverGroup]) -> Iterator[GroupPicture]:
        """Yield what groups say; those that were deleted meanwhile are left out."""
        for group in groups:
            try:
                yield GroupPicture(group=group, verdict=self.registry.groups.verdict(group, self.unit))
            except Damaged as error:
                self.notes.damage([error])
                yield GroupPicture(group=group, verdict=None)
            except NotFound:
                continue

    def _with_history(self, judged: Iterable[GroupPicture]) -> Iterator[GroupPicture]:
        """Yield groups with their transitions; what differs is read once more: an event may have come between."""
        for one in judged:
            told = self._told(one)
            yield from map(self._told, self._judged([one.group])) if told.due else [told]

    def _told(self, judged: GroupPicture) -> GroupPicture:
        """Add the newest transitions: they can only be read from the oldest on."""
        newest: deque[Transition] = deque(maxlen=KEPT_TRANSITIONS)
        to_end = False
        try:
            to_end = self._read_transitions(judged.group, newest)
        except (Damaged, NotFound) as error:
            self.notes.failure(error)
        return attrs.evolve(judged, transitions=tuple(newest), read_to_end=to_end)

    def _read_transitions(self, group: EventReceiverGroup, into: deque[Transition]) -> bool:
        """Read transitions, and return whether these were all."""
        for after in range(0, MAX_TRANSITIONS, MAX_LIMIT):
            some = self.registry.groups.transitions(group, self.unit, after=after, limit=MAX_LIMIT)
            into += some
            if len(some) < MAX_LIMIT:
                return True
        self.notes.omit(f"transitions of {group.name} behind number {MAX_TRANSITIONS:,}")
        return False


def _kinds(groups: Iterable[GroupPicture]) -> str:
    """Return what the verdicts of groups are: `10 complete, 2 disabled`."""
    counts = Counter(map(_kind, groups))
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


def _kind(one: GroupPicture) -> str:
    if not one.enabled:
        return "disabled"
    if one.verdict is None:
        return "not judged"
    return "complete" if one.complete else "pending"


def _rank(one: GroupPicture) -> tuple[int, tuple[str, ...]]:
    return one.urgency, one.group.naming
