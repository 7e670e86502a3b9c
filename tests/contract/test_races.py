"""Eight threads on two thousand units, at full size and in real time."""

from __future__ import annotations

from functools import partial

import pytest

from tests.contract.harness import MemoryHarness
from xzepr.model import Recorded, Transition
from xzepr.testing.checking import check_history
from xzepr.testing.racing import race
from xzepr.testing.world import World, open_world, unit

UNITS = 2_000
THREADS = 8


@pytest.mark.slow
def test_last_two_receivers_of_two_thousand_units() -> None:
    """Eight threads racing on the last two receivers of 2,000 units give exactly one `completed` each."""
    with open_world(MemoryHarness) as world:
        first, build, scan = world.receivers(3)
        gate = world.group(first, build, scan)
        units = [unit(number) for number in range(UNITS)]
        world.append_many(units, first)

        def record(place: int) -> list[Recorded]:
            return [world.record(each, (build, scan)[place % 2]) for each in units]

        results = race([partial(record, place) for place in range(THREADS)])

        caused = [each for result in results for recorded in result for each in recorded.transitions]
        assert completed_once(world, caused, UNITS)
        assert all(len(world.transitions(gate, each)) == 1 for each in units)
        check_history(world.registry, every_position=False)


def completed_once(world: World, caused: list[Transition], count: int) -> bool:
    """Whether the transitions are one first completion per unit, and those that the feed tells."""
    told = [change.subject for change in world.changes() if isinstance(change.subject, Transition)]
    once = len({each.unit for each in caused}) == len(caused) == count
    return once and {each.number for each in caused} == {1} and set(told) == set(caused)
