"""How the commands about a store tell what they found: a word and a value on each line, on stdout."""

from __future__ import annotations

from typing import Final

from xzepr.cli.output import Cell, Column, Output, Style

_COLUMNS: Final = (Column("what", 8), Column("value", 80))


def tell(output: Output, what: str, value: str) -> None:
    """Write a line.

    Example:
        >>> import sys
        >>> tell(Output(sys.stdout), "found", "0001")
        found     0001
    """
    output.row(_COLUMNS, [Cell(what, Style.FAINT), Cell(value)])
