"""Keyset pages over sorted keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from xzepr.errors import Damaged
from xzepr.model import MAX_EXAMINED_BYTES, MAX_EXAMINED_ROWS, Anchor
from xzepr.stores import Slice
from xzepr_memory.rows import AnchorKey

T = TypeVar("T")

_LOWEST_ID = ""


def window(
    keys: Sequence[AnchorKey],
    *,
    after: Anchor | None,
    newest_first: bool,
    start: datetime | None,
    end: datetime | None,
) -> Iterator[AnchorKey]:
    """Walk the keys behind an anchor whose time lies in [start, end)."""
    low = 0 if start is None else bisect_left(keys, (start, _LOWEST_ID))
    high = len(keys) if end is None else bisect_left(keys, (end, _LOWEST_ID))
    if after is not None:
        anchor = (after.recorded_at, after.id)
        low, high = (
            (low, min(high, bisect_left(keys, anchor)))
            if newest_first
            else (max(low, bisect_right(keys, anchor)), high)
        )
    places = range(high - 1, low - 1, -1) if newest_first else range(low, high)
    return (keys[place] for place in places)


def select(
    keys: Iterator[AnchorKey],
    read: Callable[[AnchorKey], T],
    matches: Callable[[T], bool],
    *,
    limit: int,
    show: Callable[[T], T] = lambda row: row,
    weigh: Callable[[T], int] = lambda _: 0,
) -> Slice[T]:
    """Read rows until a page is full, the keys end, or enough was examined.

    Args:
        keys: The keys, in the order of the list.
        read: Returns the row of a key.
        matches: Says whether a row belongs to the list.
        limit: The most rows.
        show: Makes of a row that belongs to the list what is handed out; its :class:`Damaged` is reported beside the
            others.
        weigh: How many bytes a row costs to show.
    """
    items: list[T] = []
    damaged: list[Damaged] = []
    examined = weight = 0
    last: AnchorKey | None = None
    for key in keys:
        if len(items) + len(damaged) == limit or examined == MAX_EXAMINED_ROWS or weight >= MAX_EXAMINED_BYTES:
            assert last is not None  # noqa: S101 - a full page has looked at a row; limits are at least 1
            return Slice(items=tuple(items), damaged=tuple(damaged), next=Anchor(*last))
        last = key
        examined += 1
        row = read(key)
        if not matches(row):
            continue
        weight += weigh(row)
        try:
            items.append(show(row))
        except Damaged as error:
            damaged.append(error)
    return Slice(items=tuple(items), damaged=tuple(damaged))
