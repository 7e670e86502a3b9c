"""Lists: pages walked to their end or to a limit, as a table or as lines of JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Generic, TypeVar

import attrs

from xzepr import Event, EventReceiver, EventReceiverGroup, Page, json_form
from xzepr.cli.arguments import Once, positive_number
from xzepr.cli.output import Cell, Output
from xzepr.cli.tables import write_table
from xzepr.errors import Damaged

T = TypeVar("T", Event, EventReceiver, EventReceiverGroup)

INCOMPLETE: Final = 1
"""It was done, and something in the store cannot be shown, because it is damaged."""


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how many are listed, and from which end."""
    parser.add_argument("--limit", metavar="N", type=positive_number, action=Once, help="at most so many; else all")
    parser.add_argument("--oldest-first", action="store_true", help="begin with the oldest; else with the newest")


@attrs.define
class Walk(Generic[T]):
    """A list that is walked.

    Args:
        pages: Its pages.
        limit: How many items are wanted; None for all.
        more: Whether there are more than that.
        damaged: How many rows could not be decoded.
    """

    pages: Iterable[Page[T]]
    limit: int | None
    more: bool = False
    damaged: int = 0

    def __iter__(self) -> Iterator[T]:
        count = 0
        for page in self.pages:
            self.damaged += len(page.damaged)
            for row in page.damaged:
                tell_damaged(row)
            for item in page:
                if count == self.limit:
                    self.more = True
                    return
                count += 1
                yield item


def write_list(
    output: Output, walk: Walk[T], titles: Sequence[str], row: Callable[[T], Sequence[Cell | str]], *, as_json: bool
) -> int:
    """Write a list.

    Args:
        output: Where.
        walk: The items.
        titles: The titles of the table.
        row: The cells of an item.
        as_json: Whether to write lines of JSON instead.

    Returns:
        The exit code: 1 if some rows are damaged.
    """
    if as_json:
        for item in walk:
            output.json(json_form(item))
    else:
        write_table(output, titles, map(row, walk))
    if walk.more:
        Output(sys.stderr).line(f"xzepr: these are the first {walk.limit:,}, and there are more: see --limit")
    return INCOMPLETE if walk.damaged else 0


def tell_damaged(error: Damaged) -> None:
    """Say on stderr that a stored row cannot be decoded."""
    Output(sys.stderr).line(f"xzepr: {error}")
