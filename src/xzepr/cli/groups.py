"""`xzepr groups`: which groups there are, and which receivers one of them needs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from xzepr import EventReceiverGroup, ReceiverFilter, Registry, json_form
from xzepr.cli.arguments import add_json_argument, given_text
from xzepr.cli.listing import Walk, add_list_arguments, write_list
from xzepr.cli.naming import find_group, pages
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Output, Style
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import write_fields, write_table
from xzepr.model import MAX_LIMIT, format_time

SUMMARY: Final = "List the groups, or show one with the receivers that it needs."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    text = "show this one: its id, its name if no other has it, or name/type/version"
    parser.add_argument("group", metavar="GROUP", nargs="?", type=given_text, help=text)
    add_list_arguments(parser)
    add_json_argument(parser, "write one JSON object, or for a list one on each line")
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """List them, or show one."""
    with opened(options) as registry:
        if options.group is None:
            newest_first = not options.oldest_first
            found = pages(
                lambda cursor: registry.groups.list(limit=MAX_LIMIT, cursor=cursor, newest_first=newest_first)
            )
            titles = ("id", "name", "type", "version", "state", "receivers", "revision", "description")
            return write_list(output, Walk(found, options.limit), titles, _row, as_json=options.json)
        group = find_group(registry, options.group)
        if options.json:
            output.json(json_form(group))
        else:
            _show(output, group)
            output.line()
            write_table(output, ("receiver", "name", "type", "version"), _needed(registry, group))
    return 0


def _state(group: EventReceiverGroup) -> Cell:
    return Cell("enabled") if group.enabled else Cell("disabled", Style.BAD)


def _row(group: EventReceiverGroup) -> list[Cell | str]:
    needed, revision = f"{len(group.receiver_ids)}", f"{group.revision}"
    return [group.id, group.name, group.type, group.version, _state(group), needed, revision, group.description]


def _show(output: Output, group: EventReceiverGroup) -> None:
    write_fields(
        output,
        [
            ("id", group.id),
            ("name", group.name),
            ("type", group.type),
            ("version", group.version),
            ("description", group.description),
            ("state", _state(group)),
            ("owner", str(group.owner)),
            ("revision", f"{group.revision}"),
            ("created", format_time(group.created_at)),
            ("updated", format_time(group.updated_at)),
        ],
    )


def _needed(registry: Registry, group: EventReceiverGroup) -> Iterator[list[str]]:
    """Yield the receivers in the order of the group; one that cannot be read is shown by its id."""
    where = ReceiverFilter(ids=group.receiver_ids)
    found = {
        receiver.id: receiver
        for page in pages(lambda cursor: registry.receivers.list(where, limit=MAX_LIMIT, cursor=cursor))
        for receiver in page
    }
    for receiver_id in group.receiver_ids:
        receiver = found.get(receiver_id)
        yield [receiver_id, *(receiver.naming if receiver is not None else ("", "", ""))]
