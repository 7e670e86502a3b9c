"""What each group says, gate by gate."""

from __future__ import annotations

import attrs

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import classed, first, read, words
from xzepr.cli.picture.verdict_table import MAX_CHIPS


def test_what_failed_stands_first_then_what_is_missing() -> None:
    """Each with the number of its event."""
    world = World()
    build, sign, scan = world.receivers("build", "sign", "scan")
    world.group("release", build, sign, scan)
    world.record(build)
    world.record(scan, success=False)
    row = first(read(world.picture()), "verdicts").findall("tbody/tr")[0]
    [chips] = classed(row, "chips")

    assert [(chip.get("class"), words(chip)) for chip in chips] == [
        ("failed", "scanfailed#2"),
        ("missing", "signmissing"),
        ("passed", "build#1"),
    ]
    assert words(row[0]) == "pending"


def test_many_gates_are_cut_and_what_is_cut_is_counted() -> None:
    """One failure behind 59 missing gates is seen."""
    world = World()
    receivers = world.receivers(*(f"check-{number}" for number in range(MAX_CHIPS + 20)))
    world.group("release", *receivers)
    world.record(receivers[0])
    world.record(receivers[-1], success=False)
    [chips] = classed(first(read(world.picture()), "verdicts"), "chips")

    assert words(chips[0]) == f"check-{MAX_CHIPS + 19}failed#2"
    assert words(chips[-1]) == "and 20 more: 19 missing, 1 passed"
    assert len(chips) == MAX_CHIPS + 1


def test_groups_that_block_stand_first() -> None:
    """Whatever their names are."""
    world = World()
    build, scan = world.receivers("build", "scan")
    world.group("a-build", build)
    world.group("z-scan", scan)
    world.record(build)
    world.record(scan, success=False)
    rows = first(read(world.picture()), "verdicts").findall("tbody/tr")

    assert [words(first(row, "name")) for row in rows] == ["z-scan", "a-build"]


def test_c082_a_history_that_cannot_be_read_is_no_reason_to_re_evaluate() -> None:
    """The row says so instead."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    page = read(attrs.evolve(picture, groups=(attrs.evolve(group, transitions=(), read_to_end=False),)))

    assert [words(note) for note in classed(page, "note")] == ["How it came about cannot be read to the end."]


def test_the_table_says_that_it_is_one() -> None:
    """A narrow page lays it out as blocks, which takes its roles away: so each is spelt out. The name heads its row."""
    world, _ = reopened()
    table = first(read(world.picture()), "verdicts")
    [row] = table.findall("tbody/tr")

    assert [one.get("role") for one in (table, table[0], table[0][0], *table[0][0])] == [
        *("table", "rowgroup", "row", "columnheader", "columnheader", "columnheader")
    ]
    assert [(one.tag, one.get("role"), one.get("scope")) for one in row] == [
        ("td", "cell", None),
        ("th", "rowheader", "row"),
        ("td", "cell", None),
    ]
    assert words(row[1]).startswith("release")
