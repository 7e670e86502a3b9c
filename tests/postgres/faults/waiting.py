"""Waiting until something is so, without believing in clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from tests.postgres.appending import append, event
from xzepr.model import EventReceiver, Unit

GUARD: Final = 60.0
"""Seconds after which what should have happened will not."""

_WORKING: Final = """
    SELECT pid, wait_event_type = 'Lock' FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"""


def until(so: Callable[[], bool]) -> None:
    """Ask until something is so.

    Raises:
        TimeoutError: It does not come.
    """
    end = time.monotonic() + GUARD
    while not so():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.002)  # between two questions


def waiting(connection: psycopg.Connection) -> set[int]:
    """Return the backends that wait for a lock."""
    return {pid for pid, waits in connection.execute(_WORKING) if waits}


def waiters(connection: psycopg.Connection) -> int:
    """Return how many backends wait for a lock."""
    return len(waiting(connection))


def working(connection: psycopg.Connection) -> int:
    """Return how many backends are at work, those that wait included."""
    return len(connection.execute(_WORKING).fetchall())


@contextmanager
def unit_held(url: str, about: Unit, receiver: EventReceiver) -> Iterator[psycopg.Connection]:
    """Hold a unit, as a host does that has recorded to it and not yet committed; roll back in the end."""
    with psycopg.connect(url) as host:
        append(host, [event(about, receiver.id, receiver_fingerprint=receiver.fingerprint)])
        yield host
        host.rollback()
