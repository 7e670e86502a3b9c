"""Which group or receiver a text means: an id, a name, or name, type and version with slashes between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from xzepr import EventReceiver, EventReceiverGroup, GroupFilter, Page, ReceiverFilter, Registry
from xzepr.errors import Invalid, NotFound, Violation
from xzepr.model import MAX_LIMIT, MAX_TEXT, is_ulid
from xzepr.model.checks import text_problem

N = TypeVar("N", EventReceiver, EventReceiverGroup)
T = TypeVar("T")

MOST_LISTED: Final = 10
"""How many of those that a text may mean are listed."""

_LONGEST: Final = 3 * MAX_TEXT + 2


def find_group(registry: Registry, text: str) -> EventReceiverGroup:
    """Return the group that a text means.

    Args:
        registry: Where to look.
        text: An id; a name that only one group has; or ``name/type/version``.

    Raises:
        NotFound: There is none.
        Invalid: There are several; they are listed.

    Example:
        >>> registry = getfixture("xzepr_registry")
        >>> build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
        >>> group = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[build])
        >>> find_group(registry, "release") == find_group(registry, "release/ci.gate/1") == group
        True
    """
    _check("group", text)
    if is_ulid(text):
        return registry.groups.get(text)
    return _only_one("group", text, _named(text, lambda name: _groups(registry, name)))


def find_receiver(registry: Registry, text: str) -> EventReceiver:
    """Return the receiver that a text means; see :func:`find_group`.

    Raises:
        NotFound: There is none.
        Invalid: There are several; they are listed.
    """
    _check("receiver", text)
    if is_ulid(text):
        return registry.receivers.get(text)
    return _only_one("receiver", text, _named(text, lambda name: _receivers(registry, name)))


def pages(read: Callable[[str | None], Page[T]]) -> Iterator[Page[T]]:
    """Walk the pages of a list.

    Args:
        read: Returns the page behind a cursor.
    """
    cursor: str | None = None
    while True:
        page = read(cursor)
        yield page
        cursor = page.next
        if cursor is None:
            return


def _check(kind: str, text: str) -> None:
    """Refuse what can be no name; a URL, which may hold a password, is not repeated."""
    problem = text_problem(text, _LONGEST)
    if problem is not None:
        raise Invalid([Violation(kind, problem.reason, problem.limit)])
    if "://" in text:
        raise NotFound(kind, "(a URL)")


def _groups(registry: Registry, name: str) -> Iterator[EventReceiverGroup]:
    where = GroupFilter(name=name)
    for page in pages(lambda cursor: registry.groups.list(where, limit=MAX_LIMIT, cursor=cursor)):
        yield from page


def _receivers(registry: Registry, name: str) -> Iterator[EventReceiver]:
    where = ReceiverFilter(name=name)
    for page in pages(lambda cursor: registry.receivers.list(where, limit=MAX_LIMIT, cursor=cursor)):
        yield from page


def _named(text: str, of_name: Callable[[str], Iterable[N]]) -> Iterator[N]:
    """Yield what the text is the name of, then what it is name, type and version of: names may hold slashes too."""
    if len(text) <= MAX_TEXT:
        yield from of_name(text)
    places = [place for place, character in enumerate(text) if character == "/"]
    for place in places[:-1]:
        if place <= MAX_TEXT and text[:place].strip():
            yield from (found for found in of_name(text[:place]) if "/".join(found.naming) == text)


def _only_one(kind: str, text: str, found: Iterable[N]) -> N:
    candidates = list(found)
    if not candidates:
        raise NotFound(kind, text)
    if len(candidates) > 1:
        shown = ", ".join(f"{'/'.join(one.naming)} ({one.id})" for one in candidates[:MOST_LISTED])
        more = f" and {len(candidates) - MOST_LISTED:,} more" if len(candidates) > MOST_LISTED else ""
        raise Invalid([Violation(kind, f"this may be any of {shown}{more}: give the id")])
    return candidates[0]
