"""What a terminal shows of a unit."""

from __future__ import annotations

import re
from io import StringIO

import attrs
import pytest

from tests.cli.picture.pictures import World, hostile, reopened
from xzepr.cli.output import Output
from xzepr.cli.picture import UnitPicture, write_picture


def lines(picture: UnitPicture, *, coloured: bool = False) -> list[str]:
    """What is written."""
    stream = StringIO()
    write_picture(Output(stream, coloured), picture)
    return stream.getvalue().splitlines()


def test_the_history_is_told_in_order() -> None:
    """Each event with what it moved right below it; the verdict is the last line."""
    world, _ = reopened()
    shown = lines(world.picture())
    begin = next(number for number, line in enumerate(shown) if line.lstrip().startswith("n "))

    assert [line.split()[0] if "->" not in line else line.strip() for line in shown[begin + 2 : -4]] == [
        *("1", "2", "-> release completed", "3", "4", "-> release reopened", "5", "-> release completed")
    ]
    assert shown[-1].split() == ["release", "2", "of", "2", "complete"]


def test_a_row_has_all_there_is() -> None:
    """Number, time, receiver, result, who, and the id."""
    world, events = reopened()
    [row] = [line for line in lines(world.picture()) if "FAILED" in line]

    assert row.split() == ["4", "2026-01-02", "03:08:05", "scan", "FAILED", "local/system", events[3].id]


def test_it_fits_into_100_columns() -> None:
    """With descriptions of usual length."""
    world, _ = reopened()
    world.record(world.receiver("integration-tests"), why="2 of 214 tests failed, see the report of the nightly run")
    shown = lines(world.picture())

    assert max(map(len, shown)) <= 100
    assert [line for line in shown if line != line.rstrip()] == []


def test_descriptions_redactions_and_changes_are_remarks() -> None:
    """Each on a line of its own below the event."""
    world, events = reopened()
    world.record(world.receiver("sign"), why="with the key of 2026")
    world.registry.events.redact(events[0].id, "secret")
    world.alter(events[1])
    remarks = [line.strip() for line in lines(world.picture()) if line.lstrip().startswith("|")]

    assert remarks == [
        "| its payload was redacted",
        "| all was well",
        "| NOT what was recorded: its digest is another one",
        "| with the key of 2026",
    ]


def test_c082_what_cannot_be_read_is_named() -> None:
    """With its number, where it should stand, and what it moved."""
    world, events = reopened()
    world.forge(events[3])
    shown = [line.strip() for line in lines(world.picture())]
    place = shown.index("event 4 cannot be read: damaged")

    assert shown[place + 1] == "-> release reopened"


def test_groups_say_why() -> None:
    """What is missing, what failed, and what was not announced yet."""
    world = World()
    build, scan = world.receivers("build", "scan")
    world.record(build, success=False)
    world.group("both", build, scan)
    world.record(build)
    world.group("late", build)
    world.group("off", build, enabled=False)
    shown = lines(world.picture())[-3:]

    assert [re.split(r" {2,}", line) for line in shown] == [
        ["both", "1 of 2", "pending: scan is missing"],
        ["late", "1 of 1", "complete; not announced yet: re-evaluate the group"],
        ["off", "1 of 1", "pending: the group is disabled"],
    ]


def test_a_re_evaluation_has_a_row_without_a_number() -> None:
    """No event caused it."""
    world = World()
    build = world.receiver("build")
    world.record(build)
    world.registry.groups.reevaluate(world.group("late", build))
    shown = lines(world.picture())

    assert [line.split() for line in shown if "re-evaluation" in line] == [
        ["-", "2026-01-02", "03:05:05", "re-evaluation"]
    ]


def test_what_is_left_out_is_said() -> None:
    """At the end, and beside the number of events."""
    world, _ = reopened()
    shown = lines(world.picture(events=2))

    assert "recorded     5 events, shown from number 4 on" in shown
    assert shown[-1] == "not shown: 3 of 5 events, the oldest"


def test_the_head_counts_all_groups() -> None:
    """Also those that are not shown; a disabled one is not waiting."""
    world, _ = reopened()
    build = world.registry.receivers.list().items[-1]
    for number in range(55):
        world.group(f"gate-{number}", build, enabled=number != 0)
    shown = lines(world.picture())

    assert "groups       55 of 55 complete, 1 disabled" in shown


def test_what_failed_is_told_first() -> None:
    """Behind many that are missing nobody would read it; and groups that block stand above the others."""
    world = World()
    build, sign, scan = world.receivers("build", "sign", "scan")
    world.group("a-build", build)
    world.group("release", sign, scan)
    world.record(build)
    world.record(scan, success=False)

    assert [re.split(r" {2,}", line) for line in lines(world.picture())[-2:]] == [
        ["release", "0 of 2", "pending: scan failed, sign is missing"],
        ["a-build", "1 of 1", "complete"],
    ]


def test_columns_stay_below_each_other() -> None:
    """That of the receivers is as wide as the longest name, up to 30."""
    world = World()
    world.record(world.receiver("build"))
    world.record(world.receiver("integration-tests"))
    rows = [line for line in lines(world.picture()) if "passed" in line]

    assert {row.index("passed") for row in rows} == {28 + len("integration-tests") + 2}

    world.record(world.receiver("x" * 40))
    *rows, pushed = [line for line in lines(world.picture()) if "passed" in line]
    assert {row.index("passed") for row in rows} == {28 + 30 + 2}
    assert pushed.index("passed") == 28 + 40 + 2


def test_what_is_altered_is_red() -> None:
    """It is more than a remark."""
    world, events = reopened()
    world.alter(events[1])
    shown = lines(world.picture(), coloured=True)

    assert [line for line in shown if line.startswith("\x1b[1;31m") and "NOT what was recorded" in line]


def test_c082_a_history_that_cannot_be_read_to_its_end() -> None:
    """It is said beside the verdict, and nobody is told to re-evaluate."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    shown = lines(attrs.evolve(picture, groups=(attrs.evolve(group, transitions=(), read_to_end=False),)))

    assert shown[-1].endswith("complete; how it came about cannot be read to the end")


def test_a_unit_that_no_group_concerns() -> None:
    """It says so."""
    world = World()
    world.record(world.receiver("build"))

    assert lines(world.picture())[-1] == "no group concerns this unit"


@pytest.mark.parametrize("coloured", [True, False])
def test_hostile_names_cannot_steer_the_terminal(*, coloured: bool) -> None:
    """Nothing that is not printable is written, but our own colours."""
    world, unit = hostile()
    shown = "".join(lines(world.picture(unit), coloured=coloured))

    assert re.sub(r"\x1b\[[0-9;]*m", "", shown).isprintable()
    assert ("\x1b[" in shown) is coloured


def test_good_and_bad_have_colours() -> None:
    """Transitions are as bright as in the demo."""
    world, _ = reopened()
    shown = lines(world.picture(), coloured=True)

    assert [line for line in shown if line.startswith("\x1b[1;31m") and "release reopened" in line]
    assert [line for line in shown if "\x1b[1;32mcomplete\x1b[0m" in line]


def test_c082_a_verdict_that_cannot_be_read() -> None:
    """It says so."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    shown = lines(attrs.evolve(picture, groups=(attrs.evolve(group, verdict=None),)))

    assert shown[-1].split() == ["release", "-", "cannot", "be", "read"]


def test_c082_several_events_that_cannot_be_read() -> None:
    """They are named together."""
    world, events = reopened()
    for event in events[2:4]:
        world.forge(event)

    assert "       events 3 to 4 cannot be read: damaged" in lines(world.picture())
