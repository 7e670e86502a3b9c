"""What the legend explains."""

from __future__ import annotations

from tests.cli.picture.pictures import World, many, reopened
from tests.cli.picture.reading import classed, first, read, words
from xzepr.cli.picture.layout import MAX_SLOTS


def keys(world: World) -> list[str]:
    """The words of a legend."""
    return [words(one) for one in first(read(world.picture(events=10_000)), "legend")]


def test_signs_bars_and_lines() -> None:
    """Each sign is that which the drawing has."""
    world, _ = reopened()
    page = read(world.picture())
    signs = [use.get("href") for use in first(page, "legend").iter("use")]

    assert keys(world) == [
        *("event passed", "event failed", "group completed", "group reopened"),
        *("complete", "reopened", "not yet complete"),
    ]
    assert signs == ["#sign-passed", "#sign-failed", "#sign-completed", "#sign-reopened"]


def test_piles_are_explained_where_there_are_piles() -> None:
    """Green stands above the line, in the legend too."""
    world = many(2 * MAX_SLOTS, groups=0)
    first_, second, *_ = first(read(world.picture(events=10_000)), "legend")

    assert keys(world)[:2] == ["events passed, above the line", "events failed, below the line"]
    assert [(one.get("class"), one.get("y")) for key in (first_, second) for one in key.iter("rect")] == [
        ("good", "0"),
        ("bad", "6"),
    ]


def test_what_is_odd_is_explained_where_it_is() -> None:
    """A damaged event, and a verdict that was not announced yet."""
    world, events = reopened()
    world.forge(events[0])
    world.group("late", world.registry.receivers.list().items[-1])

    assert keys(world)[-2:] == ["?events that cannot be read", "!not announced yet"]
    assert len(classed(read(world.picture()), "mark", "due")) == 1
