"""What one can do: the use cases, over any store.

:class:`Registry` is the door; its parts are ``receivers``, ``groups``, ``events`` and ``feed``. A use case checks what
the caller hands over (:mod:`~xzepr.registry.drafts`), asks the store, and turns outcomes into results or errors
(:mod:`~xzepr.registry.recording`).
"""

from xzepr.registry.bulk import BulkReport, Refusal
from xzepr.registry.drafts import EventDraft
from xzepr.registry.events import Events
from xzepr.registry.feed import Feed, FeedPage
from xzepr.registry.groups import Groups, Reevaluation
from xzepr.registry.limits import Limits
from xzepr.registry.receivers import Receivers
from xzepr.registry.registry import Registry
from xzepr.registry.subscriptions import Handler, RetryPolicy, Subscription

__all__ = [
    "BulkReport",
    "EventDraft",
    "Events",
    "Feed",
    "FeedPage",
    "Groups",
    "Handler",
    "Limits",
    "Receivers",
    "Reevaluation",
    "Refusal",
    "Registry",
    "RetryPolicy",
    "Subscription",
]
