"""Draws a unit's picture as one page that needs nothing else: no network, no script, no font.

The page forbids itself everything but its own style sheet, by the sheet's digest. So even a text that slipped through
the escaping could load and run nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from typing import Final

from xzepr.cli.picture import glyphs
from xzepr.cli.picture.damage import damage_notice, damage_section
from xzepr.cli.picture.event_table import MAX_ROWS, event_section
from xzepr.cli.picture.layout import Layout, lay_out
from xzepr.cli.picture.legend import legend
from xzepr.cli.picture.markup import Markup, breakable, joined, tag
from xzepr.cli.picture.moments import history_of
from xzepr.cli.picture.timeline import draw
from xzepr.cli.picture.unit_picture import UnitPicture
from xzepr.cli.picture.verdict_table import verdict_section, verdict_sign
from xzepr.cli.picture.wording import day_and_second
from xzepr.cli.tables import counted
from xzepr.model import Ulid, gate_state

SIZES: Final = ((44, ""), (64, "tall"))
"""Up to how many lanes a drawing is of a size; the style sheet knows how small it is then on paper."""

TALLEST: Final = "tallest"
"""The size of a drawing with more lanes."""


def page_of(picture: UnitPicture) -> str:
    """Return the page: the same text for the same picture.

    Args:
        picture: What to show.
    """
    unit = picture.unit
    head = tag("head", *_head(f"{unit.name} {unit.version}: history and verdicts"))
    body = tag("body", glyphs.SIGNS, *_body(picture))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _head(title: str) -> Iterator[Markup]:
    """Yield what stands in the head; nothing in the style sheet needs an escape, neither in HTML nor in XML."""
    style = Markup(files("xzepr.cli.picture").joinpath("page.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield tag("meta", charset="utf-8")
    yield tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy))
    yield tag("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield tag("meta", name="referrer", content="no-referrer")
    yield tag("title", title)
    yield tag("style", style)


def _body(picture: UnitPicture) -> Iterator[Markup]:
    history = history_of(picture)
    layout = lay_out(picture, history)
    moments = history.moments[-MAX_ROWS:]
    row_of = {one.event.id: one.event.n for one in moments if one.event is not None}
    left_out = _left_out(picture, layout, len(history.moments) - len(moments))
    main = [
        verdict_section(picture, row_of),
        _chart(picture, layout),
        damage_section(picture, row_of),
        event_section(picture, moments),
    ]
    read = f"Drawn by xzepr from what was recorded until {day_and_second(picture.read_at)} UTC."
    yield _header(picture, left_out)
    yield tag("main", *main)
    yield tag("footer", f"{read} It holds no payloads.")


def _header(picture: UnitPicture, left_out: Markup) -> Markup:
    unit = picture.unit
    others = {field: value for field, value in unit.fields().items() if field not in {"name", "version"}}
    return tag(
        "header",
        tag("p", "Unit", class_="eyebrow"),
        tag("h1", tag("bdi", unit.name), " ", tag("bdi", unit.version, class_="version")),
        tag("dl", *(_field(field, value) for field, value in others.items()), class_="unit"),
        damage_notice(picture),
        tag("ul", *_tiles(picture), class_="tiles"),
        left_out,
    )


def _field(field: str, value: str) -> Markup:
    return tag("div", tag("dt", field.replace("_", " ")), tag("dd", tag("bdi", value)))


def _tiles(picture: UnitPicture) -> Iterator[Markup]:
    """Yield what to know at a glance: how many groups are complete, how many events there are, and the newest."""
    yield _groups_tile(picture)
    said = "event recorded" if picture.recorded == 1 else "events recorded"
    yield tag("li", tag("strong", f"{picture.recorded:,}"), said)
    if picture.events:
        newest = picture.events[-1]
        receiver = tag("bdi", picture.label(newest.receiver_id))
        told = joined("UTC, the last event: ", receiver, " passed" if newest.success else " failed")
        yield tag("li", tag("strong", day_and_second(newest.recorded_at)), told)


def _groups_tile(picture: UnitPicture) -> Markup:
    """Say how many groups are complete: green only if these are all, and nothing is left out or in doubt."""
    tally = picture.tally
    if not tally.enabled:
        said = f"of {counted(tally.groups, 'group')} is enabled" if tally.groups else "no group concerns this unit"
        return tag("li", tag("strong", "None"), said)
    said = "group is complete" if tally.enabled == 1 else "groups are complete"
    enabled = f"enabled {said}, {tally.disabled:,} disabled" if tally.disabled else said
    good = "all" if picture.sound else None
    colour = "some" if tally.complete < tally.enabled else good
    return tag("li", tag("strong", f"{tally.complete:,} of {tally.enabled:,}"), enabled, class_=colour)


def _left_out(picture: UnitPicture, layout: Layout, rows: int) -> Markup:
    texts = list(picture.left_out)
    if layout.hidden:
        texts.append(
            f"the lanes of {counted(layout.hidden, 'receiver')} that do not fail now and have the oldest events"
        )
    if rows > 0:
        texts.append(f"in the table of events, the oldest {counted(rows, 'row')}; the drawing has them")
    if not texts:
        return Markup()
    return tag("div", "Left out of this page:", tag("ul", *(tag("li", text) for text in texts)), class_="left-out")


def _chart(picture: UnitPicture, layout: Layout) -> Markup:
    caption = "From left to right in the order of the unit; times in UTC."
    if layout.each > 1:
        caption += f" Each column stands for {layout.each} moments in a row."
    lanes = tag("div", *_lanes(picture, layout), class_="lanes")
    frame = tag("div", lanes, draw(picture, layout), class_="frame", tabindex="0", role="group", aria_label="History")
    figure = tag("figure", frame, legend(picture, layout), class_=f"chart {_size(layout)}".rstrip())
    return tag("section", tag("h2", "History"), tag("p", caption, class_="quiet"), figure)


def _size(layout: Layout) -> str:
    """Return how high the drawing is, so that it can be made to fit on a sheet of paper."""
    lanes = len(layout.groups) + len(layout.receivers)
    return next((size for most, size in SIZES if lanes <= most), TALLEST)


def _lanes(picture: UnitPicture, layout: Layout) -> Iterator[Markup]:
    """Yield the names beside the drawing, each as high as its lane."""
    nothing = tag("div", "none", class_="quiet")
    groups = [_lane(verdict_sign(one.group), picture.label(one.group.group.id)) for one in layout.groups]
    receivers = [_lane(_now(picture, one.receiver_id), picture.label(one.receiver_id)) for one in layout.receivers]
    yield tag("div", class_="head")
    yield tag("div", "Groups", class_="section")
    yield from groups or [nothing]
    yield tag("div", "Receivers", class_="section")
    yield from receivers or [nothing]


def _lane(sign: str, name: str) -> Markup:
    return tag("div", glyphs.sign(sign), _lane_name(name), title=name)


def _lane_name(name: str) -> Markup:
    """Draw a name; what tells namesakes apart has a line of its own, so that it is not cut away."""
    rest, slash, version = name.rpartition("/")
    first, earlier_slash, kind = rest.rpartition("/")
    if not earlier_slash:
        return tag("bdi", breakable(name))
    return tag("bdi", tag("span", first), tag("span", f"/{kind}{slash}{version}"), class_="apart")


def _now(picture: UnitPicture, receiver_id: Ulid) -> str:
    """Return the sign for what a receiver says now: by a verdict, which knows it even if its event cannot be read."""
    verdicts = (one.verdict for one in picture.groups if one.verdict is not None)
    states = (gate.state for verdict in verdicts for gate in verdict.gates if gate.receiver.id == receiver_id)
    newest = (gate_state(one.success) for one in reversed(picture.events) if one.receiver_id == receiver_id)
    return str(next(chain(states, newest)))
