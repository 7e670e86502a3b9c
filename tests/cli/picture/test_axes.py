"""Days, times, pauses and numbers around the drawing."""

from __future__ import annotations

from tests.cli.picture.pictures import World, many
from tests.cli.picture.reading import classed, first, read, words


def test_times_days_pauses_and_numbers() -> None:
    """The day stands where it changes, a pause between its events, and a re-evaluation where it has no number."""
    world = World()
    build = world.receiver("build")
    for after in (60, 60, 86_400, 7 * 3_600):
        world.record(build, after=after)
    world.registry.groups.reevaluate(world.group("late", build))
    plot = first(read(world.picture()), "plot")
    texts = {name: [words(one) for one in classed(plot, name)] for name in ("day", "time", "pause-text", "n")}

    assert texts == {
        "day": ["2026-01-02", "2026-01-03"],
        "time": ["03:05:05", "03:06:05", "03:06:05", "10:06:05", "10:06:05"],
        "pause-text": ["+24 h", "+7 h"],
        "n": ["1", "2", "3", "4", "re-eval."],
    }


def test_labels_without_room_are_left_out() -> None:
    """An event a day: no time without its day, and every pause has its line even where its length has no room."""
    world = World()
    build = world.receiver("build")
    for _ in range(30):
        world.record(build, after=86_400)
    plot = first(read(world.picture()), "plot")
    days, times, pauses = (classed(plot, name) for name in ("day", "time", "pause"))

    assert [one.get("x") for one in days] == [one.get("x") for one in times]
    assert 5 < len(days) < 15
    assert len(pauses) == 29
    assert 0 < len(classed(plot, "pause-text")) < 29


def test_a_tall_drawing_has_the_times_below_too() -> None:
    """The same days and times in the same places; a low one has them above alone."""
    tall, low = (first(read(many(30, receivers=8, groups=count).picture()), "plot") for count in (8, 7))

    for name in ("day", "time"):
        labels = [(one.get("x"), words(one)) for one in classed(tall, name)]
        half = len(labels) // 2
        assert labels[:half] == labels[half:] != []
        assert len({one.get("y") for one in classed(low, name)}) == 1
    height = float(tall.get("height", ""))
    assert max(float(one.get("y", "")) for one in classed(tall, "day")) < height
