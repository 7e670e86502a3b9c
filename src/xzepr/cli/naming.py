"""Which group or receiver a text means: an id, a name, or name, type and version with slashes between them.

A row that is damaged may be the one that is meant: then nothing is chosen, and the row is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final, TypeAlias, TypeVar

import attrs

from xzepr import EventReceiver, EventReceiverGroup, GroupFilter, Page, ReceiverFilter, Registry
from xzepr.cli.hiding import without_urls
from xzepr.cli.walking import pages
from xzepr.errors import Damaged, Invalid, NotFound, Violation
from xzepr.model import MAX_LIMIT, MAX_TEXT, Ulid, is_ulid
from xzepr.model.checks import text_problem

N = TypeVar("N", EventReceiver, EventReceiverGroup)


@attrs.frozen
class Naming:
    """What is looked for.

    Args:
        name: The name.
        type: The type; any if None.
        version: The version; any if None.
    """

    name: str
    type: str | None = None
    version: str | None = None


Read: TypeAlias = Callable[[Naming, str | None], Page[N]]
"""Returns the page behind a cursor of those that are named so."""

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
        Damaged: It may be a group that cannot be decoded.

    Example:
        >>> registry = getfixture("xzepr_registry")
        >>> build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
        >>> group = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[build])
        >>> find_group(registry, "release") == find_group(registry, "release/ci.gate/1") == group
        True
    """

    def read(naming: Naming, cursor: str | None) -> Page[EventReceiverGroup]:
        where = GroupFilter(name=naming.name, type=naming.type, version=naming.version)
        return registry.groups.list(where, limit=MAX_LIMIT, cursor=cursor)

    return _find("group", text, registry.groups.get, read)


def find_receiver(registry: Registry, text: str) -> EventReceiver:
    """Return the receiver that a text means; see :func:`find_group`.

    Raises:
        NotFound: There is none.
        Invalid: There are several; they are listed.
        Damaged: It may be a receiver that cannot be decoded.
    """

    def read(naming: Naming, cursor: str | None) -> Page[EventReceiver]:
        where = ReceiverFilter(name=naming.name, type=naming.type, version=naming.version)
        return registry.receivers.list(where, limit=MAX_LIMIT, cursor=cursor)

    return _find("receiver", text, registry.receivers.get, read)


def receiver_label(registry: Registry) -> Callable[[Ulid], str]:
    """Return a function that tells the name, type and version of a receiver, or the id of one that cannot be read.

    Each is read once.
    """
    known: dict[Ulid, str] = {}

    def label(receiver_id: Ulid) -> str:
        if receiver_id not in known:
            try:
                known[receiver_id] = "/".join(registry.receivers.get(receiver_id).naming)
            except (NotFound, Damaged):
                known[receiver_id] = receiver_id
        return known[receiver_id]

    return label


def _find(kind: str, text: str, get: Callable[[str], N], read: Read[N]) -> N:
    _check(kind, text)
    if is_ulid(text):
        with suppress(NotFound):  # a name may look like an id
            return get(text)
    return _only_one(kind, text, _named(text, read))


def _check(kind: str, text: str) -> None:
    """Refuse what can be no name."""
    problem = text_problem(text, _LONGEST)
    if problem is not None:
        raise Invalid([Violation(kind, problem.reason, problem.limit)])


def _named(text: str, read: Read[N]) -> Iterator[N]:
    """Yield what the text is the name of, then what it is name, type and version of: names may hold slashes too."""
    if len(text) <= MAX_TEXT:
        yield from _sound(read, Naming(text))
    for name, rest in _cuts(text):
        if "/" in rest:
            yield from _in_full(read, name, rest)


def _in_full(read: Read[N], name: str, rest: str) -> Iterator[N]:
    """Yield those of a name whose type and version are the rest."""
    for page in pages(lambda cursor: read(Naming(name), cursor)):
        yield from (found for found in page if "/".join(found.naming[1:]) == rest)
        if page.damaged:
            _see_that_all_are_sound(read, name, rest)


def _see_that_all_are_sound(read: Read[N], name: str, rest: str) -> None:
    """Ask once more: a damaged row tells neither its type nor its version."""
    for type_, version in _cuts(rest):
        if len(version) <= MAX_TEXT:
            list(_sound(read, Naming(name, type_, version)))


def _sound(read: Read[N], naming: Naming) -> Iterator[N]:
    """Yield those that are named so.

    Raises:
        Damaged: One of them cannot be decoded.
    """
    for page in pages(lambda cursor: read(naming, cursor)):
        for row in page.damaged:
            raise row
        yield from page


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind each slash, where both can be names."""
    for place, character in enumerate(text):
        before, behind = text[:place], text[place + 1 :]
        if character == "/" and before.strip() and behind.strip() and place <= MAX_TEXT:
            yield before, behind


def _only_one(kind: str, text: str, found: Iterable[N]) -> N:
    candidates = list(found)
    if not candidates:
        raise NotFound(kind, without_urls(text))
    if len(candidates) > 1:
        shown = ", ".join(f"{'/'.join(one.naming)} ({one.id})" for one in candidates[:MOST_LISTED])
        more = f" and {len(candidates) - MOST_LISTED:,} more" if len(candidates) > MOST_LISTED else ""
        raise Invalid([Violation(kind, f"this may be any of {shown}{more}: give the id, or name/type/version")])
    return candidates[0]
