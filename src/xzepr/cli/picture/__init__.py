"""A unit's picture: read from a registry once, as a value; then drawn for a terminal, as a page, or as JSON.

`gathering` and `groups` read. `moments` puts what was read into one order, `layout` gives it places; `terminal`, `page`
and `forms` turn it into text. Only those that read know the registry; all others are functions of its
:class:`UnitPicture`.
"""

from __future__ import annotations

from xzepr.cli.picture.forms import picture_form
from xzepr.cli.picture.gathering import DEFAULT_EVENTS, MAX_EVENTS, gather
from xzepr.cli.picture.page import page_of
from xzepr.cli.picture.terminal import write_picture
from xzepr.cli.picture.unit_picture import GroupPicture, Tally, UnitPicture

__all__ = [
    "DEFAULT_EVENTS",
    "MAX_EVENTS",
    "GroupPicture",
    "Tally",
    "UnitPicture",
    "gather",
    "page_of",
    "picture_form",
    "write_picture",
]
