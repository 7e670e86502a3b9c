"""Where things stand in a drawing."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.cli.picture.pictures import World, many, reopened
from xzepr.cli.picture import UnitPicture
from xzepr.cli.picture.layout import MAX_LANES, MAX_SLOTS, WIDTH, Layout, Standing, lay_out, pauses
from xzepr.cli.picture.moments import history_of


def laid_out(picture: UnitPicture) -> Layout:
    """The layout of a picture."""
    return lay_out(picture, history_of(picture))


def test_a_bar_begins_and_ends_where_the_transitions_are() -> None:
    """Pending until event 2, open until 4, reopened until 5, open to the end."""
    world, _ = reopened()
    layout = laid_out(world.picture())
    [lane] = layout.groups
    at = {moment.event.n: slot.x for slot in layout.slots for moment in slot.moments if moment.event}

    assert [(span.start, span.end, span.standing) for span in lane.spans] == [
        (0.0, at[2], Standing.PENDING),
        (at[2], at[4], Standing.OPEN),
        (at[4], at[5], Standing.REOPENED),
        (at[5], layout.width, Standing.OPEN),
    ]
    assert [move.x for move in lane.moves] == [at[2], at[4], at[5]]


def test_a_bar_goes_on_from_before() -> None:
    """Where older events are left out, the first stretch stands as the last transition before it says."""
    world, _ = reopened()
    [lane] = laid_out(world.picture(events=2)).groups

    assert [span.standing for span in lane.spans] == [Standing.OPEN, Standing.REOPENED, Standing.OPEN]


@pytest.mark.parametrize("count", [1, 2, 40, MAX_SLOTS, MAX_SLOTS + 1, 700])
def test_slots_are_in_order_and_inside(count: int) -> None:
    """They hold every event once, in the order of the unit, and are equally far apart."""
    layout = laid_out(many(count, groups=0).picture())
    places = [slot.x for slot in layout.slots]

    numbers = [moment.event.n for slot in layout.slots for moment in slot.moments if moment.event]
    assert numbers == list(range(1, count + 1))
    assert {round(after - before, 6) for before, after in pairwise(places)} <= {round(layout.step, 6)}
    assert 0 < places[0] <= places[-1] < layout.width <= WIDTH + 1
    assert len(places) <= MAX_SLOTS
    assert layout.each == -(-count // MAX_SLOTS)


def test_every_event_is_in_the_lane_of_its_receiver() -> None:
    """In one mark, which counts it as passed or failed."""
    picture = many(300, groups=0).picture()
    layout = laid_out(picture)
    marked = [(lane.receiver_id, event.id) for lane in layout.receivers for mark in lane.marks for event in mark.events]

    assert sorted(marked) == sorted((event.receiver_id, event.id) for event in picture.events)
    marks = [mark for lane in layout.receivers for mark in lane.marks]
    assert sum(mark.failed for mark in marks) == sum(not event.success for event in picture.events)
    assert sum(mark.passed + mark.failed for mark in marks) == 300


def test_lanes_are_in_the_order_in_which_receivers_spoke() -> None:
    """So a drawing runs from top left to bottom right."""
    world = World()
    first, second, third = world.receivers("z", "a", "m")
    for receiver in (first, second, first, third, first):
        world.record(receiver)

    assert [lane.receiver_id for lane in laid_out(world.picture()).receivers] == [first.id, second.id, third.id]


def test_what_fails_now_keeps_its_lane() -> None:
    """Of too many receivers, those that fail come first, then those with the newest events."""
    world = World()
    receivers = world.receivers(*(f"step-{number}" for number in range(MAX_LANES + 5)))
    for number, receiver in enumerate(receivers):
        world.record(receiver, success=number != 0)
    layout = laid_out(world.picture())
    lanes = [lane.receiver_id for lane in layout.receivers]

    assert lanes == [receivers[0].id, *(one.id for one in receivers[6:])]
    assert layout.hidden == 5


def test_long_pauses_are_named() -> None:
    """An hour or more, between the slots around it; what cannot be read has no time."""
    world = World()
    build = world.receiver("build")
    events = [world.record(build, after=after) for after in (60, 3_599, 3_600, 86_400, 60)]
    layout = laid_out(world.picture())

    found = list(pauses(layout.slots))
    assert [pause for _, pause in found] == [timedelta(hours=1), timedelta(days=1)]
    assert layout.slots[1].x < found[0][0] < layout.slots[2].x < found[1][0] < layout.slots[3].x

    world.forge(events[2])
    assert list(pauses(laid_out(world.picture()).slots)) == []


def test_several_transitions_in_one_slot() -> None:
    """They are one move; the last of them counts."""
    world = World()
    build = world.receiver("build")
    world.group("release", build)
    for number in range(2 * MAX_SLOTS):
        world.record(build, success=number % 2 == 0)
    layout = laid_out(world.picture())
    [lane] = layout.groups

    assert layout.each == 2
    assert [len(move.transitions) for move in lane.moves] == [2] * MAX_SLOTS
    assert {span.standing for span in lane.spans[1:]} == {Standing.REOPENED}
