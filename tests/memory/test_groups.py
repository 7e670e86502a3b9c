"""Groups in memory."""

# ruff: noqa: FBT003 - outcomes in their order
from __future__ import annotations

import pytest

import xzepr_memory.groups
from tests.memory.worlds import make_world, tables_of
from tests.model.values import make_unit
from xzepr import GateState
from xzepr.errors import NotFound
from xzepr.model import SYSTEM


def test_units_that_do_not_concern_a_group_are_not_judged() -> None:
    """A re-evaluation passes over units that have neither an event of the group's receivers nor a transition."""
    world = make_world()
    world.record(True, name="web")
    world.record(True, name="api", receiver=world.scan)
    late = world.registry.groups.create(name="late", type="t", version="1", receivers=[world.scan])
    assert world.registry.groups.reevaluate(late).units == 1


def test_a_unit_with_a_transition_concerns_a_group_that_lost_its_receivers() -> None:
    """What was complete by receivers that are gone is judged by those that are there."""
    world = make_world()
    spare = world.registry.receivers.create(name="spare", type="t", version="1", schema=True)
    group = world.registry.groups.create(name="late", type="t", version="1", receivers=[world.build])
    world.record(True)
    group = world.registry.groups.update(group, expected_revision=1, receivers=[spare])
    done = world.registry.groups.reevaluate(group)
    assert (done.units, done.transitions) == (1, 1)


def test_one_step_of_a_reevaluation_examines_a_bounded_number_of_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step may judge nothing and still lead on."""
    monkeypatch.setattr(xzepr_memory.groups, "MAX_EXAMINED_ROWS", 2)
    world = make_world()
    for place in range(5):
        world.record(True, name=f"u{place}")
    late = world.registry.groups.create(name="late", type="t", version="1", receivers=[world.scan])
    first = world.store.groups.reevaluate(late.id, SYSTEM, after=None, limit=9)
    assert (first.units, first.next) == (0, "2")
    assert world.registry.groups.reevaluate(late).units == 0


def test_a_group_is_judged_as_of_a_position_by_what_held_there() -> None:
    """Before it was created and after it was deleted there is no group; in between there is, with its gates."""
    world = make_world()
    world.record(True)
    world.registry.groups.delete(world.group, expected_revision=1)
    for position in (0, 2, 5):
        with pytest.raises(NotFound):
            world.registry.groups.verdict(world.group, make_unit(), as_of=position)
    states = [
        [gate.state for gate in world.registry.groups.verdict(world.group, make_unit(), as_of=position).gates]
        for position in (3, 4)
    ]
    assert states == [[GateState.MISSING, GateState.MISSING], [GateState.PASSED, GateState.MISSING]]


def test_units_whose_keys_collide_are_two_units() -> None:
    """The key finds a unit, its five fields decide."""
    world = make_world()
    other = make_unit(name="other")
    object.__setattr__(other, "key", make_unit().key)
    world.record(True)
    recorded = world.registry.events.record(other, world.scan, success=True, payload={})
    assert recorded.event.n == 1
    assert len(tables_of(world.store).units[other.key]) == 2
    assert not world.registry.groups.verdict(world.group, other).complete
    assert not recorded.transitions
