"""What a store implements: small synchronous protocols, and the capabilities that say which of them it has.

The registry calls a store from any thread. It hands over only values that were checked, and expects these promises
(numbered as in the design, and tested one by one by ``xzepr.testing``):

1.  ``append`` judges events one by one in their order; the accepted ones, their transitions and feed entries are one
    atomic step.
2.  It is idempotent by event id and by owner and idempotency key; so is creating a receiver or group by its id.
3.  Appends to one unit are totally ordered: ``n`` = 1, 2, 3 … decides latest, feed order and ``as_of``.
4.  A group's verdict depends on that group's receivers alone; its transitions alternate, each exactly once.
5.  After a re-evaluation has returned, the live verdict equals the last transition for every unit.
6.  Every committed change has exactly one position; positions are dense and never change.
7.  What ``append`` returned is durable; what it could not confirm raises ``CommitUnknown``.
8.  Reads see only whole appends.
9.  Values come back as they were given; a row that cannot be decoded is an error for that row alone.

A store raises only errors of :mod:`xzepr.errors`: ``NotFound``, ``Conflict`` and its kinds, ``Unavailable``,
``CommitUnknown``, ``StorageFull``, ``Damaged``, ``Unsupported``, ``Closed``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

import attrs

from xzepr.errors import Damaged
from xzepr.model import (
    Anchor,
    Change,
    Count,
    Event,
    EventFilter,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    GroupFilter,
    Lease,
    NewEvent,
    Parked,
    Principal,
    ReceiverFilter,
    ReceiverStatistics,
    Recorded,
    SubscriptionState,
    Transition,
    Ulid,
    Unit,
    Verdict,
)

T = TypeVar("T")

CONTRACT_VERSION = 1
"""The version of this contract; a backend names the one it was written for."""


@attrs.frozen(kw_only=True)
class Capabilities:
    """What a store can do beyond the core, and its limits.

    Args:
        durable: Whether what it holds outlives the process.
        subscriptions: Whether it is a :class:`SubscriptionStore`.
        waiting: Whether it can wait for news (:class:`Waiting`).
        joining: Whether it can record inside a caller's transaction (:class:`Joining`).
        max_append: The most events in one ``append``.
        max_payload_bytes: The largest payload, in bytes of canonical text.
    """

    durable: bool = True
    subscriptions: bool = False
    waiting: bool = False
    joining: bool = False
    max_append: int = 1_000
    max_payload_bytes: int = 2 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Conflicting:
    """Refused: the id or the idempotency key is stored with other content."""

    event_id: Ulid
    differs: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ReceiverMissing:
    """Refused: there is no such receiver."""

    receiver_id: Ulid


@attrs.frozen(kw_only=True)
class ReceiverChanged:
    """Refused: the receiver is not the one that the event was checked against; check it against this one."""

    receiver: EventReceiver


@attrs.frozen(kw_only=True)
class Denied:
    """Refused: the principal may not record to this receiver."""

    permission: str


Outcome = Recorded | Conflicting | ReceiverMissing | ReceiverChanged | Denied
"""The answer for one event of an ``append``."""


@attrs.frozen(kw_only=True)
class Slice(Generic[T]):
    """The rows that a store found for one page.

    Args:
        items: The rows that match, in order.
        damaged: The rows that cannot be decoded.
        next: The last row looked at; None when there is nothing behind it.
    """

    items: tuple[T, ...]
    damaged: tuple[Damaged, ...] = ()
    next: Anchor | None = None


@attrs.frozen(kw_only=True)
class FeedSlice:
    """A run of the feed.

    Args:
        changes: The changes, by position.
        head: The position of the newest change there is.
    """

    changes: tuple[Change, ...]
    head: int


@attrs.frozen(kw_only=True)
class Reevaluated:
    """One chunk of a re-evaluation.

    Args:
        revision: The revision of the group that judged.
        units: How many units were judged.
        transitions: The transitions that were due, as recorded.
        next: From where to go on, in the store's own terms; None at the end.
    """

    revision: int
    units: int
    transitions: tuple[Transition, ...]
    next: str | None


class ReceiverRepository(Protocol):
    """Receivers as a store keeps them."""

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Store a receiver.

        Args:
            receiver: Its ``revision`` is 1; its times are replaced by the store's own.
            principal: Who creates it.

        Returns:
            The receiver as stored; the stored one if the same id was created before with equal content.

        Raises:
            AlreadyExists: Another one has its name, type and version, or its id.
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
            The group as stored; the stored one if the same id was created before with equal content.

        Raises:
            AlreadyExists: Another one has its name, type and version, or its id.
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
            One outcome per event, in their order.

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

        Args:
            after: A saved cursor, whose change must still stand at its position, or a bare position.
            limit: The most changes.
            payloads: Whether events come with their payloads.

        Raises:
            BadCursor: The place is beyond the head, or another change stands there.
        """

    def head(self) -> int:
        """Return the position of the newest change; 0 when there is none."""


