"""Two stores as one: both get every call, and have to give the same answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tests.contract.harness import MemoryHarness
from tests.contract.postgres_harness import PostgresHarness
from xzepr.errors import XzeprError
from xzepr.model import Change, Clock, Transition, Ulid
from xzepr.stores import FeedSlice, Reevaluated, Slice, Store
from xzepr.testing.harness import RawEvent, StoreHarness


class Twins:
    """A part of two stores, or the stores themselves.

    Args:
        first: Whose answers are given.
        second: Whose answers have to be the same.
    """

    def __init__(self, first: object, second: object) -> None:
        self._first = first
        self._second = second

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the two have
        first, second = getattr(self._first, name), getattr(self._second, name)
        if callable(first):
            return lambda *args, **kwargs: _same(name, _outcome(first, args, kwargs), _outcome(second, args, kwargs))
        return first if name in {"scheme", "capabilities"} else Twins(first, second)


def _outcome(call: Callable[..., object], args: Sequence[object], kwargs: dict[str, Any]) -> object:
    try:
        return call(*args, **kwargs)
    except XzeprError as error:
        return error


def _same(name: str, first: object, second: object) -> object:
    """Compare two answers, and give the first one."""
    told, other = _comparable(first), _comparable(second)
    assert told == other, f"the stores differ in {name}: {told} and {other}"
    if isinstance(first, XzeprError):
        raise first
    return first


def _comparable(answer: object) -> object:
    """Return what two stores have to have in common of an answer: not the ids that each makes for its own changes."""
    match answer:
        case XzeprError():
            return type(answer), str(answer), vars(answer)
        case FeedSlice():
            return [_told(change) for change in answer.changes], answer.cursor.position, answer.head
        case Reevaluated():
            return answer.revision, answer.units, sorted(answer.transitions, key=str), answer.next
        case Slice():
            return answer.items, [_comparable(each) for each in answer.damaged], answer.next
        case list() | tuple():
            return [_comparable(each) for each in answer]
        case _:
            return answer


def _told(change: Change) -> tuple[object, ...]:
    """Return a change without its id; in which order a re-evaluation judges units is a store's own business."""
    subject: object = change.subject
    if isinstance(subject, Transition) and subject.event_id is None:
        subject = None
    return change.position, change.kind, change.recorded_at, change.actor, subject


class TwinHarness(StoreHarness):
    """Opens a memory store and a PostgreSQL store together."""

    capabilities = attrs.evolve(MemoryHarness.capabilities, subscriptions=False, waiting=False)

    def __init__(self) -> None:
        self._harnesses: tuple[StoreHarness, StoreHarness] = (MemoryHarness(), PostgresHarness())

    def open(self, clock: Clock) -> Store:
        """Both stores, by one clock."""
        return Twins(*(each.open(clock) for each in self._harnesses))  # type: ignore[return-value]  # like one

    def reset(self) -> None:
        """Empty both."""
        for each in self._harnesses:
            each.reset()

    def raw_events(self, store: Store) -> Sequence[RawEvent]:
        """The rows of both, which have to be the same."""
        found = [
            sorted(harness.raw_events(part), key=lambda raw: raw.id)
            for harness, part in zip(self._harnesses, _parts(store), strict=True)
        ]
        assert found[0] == found[1]
        return found[0]

    def damage_event(self, store: Store, event_id: Ulid) -> None:
        """Put another payload into both rows."""
        for harness, part in zip(self._harnesses, _parts(store), strict=True):
            harness.damage_event(part, event_id)


def _parts(store: Store) -> tuple[Store, Store]:
    assert isinstance(store, Twins)
    return store._first, store._second  # type: ignore[return-value]  # noqa: SLF001 - the two stores
