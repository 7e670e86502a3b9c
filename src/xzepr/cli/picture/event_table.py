"""The part of the page that tells in words what the drawing shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from xzepr import Event, TransitionKind
from xzepr.cli.picture import glyphs
from xzepr.cli.picture.markup import Markup, breakable, tag
from xzepr.cli.picture.moments import Moment
from xzepr.cli.picture.unit_picture import UnitPicture
from xzepr.cli.picture.wording import day_and_second, missing_text, moved, remarks

MAX_ROWS: Final = 200
"""The most rows: the newest ones."""

MAX_MOVES: Final = 12
"""The most transitions that a row names."""

MAX_NUMBERS: Final = 50
"""The most redacted events that are named."""

_TITLES: Final = ("n", "Recorded (UTC)", "Receiver", "Result", "What it moved", "By", "Description", "Event")
_SIGN_OF: Final = {TransitionKind.COMPLETED: glyphs.COMPLETED, TransitionKind.REOPENED: glyphs.REOPENED}


def event_section(picture: UnitPicture, moments: Sequence[Moment]) -> Markup:
    """Draw the table of events, the newest first.

    Args:
        picture: What there is.
        moments: What gets a row.
    """
    heads = tag("tr", *(tag("th", title, scope="col") for title in _TITLES))
    rows = [_row(picture, moment) for moment in reversed(moments)]
    redacted = [f"{event.n:,}" for event in picture.events if event.redacted]
    caption = tag("caption", "The newest first; n is the place in the order of the unit.")
    table = tag("table", caption, tag("thead", heads), tag("tbody", *rows), class_="events")
    return tag(
        "section",
        tag("h2", "Events"),
        tag("div", table, class_="scroll", tabindex="0", role="group", aria_label="Events"),
        tag("p", f"Redacted payloads: {_numbers(redacted)}.", class_="quiet redacted") if redacted else Markup(),
    )


def _numbers(numbers: Sequence[str]) -> str:
    """Return the numbers of events: the newest ones, if there are many."""
    more = [f"and {len(numbers) - MAX_NUMBERS:,} older ones"] if len(numbers) > MAX_NUMBERS else []
    return ", ".join([*numbers[-MAX_NUMBERS:], *more])


def _row(picture: UnitPicture, moment: Moment) -> Markup:
    if moment.missing is not None:
        said = tag("td", glyphs.badge(glyphs.UNREADABLE, f"{missing_text(moment.missing)}: damaged"), colspan=3)
        return tag("tr", tag("td"), said, tag("td", _moves(picture, moment)), *[tag("td")] * 3, class_="unreadable")
    if moment.event is None:
        return _loose_row(picture, moment)
    return _event_row(picture, moment, moment.event)


def _loose_row(picture: UnitPicture, moment: Moment) -> Markup:
    when = tag("td", day_and_second(moment.transitions[0].recorded_at), class_="when")
    cause = tag("td", moment.cause, colspan=2, class_="quiet")
    return tag("tr", tag("td"), when, cause, tag("td", _moves(picture, moment)), *[tag("td")] * 3)


def _event_row(picture: UnitPicture, moment: Moment, event: Event) -> Markup:
    result = "passed" if event.success else "failed"
    return tag(
        "tr",
        tag("th", f"{event.n:,}", scope="row", class_="n"),
        tag("td", day_and_second(event.recorded_at), class_="when"),
        _cut(picture.label(event.receiver_id), "receiver"),
        tag("td", glyphs.badge(glyphs.PASSED if event.success else glyphs.FAILED, result)),
        tag("td", _moves(picture, moment), class_="moved"),
        _cut(str(event.owner), "by"),
        tag("td", *_description(picture, event), class_="said"),
        tag("td", event.id, class_="id"),
        id=f"event-{event.n}",
        class_="altered" if event.id in picture.altered else None,
    )


def _cut(name: str, class_: str) -> Markup:
    """Make a cell of a name, of which a browser shows the first lines, and all of it to those who point at it."""
    return tag("td", tag("bdi", breakable(name)), class_=class_, title=name)


def _moves(picture: UnitPicture, moment: Moment) -> Markup:
    """List what moved, the newest first, as the rows are."""
    newest = moment.transitions[::-1]
    items = [tag("li", glyphs.badge(_SIGN_OF[one.kind], moved(picture, one))) for one in newest[:MAX_MOVES]]
    more = [tag("li", f"and {len(newest) - MAX_MOVES} more")] if len(newest) > MAX_MOVES else []
    return tag("ul", *items, *more, class_="moves") if items else Markup()


def _description(picture: UnitPicture, event: Event) -> Iterator[Markup]:
    if event.description:
        yield tag("bdi", event.description)
    for remark in remarks(picture, event):
        yield tag("p", remark.text, class_="remark bad" if remark.grave else "remark")
