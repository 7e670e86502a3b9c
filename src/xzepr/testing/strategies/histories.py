"""Strategies for histories: groups with shared receivers, and what is recorded about a few units."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st


@attrs.frozen(kw_only=True)
class Step:
    """One event: the numbers of its unit and receiver, and how it went."""

    unit: int
    receiver: int
    success: bool


@attrs.frozen(kw_only=True)
class GroupPlan:
    """One group: the numbers of its receivers, and whether it is enabled."""

    receivers: tuple[int, ...]
    enabled: bool


@attrs.frozen(kw_only=True)
class History:
    """What is defined, and what is then recorded.

    Args:
        receivers: How many receivers there are.
        groups: The groups; they share receivers.
        batches: The events, in batches; one after the other they are the order of every unit.
    """

    receivers: int
    groups: tuple[GroupPlan, ...]
    batches: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The events, one after the other."""
        return tuple(step for batch in self.batches for step in batch)


@st.composite
def histories(draw: st.DrawFn, *, max_receivers: int = 5, max_groups: int = 5, max_units: int = 3) -> History:
    """Make histories.

    Args:
        draw: Given by Hypothesis.
        max_receivers: The most receivers.
        max_groups: The most groups.
        max_units: The most units.
    """
    receivers = draw(st.integers(1, max_receivers))
    number = st.integers(0, receivers - 1)
    groups = st.builds(
        GroupPlan,
        receivers=st.lists(number, min_size=1, max_size=receivers, unique=True).map(tuple),
        enabled=st.sampled_from([True, True, True, False]),
    )
    # Two of three succeed, or few groups would ever be complete.
    steps = st.builds(
        Step, unit=st.integers(0, max_units - 1), receiver=number, success=st.sampled_from([True, True, False])
    )
    return History(
        receivers=receivers,
        groups=tuple(draw(st.lists(groups, min_size=1, max_size=max_groups))),
        batches=tuple(draw(st.lists(st.lists(steps, min_size=1, max_size=8).map(tuple), max_size=6))),
    )
