"""`xzepr receivers`: which receivers there are, and what one of them asks for."""

from __future__ import annotations

import argparse
from typing import Final

from xzepr import EventReceiver, ReceiverStatistics, json_form
from xzepr.cli.arguments import add_json_argument, given_text
from xzepr.cli.listing import Walk, add_list_arguments, write_list
from xzepr.cli.naming import find_receiver, pages
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Output
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import write_fields
from xzepr.documents import JsonValue
from xzepr.model import MAX_LIMIT, format_time

SUMMARY: Final = "List the receivers, or show one with its schema and its figures."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    text = "show this one: its id, its name if no other has it, or name/type/version"
    parser.add_argument("receiver", metavar="RECEIVER", nargs="?", type=given_text, help=text)
    add_list_arguments(parser)
    add_json_argument(parser, "write one JSON object, or for a list one on each line")
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """List them, or show one."""
    with opened(options) as registry:
        if options.receiver is None:
            newest_first = not options.oldest_first
            found = pages(
                lambda cursor: registry.receivers.list(limit=MAX_LIMIT, cursor=cursor, newest_first=newest_first)
            )
            titles = ("id", "name", "type", "version", "created", "description")
            return write_list(output, Walk(found, options.limit), titles, _row, as_json=options.json)
        receiver = find_receiver(registry, options.receiver)
        if options.json:
            output.json(json_form(receiver))
        else:
            _show(output, receiver, registry.receivers.statistics(receiver))
    return 0


def _row(receiver: EventReceiver) -> list[str]:
    return [
        receiver.id,
        receiver.name,
        receiver.type,
        receiver.version,
        format_time(receiver.created_at),
        receiver.description,
    ]


def _show(output: Output, receiver: EventReceiver, figures: ReceiverStatistics) -> None:
    fields: list[tuple[str, Cell | str]] = [
        ("id", receiver.id),
        ("name", receiver.name),
        ("type", receiver.type),
        ("version", receiver.version),
        ("description", receiver.description),
        ("owner", str(receiver.owner)),
        ("revision", f"{receiver.revision}"),
        ("created", format_time(receiver.created_at)),
        ("updated", format_time(receiver.updated_at)),
        ("fingerprint", receiver.fingerprint),
        ("events", f"{figures.total:,}: {figures.succeeded:,} succeeded, {figures.failed:,} failed"),
        ("schema", "accepts anything" if receiver.accepts_anything else "as below"),
    ]
    write_fields(output, fields)
    write_document(output, receiver.schema)


def write_document(output: Output, document: JsonValue) -> None:
    """Write a JSON document below what was shown."""
    output.line()
    output.json(document, indent=2)
