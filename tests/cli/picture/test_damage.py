"""What in the store is not as it should be cannot be overlooked."""

from __future__ import annotations

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import classed, first, read, words
from xzepr.cli.picture.damage import MAX_LISTED
from xzepr.cli.picture.event_table import MAX_ROWS


def test_c084_an_altered_event_is_named_though_it_has_no_row() -> None:
    """At the top in red, and in a list with its number and its id."""
    world = World()
    build = world.receiver("build")
    world.group("release", build)
    events = [world.record(build) for _ in range(MAX_ROWS + 60)]
    world.alter(events[4])
    page = read(world.picture())
    notice = first(page, "alarm")

    assert words(notice) == "1 event of this page is NOT what was recorded. Which ones"
    assert notice[0].get("href") == "#damage"
    assert [words(one) for one in classed(page, "altered") if one.tag == "ul"] == [
        f"event 5 ({events[4].id}) is NOT what was recorded: its digest is another one"
    ]


def test_c084_an_altered_event_with_a_row_is_linked() -> None:
    """The list leads to it."""
    world, events = reopened()
    world.alter(events[1])
    [line] = [one for one in classed(read(world.picture()), "altered") if one.tag == "ul"]

    assert [link.get("href") for link in line.iter("a")] == ["#event-2"]


def test_c082_damaged_rows_are_told_at_the_top() -> None:
    """Beside the altered ones."""
    world, events = reopened()
    world.alter(events[0])
    world.alter(events[1])
    world.forge(events[3])

    assert words(first(read(world.picture()), "alarm")) == (
        "2 events of this page are NOT what was recorded. 1 stored row cannot be read. Which ones"
    )


def test_without_damage_there_is_no_notice() -> None:
    """A redaction is none."""
    world, events = reopened()
    world.registry.events.redact(events[0].id, "secret")
    page = read(world.picture())

    assert classed(page, "alarm") == []
    assert [one for one in page.iter("section") if one.get("id") == "damage"] == []


def test_c082_very_many_are_counted() -> None:
    """The list stays short."""
    world = World()
    build = world.receiver("build")
    for event in [world.record(build) for _ in range(MAX_LISTED + 5)]:
        world.forge(event)
    damaged = first(read(world.picture()), "damaged")

    assert len(damaged) == MAX_LISTED + 1
    assert words(damaged[-1]) == "and 5 more"
