"""`xzepr receivers`: which receivers there are, and what one of them asks for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from xzepr import EventReceiver, Page, ReceiverStatistics, Registry, json_form
from xzepr.cli.listing import Asked, Catalogue, add_list_arguments, list_or_show
from xzepr.cli.naming import find_receiver
from xzepr.cli.output import Cell, Output
from xzepr.cli.tables import write_document, write_fields
from xzepr.model import format_time

SUMMARY: Final = "List the receivers, or show one with its schema and its figures."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_list_arguments(parser, "RECEIVER", "show this one: its id, its name if no other has it, or name/type/version")


def run(options: argparse.Namespace, output: Output) -> int:
    """List them, or show one."""
    return list_or_show(options, output, _RECEIVERS)


def _reader(registry: Registry, options: argparse.Namespace) -> Callable[[Asked], Page[EventReceiver]]:
    def read(asked: Asked) -> Page[EventReceiver]:
        return registry.receivers.list(limit=asked.limit, cursor=asked.cursor, newest_first=not options.oldest_first)

    return read


def _row(receiver: EventReceiver) -> list[str]:
    return [receiver.id, *receiver.naming, format_time(receiver.created_at), receiver.description]


def _show(registry: Registry, output: Output, receiver: EventReceiver) -> None:
    write_fields(output, _fields(receiver, registry.receivers.statistics(receiver)))
    write_document(output, receiver.schema)


def _fields(receiver: EventReceiver, figures: ReceiverStatistics) -> list[tuple[str, Cell | str]]:
    return [
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


_RECEIVERS: Final = Catalogue[EventReceiver](
    titles=("id", "name", "type", "version", "created", "description"),
    reader=_reader,
    rows=lambda _: _row,
    find=find_receiver,
    show=_show,
    form=lambda registry, receiver: {
        **json_form(receiver),
        "statistics": json_form(registry.receivers.statistics(receiver)),
    },
)
