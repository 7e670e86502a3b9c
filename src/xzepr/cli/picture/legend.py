"""The part of the page that says what the signs and lines of the drawing mean."""

from __future__ import annotations

from collections.abc import Iterator

from xzepr.cli.picture import glyphs
from xzepr.cli.picture.layout import Layout
from xzepr.cli.picture.markup import Markup, tag
from xzepr.cli.picture.unit_picture import UnitPicture


def legend(picture: UnitPicture, layout: Layout) -> Markup:
    """Draw the legend: only of what a drawing like this one can have.

    Args:
        picture: What there is.
        layout: The drawing.
    """
    return tag("ul", *_keys(picture, layout), class_="legend")


def _keys(picture: UnitPicture, layout: Layout) -> Iterator[Markup]:
    piled = layout.each > 1
    if piled:
        yield _key(tag("rect", x=11, y=0, width=8, height=6, class_="good"), "events passed, above the line")
        yield _key(tag("rect", x=11, y=6, width=8, height=6, class_="bad"), "events failed, below the line")
    else:
        yield tag("li", glyphs.sign(glyphs.PASSED), "event passed")
        yield tag("li", glyphs.sign(glyphs.FAILED), "event failed")
    yield tag("li", glyphs.sign(glyphs.COMPLETED), "group completed")
    yield tag("li", glyphs.sign(glyphs.REOPENED), "group reopened")
    if any(len(move.transitions) > 1 for lane in layout.groups for move in lane.moves):
        yield tag("li", glyphs.sign(glyphs.SEVERAL), "several of these in one column")
    yield _bar("open", "complete", 12)
    yield _bar("reopened", "reopened", 6)
    yield _key(tag("g", tag("line", x1=0, x2=30, y1=6, y2=6, class_="track"), class_="plot"), "not yet complete")
    if picture.altered:
        yield _key(tag("g", tag("rect", x=5, y=0, width=20, height=12), class_="altered"), "NOT what was recorded")
    if any(moment.missing for slot in layout.slots for moment in slot.moments):
        yield tag("li", tag("strong", "?"), "events that cannot be read")
    if not all(lane.group.read_to_end for lane in layout.groups):
        yield tag("li", tag("strong", "…"), "how it went on cannot be read")
    if any(lane.group.due for lane in layout.groups):
        yield tag("li", tag("strong", "!"), "not announced yet")


def _bar(standing: str, said: str, height: int) -> Markup:
    return _key(tag("g", tag("rect", x=0.5, y=6 - height / 2, width=29, height=height), class_=f"bar {standing}"), said)


def _key(shape: Markup, said: str) -> Markup:
    return tag("li", tag("svg", shape, class_="key", viewBox="0 0 30 12", aria_hidden="true"), said)
