"""`xzepr groups`: which groups there are, and which receivers one of them needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Final

from xzepr import EventReceiverGroup, Page, ReceiverFilter, Registry
from xzepr.cli.listing import Asked, Catalogue, add_list_arguments, list_or_show
from xzepr.cli.naming import find_group
from xzepr.cli.output import Cell, Output, Style
from xzepr.cli.tables import write_fields, write_table
from xzepr.cli.walking import pages
from xzepr.model import MAX_LIMIT, format_time

SUMMARY: Final = "List the groups, or show one with the receivers that it needs."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_list_arguments(parser, "GROUP", "show this one: its id, its name if no other has it, or name/type/version")


def run(options: argparse.Namespace, output: Output) -> int:
    """List them, or show one."""
    return list_or_show(options, output, _GROUPS)


def _reader(registry: Registry, options: argparse.Namespace) -> Callable[[Asked], Page[EventReceiverGroup]]:
    def read(asked: Asked) -> Page[EventReceiverGroup]:
        return registry.groups.list(limit=asked.limit, cursor=asked.cursor, newest_first=not options.oldest_first)

    return read


def _state(group: EventReceiverGroup) -> Cell:
    return Cell("enabled") if group.enabled else Cell("disabled", Style.BAD)


def _row(group: EventReceiverGroup) -> list[Cell | str]:
    needed, revision = f"{len(group.receiver_ids)}", f"{group.revision}"
    return [group.id, group.name, group.type, group.version, _state(group), needed, revision, group.description]


def _show(registry: Registry, output: Output, group: EventReceiverGroup) -> None:
    write_fields(output, _fields(group))
    output.line()
    write_table(output, ("receiver", "name", "type", "version"), _needed(registry, group))


def _fields(group: EventReceiverGroup) -> list[tuple[str, Cell | str]]:
    return [
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
    ]


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


_GROUPS: Final = Catalogue[EventReceiverGroup](
    titles=("id", "name", "type", "version", "state", "receivers", "revision", "description"),
    reader=_reader,
    rows=lambda _: _row,
    find=find_group,
    show=_show,
)
