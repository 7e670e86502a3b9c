"""C83: a registry that is used in another process, thread or event loop, or after it was closed."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.postgres.faults.conftest import OpenRegistry, OpenStore
from tests.postgres.faults.test_backends import NAME, backends
from tests.postgres.faults.waiting import unit_held, until, waiters
from tests.postgres.faults.worlds import Ready, about, attempt
from xzepr import Registry
from xzepr.errors import Closed
from xzepr.model import SYSTEM
from xzepr.testing.checking import check_history
from xzepr.testing.world import new_event

PROGRAM = Path(__file__).with_name("forking.py")


@pytest.mark.parametrize("end", ["closes", "leaves"])
def test_c083_a_child_is_told_and_its_parent_goes_on(end: str, database: str) -> None:
    """Connections do not survive a fork: each call says so; whatever the child does, the parent's stay as they are."""
    told = subprocess.run(
        [sys.executable, "-W", "error", PROGRAM, database, end], capture_output=True, text=True, check=False
    )
    assert told.stderr == ""
    found = json.loads(told.stdout)
    assert set(found["child"].values()) == {"configuration"}
    assert (found["before"], found["after"], found["same"]) == (1, 2, True)


def test_c083_closing_waits_for_nobody_and_undoes_nothing(
    ready: Ready, database: str, connection: psycopg.Connection
) -> None:
    """A call that was under way comes to its end, and leaves no connection open; the next one is told."""
    registry = Registry.open(f"{database}?application_name={NAME}")
    record = partial(registry.events.record, about("web"), ready.scan, success=True, payload={})
    with ThreadPoolExecutor(1) as pool, unit_held(database, about("web"), ready.scan) as host:
        recording = pool.submit(record)
        until(lambda: waiters(connection) == 1)
        registry.close()
        host.rollback()
        event = recording.result().event
    assert ready.registry.events.get(event.id) == event
    assert isinstance(attempt(record), Closed)
    gc.collect()
    until(lambda: not backends(connection))


def test_c083_after_close_every_call_of_the_store_is_told(ready: Ready, database: str, open_store: OpenStore) -> None:
    """Whoever kept a part of the store is told as well; closing again does nothing."""
    store = open_store(database)
    parts: list[Callable[[], object]] = [
        partial(store.events.append, [new_event(about("web"), ready.scan)], SYSTEM),
        partial(store.receivers.get, ready.scan.id),
        partial(store.groups.verdict, ready.group.id, about("web"), as_of=None),
        partial(store.feed.read, 0, limit=1, payloads=False),
        partial(store.subscriptions.get, "mail", SYSTEM),
        partial(store.join, object()),
        partial(store.wait, 10**6, 0.0),
        store.check,
    ]
    store.close()
    store.close()
    assert {type(attempt(call)) for call in parts} == {Closed}


def test_c083_closing_wakes_who_waits(ready: Ready, database: str, connection: psycopg.Connection) -> None:
    """A reader that waits for news is let go, and its connection with it."""
    registry = Registry.open(f"{database}?application_name={NAME}")
    head = registry.feed.head()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(registry.store.wait, head, 60.0)  # type: ignore[attr-defined]  # it can
        until(lambda: "LISTEN" in last_queries(connection))
        registry.close()
        assert waiting.result() is False
    until(lambda: not backends(connection))
    assert ready.registry.feed.head() == head


def last_queries(connection: psycopg.Connection) -> str:
    """Return what the backends of the registry under test were asked last."""
    rows = connection.execute("SELECT query FROM pg_stat_activity WHERE application_name = %s", (NAME,))
    return " ".join(query for (query,) in rows)


def test_c083_threads_and_event_loops_may_share_it(ready: Ready, database: str, open_registry: OpenRegistry) -> None:
    """One registry, used by threads and by two event loops, one after the other: nothing belongs to any of them."""
    registry = open_registry(database, pool_size=2)

    def record(number: int) -> int:
        recorded = registry.events.record(about("shared"), ready.scan, success=True, payload=number)
        return recorded.event.n

    async def work() -> list[int]:
        here = record(0)
        return [here, *await asyncio.gather(*(asyncio.to_thread(record, number) for number in range(1, 8)))]

    numbers = [*asyncio.run(work()), *asyncio.run(work())]
    with ThreadPoolExecutor(4) as pool:
        numbers += pool.map(record, range(8))
    assert sorted(numbers) == list(range(1, 25))
    check_history(ready.registry, every_position=False)
