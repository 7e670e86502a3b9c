"""`xzepr show`: a unit's picture, in the terminal, as JSON, or as a page for a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from xzepr.cli.arguments import Once, add_json_argument, add_unit_arguments, given_text, positive_number, unit_of
from xzepr.cli.files import replacing
from xzepr.cli.listing import INCOMPLETE, tell_altered, tell_damaged
from xzepr.cli.opening import opened
from xzepr.cli.output import Output, say
from xzepr.cli.picture import DEFAULT_EVENTS, MAX_EVENTS, UnitPicture, gather, page_of, picture_form, write_picture
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import counted, write_fields
from xzepr.errors import ConfigurationError
from xzepr.model import utc_now

SUMMARY: Final = "Draw what happened to a unit, and what each group says about it."

STDOUT: Final = "-"
"""As the name of a file: stdout."""

UNKNOWN: Final = 1
"""Nothing was ever recorded about the unit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_unit_arguments(parser)
    text = "write one page for a browser to this file, which is replaced if it is there; - is stdout"
    parser.add_argument("--html", metavar="FILE", type=given_text, action=Once, help=text)
    text = f"at most so many events, the newest ones (1-{MAX_EVENTS:,}, default {DEFAULT_EVENTS:,})"
    parser.add_argument("--events", metavar="N", type=_number_of_events, action=Once, help=text)
    add_json_argument(parser)
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Read the picture, and draw it."""
    unit = unit_of(options)
    if options.json and options.html == STDOUT:
        raise ConfigurationError("--json and --html - both write to stdout: give the page a file")
    with opened(options) as registry:
        picture = gather(registry, unit, read_at=utc_now(), events=options.events or DEFAULT_EVENTS)
    _tell_faults(picture)
    if options.json:
        output.json(picture_form(picture))
    if picture.unknown:
        say(f"nothing is recorded about {unit}")
        return UNKNOWN
    if options.html is not None:
        _write_page(picture, options, output)
    elif not options.json:
        write_picture(output, picture)
    return INCOMPLETE if picture.damaged or picture.altered else 0


def _tell_faults(picture: UnitPicture) -> None:
    """Say on stderr what in the store is not as it should be."""
    for error in picture.damaged:
        tell_damaged(error)
    for event_id in sorted(picture.altered):
        tell_altered("event", event_id)


def _write_page(picture: UnitPicture, options: argparse.Namespace, output: Output) -> None:
    """Write the page, and say so where nothing else is said."""
    page = page_of(picture)
    if options.html == STDOUT:
        output.line(page.encode("ascii", "xmlcharrefreplace").decode().rstrip())  # whatever stdout is encoded in
        return
    with replacing(Path(options.html)) as file:
        file.write(page.encode())
    if not options.json:
        events, groups = counted(len(picture.events), "event"), counted(len(picture.groups), "group")
        write_fields(output, [("page", options.html), ("shows", f"{events}, {groups}")])


def _number_of_events(text: str) -> int:
    number = positive_number(text)
    if number > MAX_EVENTS:
        raise argparse.ArgumentTypeError(f"must be at most {MAX_EVENTS:,}")
    return number
