"""`xzepr feed`: what changed in a registry, in order, from any place on, and if wanted as it happens."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final

from xzepr import (
    Change,
    Event,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    Redaction,
    Registry,
    Transition,
    TransitionKind,
    json_form,
)
from xzepr.cli.arguments import Once, given_text, place, positive_number
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Column, Output, Style, shown
from xzepr.cli.store_url import add_store_argument
from xzepr.errors import ConfigurationError, Damaged
from xzepr.model import MAX_LIMIT, format_time
from xzepr.model.changes import CLOUDEVENT_SOURCE

SUMMARY: Final = "Show what changed, in order: from any place on, and as it happens."

_COLUMNS: Final = (
    Column("position", 8, right=True),
    Column("recorded", 27),
    Column("kind", 16),
    Column("by", 16),
    Column("what", 40),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    where = parser.add_mutually_exclusive_group()
    text = "begin behind this place: a position, or a cursor as --json shows it; else at the beginning"
    where.add_argument("--after", metavar="PLACE", type=place, action=Once, help=text)
    where.add_argument("--from-now", action="store_true", help="begin behind what there is now; with --follow")
    parser.add_argument("--follow", action="store_true", help="wait for more, until interrupted")
    parser.add_argument("--limit", metavar="N", type=positive_number, action=Once, help="end after so many changes")
    parser.add_argument("--payloads", action="store_true", help="with the payloads of events")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write one JSON object on each line")
    form.add_argument("--cloudevents", action="store_true", help="write one CloudEvent on each line, as JSON")
    text = f"the source of the CloudEvents: a URI that names this registry (default {CLOUDEVENT_SOURCE})"
    parser.add_argument("--source", metavar="URI", type=given_text, action=Once, help=text)
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Show them."""
    _check(options)
    last: FeedCursor | None = None
    try:
        with opened(options) as registry:
            if not (options.json or options.cloudevents):
                output.head(_COLUMNS)
            for change in islice(_changes(registry, options), options.limit):
                _write(output, change, options)
                last = change.cursor
    except KeyboardInterrupt:
        if last is not None:
            Output(sys.stderr).line(f"xzepr: to go on from here: --after {last}")
        raise
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.from_now and not options.follow:
        raise ConfigurationError("--from-now shows what comes: give --follow as well")
    if options.source is not None and not options.cloudevents:
        raise ConfigurationError("--source belongs to --cloudevents")
    if options.payloads and not (options.json or options.cloudevents):
        raise ConfigurationError("--payloads needs --json or --cloudevents: the table shows none")


def _changes(registry: Registry, options: argparse.Namespace) -> Iterator[Change]:
    after: FeedCursor | int = options.after or 0
    if options.from_now:
        after = registry.feed.read(max(registry.feed.head() - 1, 0), limit=1).cursor
    if options.follow:
        return registry.feed.follow(after, payloads=options.payloads)
    return read_all(registry, after, payloads=options.payloads)


def read_all(registry: Registry, after: FeedCursor | int, *, payloads: bool) -> Iterator[Change]:
    """Yield the changes behind a place, up to the head that there was at the beginning.

    Args:
        registry: Whose feed.
        after: The place.
        payloads: Whether events come with their payloads.
    """
    page = registry.feed.read(after, limit=MAX_LIMIT, payloads=payloads)
    head = page.head
    while page.changes:
        yield from (change for change in page if change.position <= head)
        if page.cursor.position >= head:
            return
        page = registry.feed.read(page.cursor, limit=MAX_LIMIT, payloads=payloads)


def _write(output: Output, change: Change, options: argparse.Namespace) -> None:
    if options.cloudevents:
        output.json(change.to_cloudevent(options.source or CLOUDEVENT_SOURCE))
    elif options.json:
        output.json(json_form(change))
    else:
        moment, actor = format_time(change.recorded_at), shown(str(change.actor))
        cells = (Cell(f"{change.position}"), Cell(moment), Cell(change.kind), Cell(actor), _what(change))
        output.row(_COLUMNS, cells)


def _what(change: Change) -> Cell:
    match change.subject:
        case Event() as event:
            style = Style.GOOD if event.success else Style.BAD
            return Cell(shown(f"{event.unit} {'passed' if event.success else 'failed'} ({event.id})"), style)
        case Transition() as transition:
            style = Style.STRONG_GOOD if transition.kind is TransitionKind.COMPLETED else Style.STRONG_BAD
            return Cell(shown(str(transition)), style)
        case Redaction() as redaction:
            return Cell(shown(f"{redaction.event_id}: {redaction.reason}"))
        case EventReceiver() | EventReceiverGroup() as definition:
            return Cell(shown(f"{'/'.join(definition.naming)} ({definition.id})"))
        case Damaged() as error:
            return Cell(shown(str(error)), Style.BAD)