class Store(Protocol):
    """A place where a registry keeps what it knows.

    Use one from any number of threads.
    """

    @property
    def scheme(self) -> str:
        """The scheme under which it is opened by URL."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @property
    def receivers(self) -> ReceiverRepository:
        """Its receivers."""

    @property
    def groups(self) -> GroupRepository:
        """Its groups."""

    @property
    def events(self) -> EventRepository:
        """Its events."""

    @property
    def feed(self) -> FeedRepository:
        """Its feed."""

    def check(self) -> None:
        """Show that the store can be reached and is set up.

        Raises:
            Unavailable: It cannot be reached now.
            ConfigurationError: It is not set up; the message names the command that does it.
            Closed: It is closed.
        """

    def close(self) -> None:
        """Let go of what the store itself opened; closing it again does nothing."""


@runtime_checkable
class SubscriptionStore(Protocol):
    """The power to keep durable cursors. Capability: ``subscriptions``.

    Every change of a subscription is guarded by the fencing token of its lease: of two processes, only the one with
    the newest lease advances it.
    """

    @property
    def subscriptions(self) -> SubscriptionRepository:
        """Its subscriptions."""


class SubscriptionRepository(Protocol):
    """Subscriptions as a store keeps them."""

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> SubscriptionState:
        """Return the principal's subscription of this name; create it at ``start`` if there is none."""

    def get(self, name: str, principal: Principal) -> SubscriptionState:
        """Return a subscription.

        Raises:
            NotFound: The principal has none of this name.
        """

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if no other is still running.

        Raises:
            NotFound: The principal has none of this name.
        """

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """Extend a lease.

        Raises:
            LeaseLost: Somebody else has taken it since.
        """

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note that everything up to a change was handled.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
        """

    def park(self, lease: Lease, parked: Parked) -> None:
        """Keep a change for later and advance past it, in one step.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
        """

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return up to ``limit`` parked changes with a position above ``after``, in order.

        Raises:
            NotFound: The principal has none of this name.
        """

    def unpark(self, lease: Lease, position: int) -> None:
        """Forget a parked change, because it was handled.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that somebody else need not wait for its end. A lost lease is no error."""

    def delete(self, name: str, principal: Principal) -> None:
        """Delete a subscription and what is parked.

        Raises:
            NotFound: The principal has none of this name.
        """


@runtime_checkable
class Waiting(Protocol):
    """The power to wait for news instead of asking again and again. Capability: ``waiting``."""

    def wait(self, after: int, timeout: float) -> bool:
        """Wait until the feed has grown beyond a position.

        Args:
            after: The position.
            timeout: Seconds to wait at most.

        Returns:
            Whether it has; False also when the store was closed meanwhile.
        """


@runtime_checkable
class Joining(Protocol):
    """The power to work inside a transaction of the caller. Capability: ``joining``."""

    def join(self, connection: object) -> Store:
        """Return a store that does everything on this connection, never commits and never closes it.

        Raises:
            ConfigurationError: The connection is of a kind that the store does not know, or is in autocommit mode.
        """


class Feature(StrEnum):
    """The names by which :class:`~xzepr.errors.Unsupported` tells what is missing."""

    SUBSCRIPTIONS = "subscriptions"
    JOINING = "joining"
