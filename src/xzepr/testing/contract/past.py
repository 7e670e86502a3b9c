"""Promise 3: the order of a unit's events decides, and ``as_of`` agrees with it at every position."""

from __future__ import annotations

import pytest

from xzepr.errors import BadCursor, NotFound
from xzepr.testing.checking import check_history
from xzepr.testing.contract._base import PASSED, Contract
from xzepr.testing.world import UNIT, World, new_event, new_id, unit


class PastContract(Contract):
    """What verdicts were."""

    def test_verdict_as_of_each_position(self, world: World) -> None:
        """A verdict can be asked for as it was after each entry of the feed."""
        build = world.receiver()
        gate = world.group(build)
        for success in (True, False):
            world.record(UNIT, build, success=success)

        told = [world.registry.groups.verdict(gate, UNIT, as_of=position).complete for position in range(2, 7)]

        assert told == [False, True, True, False, False]

    def test_past_verdict_names_its_position(self, world: World) -> None:
        """A verdict about the past says for which position it answers; one about now does not."""
        gate = world.group(world.receiver())

        assert world.registry.groups.verdict(gate, UNIT, as_of=2).as_of == 2
        assert world.registry.groups.verdict(gate, UNIT).as_of is None

    def test_past_gate_names_its_evidence(self, world: World) -> None:
        """A gate of the past names the event that was the latest then."""
        build = world.receiver()
        gate = world.group(build)
        first = world.event(UNIT, build)
        world.record(UNIT, build, success=False)

        [then] = world.registry.groups.verdict(gate, UNIT, as_of=3).gates

        assert (then.state, then.event_id) == (PASSED, first.id)

    def test_past_revision_judges(self, world: World) -> None:
        """The past is judged by the revision that held there."""
        build, scan = world.receivers(2)
        first = world.group(build)
        world.record(UNIT, build)
        position = world.registry.feed.head()
        world.registry.groups.update(first, expected_revision=1, receivers=[scan])

        then = world.registry.groups.verdict(first, UNIT, as_of=position)

        assert (then.group, then.complete) == (first.ref, True)

    def test_before_the_group(self, world: World) -> None:
        """Before the group was created there was no verdict."""
        build = world.receiver()
        gate = world.group(build)

        with pytest.raises(NotFound):
            world.registry.groups.verdict(gate, UNIT, as_of=1)

    def test_at_the_beginning(self, world: World) -> None:
        """At position 0 there was nothing."""
        gate = world.group(world.receiver())

        with pytest.raises(NotFound):
            world.registry.groups.verdict(gate, UNIT, as_of=0)

    def test_before_and_after_a_deletion(self, world: World) -> None:
        """A deleted group still answers for the time before its deletion, and not for the time after."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)
        before = world.registry.feed.head()
        world.registry.groups.delete(gate, expected_revision=1)

        assert world.registry.groups.verdict(gate, UNIT, as_of=before).complete
        with pytest.raises(NotFound):
            world.registry.groups.verdict(gate, UNIT, as_of=before + 1)

    def test_beyond_the_head(self, world: World) -> None:
        """The future cannot be judged."""
        gate = world.group(world.receiver())

        with pytest.raises(BadCursor):
            world.registry.groups.verdict(gate, UNIT, as_of=world.registry.feed.head() + 1)

    def test_at_the_head(self, world: World) -> None:
        """At the head the past is the present."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)

        then = world.registry.groups.verdict(gate, UNIT, as_of=world.registry.feed.head())

        assert then.gates == world.registry.groups.verdict(gate, UNIT).gates

    def test_never_a_group(self, world: World) -> None:
        """A group that never was has no past."""
        with pytest.raises(NotFound):
            world.registry.groups.verdict(new_id(), UNIT, as_of=0)

    def test_feed_explains_single_records(self, world: World) -> None:
        """A replay of the feed agrees with every verdict at every position, events recorded one by one."""
        one, two, three = world.receivers(3)
        for number, members in enumerate(((one, two), (two, three), (three,))):
            world.group(*members, name=f"group-{number}")
        for number in range(24):
            world.record(unit(number % 2), (one, two, three)[number % 3], success=number % 7 != 3)

        check_history(world.registry)

    def test_feed_explains_batches(self, world: World) -> None:
        """A replay of the feed agrees with every verdict at every position, events recorded in batches."""
        one, two, three = world.receivers(3)
        for number, members in enumerate(((one, two), (two, three), (three,))):
            world.group(*members, name=f"group-{number}")
        for start in range(0, 24, 6):
            world.append(
                *(
                    new_event(unit(number % 2), (one, two, three)[number % 3], success=number % 7 != 3)
                    for number in range(start, start + 6)
                )
            )

        check_history(world.registry)

    def test_feed_explains_changes_of_groups(self, world: World) -> None:
        """A replay of the feed agrees with every verdict while groups are changed, re-evaluated and deleted."""
        one, two = world.receivers(2)
        gate, other = world.group(one), world.group(one, two, name="other")
        world.record(UNIT, one)
        world.registry.groups.update(gate, expected_revision=1, receivers=[one, two])
        world.registry.groups.reevaluate(gate)
        world.record(UNIT, two)
        world.registry.groups.update(other, expected_revision=1, enabled=False)
        world.record(UNIT, two, success=False)
        world.registry.groups.delete(gate, expected_revision=2)
        world.record(UNIT, two)

        check_history(world.registry)
