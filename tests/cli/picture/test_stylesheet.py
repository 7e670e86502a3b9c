"""The style sheet: colours that can be told apart, heights that fit the drawing, narrow pages, and paper."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.cli.picture.pictures import World, reopened
from tests.cli.picture.reading import first, read
from xzepr.cli.picture import page_of
from xzepr.cli.picture.axes import MARGIN
from xzepr.cli.picture.groups import MAX_GROUPS
from xzepr.cli.picture.layout import MAX_LANES, WIDTH
from xzepr.cli.picture.page import SIZES, TALLEST
from xzepr.cli.picture.timeline import FOOT, HEAD, LANE, SECTION, TIMES_BELOW

SHEET = files("xzepr.cli.picture").joinpath("page.css").read_text(encoding="utf-8")

WIDE = SHEET.split("@media screen")[0]
"""The rules that hold on a wide screen, and elsewhere unless others say so."""

PAPER = 717
"""How wide A4 is between the margins that Chromium leaves, in px."""


PAPER_HEIGHT = 979
"""How high US Letter is, which is lower."""

LEGEND, HEADING = 60, 115
"""About how high these are; the legend shrinks with the drawing."""


def block(query: str) -> str:
    """The rules of a media query."""
    return SHEET.split(f"@media {query} {{\n")[1].split("\n}")[0]


def number_of(rules: str, selector: str, name: str) -> float:
    """The number in a declaration."""
    [value] = re.findall(rf"^ *{re.escape(selector)} \{{[^}}]*\b{name}: (?:0 0 )?([0-9.]+)", rules, re.MULTILINE)
    return float(value)


def schemes() -> list[dict[str, str]]:
    """The colours by their names: of the light scheme, and of the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", each)) for each in blocks]


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
    colours = schemes()[scheme]
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


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_lines_can_be_seen(scheme: int) -> None:
    """The track of a group that is not yet complete has a contrast of at least 3 with what it is drawn on."""
    colours = schemes()[scheme]

    assert contrast(colours["track"], colours["panel"]) >= 3
    assert ".plot .track { stroke: var(--track); }" in SHEET


def test_names_are_as_high_as_their_lanes() -> None:
    """The heights stand here and in the drawing; no two lines of a name are higher than a lane."""
    assert number_of(WIDE, ".lanes div", "height") == LANE
    assert number_of(WIDE, ".lanes .head", "height") == HEAD
    assert number_of(WIDE, ".lanes .section", "height") == SECTION
    assert 2 * number_of(WIDE, ".lanes bdi", "line-height") <= LANE


def test_a_row_that_is_jumped_to_is_not_said_to_be_good() -> None:
    """A click on a failed gate leads to a row of no colour."""
    [rule] = re.findall(r"^tr:target (\{.*\})$", SHEET, re.MULTILINE)

    assert "good" not in rule
    assert "bad" not in rule


def test_the_drawing_fits_on_paper() -> None:
    """Names, lanes and margins together; neither the drawing nor a row is cut by the end of a page."""
    rules = block("print")
    width = number_of(WIDE, ".lanes", "flex") + WIDTH + 2 * MARGIN

    assert width * number_of(rules, ".chart", "zoom") < PAPER
    assert re.findall(r"^  (.*) \{[^}]*break-inside: avoid", rules, re.MULTILINE) == [".chart", "tr"]
    assert "h2, h2 + p, caption, thead { break-after: avoid; }" in rules


def test_a_tall_drawing_fits_on_one_sheet() -> None:
    """So that names and lanes stay together: with its heading and its legend, however many lanes there are."""
    rules = block("print")
    sizes = [*SIZES, (MAX_GROUPS + MAX_LANES, TALLEST)]
    for lanes, size in sizes:
        height = HEAD + 2 * SECTION + LANE * lanes + FOOT + TIMES_BELOW + LEGEND
        zoom = number_of(rules, f".chart.{size}".rstrip("."), "zoom")
        assert height * zoom + HEADING < PAPER_HEIGHT


def test_the_size_goes_by_the_lanes() -> None:
    """A group and 43 receivers are the most for the usual one."""
    for receivers, size in ((43, None), (44, "tall"), (63, "tall"), (64, "tallest")):
        world = World()
        groups = max(0, receivers - MAX_LANES)
        steps = world.receivers(*(f"step-{number}" for number in range(receivers - groups)))
        for number in range(groups + 1):
            world.group(f"gate-{number}", steps[0])
        for step in steps:
            world.record(step)
        assert first(read(world.picture()), "chart").get("class") == f"chart {size or ''}".rstrip()


def test_a_narrow_page_has_a_layout_of_its_own() -> None:
    """Less room for names, and the verdicts below each other."""
    rules = block("screen and (max-width: 720px)")

    assert number_of(rules, ".lanes", "flex-basis") < number_of(WIDE, ".lanes", "flex")
    assert ".verdicts tr { display: block;" in rules


def test_every_class_that_is_drawn_has_a_rule_or_says_what_it_is() -> None:
    """A sign that loses its colour is a mistake in a name."""
    world, _ = reopened()
    drawn = {name for names in re.findall(r'class="([^"]*)"', page_of(world.picture())) for name in names.split()}

    assert drawn - set(re.findall(r"\.([a-z][a-z-]*)", SHEET)) == SILENT


SILENT = {"event", "mark", "move", "time"}
"""Classes that say what a mark is, and inherit how it looks."""
