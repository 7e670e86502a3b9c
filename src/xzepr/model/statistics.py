"""Figures about a receiver's events, kept up as they are recorded."""

from __future__ import annotations

from datetime import datetime

import attrs

from xzepr.model.ulids import Ulid


@attrs.frozen(kw_only=True)
class Mention:
    """An event as statistics mention it."""

    event_id: Ulid
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class ReceiverStatistics:
    """What was kept up about a receiver's events.

    Args:
        receiver_id: The receiver.
        succeeded: How many succeeded.
        failed: How many failed.
        latest: The newest one in the order of the feed; None when there is none.
        latest_successful: The newest one that succeeded; None when there is none.

    Example:
        >>> ReceiverStatistics(receiver_id=Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"), succeeded=3, failed=1).rate
        0.75
    """

    receiver_id: Ulid
    succeeded: int = 0
    failed: int = 0
    latest: Mention | None = None
    latest_successful: Mention | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        return self.succeeded + self.failed

    @property
    def rate(self) -> float | None:
        """The share of those that succeeded, from 0 to 1; None when there are none."""
        return self.succeeded / self.total if self.total else None
