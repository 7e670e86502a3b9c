"""What the page shows, and that no text breaks it."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from itertools import pairwise
from xml.etree.ElementTree import Element

import attrs
import pytest
from hypothesis import given, settings

from tests.cli.picture.pictures import HOSTILE, UNIT, World, hostile, many, reopened
from tests.cli.picture.reading import Tags, classed, first, read, title_of, words
from xzepr import Unit
from xzepr.cli.output import shown
from xzepr.cli.picture import UnitPicture, page_of
from xzepr.cli.picture.event_table import MAX_ROWS
from xzepr.cli.picture.layout import MAX_LANES
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


def rows_of_labels(plot: Element) -> list[tuple[float, list[Element]]]:
    """The labels that stand at one height, and how wide a character of them is."""
    rows: dict[tuple[str, str], list[Element]] = {}
    for name in ("time", "day", "n"):
        for label in classed(plot, name):
            rows.setdefault((name, label.get("y", "")), []).append(label)
    return [(7.0 if name == "day" else 6.5, labels) for (name, _), labels in rows.items()]


def test_nothing_is_drawn_over_its_neighbour(picture: UnitPicture) -> None:
    """Labels above and below have their width to themselves; marks of a lane are in order."""
    page = read(picture)
    labels_of = rows_of_labels(first(page, "plot"))
    assert labels_of
    for digit, labels in labels_of:
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


def test_names_stand_beside_their_lanes() -> None:
    """As many names as lanes, each group with the sign of its verdict, each receiver with that of its gate."""
    world, _ = reopened()
    world.group("waiting", *world.receivers("never"), world.registry.receivers.list().items[-1])
    lanes = first(read(world.picture()), "lanes")
    names = [(one.get("title"), one[0][0].get("href")) for one in lanes if one.get("title")]

    assert names == [
        ("waiting", "#sign-missing"),
        ("release", "#sign-passed"),
        ("build", "#sign-passed"),
        ("scan", "#sign-passed"),
    ]


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


def test_c082_a_verdict_that_cannot_be_read() -> None:
    """The page says so, and shows the group's history all the same."""
    world, _ = reopened()
    picture = world.picture()
    [group] = picture.groups
    page = read(attrs.evolve(picture, groups=(attrs.evolve(group, verdict=None),)))

    assert words(first(page, "verdicts").findall("tbody/tr")[0][0]) == "unknown"
    assert [words(note) for note in classed(page, "note")] == ["The verdict cannot be read."]
    assert len(classed(page, "move")) == 3


@pytest.mark.slow
def test_the_largest_page_is_bounded() -> None:
    """10,000 events and 50 groups, all of which every other event moves."""
    world = World()
    build, *others = world.receivers("build", *(f"integration-tests-{number}" for number in range(39)))
    for number in range(50):
        world.group(f"release-gate-{number}", build, *(others[:3] if number % 2 else ()))
    for number in range(10_000):
        receiver = build if number % 2 else others[number // 2 % 39]
        world.record(receiver, success=number % 3 != 0, why="the nightly run")

    assert 1_000_000 < len(page_of(world.picture(events=10_000))) < 2_300_000
