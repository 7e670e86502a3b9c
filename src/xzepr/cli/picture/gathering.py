"""Reads all there is about a unit, within bounds, into one value.

It costs one call for each 1,000 events or 16 MiB of payloads, which are read to be checked and dropped at once; one for
the receivers, one for each receiver with events, and two for each group that concerns the unit. A group that was
changed may hold none of those receivers any more and still have a history: so each of the newest 1,000 other groups is
asked for its first transition.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

import attrs

from xzepr import (
    Event,
    EventFilter,
    EventReceiverGroup,
    GroupFilter,
    ReceiverFilter,
    Registry,
    Transition,
    TransitionKind,
    Unit,
    Verdict,
)
from xzepr.cli.naming import pages
from xzepr.errors import Damaged, NotFound
from xzepr.model import MAX_LIMIT, ReceiverRef, Ulid

DEFAULT_EVENTS: Final = 1_000
"""How many events are read, unless somebody asks for more or fewer: the newest ones."""

MAX_EVENTS: Final = 10_000
"""The most events that can be asked for."""

MAX_GROUPS: Final = 50
"""The most groups that are shown."""

MAX_SWEPT: Final = MAX_LIMIT
"""How many groups without a receiver that has events are asked whether they have a history."""

MAX_TRANSITIONS: Final = 20 * MAX_LIMIT
"""How many transitions of a group are read to find the newest ones."""


@attrs.frozen(kw_only=True)
class GroupPicture:
    """A group, and what it says and said about the unit.

    Args:
        group: The group.
        verdict: What it says now; None if that cannot be read.
        transitions: How that came about, by number; the newest ones.
    """

    group: EventReceiverGroup
    verdict: Verdict | None
    transitions: tuple[Transition, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the gate is open now."""
        return self.verdict is not None and self.verdict.complete

    @property
    def due(self) -> bool:
        """Whether the last transition does not say what the verdict says: the group was changed since."""
        last = self.transitions[-1].kind if self.transitions else TransitionKind.REOPENED
        return self.verdict is not None and self.verdict.complete != (last is TransitionKind.COMPLETED)


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
        groups: The groups that concern the unit, by name.
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

    def label(self, of: Ulid) -> str:
        """Return what a receiver or a group is called; its id, if it cannot be read."""
        return self.labels.get(of, of)


def _labelled(namings: Mapping[Ulid, tuple[str, str, str]]) -> dict[Ulid, str]:
    names = Counter(name for name, _, _ in namings.values())
    return {one: naming[0] if names[naming[0]] == 1 else "/".join(naming) for one, naming in namings.items()}


def gather(registry: Registry, unit: Unit, *, read_at: datetime, events: int = DEFAULT_EVENTS) -> UnitPicture:
    """Read what there is about a unit. The calls are not one snapshot: what is recorded meanwhile may be in parts.

    Args:
        registry: Where.
        unit: The unit.
        read_at: The time now.
        events: The most events.
    """
    return _Gathering(registry, unit).picture(read_at, events)


