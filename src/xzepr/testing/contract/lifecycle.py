"""Opening and closing, and what a store says about itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from xzepr import Registry
from xzepr.errors import Closed
from xzepr.model import SYSTEM, EventFilter, EventReceiver, GroupFilter, ReceiverFilter
from xzepr.stores import Joining, Store, SubscriptionStore, Waiting
from xzepr.testing.contract._base import Contract
from xzepr.testing.racing import race
from xzepr.testing.world import UNIT, World, new_event, new_id

CALLS: dict[str, Callable[[Store], object]] = {
    "check": lambda store: store.check(),
    "receivers.get": lambda store: store.receivers.get(new_id()),
    "receivers.find": lambda store: store.receivers.find("a", "b", "c"),
    "receivers.list": lambda store: store.receivers.list(ReceiverFilter(), after=None, newest_first=True, limit=1),
    "receivers.delete": lambda store: store.receivers.delete(new_id(), 1, SYSTEM),
    "receivers.statistics": lambda store: store.receivers.statistics(new_id()),
    "groups.get": lambda store: store.groups.get(new_id()),
    "groups.find": lambda store: store.groups.find("a", "b", "c"),
    "groups.list": lambda store: store.groups.list(GroupFilter(), after=None, newest_first=True, limit=1),
    "groups.delete": lambda store: store.groups.delete(new_id(), 1, SYSTEM),
    "groups.revisions": lambda store: store.groups.revisions(new_id()),
    "groups.verdict": lambda store: store.groups.verdict(new_id(), UNIT, as_of=None),
    "groups.transitions": lambda store: store.groups.transitions(new_id(), UNIT, after=0, limit=1),
    "groups.reevaluate": lambda store: store.groups.reevaluate(new_id(), SYSTEM, after=None, limit=1),
    "events.get": lambda store: store.events.get(new_id()),
    "events.list": lambda store: store.events.list(
        EventFilter(), after=None, newest_first=True, limit=1, payloads=True
    ),
    "events.count": lambda store: store.events.count(EventFilter(), limit=1),
    "events.redact": lambda store: store.events.redact(new_id(), "asked for", SYSTEM),
    "feed.read": lambda store: store.feed.read(0, limit=1, payloads=False),
    "feed.head": lambda store: store.feed.head(),
}
"""Every call that needs nothing to be there."""


class LifecycleContract(Contract):
    """A store's life."""

    def test_open_store_is_well(self, world: World) -> None:
        """An open store passes its own check."""
        world.store.check()

    def test_open_store_is_healthy(self, world: World) -> None:
        """A registry over an open store can work."""
        world.registry.events.record(UNIT, world.receiver(), success=True, payload=None)

        assert world.registry.feed.head() > 0

    @pytest.mark.parametrize("call", CALLS)
    def test_use_after_close(self, world: World, call: str) -> None:
        """Whatever is asked of a closed store, it says that it is closed."""
        world.store.close()

        with pytest.raises(Closed) as caught:
            CALLS[call](world.store)
        assert caught.value.what == "store"

    def test_read_after_close(self, world: World) -> None:
        """A closed store does not answer from what it remembers either."""
        build = world.receiver()
        gate = world.group(build)
        event = world.event(UNIT, build)
        asks: tuple[Callable[[], object], ...] = (
            lambda: world.store.events.get(event.id),
            lambda: world.store.receivers.get(build.id),
            lambda: world.store.groups.verdict(gate.id, UNIT, as_of=None),
        )
        assert all(ask() for ask in asks)
        world.store.close()

        for ask in asks:
            with pytest.raises(Closed):
                ask()

    def test_append_after_close(self, world: World) -> None:
        """A closed store takes no event."""
        event = new_event(UNIT, world.receiver())
        world.store.close()

        with pytest.raises(Closed):
            world.append(event)

    def test_create_after_close(self, world: World) -> None:
        """A closed store takes no receiver and no group."""
        build = world.receiver()
        gate = world.group(build)
        world.store.close()

        with pytest.raises(Closed):
            world.store.receivers.create(build, SYSTEM)
        with pytest.raises(Closed):
            world.store.groups.create(gate, SYSTEM, max_enabled_groups=1)

    def test_closing_twice(self, world: World) -> None:
        """Closing a closed store does nothing."""
        world.store.close()

        world.store.close()

    def test_registry_leaves_the_store_open(self, world: World) -> None:
        """A registry does not close a store that it did not open."""
        Registry(world.store).close()

        world.store.check()

    def test_another_thread(self, world: World) -> None:
        """A store opened in one thread works in another."""
        build = world.receiver()
        done: list[EventReceiver] = []
        thread = threading.Thread(target=lambda: done.append(world.store.receivers.get(build.id)))

        thread.start()
        thread.join(60)

        assert done == [build]

    def test_opened_store_is_empty(self, world: World) -> None:
        """After the harness has reset it, a store knows nothing: tests do not see each other."""
        assert world.registry.feed.head() == 0
        assert list(world.harness.raw_events(world.store)) == []


