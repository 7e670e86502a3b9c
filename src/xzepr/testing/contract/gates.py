"""Promise 4: a group's verdict depends on its receivers' latest events alone; its transitions alternate."""

from __future__ import annotations

import pytest

from xzepr.errors import NotFound
from xzepr.model import TransitionKind, Unit
from xzepr.testing.contract._base import FAILED, MISSING, PASSED, Contract, spoil
from xzepr.testing.world import OTHER, UNIT, World, new_event, new_id, unit


class GatesContract(Contract):
    """What verdicts say, and what events do to them."""

    def test_nothing_recorded(self, world: World) -> None:
        """A unit that nothing is known about is pending, every gate missing."""
        verdict = world.registry.groups.verdict(world.group(*world.receivers(2)), unit(77))

        assert not verdict.complete
        assert [gate.state for gate in verdict.gates] == [MISSING, MISSING]

    def test_complete_when_all_passed(self, world: World) -> None:
        """A group is complete when each of its receivers has a success, and not before."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        world.record(UNIT, build)
        assert not world.complete(gate)

        world.record(UNIT, scan)

        assert world.complete(gate)

    def test_gates_name_their_evidence(self, world: World) -> None:
        """Each gate names its receiver, its state, and the event that says so."""
        build, scan, sign = world.receivers(3)
        gate = world.group(build, scan, sign)
        passed = world.event(UNIT, build)
        world.clock.advance()
        failed = world.event(UNIT, scan, success=False)

        gates = world.registry.groups.verdict(gate, UNIT).gates

        assert [(each.receiver, each.state, each.event_id, each.recorded_at) for each in gates] == [
            (build.ref, PASSED, passed.id, passed.recorded_at),
            (scan.ref, FAILED, failed.id, failed.recorded_at),
            (sign.ref, MISSING, None, None),
        ]

    def test_gates_keep_the_order_of_the_group(self, world: World) -> None:
        """Gates stand in the order in which the group names its receivers, whatever their ids."""
        receivers = world.receivers(3)[::-1]

        gates = world.registry.groups.verdict(world.group(*receivers), UNIT).gates

        assert [each.receiver for each in gates] == [each.ref for each in receivers]

    def test_verdict_names_the_revision(self, world: World) -> None:
        """A verdict says which revision of the group judged."""
        gate = world.group(*world.receivers(2))
        changed = world.registry.groups.update(gate, expected_revision=1, description="new")

        assert world.registry.groups.verdict(gate, UNIT).group == changed.ref

    def test_latest_wins(self, world: World) -> None:
        """A gate is the receiver's latest event, not its best."""
        build = world.receiver()
        gate = world.group(build)

        states = []
        for success in (False, True, False):
            world.record(UNIT, build, success=success)
            states.append(world.complete(gate))

        assert states == [False, True, False]

    def test_latest_has_any_id(self, world: World) -> None:
        """What is recorded last decides, also if its id is an older one."""
        build = world.receiver()
        gate = world.group(build)
        older, newer = new_id(), new_id()
        world.append(new_event(UNIT, build, id=newer, success=False))

        world.append(new_event(UNIT, build, id=older))

        assert world.complete(gate)

    def test_failure_reopens_success_completes_again(self, world: World) -> None:
        """A failure reopens a complete group, a success completes it again, numbered and alternating."""
        build = world.receiver()
        gate = world.group(build)
        for success in (True, False, True):
            world.record(UNIT, build, success=success)

        assert [(each.number, each.kind) for each in world.transitions(gate)] == [
            (1, TransitionKind.COMPLETED),
            (2, TransitionKind.REOPENED),
            (3, TransitionKind.COMPLETED),
        ]

    def test_transition_names_its_cause(self, world: World) -> None:
        """A transition names the event that caused it, the group revision, the unit, and when."""
        build = world.receiver()
        gate = world.group(build)
        world.clock.advance()

        recorded = world.record(UNIT, build)

        [transition] = recorded.transitions
        assert (transition.event_id, transition.recorded_at) == (recorded.event.id, world.clock())
        assert (transition.group, transition.unit) == (gate.ref, UNIT)

    def test_transitions_are_kept(self, world: World) -> None:
        """The transitions of a unit are those that its events returned."""
        build = world.receiver()
        gate = world.group(build)

        caused = [each for success in (True, False) for each in world.record(UNIT, build, success=success).transitions]

        assert list(world.transitions(gate)) == caused

    def test_same_result_again_is_no_transition(self, world: World) -> None:
        """A success after a success, or a failure after a failure, is no transition."""
        build = world.receiver()
        world.group(build)

        counts = [len(world.record(UNIT, build, success=each).transitions) for each in (False, False, True, True)]

        assert counts == [0, 0, 1, 0]

    def test_failure_of_a_pending_group_is_no_transition(self, world: World) -> None:
        """A failure of one gate, while another is missing, changes no verdict."""
        build, scan = world.receivers(2)
        world.group(build, scan)

        assert world.record(UNIT, build, success=False).transitions == ()

    def test_second_failure_is_no_transition(self, world: World) -> None:
        """A second gate that fails does not reopen what is open already."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        for receiver, success in ((build, True), (scan, True), (build, False), (scan, False)):
            world.record(UNIT, receiver, success=success)

        assert [each.number for each in world.transitions(gate)] == [1, 2]

    def test_units_do_not_matter_to_each_other(self, world: World) -> None:
        """What is recorded about one unit says nothing about another."""
        build = world.receiver()
        gate = world.group(build)

        world.record(UNIT, build)

        assert not world.complete(gate, OTHER)
        assert list(world.transitions(gate, OTHER)) == []

    @pytest.mark.parametrize("field", ["name", "version", "release", "platform_id", "package"])
    def test_every_field_of_a_unit_counts(self, world: World, field: str) -> None:
        """A unit that differs in one field is another unit."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)

        assert not world.complete(gate, Unit(**{**UNIT.fields(), field: "another"}))

    def test_other_receivers_do_not_matter(self, world: World) -> None:
        """An event of a receiver outside the group changes nothing in it."""
        build, scan = world.receivers(2)
        gate = world.group(build)
        world.record(UNIT, build)

        assert world.record(UNIT, scan, success=False).transitions == ()
        assert world.complete(gate)

    def test_shared_receiver(self, world: World) -> None:
        """An event of a receiver that stands in several groups moves each of them."""
        build, scan = world.receivers(2)
        alone, both = world.group(build, name="alone"), world.group(build, scan, name="both")
        world.record(UNIT, scan)

        transitions = world.record(UNIT, build).transitions

        assert {each.group for each in transitions} == {alone.ref, both.ref}

    def test_shared_receiver_moves_only_what_it_completes(self, world: World) -> None:
        """A group that still misses a receiver stays pending when another one completes."""
        build, scan = world.receivers(2)
        alone, both = world.group(build, name="alone"), world.group(build, scan, name="both")

        world.record(UNIT, build)

        assert (world.complete(alone), world.complete(both)) == (True, False)

    def test_largest_group(self, world: World) -> None:
        """A group of a hundred receivers is complete with the hundredth success."""
        receivers = world.receivers(100)
        gate = world.group(*receivers)
        for receiver in receivers[1:]:
            world.record(UNIT, receiver)
        assert not world.complete(gate)

        world.record(UNIT, receivers[0])

        assert world.complete(gate)

    def test_transitions_behind_a_number(self, world: World) -> None:
        """Transitions can be read from a number on, up to a limit."""
        build = world.receiver()
        gate = world.group(build)
        for number in range(6):
            world.record(UNIT, build, success=number % 2 == 0)

        found = world.registry.groups.transitions(gate, UNIT, after=2, limit=3)

        assert [each.number for each in found] == [3, 4, 5]

    def test_answer_is_the_callers(self, world: World) -> None:
        """What a caller does to the transitions that it was given does not reach the store."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)

        spoil(world.store.groups.transitions(gate.id, UNIT, after=0, limit=10))

        assert [each.number for each in world.transitions(gate)] == [1]

    def test_verdict_of_nothing(self, world: World) -> None:
        """A group that does not exist gives no verdict."""
        with pytest.raises(NotFound):
            world.registry.groups.verdict(new_id(), UNIT)

    def test_verdict_of_a_deleted_group(self, world: World) -> None:
        """A deleted group gives no verdict any more."""
        gate = world.group(world.receiver())
        world.registry.groups.delete(gate, expected_revision=1)

        with pytest.raises(NotFound):
            world.registry.groups.verdict(gate, UNIT)

    def test_transitions_of_nothing(self, world: World) -> None:
        """A group that never was has no transitions."""
        with pytest.raises(NotFound):
            world.registry.groups.transitions(new_id(), UNIT)

    def test_deleted_group_is_judged_no_more(self, world: World) -> None:
        """An event of a receiver of a deleted group causes no transition."""
        build = world.receiver()
        world.registry.groups.delete(world.group(build), expected_revision=1)

        assert world.record(UNIT, build).transitions == ()