class _Gathering:
    """Collects what is damaged and what is left out beside what is read."""

    def __init__(self, registry: Registry, unit: Unit) -> None:
        self._registry = registry
        self._unit = unit
        self._damaged: dict[tuple[str, str], Damaged] = {}
        self._altered: set[Ulid] = set()
        self._left_out: list[str] = []

    def picture(self, read_at: datetime, most: int) -> UnitPicture:
        events, cut = self._events(most)
        with_events = list(dict.fromkeys(event.receiver_id for event in events))
        groups = self._groups(with_events)
        newest = max((event.n for event in events), default=0)
        begins_at = events[0].n if cut and events else 1
        recorded = newest if begins_at > 1 else max(newest, len(events) + self._damaged_events())
        if begins_at > 1:
            self._left_out.insert(0, f"{begins_at - 1:,} of {recorded:,} events, the oldest")
        return UnitPicture(
            unit=self._unit,
            read_at=read_at,
            events=tuple(events),
            recorded=recorded,
            begins_at=begins_at,
            receivers=self._receivers(with_events, groups),
            groups=tuple(groups),
            damaged=tuple(self._damaged.values()),
            altered=frozenset(self._altered),
            left_out=tuple(self._left_out),
        )

    def _events(self, most: int) -> tuple[list[Event], bool]:
        """Return the newest events in the order of the unit, and whether there are more."""
        where = EventFilter.of(self._unit)
        read: list[Event] = []
        cursor: str | None = None
        while wanted := most - len(read) - self._damaged_events():
            page = self._registry.events.list(where, limit=min(wanted, MAX_LIMIT), cursor=cursor)
            self._altered.update(event.id for event in page if not event.verify())
            read += (event.without_payload() for event in page)
            self._note(page.damaged)
            cursor = page.next
            if cursor is None:
                break
        return sorted(read, key=_number), cursor is not None

    def _receivers(self, with_events: Iterable[Ulid], groups: Iterable[GroupPicture]) -> dict[Ulid, ReceiverRef]:
        """Return the receivers: those of verdicts are known already."""
        known = {
            gate.receiver.id: gate.receiver
            for each in groups
            if each.verdict is not None
            for gate in each.verdict.gates
        }
        missing = iter([one for one in with_events if one not in known])
        while wanted := tuple(islice(missing, MAX_LIMIT)):
            page = self._registry.receivers.list(ReceiverFilter(ids=wanted), limit=MAX_LIMIT)
            self._note(page.damaged)
            known |= {receiver.id: receiver.ref for receiver in page}
        return known

    def _groups(self, with_events: Iterable[Ulid]) -> list[GroupPicture]:
        concerned = {group.id: group for receiver_id in with_events for group in self._groups_of(receiver_id)}
        concerned |= {group.id: group for group in self._others(concerned)}
        chosen = sorted(concerned.values(), key=lambda group: (not group.enabled, group.naming))
        if len(chosen) > MAX_GROUPS:
            self._left_out.append(f"{len(chosen) - MAX_GROUPS:,} of {len(chosen):,} groups")
        drawn = [self._group(group) for group in chosen[:MAX_GROUPS]]
        return sorted((one for one in drawn if one is not None), key=lambda one: one.group.naming)

    def _groups_of(self, receiver_id: Ulid) -> Iterator[EventReceiverGroup]:
        where = GroupFilter(receiver_id=receiver_id)
        for page in pages(lambda cursor: self._registry.groups.list(where, limit=MAX_LIMIT, cursor=cursor)):
            self._note(page.damaged)
            yield from page

    def _others(self, concerned: dict[Ulid, EventReceiverGroup]) -> Iterator[EventReceiverGroup]:
        """Yield the groups that have a history with the unit and none of its receivers."""
        page = self._registry.groups.list(limit=MAX_SWEPT)
        self._note(page.damaged)
        if page.next is not None:
            self._left_out.append(f"groups older than the newest {MAX_SWEPT:,} that hold none of the unit's receivers")
        for group in page:
            if group.id not in concerned and self._has_history(group):
                yield group

    def _has_history(self, group: EventReceiverGroup) -> bool:
        try:
            return bool(self._registry.groups.transitions(group, self._unit, limit=1))
        except (Damaged, NotFound) as error:
            return self._noted(error)

    def _group(self, group: EventReceiverGroup) -> GroupPicture | None:
        """Read what a group says; None if it was deleted meanwhile."""
        try:
            verdict = self._registry.groups.verdict(group, self._unit)
        except NotFound:
            return None
        except Damaged as error:
            self._note([error])
            verdict = None
        return GroupPicture(group=group, verdict=verdict, transitions=self._transitions(group))

    def _transitions(self, group: EventReceiverGroup) -> tuple[Transition, ...]:
        """Return the newest transitions of a group: they can only be read from the oldest on."""
        newest: deque[Transition] = deque(maxlen=MAX_EVENTS)
        try:
            for after in range(0, MAX_TRANSITIONS, MAX_LIMIT):
                some = self._registry.groups.transitions(group, self._unit, after=after, limit=MAX_LIMIT)
                newest += some
                if len(some) < MAX_LIMIT:
                    return tuple(newest)
        except (Damaged, NotFound) as error:
            self._noted(error)
        else:
            self._left_out.append(f"transitions of {group.name} behind number {MAX_TRANSITIONS:,}")
        return tuple(newest)

    def _damaged_events(self) -> int:
        return sum(kind == "event" for kind, _ in self._damaged)

    def _noted(self, error: Damaged | NotFound) -> bool:
        """Remember what is damaged; what is gone is not to be shown. Returns False: nothing was found."""
        if isinstance(error, Damaged):
            self._note([error])
        return False

    def _note(self, damaged: Iterable[Damaged]) -> None:
        for error in damaged:
            self._damaged[error.kind, error.key] = error


def _number(event: Event) -> int:
    return event.n
