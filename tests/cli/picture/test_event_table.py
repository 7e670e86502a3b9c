"""The table that tells in words what the drawing shows."""

from __future__ import annotations

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import classed, first, read, words
from xzepr.cli.picture.event_table import MAX_MOVES, MAX_NUMBERS, MAX_ROWS


def test_the_table_tells_the_same_the_newest_first() -> None:
    """Also re-evaluations, which have no event."""
    world, events = reopened()
    sign = world.receiver("sign")
    world.record(sign, why="with the key of 2026")
    world.registry.groups.reevaluate(world.group("late", sign))
    world.registry.events.redact(events[0].id, "secret")
    rows = first(read(world.picture()), "events").findall("tbody/tr")

    assert [words(row[0]) for row in rows] == ["", "6", "5", "4", "3", "2", "1"]
    assert [words(cell) for cell in rows[0]][1:4] == ["2026-01-02 03:10:05", "re-evaluation", "late completed"]
    assert words(rows[1]).count("with the key of 2026") == 1
    assert [words(cell) for cell in rows[3]] == [
        *("4", "2026-01-02 03:08:05", "scan", "failed", "release reopened", "local/system", "", events[3].id)
    ]
    assert words(rows[6][6]) == "its payload was redacted"


def test_the_newest_rows_are_kept() -> None:
    """The oldest ones are left out, and that is said."""
    world = World()
    build = world.receiver("build")
    for _ in range(MAX_ROWS + 3):
        world.record(build)
    page = read(world.picture())
    numbers = [words(row[0]) for row in first(page, "events").findall("tbody/tr")]

    assert numbers == [str(number) for number in range(MAX_ROWS + 3, 3, -1)]
    assert words(first(page, "left-out")).endswith("in the table of events, the oldest 3 rows; the drawing has them")


def test_inside_a_row_the_newest_stands_first_too() -> None:
    """Four damaged events completed the release and reopened it."""
    world, events = reopened()
    for event in events[:4]:
        world.forge(event)
    last, gap = classed(read(world.picture()), "moves")

    assert [words(one) for one in gap] == ["release reopened", "release completed"]
    assert [words(one) for one in last] == ["release completed"]


def test_many_moves_of_one_event_are_counted() -> None:
    """A row stays readable."""
    world = World()
    build = world.receiver("build")
    for number in range(MAX_MOVES + 3):
        world.group(f"gate-{number:02}", build)
    world.record(build)
    [moves] = classed(read(world.picture()), "moves")

    assert len(moves) == MAX_MOVES + 1
    assert words(moves[-1]) == "and 3 more"


def test_an_altered_event_stands_out() -> None:
    """Its row and its remark are in the colour of what is bad; a redaction is none."""
    world, events = reopened()
    world.alter(events[1])
    world.registry.events.redact(events[2].id, "secret")
    table = first(read(world.picture()), "events")
    [row] = classed(table, "altered")

    assert words(row[0]) == "2"
    assert [(one.get("class"), words(one)) for one in classed(table, "remark")] == [
        ("remark", "its payload was redacted"),
        ("remark bad", "NOT what was recorded: its digest is another one"),
    ]


def test_redacted_events_are_named_though_they_have_no_row() -> None:
    """By their numbers, the newest ones if there are many."""
    world = World()
    build = world.receiver("build")
    events = [world.record(build) for _ in range(MAX_ROWS + 60)]
    world.registry.events.redact(events[4].id, "secret")
    assert words(first(read(world.picture()), "redacted")) == "Redacted payloads: 5."

    for event in events[5 : MAX_NUMBERS + 6]:
        world.registry.events.redact(event.id, "secret")
    text = words(first(read(world.picture()), "redacted"))
    assert text.endswith(f", {MAX_NUMBERS + 6}, and 2 older ones.")


def test_every_row_is_headed_by_its_number() -> None:
    """A screen reader tells it with each cell."""
    world, _ = reopened()
    rows = first(read(world.picture()), "events").findall("tbody/tr")

    assert {(row[0].tag, row[0].get("scope")) for row in rows} == {("th", "row")}


def test_names_break_behind_a_slash() -> None:
    """So that a version is not cut in two."""
    world = World()
    for version in ("1", "2"):
        world.record(world.receiver("scan", version=version))
    [cell, _] = classed(first(read(world.picture()), "events"), "receiver")

    assert [(one.tag, one.tail) for one in cell[0]] == [("wbr", "ci.step/"), ("wbr", "2")]
    assert words(cell) == "scan/ci.step/2"
