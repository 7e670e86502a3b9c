"""What a broken store is made of: the memory store with a part put in that has one fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from tests.contract.harness import MemoryHarness
from xzepr.model import ChangeKind, Clock, NewEvent, Principal, Transition
from xzepr.stores import Outcome, Store
from xzepr_memory import MemoryStore
from xzepr_memory.events import MemoryEvents
from xzepr_memory.judging import row_of
from xzepr_memory.tables import Tables

Part = Callable[[Tables], object]


@attrs.frozen
class Fault:
    """A fault that the author of a store could really make.

    Args:
        name: What the store does wrong.
        harness: Opens stores that do it.
        caught_by: The tests of the contract that have to fail, as ``TestAppending::test_largest_batch``.
    """

    name: str
    harness: type[MemoryHarness]
    caught_by: tuple[str, ...]

    @property
    def module(self) -> str:
        """The name of the module that adopts the contract for this store."""
        return "test_" + "".join(letter if letter.isalnum() else "_" for letter in self.name)


def breaking(**parts: Part) -> type[MemoryHarness]:
    """Return a harness whose stores have other parts.

    Args:
        parts: What makes each part, by its name in the store: ``events``, ``feed`` …
    """

    class BrokenHarness(MemoryHarness):
        def open(self, clock: Clock) -> Store:
            store = MemoryStore(clock=clock)
            for name, part in parts.items():
                setattr(store, name, part(store._tables))  # noqa: SLF001 - to break it
            return store

    return BrokenHarness


class _Undone(Exception):
    pass


def promised(tables: Tables, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
    """Return what an append would answer, and store nothing."""
    outcomes: list[Outcome] = []
    try:
        with tables.writing(principal.identity) as write:
            outcomes += MemoryEvents(Inside(tables, write)).append(events, principal)  # type: ignore[arg-type]
            raise _Undone  # noqa: TRY301 - so that the write is undone
    except _Undone:
        return outcomes


class Inside:
    """The tables, for who is inside a write already."""

    def __init__(self, tables: Tables, write: object) -> None:
        self._tables = tables
        self._write = write

    def __getattr__(self, name: str) -> object:
        return getattr(self._tables, name)

    def writing(self, _: object) -> Inside:
        """The write that is open already."""
        return self

    def __enter__(self) -> object:
        return self._write

    def __exit__(self, *error: object) -> None:
        pass


def forget(tables: Tables, transition: Transition) -> None:
    """Take a transition back, behind the back of everybody."""
    row = row_of(tables, transition.unit)
    assert row is not None
    row.transitions[transition.group.id].remove(transition)
    tables.log[:] = [entry for entry in tables.log if entry.subject is not transition]


def of_this_append(tables: Tables, head: int) -> list[int]:
    """Return the places of the events in the log behind a position."""
    kinds = enumerate(entry.kind for entry in tables.log)
    return [place for place, kind in kinds if place >= head and kind is ChangeKind.EVENT_RECORDED]
