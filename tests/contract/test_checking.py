"""The replay of the feed: it accepts what is right, and names what is wrong."""

from __future__ import annotations

import pytest

from tests.contract.broken.judging import ForgetfulHarness
from tests.contract.harness import MemoryHarness
from xzepr.testing.checking import check_history, stale_units
from xzepr.testing.harness import StoreHarness
from xzepr.testing.world import UNIT, World, open_world
from xzepr_memory import MemoryStore


def open_and_close(world: World) -> None:
    """Complete a group, reopen it, and complete it again."""
    build = world.receiver()
    world.group(build)
    for success in (True, False, True):
        world.record(UNIT, build, success=success)


def test_right_history_passes() -> None:
    """The feed of a right store explains everything."""
    with open_world(MemoryHarness) as world:
        open_and_close(world)

        check_history(world.registry)


def test_skipped_transition_is_caught() -> None:
    """A store that skips a transition is caught."""
    with open_world(ForgetfulHarness) as world:
        open_and_close(world)

        with pytest.raises(AssertionError, match="transitions of"):
            check_history(world.registry)


@pytest.mark.parametrize(
    ("position", "message"),
    [
        (3, "transition that was not due"),
        (4, "before transitions that are due|not due"),
        (5, "n = 3 where 2 belongs|not due"),
        (8, "ends before transitions that are due"),
    ],
)
def test_lost_change_is_caught(position: int, message: str) -> None:
    """A feed that lost any one entry does not explain the rest."""
    with open_world(MemoryHarness) as world:
        open_and_close(world)
        drop_change(world, position)

        with pytest.raises(AssertionError, match=message):
            check_history(world.registry)


def test_stale_verdict_is_named() -> None:
    """A unit whose last transition is not what the verdict says now is named, until the group is re-evaluated."""
    with open_world(MemoryHarness) as world:
        build = world.receiver()
        world.record(UNIT, build)
        gate = world.group(build)
        before = stale_units(world.registry, gate, [UNIT])

        world.registry.groups.reevaluate(gate)

        assert (before, stale_units(world.registry, gate, [UNIT])) == ([UNIT], [])


def drop_change(world: World, position: int) -> None:
    """Take an entry out of the feed, behind the store's back."""
    assert isinstance(world.store, MemoryStore)
    del world.store._tables.log[position - 1]  # noqa: SLF001 - the back door


def test_worlds_are_apart() -> None:
    """A second world knows nothing of the first."""
    harness: type[StoreHarness] = MemoryHarness
    with open_world(harness) as world:
        world.receiver()

    with open_world(harness) as world:
        assert world.registry.feed.head() == 0
