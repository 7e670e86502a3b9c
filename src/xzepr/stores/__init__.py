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

from xzepr.stores.answers import (
    Conflicting,
    Denied,
    FeedSlice,
    Outcome,
    ReceiverChanged,
    ReceiverMissing,
    Reevaluated,
    Slice,
)
from xzepr.stores.capabilities import CONTRACT_VERSION, Capabilities, Feature
from xzepr.stores.powers import (
    Joining,
    SubscriptionRepository,
    SubscriptionStore,
    Waiting,
    joining,
    subscribing,
    waiting,
)
from xzepr.stores.repositories import EventRepository, FeedRepository, GroupRepository, ReceiverRepository
from xzepr.stores.store import Store

__all__ = [
    "CONTRACT_VERSION",
    "Capabilities",
    "Conflicting",
    "Denied",
    "EventRepository",
    "Feature",
    "FeedRepository",
    "FeedSlice",
    "GroupRepository",
    "Joining",
    "Outcome",
    "ReceiverChanged",
    "ReceiverMissing",
    "ReceiverRepository",
    "Reevaluated",
    "Slice",
    "Store",
    "SubscriptionRepository",
    "SubscriptionStore",
    "Waiting",
    "joining",
    "subscribing",
    "waiting",
]
