"""Subscriptions: durable cursors over the feed, held by one process at a time."""

from __future__ import annotations

from datetime import datetime

import attrs

from xzepr.model.changes import Change, FeedCursor
from xzepr.model.principals import Identity


@attrs.frozen(kw_only=True)
class SubscriptionState:
    """A durable cursor.

    Args:
        name: Its name, unique per owner.
        owner: Who created it.
        cursor: The last change that was handled or parked.
        parked: How many changes are parked.
        held_until: Until when a process holds it; None when none does.
    """

    name: str
    owner: Identity
    cursor: FeedCursor
    parked: int = 0
    held_until: datetime | None = None


@attrs.frozen(kw_only=True)
class Lease:
    """The right to advance a subscription, for a while.

    Args:
        name: The subscription.
        owner: Its owner.
        token: The fencing token: it rises with every lease, and only the highest one counts.
        cursor: Where the subscription stood when the lease was taken.
        expires_at: When somebody else may take over.
    """

    name: str
    owner: Identity
    token: int
    cursor: FeedCursor
    expires_at: datetime


@attrs.frozen(kw_only=True)
class Parked:
    """A change that its handler could not handle: kept, listable, replayable.

    Args:
        cursor: The change.
        attempts: How often it was tried.
        error: The class of the last exception; never its message, which may hold a payload.
        parked_at: When it was parked.
    """

    cursor: FeedCursor
    attempts: int
    error: str
    parked_at: datetime


@attrs.frozen(kw_only=True)
class Delivery:
    """One change handed to a handler.

    Args:
        change: The change.
        attempt: 1, 2, 3 … Delivery is at least once: the same change may come again, with the same id.
        lease: The lease under which it is delivered.
    """

    change: Change
    attempt: int
    lease: Lease
