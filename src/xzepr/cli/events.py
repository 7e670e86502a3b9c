"""`xzepr events`: what was recorded, narrowed down, and one event with its payload."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from xzepr import Event, EventFilter, Registry, json_form
from xzepr.cli.arguments import Once, add_json_argument, add_unit_filter, given_text, moment, unit_fields
from xzepr.cli.listing import INCOMPLETE, Walk, add_list_arguments, write_list
from xzepr.cli.naming import find_receiver, pages
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Output, Style
from xzepr.cli.receivers import write_document
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import write_fields
from xzepr.errors import Damaged, NotFound
from xzepr.model import MAX_LIMIT, Ulid, format_time

SUMMARY: Final = "List the events, or show one with its payload."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("event", metavar="EVENT", nargs="?", type=given_text, help="show this one: its id")
    add_unit_filter(parser)
    _add_filter_arguments(parser)
    add_list_arguments(parser)
    add_json_argument(parser, "write one JSON object, or for a list one on each line")
    add_store_argument(parser)


def _add_filter_arguments(parser: argparse.ArgumentParser) -> None:
    only = parser.add_argument_group("only events")
    text = "of this receiver: its id, its name if no other has it, or name/type/version"
    only.add_argument("--receiver", metavar="RECEIVER", type=given_text, action=Once, help=text)
    result = only.add_mutually_exclusive_group()
    result.add_argument("--success", dest="success", action="store_true", default=None, help="that went well")
    result.add_argument("--failed", dest="success", action="store_false", help="that did not")
    only.add_argument("--since", metavar="TIME", type=moment, action=Once, help="recorded from this time on (RFC 3339)")
    only.add_argument("--until", metavar="TIME", type=moment, action=Once, help="recorded before this time (RFC 3339)")


def run(options: argparse.Namespace, output: Output) -> int:
    """List them, or show one."""
    with opened(options) as registry:
        if options.event is None:
            return _list(registry, options, output)
        event = registry.events.get(options.event)
        if options.json:
            output.json(json_form(event))
        else:
            _show(output, event, receiver_name(registry)(event.receiver_id))
    return 0 if event.verify() else INCOMPLETE


def receiver_name(registry: Registry) -> Callable[[Ulid], str]:
    """Return a function that tells the name of a receiver; each is read once."""
    known: dict[Ulid, str] = {}

    def name(receiver_id: Ulid) -> str:
        if receiver_id not in known:
            try:
                known[receiver_id] = registry.receivers.get(receiver_id).name
            except (NotFound, Damaged):
                known[receiver_id] = receiver_id
        return known[receiver_id]

    return name


def _list(registry: Registry, options: argparse.Namespace, output: Output) -> int:
    where = EventFilter(
        **unit_fields(options),
        receiver_id=None if options.receiver is None else find_receiver(registry, options.receiver).id,
        success=options.success,
        recorded_from=options.since,
        recorded_until=options.until,
    )
    found = pages(
        lambda cursor: registry.events.list(
            where, limit=MAX_LIMIT, cursor=cursor, newest_first=not options.oldest_first, payloads=options.json
        )
    )
    name = receiver_name(registry)
    titles = ("id", "recorded", "unit", "n", "receiver", "result", "description")
    return write_list(
        output,
        Walk(found, options.limit),
        titles,
        lambda event: _row(event, name(event.receiver_id)),
        as_json=options.json,
    )


def _result(event: Event) -> Cell:
    return Cell("passed", Style.GOOD) if event.success else Cell("failed", Style.BAD)


def _row(event: Event, receiver: str) -> list[Cell | str]:
    recorded = format_time(event.recorded_at)
    return [event.id, recorded, str(event.unit), f"{event.n}", receiver, _result(event), event.description]


def _show(output: Output, event: Event, receiver: str) -> None:
    fields: list[tuple[str, Cell | str]] = [
        ("id", event.id),
        *((f"unit {field.replace('_', ' ')}", value) for field, value in event.unit.fields().items()),
        ("n", f"{event.n}"),
        ("receiver", f"{receiver} ({event.receiver_id})"),
        ("result", _result(event)),
        ("description", event.description),
        ("owner", str(event.owner)),
        ("occurred", format_time(event.occurred_at)),
        ("recorded", format_time(event.recorded_at)),
        ("digest", event.digest),
        ("verified", Cell("yes", Style.GOOD) if event.verify() else Cell("NO: it is not what was recorded", Style.BAD)),
        ("payload", "redacted" if event.redacted else "as below"),
    ]
    write_fields(output, fields)
    if not event.redacted:
        write_document(output, event.payload)
