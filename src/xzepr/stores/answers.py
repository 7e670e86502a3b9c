"""What a store answers: one outcome per event, and slices of its lists."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from xzepr.errors import Damaged
from xzepr.model import Anchor, Change, EventReceiver, FeedCursor, Recorded, Transition, Ulid

T = TypeVar("T")


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


Outcome = Recorded | Conflicting | ReceiverMissing | ReceiverChanged | Denied | Damaged
"""The answer for one event of an ``append``; ``Damaged`` where the stored event or receiver cannot be read."""


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
        cursor: The place behind them; where the reader stood, if there are none.
        head: The position of the newest change there is.
    """

    changes: tuple[Change, ...]
    cursor: FeedCursor
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
