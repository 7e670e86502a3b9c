"""Figures about receivers."""

from __future__ import annotations

import pytest

from tests.model.values import IDS
from xzepr.model import ReceiverStatistics


@pytest.mark.parametrize(("succeeded", "failed", "rate"), [(0, 0, None), (3, 1, 0.75), (0, 2, 0.0), (2, 0, 1.0)])
def test_total_and_rate_follow_from_the_counts(succeeded: int, failed: int, rate: float | None) -> None:
    """The rate is a share from 0 to 1, and None where there is nothing to share."""
    figures = ReceiverStatistics(receiver_id=IDS[1], succeeded=succeeded, failed=failed)
    assert (figures.total, figures.rate) == (succeeded + failed, rate)
