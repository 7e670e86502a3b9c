"""What one reads when one points at a mark."""

from __future__ import annotations

import pytest

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import classed, first, read, title_of
from xzepr.cli.picture.layout import MAX_SLOTS
from xzepr.cli.picture.titles import LEAST_ROOM, fitted


def test_an_event_is_told_in_full() -> None:
    """Its number, receiver, result, description and time; first of all what is wrong with it."""
    world, events = reopened()
    world.registry.events.redact(events[0].id, "secret")
    world.alter(events[1])
    first_, _, altered, *_ = map(title_of, classed(first(read(world.picture()), "plot"), "mark", "event"))

    assert first_ == "event 1: build passed (its payload was redacted), 2026-01-02 03:05:05 UTC"
    assert altered.startswith("event 2: scan passed (NOT what was recorded: its digest is another one): all was well, ")


def test_piles_tell_the_newest() -> None:
    """As many as there is room for; the others are counted."""
    world = World()
    build = world.receiver("build")
    for number in range(3 * MAX_SLOTS):
        world.record(build, success=number % 3 != 2, why="w" * 900)
    pile = classed(first(read(world.picture()), "plot"), "pile")[0]

    assert title_of(pile).startswith("event 1: build passed: www")
    assert title_of(pile).count("; event ") == 2


@pytest.mark.slow
def test_in_a_crowd_they_only_count() -> None:
    """Thousands of marks share the room."""
    world = World()
    receivers = world.receivers(*(f"step-{number:02}" for number in range(20)))
    for receiver in receivers:
        world.group(f"{receiver.name}-gate", receiver)
    for number in range(20 * MAX_SLOTS):
        world.record(receivers[number % 20], success=number // 20 % 2 == 0)
    plot = first(read(world.picture(events=10_000)), "plot")

    assert [title_of(mark) for mark in classed(plot, "pile")][:2] == [
        "1 passed, 0 failed: step-00",
        "0 passed, 1 failed: step-00",
    ]
    assert title_of(classed(plot, "move")[0]) == "1 change, at last completed: step-00-gate"


def test_names_are_cut_in_a_crowd() -> None:
    """However long they are."""
    assert len(fitted(["1 passed, 0 failed: " + "W" * 255], LEAST_ROOM)) == LEAST_ROOM + 1


def test_what_does_not_fit_is_counted_or_cut() -> None:
    """The last line is always there."""
    assert fitted(["one", "two", "three"], 100) == "one; two; three"
    assert fitted(["one", "two", "three"], 8) == "and 1 before; two; three"
    assert fitted(["one", "a long one"], 6) == "and 1 before; a long…"
    assert fitted([], 6) == ""
