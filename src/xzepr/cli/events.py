"""`xzepr events`: what was recorded, narrowed down, and one event with its payload."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from xzepr import Event, EventFilter, Page, Registry
from xzepr.cli.arguments import Once, add_unit_filter, given_text, moment, unit_fields
from xzepr.cli.listing import Asked, Catalogue, add_list_arguments, list_or_show
from xzepr.cli.naming import find_receiver, receiver_label
from xzepr.cli.output import Cell, Output, Style
from xzepr.cli.tables import write_document, write_fields
from xzepr.errors import ConfigurationError
from xzepr.model import UNIT_FIELDS, format_time

SUMMARY: Final = "List the events, or show one with its payload."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_list_arguments(parser, "EVENT", "show this one: its id")
    add_unit_filter(parser)
    _add_filter_arguments(parser)


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
    return list_or_show(options, output, _EVENTS)


def _where(registry: Registry, options: argparse.Namespace) -> EventFilter:
    if options.since is not None and options.until is not None and options.since > options.until:
        raise ConfigurationError("--since must not be after --until")
    return EventFilter(
        **unit_fields(options),
        receiver_id=None if options.receiver is None else find_receiver(registry, options.receiver).id,
        success=options.success,
        recorded_from=options.since,
        recorded_until=options.until,
    )


def _reader(registry: Registry, options: argparse.Namespace) -> Callable[[Asked], Page[Event]]:
    where = _where(registry, options)

    def read(asked: Asked) -> Page[Event]:
        return registry.events.list(
            where,
            limit=asked.limit,
            cursor=asked.cursor,
            newest_first=not options.oldest_first,
            payloads=options.json and asked.shown,
        )

    return read


def _rows(registry: Registry) -> Callable[[Event], list[Cell | str]]:
    label = receiver_label(registry)
    return lambda event: _row(event, label(event.receiver_id))


def _result(event: Event) -> Cell:
    return Cell("passed", Style.GOOD) if event.success else Cell("failed", Style.BAD)


def _row(event: Event, receiver: str) -> list[Cell | str]:
    recorded = format_time(event.recorded_at)
    return [event.id, recorded, str(event.unit), f"{event.n}", receiver, _result(event), event.description]


def _show(registry: Registry, output: Output, event: Event) -> None:
    write_fields(output, _fields(event, receiver_label(registry)(event.receiver_id)))
    if not event.redacted:
        write_document(output, event.payload)


def _fields(event: Event, receiver: str) -> list[tuple[str, Cell | str]]:
    return [
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


_EVENTS: Final = Catalogue[Event](
    titles=("id", "recorded", "unit", "n", "receiver", "result", "description"),
    reader=_reader,
    rows=_rows,
    find=lambda registry, text: registry.events.get(text),
    show=_show,
    sound=Event.verify,
    filters={
        **{field: f"--{field.replace('_', '-')}" for field in UNIT_FIELDS},
        "receiver": "--receiver",
        "success": "--success or --failed",
        "since": "--since",
        "until": "--until",
    },
)
