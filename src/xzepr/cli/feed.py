"""`xzepr feed`: what changed in a registry, in order, from any place on, and if wanted as it happens."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

import attrs

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
from xzepr.cli.listing import INCOMPLETE, tell_damaged
from xzepr.cli.naming import receiver_label
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Column, Output, OutputLost, Style, say, shown
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.walking import position_of, read_all
from xzepr.errors import BadCursor, ConfigurationError, Damaged, Invalid
from xzepr.model import Ulid, format_time
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
    shown_so_far = _Shown()
    with _telling_where_to_go_on(shown_so_far), opened(options) as registry:
        if not (options.json or options.cloudevents):
            output.head(_COLUMNS)
        label = receiver_label(registry)
        for change in islice(_changes(registry, options, shown_so_far), options.limit):
            if isinstance(change, Damaged):
                shown_so_far.add_gap(change)
            else:
                _write(output, change, options, label)
                shown_so_far.add(change)
    return INCOMPLETE if shown_so_far.damaged else 0


@attrs.define
class _Shown:
    """How far it has come.

    Args:
        place: Where to go on; None as long as nothing was looked for.
        damaged: How many of the changes could not be decoded.
    """

    place: FeedCursor | int | None = None
    damaged: int = 0

    def add(self, change: Change) -> None:
        """Count a change that was shown."""
        self.place = change.cursor
        self.damaged += isinstance(change.subject, Damaged)

    def add_gap(self, gone: Damaged) -> None:
        """Tell of changes that are gone, and count them as one."""
        tell_damaged(gone)
        self.damaged += 1


@contextmanager
def _telling_where_to_go_on(done: _Shown) -> Iterator[None]:
    """Tell it whatever ends the command, but for a place that is none, and for a reader who wants no more."""
    try:
        yield
    except (BadCursor, Invalid, OutputLost):
        raise
    except BaseException:
        if done.place is not None:
            say(f"to go on from here: --after {done.place}")
        raise


def _check(options: argparse.Namespace) -> None:
    if options.from_now and not options.follow:
        raise ConfigurationError("--from-now shows what comes: give --follow as well")
    if options.source is not None and not options.cloudevents:
        raise ConfigurationError("--source belongs to --cloudevents")
    if options.payloads and not (options.json or options.cloudevents):
        raise ConfigurationError("--payloads needs --json or --cloudevents: the table shows none")


def _changes(registry: Registry, options: argparse.Namespace, done: _Shown) -> Iterator[Change | Damaged]:
    done.place = after = _beginning(registry, options)
    if options.follow:
        return registry.feed.follow(after, payloads=options.payloads)
    until = None if options.limit is None else position_of(after) + options.limit
    return read_all(registry, after, payloads=options.payloads, until=until)


def _beginning(registry: Registry, options: argparse.Namespace) -> FeedCursor | int:
    if options.from_now:
        return registry.feed.read(max(registry.feed.head() - 1, 0), limit=1).cursor
    return options.after or 0


def _write(output: Output, change: Change, options: argparse.Namespace, label: Callable[[Ulid], str]) -> None:
    if options.cloudevents:
        output.json(change.to_cloudevent(options.source or CLOUDEVENT_SOURCE))
    elif options.json:
        output.json(json_form(change))
    else:
        moment, actor = format_time(change.recorded_at), shown(str(change.actor))
        cells = (Cell(f"{change.position}"), Cell(moment), Cell(change.kind), Cell(actor), _what(change, label))
        output.row(_COLUMNS, cells)


def _what(change: Change, label: Callable[[Ulid], str]) -> Cell:
    match change.subject:
        case Event() as event:
            style = Style.GOOD if event.success else Style.BAD
            result = "passed" if event.success else "failed"
            return Cell(shown(f"{event.unit} {label(event.receiver_id)} {result} ({event.id})"), style)
        case Transition() as transition:
            style = Style.STRONG_GOOD if transition.kind is TransitionKind.COMPLETED else Style.STRONG_BAD
            group = transition.group
            named = f"{group.name}/{group.type}/{group.version}"
            return Cell(shown(f"{named} {transition.kind} for {transition.unit}"), style)
        case Redaction() as redaction:
            return Cell(shown(f"{redaction.event_id}: {redaction.reason}"))
        case EventReceiver() | EventReceiverGroup() as definition:
            return Cell(shown(f"{'/'.join(definition.naming)} ({definition.id})"))
        case Damaged() as error:
            return Cell(shown(str(error)), Style.BAD)
