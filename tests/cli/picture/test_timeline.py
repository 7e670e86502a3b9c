"""The drawing: what its marks, lines and bars say, and where they stand."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import attrs

from tests.cli.picture.pictures import World, many, reopened
from tests.cli.picture.reading import classed, edges, first, middle, read, title_of, words
from xzepr.cli.picture.layout import MAX_SLOTS


def plot_of(world: World, *, events: int = 10_000) -> Element:
    """The drawing of what is in a world."""
    return first(read(world.picture(events=events)), "plot")


def lines(plot: Element, name: str) -> list[tuple[str, float, float, float, float]]:
    """Lines of a class: their classes, from where to where, and at which height."""
    return [
        (one.get("class", ""), *(float(one.get(place, "")) for place in ("x1", "x2", "y1", "y2")))
        for one in classed(plot, name)
    ]


def test_a_reopened_bar_ends_where_the_transition_is() -> None:
    """Open from 2 to 4, reopened from 4 to 5, open to the end; the signs stand on the edges."""
    world, _ = reopened()
    plot = first(read(world.picture()), "plot")
    completed, reopened_, again = (middle(mark) for mark in classed(plot, "move"))
    bars = classed(plot, "bar")
    places = {title_of(mark).split(":")[0]: middle(mark) for mark in classed(plot, "mark", "event")}

    assert [bar.get("class") for bar in bars] == ["bar open", "bar reopened", "bar open"]
    assert [edges(bar) for bar in bars][:2] == [(completed, reopened_), (reopened_, again)]
    assert [completed, reopened_, again] == [places["event 2"], places["event 4"], places["event 5"]]


def test_marks_say_what_happened() -> None:
    """Who points at a transition reads which event caused it."""
    world, _ = reopened()
    plot = first(read(world.picture()), "plot")

    assert [title_of(mark) for mark in classed(plot, "move")][1] == (
        "release reopened by event 4: scan failed, 2026-01-02 03:08:05 UTC"
    )
    assert [mark.get("class") for mark in classed(plot, "mark", "event", "failed")] == ["mark event failed"]


def test_a_receiver_says_something_until_it_says_something_else() -> None:
    """Scan passes with event 2, fails with 4, passes with 5: three stretches, the last one to the end."""
    world, _ = reopened()
    plot = plot_of(world)
    x = {title_of(mark).split(":")[0]: middle(mark) for mark in classed(plot, "mark", "event")}
    end = max(right for _, _, right, _, _ in lines(plot, "track"))

    assert [(name, round(left, 0), round(right, 0)) for name, left, right, _, _ in lines(plot, "state")] == [
        ("state passed", x["event 1"], end),
        ("state passed", x["event 2"], x["event 4"]),
        ("state failed", x["event 4"], x["event 5"]),
        ("state passed", x["event 5"], end),
    ]


def test_of_several_events_in_one_place_the_last_one_counts() -> None:
    """Two events to a place, of which the first fails: the line behind it says passed."""
    world = World()
    build = world.receiver("build")
    for number in range(2 * MAX_SLOTS):
        world.record(build, success=number % 2 == 1)

    assert [name for name, *_ in lines(plot_of(world), "state")] == ["state passed"]


def test_piles_of_events_that_passed_stand_above_the_line_and_the_others_below() -> None:
    """In the colours of good and bad, as high as there are many."""
    world = World()
    build = world.receiver("build")
    for number in range(3 * MAX_SLOTS):
        world.record(build, success=number % 3 != 2)
    plot = plot_of(world)
    [(_, _, _, line, _)] = lines(plot, "state")
    piles = [[(one.get("class"), *_upright(one)) for one in pile.findall("rect")] for pile in classed(plot, "pile")]

    assert len(piles) == MAX_SLOTS
    for (good, top, middle_), (bad, from_, bottom) in piles:
        assert (good, bad, middle_, from_) == ("good", "bad", line, line)
        assert line - top > bottom - line > 0


def _upright(rect: Element) -> tuple[float, float]:
    top = float(rect.get("y", ""))
    return top, round(top + float(rect.get("height", "")), 1)


def test_a_line_leads_from_an_event_to_the_group_that_it_moved() -> None:
    """From the lane of the group down to that of the receiver, where the event stands."""
    world, _ = reopened()
    plot = plot_of(world)
    moves = [middle(mark) for mark in classed(plot, "move")]
    heights = [y for _, _, _, y, _ in lines(plot, "track")]

    assert [(round(x, 0), top, bottom) for _, x, _, top, bottom in lines(plot, "guide")] == [
        (x, heights[0], heights[2]) for x in moves
    ]
    assert lines(plot_of(many(2 * MAX_SLOTS)), "guide") == []


def test_a_move_of_several_transitions_has_a_sign_of_its_own() -> None:
    """Three damaged events moved the group three times, and stand in one place."""
    world, events = reopened()
    for event in events:
        world.forge(event)
    page = read(world.picture())
    [move] = classed(first(page, "plot"), "move")

    assert move.get("class") == "mark move several"
    assert title_of(move).count(" by events 1 to 5 cannot be read") == 3
    assert words(first(page, "legend")).count("several of these in one column") == 1


def test_an_altered_event_is_marked_in_the_drawing() -> None:
    """However many events share its place."""
    for count in (5, 3 * MAX_SLOTS):
        world = World()
        build = world.receiver("build")
        events = [world.record(build) for _ in range(count)]
        world.alter(events[3])
        [band] = classed(plot_of(world), "mark", "altered")
        [x] = [one.get("x") for one in band.findall("rect")]

        assert title_of(band).startswith("event 4: build passed (NOT what was recorded: its digest is another one)")
        assert float(x or "nan") >= 0
        assert words(first(read(world.picture(events=count)), "legend")).count("NOT what was recorded") == 1


def test_c082_a_history_that_cannot_be_read_to_its_end_has_a_sign() -> None:
    """Behind its lane, with a key in the legend."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    page = read(attrs.evolve(picture, groups=(attrs.evolve(group, transitions=(), read_to_end=False),)))

    assert [title_of(mark) for mark in classed(page, "mark", "unread")] == ["release: how it went on cannot be read"]
    assert words(first(page, "legend")).count("how it went on cannot be read") == 1
    assert classed(first(read(picture), "plot"), "unread") == []


def test_few_events_use_all_the_room() -> None:
    """The last of three stands in the last third."""
    world = World()
    build = world.receiver("build")
    for _ in range(3):
        world.record(build)
    plot = plot_of(world)
    places = [middle(mark) for mark in classed(plot, "mark", "event")]
    width = max(right for _, _, right, _, _ in lines(plot, "track"))

    assert [round(place / width, 2) for place in places] == [0.17, 0.5, 0.83]
