"""What a store can do beyond the core, and its limits."""

from __future__ import annotations

from enum import StrEnum

import attrs

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


class Feature(StrEnum):
    """The names by which :class:`~xzepr.errors.Unsupported` tells what is missing."""

    SUBSCRIPTIONS = "subscriptions"
    JOINING = "joining"
