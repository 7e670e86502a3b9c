"""The parts of the page that say what in the store is not as it should be: a notice at the top, and each row of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from xzepr import Event
from xzepr.cli.picture.markup import Markup, tag
from xzepr.cli.picture.unit_picture import UnitPicture
from xzepr.cli.picture.wording import ALTERED
from xzepr.cli.tables import counted
from xzepr.model import Ulid

MAX_LISTED: Final = 100
"""The most rows that are named of each kind."""


def damage_notice(picture: UnitPicture) -> Markup:
    """Draw the notice, which nobody overlooks; nothing if all is as it should be."""
    said = list(_said(picture))
    return tag("p", *said, tag("a", "Which ones", href="#damage"), class_="alarm") if said else Markup()


def _said(picture: UnitPicture) -> Iterator[str]:
    if altered := len(picture.altered):
        yield f"{counted(altered, 'event')} of this page {'is' if altered == 1 else 'are'} NOT what was recorded. "
    if damaged := len(picture.damaged):
        yield f"{counted(damaged, 'stored row')} cannot be read. "


def damage_section(picture: UnitPicture, row_of: Mapping[Ulid, int]) -> Markup:
    """Draw the list of what is damaged or altered; nothing if all is as it should be.

    Args:
        picture: What there is.
        row_of: The numbers of the events that the page has rows for.
    """
    if not (picture.damaged or picture.altered):
        return Markup()
    altered = [_altered(event, row_of) for event in picture.altered_events]
    damaged = [tag("li", tag("bdi", str(error))) for error in picture.damaged]
    lists = (_listed(altered, "altered"), _listed(damaged, "damaged"))
    return tag("section", tag("h2", "Damaged or altered"), *lists, id="damage")


def _altered(event: Event, row_of: Mapping[Ulid, int]) -> Markup:
    name = f"event {event.n:,}"
    place = tag("a", name, href=f"#event-{event.n}") if event.id in row_of else name
    return tag("li", place, " (", tag("span", event.id, class_="id"), f") is {ALTERED}")


def _listed(items: Sequence[Markup], class_: str) -> Markup:
    more = [tag("li", f"and {len(items) - MAX_LISTED:,} more")] if len(items) > MAX_LISTED else []
    return tag("ul", *items[:MAX_LISTED], *more, class_=class_) if items else Markup()