class CapabilitiesContract(Contract):
    """A store can do what it declares, and declares what it can do."""

    def test_harness_and_store_agree(self, world: World) -> None:
        """The harness declares what the store declares, so that no behaviour is left untested."""
        assert world.harness.capabilities == world.store.capabilities

    def test_scheme(self, world: World) -> None:
        """A store names the scheme of its URLs."""
        assert world.store.scheme

    def test_subscriptions(self, world: World) -> None:
        """A store keeps subscriptions if, and only if, it declares them."""
        assert isinstance(world.store, SubscriptionStore) == world.store.capabilities.subscriptions

    def test_waiting(self, world: World) -> None:
        """A store can wait for news if, and only if, it declares it."""
        assert isinstance(world.store, Waiting) == world.store.capabilities.waiting

    def test_joining(self, world: World) -> None:
        """A store joins a caller's transaction if, and only if, it declares it."""
        assert isinstance(world.store, Joining) == world.store.capabilities.joining


class WaitingContract(Contract):
    """Waiting for news."""

    needs = "waiting"

    def test_news_are_there(self, world: World) -> None:
        """Who waits behind what is there already need not wait."""
        world.receiver()

        assert waiting(world).wait(0, 60)

    def test_no_news(self, world: World) -> None:
        """Who waits at the head until the time is up is told so."""
        world.receiver()

        assert not waiting(world).wait(1, 0)

    def test_news_wake(self, world: World) -> None:
        """Who waits is woken by what another thread writes."""

        def write() -> bool:
            world.receiver()
            return True

        assert race([lambda: waiting(world).wait(0, 60), write]) == [True, True]

    def test_closing_wakes(self, world: World) -> None:
        """Who waits is woken when the store is closed, or is told that it was."""

        def wait() -> bool:
            try:
                return waiting(world).wait(0, 60)
            except Closed:
                return False

        def close() -> bool:
            world.store.close()
            return False

        assert race([wait, close]) == [False, False]


class DurabilityContract(Contract):
    """Promise 7: what an append returned is still there when the store is opened again."""

    needs = "durable"

    def test_everything_is_there(self, world: World) -> None:
        """Events, verdicts, transitions and the feed are the same after closing and opening again."""
        build = world.receiver()
        gate = world.group(build)
        event = world.event(UNIT, build, payload={"commit": "1f0c"})
        before = world.changes(payloads=True)

        with Registry(world.harness.reopen(world.store, world.clock), clock=world.clock) as again:
            try:
                assert again.events.get(event.id) == event
                assert again.groups.verdict(gate, UNIT).complete
                assert list(again.feed.read(0, payloads=True)) == before
            finally:
                again.store.close()

    def test_replay_is_recognised(self, world: World) -> None:
        """What was appended before is a replay after opening again."""
        build = world.receiver()
        event = new_event(UNIT, build, id=new_id(), key="run-1")
        world.append(event)

        store = world.harness.reopen(world.store, world.clock)
        try:
            [outcome] = store.events.append([event], SYSTEM)
        finally:
            store.close()

        assert getattr(outcome, "replayed", None) is True

    def test_saved_cursor_goes_on(self, world: World) -> None:
        """A cursor that was saved before is good after opening again."""
        world.receivers(3)
        cursor = world.changes()[1].cursor

        store = world.harness.reopen(world.store, world.clock)
        try:
            found = store.feed.read(cursor, limit=10, payloads=False).changes
        finally:
            store.close()

        assert [change.position for change in found] == [3]


def waiting(world: World) -> Waiting:
    """Return the store as one that can wait."""
    assert isinstance(world.store, Waiting)
    return world.store
