"""Walking what a registry hands out in pages: its lists, and its feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from xzepr import Change, FeedCursor, Page, Registry
from xzepr.errors import Damaged
from xzepr.model import MAX_LIMIT, MAX_WHOLE

T = TypeVar("T")


def pages(read: Callable[[str | None], Page[T]], cursor: str | None = None) -> Iterator[Page[T]]:
    """Walk the pages of a list.

    Args:
        read: Returns the page behind a cursor.
        cursor: Where to begin; by default at the beginning.
    """
    while True:
        page = read(cursor)
        yield page
        cursor = page.next
        if cursor is None:
            return


def read_all(
    registry: Registry, after: FeedCursor | int, *, payloads: bool, until: int | None = None
) -> Iterator[Change | Damaged]:
    """Yield the changes behind a place, up to the head that there was at the beginning.

    Positions have no gaps. Where there is one, other hands have deleted rows: an error stands there.

    Args:
        registry: Whose feed.
        after: The place.
        payloads: Whether events come with their payloads.
        until: The position of the last change that is wanted, if that comes before the head.

    Raises:
        BadCursor: The place is beyond the head, or another change stands there.
    """
    wanted = MAX_WHOLE if until is None else until
    # Also where nothing is wanted, one is read: only so does a place prove to be one.
    page = registry.feed.read(after, limit=_size(wanted - position_of(after)), payloads=payloads)
    end = min(wanted, page.head)
    last = position_of(after)
    while page.changes:
        for change in page:
            yield from _gap(last, min(change.position, end + 1))
            if change.position <= end:
                yield change
            last = change.position
        if last >= end:
            return
        page = registry.feed.read(page.cursor, limit=_size(end - last), payloads=payloads)
    yield from _gap(last, end + 1)


def _gap(last: int, next_one: int) -> Iterator[Damaged]:
    first, behind = last + 1, next_one - 1
    if first <= behind:
        rows = "its row is" if first == behind else "their rows are"
        yield Damaged("change", f"{first}" if first == behind else f"{first} to {behind}", f"{rows} gone")


def position_of(place: FeedCursor | int) -> int:
    """Return the position of a place in the feed."""
    return place if isinstance(place, int) else place.position


def _size(wanted: int) -> int:
    return max(1, min(MAX_LIMIT, wanted))
