"""The door of the memory store: its clock, its life, threads and forks."""

# ruff: noqa: FBT003 - outcomes in their order
from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.memory.worlds import World, make_world, picture, tables_of
from tests.model.values import NOON, make_unit
from xzepr import FeedCursor, Registry
from xzepr.errors import Closed, ConfigurationError, Invalid
from xzepr.model import SYSTEM
from xzepr.stores import SubscriptionStore, Waiting
from xzepr_memory import MemoryStore

PATIENCE = 30
"""Seconds after which a test believes in a deadlock."""

USES: dict[str, Callable[[World], object]] = {
    "check": lambda w: w.store.check(),
    "receivers.get": lambda w: w.store.receivers.get(w.build.id),
    "receivers.find": lambda w: w.store.receivers.find("a", "b", "c"),
    "receivers.create": lambda w: w.store.receivers.create(w.build, SYSTEM),
    "receivers.statistics": lambda w: w.store.receivers.statistics(w.build.id),
    "groups.get": lambda w: w.store.groups.get(w.group.id),
    "groups.create": lambda w: w.store.groups.create(w.group, SYSTEM, max_enabled_groups=1),
    "groups.verdict": lambda w: w.store.groups.verdict(w.group.id, make_unit(), as_of=None),
    "groups.reevaluate": lambda w: w.store.groups.reevaluate(w.group.id, SYSTEM, after=None, limit=1),
    "events.get": lambda w: w.store.events.get(w.build.id),
    "events.append": lambda w: w.store.events.append([], SYSTEM),
    "feed.read": lambda w: w.store.feed.read(0, limit=1, payloads=False),
    "feed.head": lambda w: w.store.feed.head(),
    "subscriptions.get": lambda w: w.store.subscriptions.get("x", SYSTEM),
    "subscriptions.ensure": lambda w: w.store.subscriptions.ensure("x", SYSTEM, start=FeedCursor()),
    "wait": lambda w: w.store.wait(0, 0.0),
}


def test_the_store_has_the_powers_that_it_declares() -> None:
    """Capabilities and protocols agree."""
    store = MemoryStore()
    assert isinstance(store, SubscriptionStore)
    assert isinstance(store, Waiting)
    assert store.capabilities.subscriptions
    assert store.capabilities.waiting
    assert not store.capabilities.durable
    assert not store.capabilities.joining
    assert store.scheme == "memory"


@pytest.mark.parametrize("use", USES)
def test_c083_a_closed_store_answers_nothing(use: str) -> None:
    """Every use after closing is Closed, and closing again does nothing."""
    world = make_world()
    world.store.close()
    world.store.close()
    with pytest.raises(Closed, match="the store is closed: open a new one") as caught:
        USES[use](world)
    assert caught.value.what == "store"


def test_c083_what_waited_for_the_lock_while_the_store_was_closed_is_refused() -> None:
    """Once close() has returned, no write is accepted, not even one that had begun to wait."""
    world = make_world()
    tables = tables_of(world.store)
    refused: list[type[Exception]] = []

    def write() -> None:
        try:
            world.store.events.append([], SYSTEM)
        except Closed as error:
            refused.append(type(error))

    thread = threading.Thread(target=write)
    with tables.news:
        thread.start()
        tables.closed = True  # what close() does under the lock
    thread.join(PATIENCE)
    assert refused == [Closed]


def test_c083_waiting_ends_when_the_store_is_closed() -> None:
    """Who waits for news is told that there will be none."""
    store = MemoryStore()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait, 0, PATIENCE)
        store.close()
        with suppress(Closed):  # it had not begun to wait
            assert waiting.result(PATIENCE) is False


def test_c083_any_thread_may_use_a_store() -> None:
    """What one thread writes, another reads; nobody owns the store."""
    world = make_world()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda place: world.record(True, name=f"unit{place}"), range(40)))
    assert world.registry.events.count().value == 40
    assert world.registry.feed.head() == 43


