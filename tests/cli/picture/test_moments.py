"""The one order of events, transitions, and what cannot be read."""

from __future__ import annotations

from tests.cli.picture.pictures import World, reopened
from xzepr.cli.picture.gathering import UnitPicture
from xzepr.cli.picture.moments import DAMAGED_EVENT, OTHER_EVENT, REEVALUATED, Moment, history_of


def told(picture: UnitPicture) -> list[str]:
    """The history in few words."""
    return [
        f"{_what(moment)}{''.join(f' {one.kind}' for one in moment.transitions)}"
        for moment in history_of(picture).moments
    ]


def _what(moment: Moment) -> str:
    if moment.event is not None:
        return str(moment.event.n)
    return moment.cause if moment.missing is None else f"({','.join(map(str, moment.missing))})"


def test_a_transition_stands_with_its_event() -> None:
    """Event 4 reopens the release, event 5 completes it again."""
    world, _ = reopened()

    assert told(world.picture()) == ["1", "2 completed", "3", "4 reopened", "5 completed"]


def test_a_re_evaluation_stands_where_its_time_puts_it() -> None:
    """Between the events before and behind it."""
    world = World()
    build = world.receiver("build")
    world.record(build)
    group = world.group("release", build)
    world.clock.advance(10)
    world.registry.groups.reevaluate(group)
    world.record(build, success=False)

    assert told(world.picture()) == ["1", f"{REEVALUATED} completed", "2 reopened"]


def test_c067_a_clock_that_steps_back_does_not_turn_the_history_round() -> None:
    """A transition stays behind the one before it and before the one behind it, whatever its time says."""
    for step in (-86_400, 86_400):
        world = World()
        build, scan = world.receivers("build", "scan")
        group = world.group("release", build, scan)
        world.record(build)
        world.record(scan)
        world.clock.advance(step)
        world.registry.groups.update(group, expected_revision=1, enabled=False)
        world.registry.groups.reevaluate(group)
        world.registry.groups.update(group, expected_revision=2, enabled=True)
        world.registry.groups.reevaluate(group)
        world.clock.advance(-step)
        world.record(build, success=False)
        wanted = ["1", "2 completed", f"{REEVALUATED} reopened", f"{REEVALUATED} completed", "3 reopened"]

        assert told(world.picture()) == wanted


def test_c082_what_a_damaged_event_caused_stands_in_its_place() -> None:
    """The first, one between, and the last one are missing; each gap is named by its numbers."""
    world, events = reopened()
    for event in (events[0], events[3], events[4]):
        world.forge(event)

    assert told(world.picture()) == ["(1)", "2 completed", "3", "(4,5) reopened completed"]


def test_c082_all_events_are_damaged() -> None:
    """What they moved is still told."""
    world, events = reopened()
    for event in events:
        world.forge(event)

    assert told(world.picture()) == ["(1,2,3,4,5) completed reopened completed"]


def test_history_begins_with_the_first_event_that_is_shown() -> None:
    """What was before is the state to begin with, and no gap."""
    world, _ = reopened()
    picture = world.picture(events=2)
    [last] = history_of(picture).before.values()

    assert told(picture) == ["4 reopened", "5 completed"]
    assert last.number == 1


def test_events_that_are_not_shown_are_a_cause_too() -> None:
    """The event was recorded after the events were read, and before the transitions."""
    world, events = reopened()
    picture = world.picture()
    early = UnitPicture(
        unit=picture.unit, read_at=picture.read_at, events=picture.events[:3], recorded=3, groups=picture.groups
    )

    assert told(early) == ["1", "2 completed", "3", f"{OTHER_EVENT} reopened", f"{OTHER_EVENT} completed"]
    assert events[3].n == 4


def test_c082_a_damaged_event_at_the_edge_of_what_is_shown() -> None:
    """It is named among the damaged ones; the history begins with the first event that can be read."""
    world, events = reopened()
    world.forge(events[3])
    picture = world.picture(events=2)

    assert told(picture) == ["5 completed"]
    assert [one.key for one in picture.damaged] == [events[3].id]
    assert [one.number for one in history_of(picture).before.values()] == [2]


def test_c082_the_newest_event_is_damaged_and_older_ones_are_left_out() -> None:
    """What it moved stands at the end, and says that a damaged event did it."""
    world, events = reopened()
    world.forge(events[4])

    assert told(world.picture(events=3)) == ["3", "4 reopened", f"{DAMAGED_EVENT} completed"]
