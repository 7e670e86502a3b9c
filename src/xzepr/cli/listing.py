"""Lists of receivers, groups or events, as a table or as lines of JSON; and one of what such a list holds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Generic, TypeAlias, TypeVar

import attrs

from xzepr import Event, EventReceiver, EventReceiverGroup, Page, Registry, json_form
from xzepr.cli.arguments import Once, add_json_argument, given_text, positive_number
from xzepr.cli.opening import opened
from xzepr.cli.output import Cell, Output, say
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import write_table
from xzepr.cli.walking import pages
from xzepr.errors import ConfigurationError, Damaged
from xzepr.model import MAX_LIMIT
from xzepr.model.forms import JsonObject

T = TypeVar("T", Event, EventReceiver, EventReceiverGroup)

Row: TypeAlias = Sequence[Cell | str]

INCOMPLETE: Final = 1
"""It was done, and something in the store cannot be shown, because it is damaged."""

_OF_LISTS: Final = MappingProxyType({"limit": "--limit", "oldest_first": "--oldest-first"})


@attrs.frozen
class Asked:
    """Which page of a list is asked for.

    Args:
        cursor: Where it begins; None for the beginning.
        limit: The most items.
        shown: Whether they are shown; else only whether there are any counts.
    """

    cursor: str | None
    limit: int
    shown: bool = True


@attrs.frozen(kw_only=True)
class Catalogue(Generic[T]):
    """What there is of one kind, and how it is shown.

    Args:
        titles: The titles of the table.
        reader: Returns a function that reads a page of the list that the arguments ask for.
        rows: Returns a function that makes the cells of an item.
        find: Returns the one that a text means.
        show: Shows one for people.
        form: Writes one as JSON.
        sound: Says whether one is what was stored.
        filters: What narrows the list: where an argument is kept, and what it is called.
    """

    titles: Sequence[str]
    reader: Callable[[Registry, argparse.Namespace], Callable[[Asked], Page[T]]]
    rows: Callable[[Registry], Callable[[T], Row]]
    find: Callable[[Registry, str], T]
    show: Callable[[Registry, Output, T], None]
    form: Callable[[Registry, T], JsonObject] = lambda _, found: json_form(found)
    sound: Callable[[T], bool] = lambda _: True
    filters: Mapping[str, str] = MappingProxyType({})


def add_list_arguments(parser: argparse.ArgumentParser, metavar: str, text: str) -> None:
    """Declare the arguments of a catalogue.

    Args:
        parser: Where.
        metavar: What is shown if it is given.
        text: The help for that.
    """
    parser.add_argument("wanted", metavar=metavar, nargs="?", type=given_text, help=text)
    parser.add_argument("--limit", metavar="N", type=positive_number, action=Once, help="at most so many; else all")
    text = "begin with the oldest; else with the newest"
    parser.add_argument("--oldest-first", action="store_true", default=None, help=text)
    add_json_argument(parser, "write one JSON object, or for a list one on each line")
    add_store_argument(parser)


def list_or_show(options: argparse.Namespace, output: Output, catalogue: Catalogue[T]) -> int:
    """List a catalogue, or show the one thing that the arguments name.

    Returns:
        The exit code: 1 if something is damaged, or not what was stored.

    Raises:
        ConfigurationError: One thing is named, and something that only a list could heed is given.
    """
    if options.wanted is not None:
        _refuse_filters(options, catalogue)
    with opened(options) as registry:
        if options.wanted is None:
            return _list(registry, options, output, catalogue)
        return _show(registry, options, output, catalogue)


def _refuse_filters(options: argparse.Namespace, catalogue: Catalogue[T]) -> None:
    names = {**_OF_LISTS, **catalogue.filters}
    given = [name for place, name in names.items() if getattr(options, place) is not None]
    if given:
        raise ConfigurationError(f"{', '.join(given)}: only for a list, and here one thing is named: leave one out")


def _list(registry: Registry, options: argparse.Namespace, output: Output, catalogue: Catalogue[T]) -> int:
    walk = Walk(catalogue.reader(registry, options), options.limit, sound=catalogue.sound)
    if options.json:
        for item in walk:
            output.json(json_form(item))
    else:
        write_table(output, catalogue.titles, map(catalogue.rows(registry), walk))
    if walk.more:
        say(f"these are the first {walk.limit:,}, and there are more: see --limit")
    return INCOMPLETE if walk.damaged or walk.altered else 0


def _show(registry: Registry, options: argparse.Namespace, output: Output, catalogue: Catalogue[T]) -> int:
    found = catalogue.find(registry, options.wanted)
    if options.json:
        output.json(catalogue.form(registry, found))
    else:
        catalogue.show(registry, output, found)
    return 0 if catalogue.sound(found) else INCOMPLETE


@attrs.define
class Walk(Generic[T]):
    """A list that is walked.

    Args:
        read: Reads a page of it.
        limit: How many items are wanted; None for all.
        count: How many there were so far, up to the end of a page.
        more: Whether there are more than that.
        damaged: How many rows could not be decoded.
        altered: How many items are not what was stored.
        sound: Says whether one is.
    """

    read: Callable[[Asked], Page[T]]
    limit: int | None = None
    count: int = 0
    more: bool = False
    damaged: int = 0
    altered: int = 0
    sound: Callable[[T], bool] = lambda _: True

    def __iter__(self) -> Iterator[T]:
        for page in pages(lambda cursor: self.read(Asked(cursor, min(self._left, MAX_LIMIT)))):
            self._tell(page)
            yield from page
            self.count += len(page)
            if not self._left:
                self.more = self._any_behind(page.next)
                return

    @property
    def _left(self) -> int:
        """How many are still wanted."""
        return MAX_LIMIT if self.limit is None else self.limit - self.count

    def _tell(self, page: Page[T]) -> None:
        self.damaged += len(page.damaged)
        for row in page.damaged:
            tell_damaged(row)
        for item in page:
            if not self.sound(item):
                tell_altered("event", item.id)
                self.altered += 1

    def _any_behind(self, cursor: str | None) -> bool:
        """Look one further: a cursor alone promises nothing."""
        if cursor is None:
            return False
        found = pages(lambda onward: self.read(Asked(onward, 1, shown=False)), cursor)
        return any(page.items or page.damaged for page in found)


def tell_damaged(error: Damaged) -> None:
    """Say on stderr that a stored row cannot be decoded."""
    say(f"{error}")


def tell_altered(kind: str, of: str) -> None:
    """Say on stderr that an event or a receiver is not what was stored: other hands have changed it."""
    say(f"the {kind} {of} is not what was recorded: its digest is another one")
