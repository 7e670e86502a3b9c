"""What a store keeps: receivers, groups, events and the feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from xzepr.model import (
    Anchor,
    Count,
    Event,
    EventFilter,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    GroupFilter,
    NewEvent,
    Principal,
    ReceiverFilter,
    ReceiverStatistics,
    Transition,
    Ulid,
    Unit,
    Verdict,
)
from xzepr.stores.answers import FeedSlice, Outcome, Reevaluated, Slice


class ReceiverRepository(Protocol):
    """Receivers as a store keeps them."""

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Store a receiver.

        Args:
            receiver: Its ``revision`` is 1; its times are replaced by the store's own.
            principal: Who creates it.

        Returns:
            The receiver as stored; if its id is stored already with equal content, what is stored.

        Raises:
            AlreadyExists: Its name, type and version are taken, or its id is, by one that differs or was deleted.
        """

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver.

        Raises:
            NotFound: There is none with this id.
            Damaged: Its row cannot be decoded.
        """

    def find(self, name: str, type_: str, version: str) -> EventReceiver | None:
        """Return the receiver with this identity, if there is one."""

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Replace a receiver by its next state.

        Args:
            receiver: The new state; its ``revision`` is the one that is expected to be stored now.
            principal: Who changes it.

        Returns:
            The receiver as stored, its revision one higher.

        Raises:
            NotFound: There is none with this id.
            RevisionConflict: Another revision is stored.
            InUse: Events refer to it, and more than its description would change.
            AlreadyExists: Another one has the new name, type and version.
        """

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver to which nothing refers.

        Raises:
            NotFound: There is none with this id.
            RevisionConflict: Another revision is stored.
            InUse: Events or groups (also deleted ones, and earlier revisions) refer to it.
        """

    def list(
        self, where: ReceiverFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiver]:
        """Return up to ``limit`` receivers behind an anchor, ordered by (``created_at``, ``id``)."""

    def statistics(self, receiver_id: Ulid) -> ReceiverStatistics:
        """Return what was kept up about the receiver's events.

        Raises:
            NotFound: There is none with this id.
        """


class GroupRepository(Protocol):
    """Groups, their revisions, verdicts and transitions as a store keeps them."""

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Store the first revision of a group. It judges no unit.

        Args:
            group: Its ``revision`` is 1; its times are replaced by the store's own.
            principal: Who creates it.
            max_enabled_groups: In how many enabled groups one receiver may stand.

        Returns:
            The group as stored; if its id is stored already with equal content, its present revision.

        Raises:
            AlreadyExists: Its name, type and version are taken, or its id is, by one that differs or was deleted.
            NotFound: A receiver does not exist.
            TooLarge: A receiver would stand in too many enabled groups.
        """

    def get(self, group_id: Ulid) -> EventReceiverGroup:
        """Return the present revision of a group.

        Raises:
            NotFound: There is none with this id, or it was deleted.
            Damaged: Its row cannot be decoded.
        """

    def find(self, name: str, type_: str, version: str) -> EventReceiverGroup | None:
        """Return the present revision of the group with this identity, if there is one."""

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Add a revision. It judges no unit.

        Args:
            group: The new state; its ``revision`` is the one that is expected to be stored now.
            principal: Who changes it.
            max_enabled_groups: In how many enabled groups one receiver may stand.

        Returns:
            The group as stored, its revision one higher.

        Raises:
            NotFound: There is none with this id, or a receiver does not exist.
            RevisionConflict: Another revision is stored.
            AlreadyExists: Another one has the new name, type and version.
            TooLarge: A receiver would stand in too many enabled groups.
        """

    def delete(self, group_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a group; its revisions and transitions stay.

        Raises:
            NotFound: There is none with this id.
            RevisionConflict: Another revision is stored.
        """

    def list(
        self, where: GroupFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiverGroup]:
        """Return up to ``limit`` groups behind an anchor, ordered by (``created_at``, ``id``)."""

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return every revision of a group, oldest first, also of a deleted one.

        Raises:
            NotFound: There never was one with this id.
        """

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge a unit, now or as of a feed position.

        Raises:
            NotFound: There is, or was at that position, no such group.
            BadCursor: The position is beyond the head of the feed.
        """

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return up to ``limit`` transitions of a group for a unit with a number above ``after``, in order.

        Raises:
            NotFound: There never was such a group.
        """

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge the next units concerned and record the transitions that are due; they have no causing event.

        Concerned is every unit with an event of one of the group's receivers, or with a transition of the group.

        Args:
            group_id: The group.
            principal: Who asks for it.
            after: What the last chunk returned as ``next``; None to begin.
            limit: The most units to judge.

        Raises:
            NotFound: There is no such group.
        """


class EventRepository(Protocol):
    """Events as a store keeps them: no update, no delete."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Record events, one by one in their order, in one atomic step.

        Args:
            events: At most ``capabilities.max_append``, already checked against their receivers.
            principal: Who records them.

        Returns:
            One outcome per event, in their order; the transitions of one event in the order of their group ids.

        Raises:
            Unavailable: Nothing was stored.
            CommitUnknown: It may have been stored; appending the same events again resolves it.
            StorageFull: Nothing was stored.
        """

    def get(self, event_id: Ulid) -> Event:
        """Return an event.

        Raises:
            NotFound: There is none with this id.
            Damaged: Its row cannot be decoded.
        """

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return up to ``limit`` events behind an anchor, ordered by (``recorded_at``, ``id``).

        It looks at no more than :data:`~xzepr.model.MAX_EXAMINED_ROWS` rows and
        :data:`~xzepr.model.MAX_EXAMINED_BYTES` of payload, and may therefore return fewer, or none, and a next anchor.
        """

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count events, up to ``limit`` and looking at no more rows than ``list`` does."""

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Erase payload and salt of an event; redacting it again changes nothing.

        Raises:
            NotFound: There is none with this id.
        """


class FeedRepository(Protocol):
    """The feed as a store keeps it."""

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return up to ``limit`` changes behind a place, without gaps.

        A page ends when it has brought :data:`~xzepr.model.MAX_EXAMINED_BYTES` of payload; at the head it is empty.

        Args:
            after: A saved cursor, whose change must still stand at its position, or a bare position.
            limit: The most changes.
            payloads: Whether events come with their payloads.

        Raises:
            BadCursor: The place is beyond the head, or another change stands there.
        """

    def head(self) -> int:
        """Return the position of the newest change; 0 when there is none."""
