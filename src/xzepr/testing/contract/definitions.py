"""What changing a group's definition does, and does not do, to verdicts; and promise 5, re-evaluation."""

from __future__ import annotations

import pytest

from xzepr.errors import NotFound
from xzepr.model import SYSTEM, ChangeKind, TransitionKind
from xzepr.testing.checking import check_history, stale_units
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import ALICE, UNIT, World, new_id, unit


class DefinitionsContract(Contract):
    """A definition judges nothing by itself; re-evaluation records what is due."""

    def test_new_group_is_live(self, world: World) -> None:
        """A new group's verdict counts the events that are there already."""
        build = world.receiver()
        world.record(UNIT, build)

        assert world.complete(world.group(build))

    def test_new_group_judges_nothing(self, world: World) -> None:
        """Creating a group records no transition."""
        build = world.receiver()
        world.record(UNIT, build)

        assert list(world.transitions(world.group(build))) == []

    def test_changed_group_judges_nothing(self, world: World) -> None:
        """Changing a group changes verdicts at once, and records no transition."""
        build, scan = world.receivers(2)
        gate = world.group(build)
        world.record(UNIT, build)

        world.registry.groups.update(gate, expected_revision=1, receivers=[build, scan])

        assert not world.complete(gate)
        assert [each.number for each in world.transitions(gate)] == [1]

    def test_disabled_is_pending(self, world: World) -> None:
        """A disabled group is pending for every unit, whatever its gates say."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)

        world.registry.groups.update(gate, expected_revision=1, enabled=False)

        verdict = world.registry.groups.verdict(gate, UNIT)
        assert (verdict.complete, verdict.enabled, verdict.blocking) == (False, False, ())

    def test_disabled_group_is_not_judged(self, world: World) -> None:
        """An event causes no transition of a disabled group."""
        build = world.receiver()
        gate = world.group(build, enabled=False)

        assert world.record(UNIT, build).transitions == ()
        assert list(world.transitions(gate)) == []

    def test_event_after_disabling_judges_nothing(self, world: World) -> None:
        """A group that was complete is judged by no event once it is disabled, although a transition is due."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)
        world.registry.groups.update(gate, expected_revision=1, enabled=False)

        assert world.record(UNIT, build, success=False).transitions == ()

    def test_event_of_a_removed_receiver_judges_nothing(self, world: World) -> None:
        """An event of a receiver that a group no longer holds does not judge it, although a transition is due."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        world.record(UNIT, build)
        world.registry.groups.update(gate, expected_revision=1, receivers=[build])

        assert world.record(UNIT, scan).transitions == ()
        assert list(world.transitions(gate)) == []

    def test_event_that_moves_nothing_judges_nothing(self, world: World) -> None:
        """An event that leaves its gate as it was judges no group, even if a transition is due since a change."""
        build = world.receiver()
        world.record(UNIT, build)
        world.group(build)

        assert world.record(UNIT, build).transitions == ()

    def test_event_that_moves_its_gate_judges_by_the_present_revision(self, world: World) -> None:
        """An event that moves its gate is judged by the group as it is now."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        changed = world.registry.groups.update(gate, expected_revision=1, receivers=[build])

        [transition] = world.record(UNIT, build).transitions

        assert transition.group == changed.ref

    def test_reevaluation_records_what_is_due(self, world: World) -> None:
        """Re-evaluating a new group records that it is complete, without a causing event."""
        build = world.receiver()
        world.record(UNIT, build)
        gate = world.group(build)

        world.registry.groups.reevaluate(gate)

        [transition] = world.transitions(gate)
        assert (transition.kind, transition.number, transition.event_id) == (TransitionKind.COMPLETED, 1, None)

    def test_reevaluation_reopens_what_was_disabled(self, world: World) -> None:
        """Re-evaluating a disabled group reopens what was complete."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)
        world.registry.groups.update(gate, expected_revision=1, enabled=False)

        world.registry.groups.reevaluate(gate)

        assert [each.kind for each in world.transitions(gate)] == [TransitionKind.COMPLETED, TransitionKind.REOPENED]

    def test_reevaluation_reaches_units_of_removed_receivers(self, world: World) -> None:
        """A unit that has only events of receivers that were removed is judged as well: it has a transition."""
        build, scan = world.receivers(2)
        gate = world.group(build)
        world.record(UNIT, build)
        world.registry.groups.update(gate, expected_revision=1, receivers=[scan])

        world.registry.groups.reevaluate(gate)

        assert [each.kind for each in world.transitions(gate)] == [TransitionKind.COMPLETED, TransitionKind.REOPENED]

    def test_reevaluation_again_finds_nothing(self, world: World) -> None:
        """A second re-evaluation records nothing."""
        build = world.receiver()
        world.record(UNIT, build)
        gate = world.group(build)
        world.registry.groups.reevaluate(gate)

        assert world.registry.groups.reevaluate(gate).transitions == 0

    def test_reevaluation_counts(self, world: World) -> None:
        """A re-evaluation says how many units it judged, and what it recorded."""
        build, scan = world.receivers(2)
        for number in range(3):
            world.record(unit(number), build, success=number != 0)
        world.record(unit(9), scan)

        done = world.registry.groups.reevaluate(world.group(build))

        assert (done.revision, done.units, done.transitions) == (1, 3, 2)

    def test_no_verdict_is_stale_after_reevaluation(self, world: World) -> None:
        """Once a re-evaluation has returned, the live verdict equals the last transition for every unit."""
        build, scan = world.receivers(2)
        gate = world.group(build)
        units = [unit(number) for number in range(12)]
        for number, each in enumerate(units):
            world.record(each, build if number % 3 else scan, success=number % 2 == 0)
        world.registry.groups.update(gate, expected_revision=1, receivers=[scan])

        world.registry.groups.reevaluate(gate)

        assert stale_units(world.registry, gate, units) == []

    def test_small_chunks_reach_every_unit(self, world: World) -> None:
        """A re-evaluation in chunks of one unit records the same as one in a single chunk."""
        build = world.receiver()
        units = [unit(number) for number in range(5)]
        for each in units:
            world.record(each, build)
        gate = world.group(build)
        steps = [world.store.groups.reevaluate(gate.id, SYSTEM, after=None, limit=1)]
        while steps[-1].next is not None:
            assert len({step.next for step in steps}) == len(steps)
            steps.append(world.store.groups.reevaluate(gate.id, SYSTEM, after=steps[-1].next, limit=1))

        assert max(step.units for step in steps) == 1
        recorded = [each.unit for step in steps for each in step.transitions]
        assert sorted(recorded, key=str) == sorted(units, key=str)

    def test_chunk_says_which_revision_judged(self, world: World) -> None:
        """Every chunk names the revision that judged, so that a caller notices a change in between."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)
        first = world.store.groups.reevaluate(gate.id, SYSTEM, after=None, limit=1)
        world.registry.groups.update(gate, expected_revision=1, enabled=False)

        second = world.store.groups.reevaluate(gate.id, SYSTEM, after=None, limit=1)

        assert (first.revision, second.revision) == (1, 2)

    def test_registry_begins_again_when_the_group_changes(self, world: World) -> None:
        """A re-evaluation during which the group is changed begins again, and leaves nothing stale."""
        build = world.receiver()
        units = [unit(number) for number in range(600)]
        world.append_many(units, build)
        gate = world.group(build)
        steps: list[int] = []

        def disable_once(_: object) -> None:
            if not steps:
                world.registry.groups.update(gate, expected_revision=1, enabled=False)
            steps.append(1)
            assert len(steps) < len(units)

        done = world.registry.groups.reevaluate(gate, progress=disable_once)

        assert (done.revision, len(steps) > 1) == (2, True)
        assert stale_units(world.registry, gate, units) == []

    def test_reevaluation_is_told(self, world: World) -> None:
        """The feed tells of each transition, and who asked for the re-evaluation."""
        build = world.receiver()
        world.record(UNIT, build)
        gate = world.group(build)
        head = world.registry.feed.head()

        world.store.groups.reevaluate(gate.id, ALICE, after=None, limit=10)

        assert [(change.kind, change.actor) for change in world.changes(after=head)] == [
            (ChangeKind.GROUP_COMPLETED, ALICE.identity)
        ]

    def test_numbers_go_on_after_reevaluation(self, world: World) -> None:
        """Transitions by events and by re-evaluation share one numbering, and the feed explains them."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)
        for revision, enabled in ((1, False), (2, True)):
            world.registry.groups.update(gate, expected_revision=revision, enabled=enabled)
            world.registry.groups.reevaluate(gate)
        world.record(UNIT, build, success=False)

        assert [each.number for each in world.transitions(gate)] == [1, 2, 3, 4]
        check_history(world.registry)

    def test_reevaluating_nothing(self, world: World) -> None:
        """A group that does not exist cannot be re-evaluated."""
        with pytest.raises(NotFound):
            world.registry.groups.reevaluate(new_id())

    def test_reevaluating_a_deleted_group(self, world: World) -> None:
        """A deleted group cannot be re-evaluated."""
        gate = world.group(world.receiver())
        world.registry.groups.delete(gate, expected_revision=1)

        with pytest.raises(NotFound):
            world.registry.groups.reevaluate(gate)
