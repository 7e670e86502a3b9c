"""Keyset pages: SQLite walks an index, the filter of :mod:`xzepr.model` decides, and a bound ends the walk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from typing import TypeVar

import attrs
from xzepr.errors import Damaged
from xzepr.model import MAX_EXAMINED_BYTES, MAX_EXAMINED_ROWS, Anchor
from xzepr.stores import Slice

from xzepr_sqlite.rows import micros, time_of

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Walk:
    """Where a page begins, and which way it goes.

    Args:
        time: The column by which the list is ordered, before its id.
        after: The row behind which it begins.
        newest_first: Whether it goes back in time.
        start: The first time that counts.
        end: The first time that no longer counts.
    """

    time: str
    after: Anchor | None
    newest_first: bool
    start: datetime | None
    end: datetime | None

    def rows(self, sql: sqlite3.Connection, source: str, where: str, *values: object) -> sqlite3.Cursor:
        """Return the rows of the list, in order, read as they are asked for.

        Args:
            sql: The connection.
            source: ``SELECT … FROM …``.
            where: The condition by which SQLite chooses an index.
            values: The values of its question marks.
        """
        order, beyond = ("DESC", "<") if self.newest_first else ("ASC", ">")
        conditions, given = [where], list(values)
        if self.after is not None:
            conditions.append(f"({self.time}, id) {beyond} (?, ?)")
            given += [micros(self.after.recorded_at), self.after.id]
        for moment, bound in ((self.start, ">="), (self.end, "<")):
            if moment is not None:
                conditions.append(f"{self.time} {bound} ?")
                given.append(micros(moment))
        ordered = f"ORDER BY {self.time} {order}, id {order}"
        return sql.execute(f"{source} WHERE {' AND '.join(conditions)} {ordered}", given)


def page(
    rows: sqlite3.Cursor,
    time: str,
    read: Callable[[sqlite3.Row], T],
    matches: Callable[[T], bool],
    *,
    limit: int,
    show: Callable[[sqlite3.Row, T], T] = lambda _, item: item,
    weigh: Callable[[T], int] = lambda _: 0,
) -> Slice[T]:
    """Read rows until a page is full, the list ends, or enough was looked at.

    Args:
        rows: The rows, in the order of the list.
        time: The column by which it is ordered, as it is called in a row.
        read: Makes the value of a row; what is :class:`Damaged` is told beside the others.
        matches: Says whether a value belongs to the list.
        limit: The most items.
        show: Makes of a value that belongs to the list what is handed out; it may be damaged too.
        weigh: How many bytes that costs.
    """
    items: list[T] = []
    damaged: list[Damaged] = []
    examined = weight = 0
    last: sqlite3.Row | None = None
    with closing(rows):
        for row in rows:
            if len(items) + len(damaged) >= limit or examined >= MAX_EXAMINED_ROWS or weight >= MAX_EXAMINED_BYTES:
                return Slice(items=tuple(items), damaged=tuple(damaged), next=_anchor(last, time))
            last = row
            examined += 1
            try:
                item = read(row)
                if matches(item):
                    items.append(show(row, item))
                    weight += weigh(items[-1])
            except Damaged as error:
                damaged.append(error)
    return Slice(items=tuple(items), damaged=tuple(damaged))


def first(rows: Iterable[sqlite3.Row]) -> sqlite3.Row | None:
    """Return the only row there is, or None."""
    return next(iter(list(rows)), None)


def _anchor(row: sqlite3.Row | None, time: str) -> Anchor | None:
    return None if row is None else Anchor(time_of(row[time]), row["id"])
