"""What is read about a unit, what it costs, and where it ends."""

from __future__ import annotations

import pytest

from tests.cli.picture.pictures import UNIT, World, many, reopened
from xzepr import Unit

OTHER = Unit(name="api", version="1", release="1", platform_id="linux-amd64", package="oci")


def test_events_are_in_the_order_of_the_unit_without_payloads() -> None:
    """A clock that steps back changes nothing."""
    world = World()
    build = world.receiver("build")
    for after in (60, -3_600, 30, -30):
        world.record(build, after=after)
    picture = world.picture()

    assert [event.n for event in picture.events] == [1, 2, 3, 4]
    assert [event.payload_text for event in picture.events] == [None] * 4


@pytest.mark.parametrize(
    ("most", "numbers", "left_out"), [(5, [1, 2, 3, 4, 5], ()), (2, [4, 5], ("3 of 5 events, the oldest",))]
)
def test_the_newest_events_are_kept(most: int, numbers: list[int], left_out: tuple[str, ...]) -> None:
    """What is left out is said."""
    world, _ = reopened()
    picture = world.picture(events=most)

    assert [event.n for event in picture.events] == numbers
    assert (picture.left_out, picture.begins_at, picture.recorded) == (left_out, numbers[0], 5)


def test_more_events_than_a_page_has() -> None:
    """The pages are walked."""
    picture = many(1_203).picture(events=1_100)

    assert [event.n for event in picture.events] == list(range(104, 1_204))
    assert picture.begins_at == 104


def test_an_unknown_unit() -> None:
    """Nothing is there, and nothing goes wrong."""
    world, _ = reopened()
    picture = world.picture(OTHER)

    assert picture.unknown
    assert (picture.events, picture.groups, picture.recorded) == ((), (), 0)


def test_c082_a_damaged_event_stands_beside_the_others() -> None:
    """It is named, it counts, and the others are there."""
    world, events = reopened()
    world.forge(events[3])
    picture = world.picture()

    assert [event.n for event in picture.events] == [1, 2, 3, 5]
    assert [error.key for error in picture.damaged] == [events[3].id]
    assert picture.recorded == 5


def test_c082_nothing_but_a_damaged_event() -> None:
    """The unit is known all the same."""
    world = World()
    world.forge(world.record(world.receiver("build")))
    picture = world.picture()

    assert not picture.unknown
    assert (picture.events, picture.recorded, len(picture.damaged)) == ((), 1, 1)


def test_c084_an_event_that_was_altered_is_marked() -> None:
    """Its fields can be read; its digest says that they are others."""
    world, events = reopened()
    world.alter(events[3])
    picture = world.picture()

    assert picture.altered == {events[3].id}
    assert [event.n for event in picture.events] == [1, 2, 3, 4, 5]


def test_namesakes_are_told_apart() -> None:
    """Two versions of a receiver have the same name: type and version are added; a name of its own stays short."""
    world = World()
    first, second, scan = world.receiver("build"), world.receiver("build", version="2"), world.receiver("scan")
    for receiver in (first, second, scan):
        world.record(receiver)
    picture = world.picture()

    assert [picture.label(one.id) for one in (first, second, scan)] == ["build/ci.step/1", "build/ci.step/2", "scan"]
    assert picture.label(UNKNOWN) == UNKNOWN


UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_the_same_unit_only() -> None:
    """Events of a unit that differs in one field do not count."""
    world, _ = reopened()
    for field in UNIT.fields():
        assert world.picture(Unit(**{**UNIT.fields(), field: "other"})).unknown
