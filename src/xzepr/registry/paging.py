"""Paging arithmetic, once for every list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from xzepr.model import (
    Anchor,
    Checks,
    EventFilter,
    GroupFilter,
    Page,
    ReceiverFilter,
    check_limit,
    decode_cursor,
    encode_cursor,
    query_digest,
)
from xzepr.stores import Slice

T = TypeVar("T")

FILTERS: Final = {"events": EventFilter, "receivers": ReceiverFilter, "groups": GroupFilter}
"""The filter of each list."""


def check_flag(field: str, value: object) -> None:
    """Check a switch at the edge: what is merely true is no switch.

    Raises:
        Invalid: It is neither ``True`` nor ``False``.
    """
    checks = Checks()
    checks.kind(field, value, bool)
    checks.done()


def page(
    kind: str,
    where: EventFilter | ReceiverFilter | GroupFilter,
    read: Callable[[Anchor | None, int], Slice[T]],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool,
) -> Page[T]:
    """Read one page of a list.

    Args:
        kind: Which list.
        where: Its filter.
        read: Reads the rows behind an anchor, up to a number of them.
        limit: The size of the page.
        cursor: Where the page before ended.
        newest_first: The order.

    Raises:
        Invalid: The limit is out of range.
        BadCursor: The cursor is not one of this list, filter and order.
    """
    size = check_limit(limit)
    checks = Checks()
    checks.kind("where", where, FILTERS[kind])
    checks.kind("newest_first", newest_first, bool)
    checks.done()
    query = query_digest(kind, {"where": where.query(), "newest_first": newest_first})
    found = read(None if cursor is None else decode_cursor(cursor, query), size)
    onward = None if found.next is None else encode_cursor(found.next, query)
    return Page(items=found.items, damaged=found.damaged, next=onward)
