"""What the page shows, and that no text breaks it."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings

from tests.cli.picture.pictures import HOSTILE, UNIT, World, hostile, many, reopened
from tests.cli.picture.reading import Tags, classed, edges, first, middle, read, title_of, words
from xzepr import Unit
from xzepr.cli.output import shown
from xzepr.cli.picture import UnitPicture, page_of
from xzepr.cli.picture.event_table import MAX_ROWS
from xzepr.cli.picture.layout import MAX_LANES
from xzepr.cli.picture.verdict_table import MAX_CHIPS
from xzepr.testing.strategies import units


def wide() -> UnitPicture:
    """Twelve groups with ten receivers each, all of which have spoken."""
    world = World()
    for number in range(12):
        receivers = world.receivers(*(f"team-{number}-check-{check}" for check in range(10)))
        world.group(f"team-{number}", *receivers)
        for receiver in receivers:
            world.record(receiver)
    return world.picture()


def hostile_picture() -> UnitPicture:
    """Names that want to be more than a text."""
    world, unit = hostile()
    return world.picture(unit)


PICTURES = {
    "one": lambda: many(1).picture(),
    "forty": lambda: many(40).picture(),
    "many": lambda: many(2_000).picture(events=2_000),
    "wide": wide,
    "hostile": hostile_picture,
}


@pytest.fixture(scope="module", params=PICTURES)
def picture(request: pytest.FixtureRequest) -> UnitPicture:
    """Pictures of every kind."""
    return PICTURES[request.param]()


def test_the_same_picture_is_the_same_page(picture: UnitPicture) -> None:
    """Nothing depends on the moment or on the order of a set; and HTML parsers see no script, XML parsers no fault."""
    assert page_of(picture) == page_of(picture)
    assert read(picture).tag == "html"


def test_the_page_needs_and_loads_nothing(picture: UnitPicture) -> None:
    """No script, no handler, no inline style, no address but places in the page itself; and it may load nothing."""
    tags = Tags(page_of(picture))
    kinds = {tag for tag, _ in tags.found}
    attributes = {name for _, found in tags.found for name in found}

    assert kinds.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "base", "form", "foreignobject"})
    assert [name for name in attributes if name.startswith("on")] == []
    assert attributes.isdisjoint({"src", "style", "srcset", "xlink:href", "action"})
    assert {value[0] for value in tags.attributes("href")} == {"#"}


def test_the_policy_allows_this_style_sheet_alone(picture: UnitPicture) -> None:
    """It names the digest of the sheet, which refers to nothing outside."""
    page = page_of(picture)
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert set(re.findall(r"url\(([^)]*)\)", style)) == {"#hatch"}
    assert "@import" not in style


def test_every_place_that_is_named_is_there_once(picture: UnitPicture) -> None:
    """Links lead to rows, signs to their definitions."""
    tags = Tags(page_of(picture))
    places = list(tags.attributes("id"))

    assert len(places) == len(set(places))
    assert {value[1:] for value in tags.attributes("href")} <= set(places)


def test_nothing_is_drawn_over_its_neighbour(picture: UnitPicture) -> None:
    """Labels above and below have their width to themselves; marks of a lane are in order."""
    page = read(picture)
    for name, digit in (("time", 6.5), ("day", 7.0), ("n", 6.5)):
        labels = classed(first(page, "plot"), name)
        places = [(float(one.get("x", "")), len(words(one)) * digit) for one in labels]
        assert all(x + width / 2 <= next_x - next_width / 2 for (x, width), (next_x, next_width) in pairwise(places))


def test_every_event_is_marked_or_counted(picture: UnitPicture) -> None:
    """One sign for each, as long as there is room; else piles."""
    page = read(picture)
    signs, piles = classed(page, "mark", "event"), classed(page, "mark", "pile")

    if len(picture.events) > 116:
        assert piles
        assert not signs
    else:
        hidden = max(0, len({event.receiver_id for event in picture.events}) - MAX_LANES)
        assert len(signs) == len(picture.events) - hidden
        assert not piles


def test_the_page_is_bounded(picture: UnitPicture) -> None:
    """However much there is, it stays small enough for a browser, and says what it leaves out."""
    page = read(picture)
    rows = classed(page, "events")[0].findall("tbody/tr")

    assert len(page_of(picture)) < 2_000_000
    assert len(rows) == min(MAX_ROWS, len(picture.events))
    assert bool(classed(page, "left-out")) is (len(picture.events) > MAX_ROWS or len(picture.receivers) > MAX_LANES)


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


def test_names_stand_beside_their_lanes() -> None:
    """As many names as lanes, each group with the sign of its verdict, each receiver with that of its gate."""
    world, _ = reopened()
    world.group("waiting", *world.receivers("never"), world.registry.receivers.list().items[-1])
    lanes = first(read(world.picture()), "lanes")
    names = [(one.get("title"), one[0][0].get("href")) for one in lanes if one.get("title")]

    assert names == [
        ("release", "#sign-passed"),
        ("waiting", "#sign-missing"),
        ("build", "#sign-passed"),
        ("scan", "#sign-passed"),
    ]


def test_verdicts_show_what_blocks_first() -> None:
    """Failed and missing gates before passed ones, each with the number of its event."""
    world = World()
    build, scan, sign = world.receivers("build", "scan", "sign")
    world.group("release", build, scan, sign)
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


def test_many_gates_are_cut() -> None:
    """Those that block come first, so what is cut is passed."""
    world = World()
    receivers = world.receivers(*(f"check-{number}" for number in range(MAX_CHIPS + 5)))
    world.group("release", *receivers)
    for receiver in receivers[:-1]:
        world.record(receiver)
    [chips] = classed(first(read(world.picture()), "verdicts"), "chips")

    assert words(chips[0]) == f"check-{MAX_CHIPS + 4}missing"
    assert words(chips[-1]) == "and 5 more"


def test_groups_say_what_is_odd_about_them() -> None:
    """Disabled, or not announced yet: in words, and with a sign behind the lane."""
    world = World()
    build = world.receiver("build")
    world.record(build)
    world.group("late", build)
    world.group("off", build, enabled=False)
    page = read(world.picture())

    assert [words(note) for note in classed(page, "note")] == [
        "Not announced yet: re-evaluate the group.",
        "The group is disabled: it is pending for every unit.",
    ]
    assert [title_of(mark) for mark in classed(page, "due")] == [
        "late is complete now, and that was not announced yet: re-evaluate the group"
    ]


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


def test_c082_what_is_damaged_stands_in_its_place() -> None:
    """A column and a row of its own, the error in words, and what it moved."""
    world, events = reopened()
    world.forge(events[3])
    page = read(world.picture())
    [row] = [one for one in first(page, "events").iter("tr") if one.get("class") == "unreadable"]

    assert [title_of(mark) for mark in classed(page, "gap")] == ["event 4 cannot be read"]
    assert [words(cell) for cell in row][:3] == ["", "event 4 cannot be read: damaged", "release reopened"]
    assert [words(one) for one in first(page, "damaged")] == [
        f"the stored event {events[3].id} is damaged: its payload is not the one that was recorded"
    ]
    assert "forged" not in page_of(world.picture())


def test_c082_a_unit_of_which_nothing_can_be_read() -> None:
    """The page is there, and says so."""
    world = World()
    world.forge(world.record(world.receiver("build")))
    page = read(world.picture())

    assert [title_of(mark) for mark in classed(page, "gap")] == ["event 1 cannot be read"]
    assert words(first(page, "tiles")[0]) == "Noneno group concerns this unit"


def test_no_payload_is_on_the_page() -> None:
    """Who gets the page need not be allowed to read payloads."""
    world = World()
    build = world.receiver("build")
    world.registry.events.record(UNIT, build, success=True, payload={"token": "hunter2"})

    assert "hunter2" not in page_of(world.picture())


def test_c018_hostile_names_are_text() -> None:
    """Every one can be read on the page, as it is shown everywhere, and is no element."""
    world, unit = hostile()
    page = read(world.picture(unit))
    text = words(page)

    assert [name for name in HOSTILE if shown(name) not in text] == []
    assert words(first(page, "unit")).count(shown(unit.release)) == 1
    assert page.findtext("head/title") == f"{shown(unit.name)} {shown(unit.version)}: history and verdicts"


@settings(max_examples=30)
@given(unit=units())
def test_any_unit_can_be_shown(unit: Unit) -> None:
    """Its name is on the page as it is shown."""
    world = World()
    world.record(world.receiver("build"), unit=unit)

    assert words(first(read(world.picture(unit)), "unit")).count(shown(unit.package))


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_texts_and_signs_can_be_told_from_their_ground(scheme: int) -> None:
    """Text has a contrast of at least 4.5, in the light scheme and in the dark one."""
    world, _ = reopened()
    [style] = re.findall(r"<style>(.*?)</style>", page_of(world.picture()), re.DOTALL)
    blocks = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    colours = blocks[scheme]
    pairs = [(text, ground) for text in ("text", "quiet", "good", "bad") for ground in ("ground", "panel")]
    pairs += [
        ("text", "good-soft"),
        ("text", "bad-soft"),
        ("good", "good-soft"),
        ("bad", "bad-soft"),
        ("on-sign", "good"),
        ("on-sign", "bad"),
    ]

    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
    assert contrast("#ffffff", "#777777") < 4.5


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


def test_c082_a_verdict_that_cannot_be_read() -> None:
    """The page says so, and shows the group's history all the same."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    page = read(attrs.evolve(picture, groups=(attrs.evolve(group, verdict=None),)))

    assert words(first(page, "verdicts").findall("tbody/tr")[0][0]) == "unknown"
    assert [words(note) for note in classed(page, "note")] == ["The verdict cannot be read."]
    assert len(classed(page, "move")) == 3


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
