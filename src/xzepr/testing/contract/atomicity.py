"""Promise 1, when an append is interrupted: nothing of it is stored, told or counted, and the next one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from xzepr.errors import NotFound
from xzepr.model import SYSTEM, EventReceiver, NewEvent
from xzepr.testing.clock import ManualClock
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import recorded
from xzepr.testing.world import UNIT, World, new_event, new_id, open_world

WAYS = ("events", "clock")
"""Where an append is interrupted: when it reads its last event, and when it asks for the time once more."""


class InterruptingClock(ManualClock):
    """Tells the time, until it is told how many times more."""

    left: int | None = None

    def __call__(self) -> datetime:
        """Tell the time, or be the moment at which somebody presses Ctrl-C."""
        if self.left == 0:
            raise KeyboardInterrupt
        if self.left is not None:
            self.left -= 1
        return super().__call__()


class InterruptingEvents(tuple[NewEvent, ...]):
    """Events whose reader is interrupted before it has the last one."""

    __slots__ = ()

    def __iter__(self) -> Iterator[NewEvent]:
        """Read all but the last."""
        yield from self[:-1]
        raise KeyboardInterrupt


class AtomicityContract(Contract):
    """What is left of an append that was interrupted: nothing. One that asks for nothing more is done as a whole."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """A registry over a fresh store, whose clock can interrupt."""
        with open_world(self.harness_class, clock=InterruptingClock()) as world:
            yield world

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_is_stored(self, world: World, way: str) -> None:
        """No event of it can be read."""
        events = batch(world.receiver())

        done = append_interrupted(world, events, way)

        assert [is_there(world, event) for event in events] == [done] * len(events)

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_is_told(self, world: World, way: str) -> None:
        """The feed stands where it stood."""
        events = batch(world.receiver())
        head = world.registry.feed.head()

        done = append_interrupted(world, events, way)

        assert world.registry.feed.head() == head + len(events) * done

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_is_counted(self, world: World, way: str) -> None:
        """Neither a count nor the figures of the receiver know of it."""
        build = world.receiver()
        events = batch(build)

        done = append_interrupted(world, events, way)

        figures = world.registry.receivers.statistics(build)
        assert {figures.total, world.registry.events.count().value} == {len(events) * done}

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_is_remembered(self, world: World, way: str) -> None:
        """The same events are recorded afterwards as if for the first time: no key, no id, no number is taken."""
        events = batch(world.receiver())
        done = append_interrupted(world, events, way)

        outcomes = recorded(world.append(*events))

        assert [(each.replayed, each.event.n) for each in outcomes] == [(done, 1), (done, 2), (done, 3)]


def batch(receiver: EventReceiver) -> list[NewEvent]:
    """Return three events of one unit, with ids and keys of their own."""
    return [new_event(UNIT, receiver, id=new_id(), key=f"run-{number}") for number in range(3)]


def append_interrupted(world: World, events: list[NewEvent], way: str) -> bool:
    """Append events, interrupted where the store comes that way.

    Returns:
        Whether the append was done nevertheless: the store needed nothing more.
    """
    assert isinstance(world.clock, InterruptingClock)
    world.clock.left = 1 if way == "clock" else None
    try:
        world.store.events.append(InterruptingEvents(events) if way == "events" else events, SYSTEM)
    except KeyboardInterrupt:
        return False
    finally:
        world.clock.left = None
    return True


def is_there(world: World, event: NewEvent) -> bool:
    """Say whether an event can be read."""
    try:
        return world.store.events.get(event.id).id == event.id
    except NotFound:
        return False
