"""Tables whose columns are as wide as what stands in them, and the fields of one thing below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Final

import attrs

from xzepr.cli.output import Cell, Column, Output, Style, shown, width_of
from xzepr.documents import JsonValue

LOOK_AHEAD: Final = 100
"""How many rows are looked at to choose the widths; a wider cell further down pushes the rest of its line."""

MOST_WIDE: Final = 60
"""The widest a column is made."""

NOTHING: Final = "-"
"""Stands where there is nothing to show, so that every row has the same number of words."""


def write_table(output: Output, titles: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> None:
    """Write rows under titles, as they come.

    Args:
        output: Where.
        titles: What stands above the columns.
        rows: The cells of each row.

    Example:
        >>> import sys
        >>> write_table(Output(sys.stdout), ("name", "state"), [("unit-tests", "passed"), ("scan", "missing")])
        name        state
        ----------  -------
        unit-tests  passed
        scan        missing
    """
    cells = ([_cell(one) for one in row] for row in rows)
    first = list(islice(cells, LOOK_AHEAD))
    columns = [
        Column(title, min(MOST_WIDE, max(map(width_of, [title, *(row[index].text for row in first)]))))
        for index, title in enumerate(titles)
    ]
    output.head(columns)
    for row in chain(first, cells):
        output.row(columns, row)


def write_fields(output: Output, fields: Iterable[tuple[str, Cell | str]]) -> None:
    """Write what is known about one thing: a word and a value on each line.

    Example:
        >>> import sys
        >>> write_fields(Output(sys.stdout), [("name", "build"), ("revision", "1")])
        name      build
        revision  1
    """
    lines = list(fields)
    columns = (Column("", max(width_of(word) for word, _ in lines)), Column("", 0))
    for word, value in lines:
        output.row(columns, [Cell(word, Style.FAINT), _cell(value)])


def write_document(output: Output, document: JsonValue) -> None:
    """Write a JSON document below what was shown."""
    output.line()
    output.json(document, indent=2)


def _cell(value: Cell | str) -> Cell:
    cell = Cell(value) if isinstance(value, str) else value
    return attrs.evolve(cell, text=shown(cell.text) or NOTHING)


def counted(number: int, what: str) -> str:
    """Return a number and a word in the plural that it needs.

    Example:
        >>> counted(1, "event"), counted(2_000, "event")
        ('1 event', '2,000 events')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