FORKED = """
import os, sys, threading
from xzepr import Registry, errors
from xzepr_memory import MemoryStore
store = MemoryStore()
registry = Registry(store)
registry.receivers.ensure(name="a", type="b", version="1", schema=True)
store._tables.news.acquire()  # as if another thread were in the middle of a write
child = os.fork()
if not child:
    uses = [
        lambda: registry.feed.head(),
        lambda: registry.receivers.ensure(name="a", type="b", version="1", schema=True),
        lambda: store.check(),
        lambda: store.wait(0, 0.0),
    ]
    refused = 0
    for use in uses:
        try:
            use()
        except errors.ConfigurationError as error:
            refused += "open one after the fork" in str(error)
    store.close()
    Registry(MemoryStore()).receivers.ensure(name="a", type="b", version="1", schema=True)
    os._exit(0 if refused == len(uses) else 1)
assert os.waitpid(child, 0)[1] == 0
store._tables.news.release()
print(registry.feed.head())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_c083_a_forked_child_is_told_to_open_its_own_store() -> None:
    """Using the parent's store is a ConfigurationError, closing it does not hang, and a new store works."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED], check=True, capture_output=True, text=True, timeout=20
    )
    assert done.stdout == "1\n"


def test_waiting_returns_at_once_when_there_is_news() -> None:
    """What is behind the position need not be waited for."""
    world = make_world()
    assert world.store.wait(0, PATIENCE) is True
    assert world.store.wait(world.registry.feed.head(), 0.0) is False


def test_waiting_ends_with_a_write() -> None:
    """A write wakes who waits."""
    world = make_world()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.store.wait, world.registry.feed.head(), PATIENCE)
        world.record(True)
        assert waiting.result(PATIENCE) is True


def test_c067_a_clock_that_steps_back_is_held() -> None:
    """Times of recording never go back, so lists keep the order of the feed."""
    hour = timedelta(hours=1)
    times = iter([NOON, NOON - hour, NOON - hour, NOON + hour, NOON])
    registry = Registry(MemoryStore(clock=lambda: next(times)))
    made = [registry.receivers.create(name=name, type="t", version="1", schema=True) for name in "abcde"]
    assert [receiver.created_at - NOON for receiver in made] == [0 * hour, 0 * hour, 0 * hour, hour, hour]
    assert [change.position for change in registry.feed.read()] == [1, 2, 3, 4, 5]


def test_c065_the_clock_of_a_store_may_stand_in_another_zone() -> None:
    """Times of recording are in UTC, whatever zone the clock tells."""
    east = timezone(timedelta(hours=5))
    registry = Registry(MemoryStore(clock=lambda: NOON.astimezone(east)))
    made = registry.receivers.create(name="a", type="t", version="1", schema=True)
    assert made.created_at == NOON
    assert made.created_at.tzinfo is UTC


def test_c065_a_clock_without_a_zone_is_a_configuration_error() -> None:
    """A host's clock that is naive is the host's fault, not the caller's, and the lock is free afterwards."""
    store = MemoryStore(clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - the fault
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="clock"):
            Registry(store).receivers.create(name="a", type="t", version="1", schema=True)
    assert store.feed.head() == 0


def test_a_clock_that_raises_leaves_the_store_usable() -> None:
    """The lock is given back, and nothing was stored."""
    times: list[datetime] = []
    store = MemoryStore(clock=times.pop)
    registry = Registry(store)
    with pytest.raises(IndexError):
        registry.receivers.create(name="a", type="t", version="1", schema=True)
    times.append(NOON)
    registry.receivers.create(name="a", type="t", version="1", schema=True)
    assert registry.feed.head() == 1


def test_two_stores_have_two_histories() -> None:
    """The id of a change is another one in every store, so a cursor of one is no cursor of the other."""
    one, other = make_world(), make_world()
    assert one.registry.feed.read().changes[0].id != other.registry.feed.read().changes[0].id


def test_a_refused_write_changes_nothing() -> None:
    """A write that ends in an error leaves every table as it was."""
    world = make_world()
    world.record(True)
    before = picture(world.store)
    with pytest.raises(Invalid):
        world.record(1)  # type: ignore[arg-type]  # the fault
    assert before == picture(world.store)


def test_c083_a_copy_in_another_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to do, and closing does nothing to the lock."""
    store = MemoryStore()
    store.check()
    monkeypatch.setattr(tables_of(store), "_pid", -1)
    with pytest.raises(ConfigurationError, match="open one after the fork"):
        store.check()
    with tables_of(store).news:
        store.close()
    assert not tables_of(store).closed
