"""What a page is to those who do not see it, or see little of it: names, roles, languages and directions."""

from __future__ import annotations

from tests.cli.picture.pictures import HOSTILE, World, hostile, many
from tests.cli.picture.reading import classed, first, read, words
from xzepr import Unit


def test_a_receiver_has_the_sign_of_what_verdicts_say() -> None:
    """Its newest event failed and cannot be read; the verdict knows."""
    world = World()
    build = world.receiver("build")
    world.group("release", build)
    world.record(build)
    world.forge(world.record(build, success=False))
    lanes = first(read(world.picture()), "lanes")

    assert [one[0][0].get("href") for one in lanes if one.get("title") == "build"] == ["#sign-failed"]


def test_namesakes_differ_where_there_is_little_room() -> None:
    """What tells them apart has a line of its own beside the lane."""
    world = World()
    for version in ("1", "2"):
        world.record(world.receiver("release-candidate", version=version))
    names = classed(first(read(world.picture()), "lanes"), "apart")

    assert {name.tag for name in names} == {"bdi"}
    assert [[words(line) for line in name] for name in names] == [
        ["release-candidate", "/ci.step/1"],
        ["release-candidate", "/ci.step/2"],
    ]


def test_the_head_says_what_a_browser_must_know() -> None:
    """The language and the encoding; a phone is as wide as it is; and no address is told to others."""
    page = read(many(3).picture())
    metas = [dict(meta.attrib) for meta in page.iter("meta") if "http-equiv" not in meta.attrib]

    assert page.get("lang") == "en"
    assert metas == [
        {"charset": "utf-8"},
        {"name": "viewport", "content": "width=device-width, initial-scale=1"},
        {"name": "referrer", "content": "no-referrer"},
    ]


def test_a_screen_reader_hears_words_and_no_signs() -> None:
    """The drawing is one image with a title; signs beside words are hidden; what scrolls can be reached by keyboard."""
    page = read(many(300).picture())
    plot = first(page, "plot")
    images = [one for one in page.iter("svg") if one is not plot]
    scrolling = [*classed(page, "frame"), *classed(page, "scroll")]

    assert (plot.get("role"), plot.get("aria-labelledby")) == ("img", "plot-title plot-text")
    assert [one.get("id") for one in plot if one.tag in {"title", "desc"}] == ["plot-title", "plot-text"]
    assert {one.get("aria-hidden") for one in images} == {"true"}
    assert [(one.get("tabindex"), one.get("role"), one.get("aria-label")) for one in scrolling] == [
        ("0", "group", "History"),
        ("0", "group", "Events"),
    ]


def test_names_keep_their_direction_to_themselves() -> None:
    """Every name that somebody else chose stands in an element that isolates it."""
    world, _ = hostile()
    hebrew = HOSTILE[6]
    unit = Unit(name=hebrew, version=hebrew, release=hebrew, platform_id=hebrew, package=hebrew)
    world.forge(world.record(world.receiver(f"{hebrew}-2"), unit=unit))
    for receiver in sorted(world.registry.receivers.list(), key=lambda one: one.name == hebrew):
        world.record(receiver, unit=unit, why=hebrew)
    page = read(world.picture(unit))
    parents = {child: parent for parent in page.iter() for child in parent}
    told = [one for one in page.iter() if hebrew in (one.text or "") and one.tag not in {"title", "desc"}]

    assert len(told) >= 20
    assert [one.tag for one in told if one.tag != "bdi" and parents[one].tag != "bdi"] == []
