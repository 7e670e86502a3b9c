"""News: who waits for the feed to grow is woken by whoever has committed, in any process.

A notification is sent after the commit, on a connection of its own and at most once per :data:`QUIET`, because sent
within each append it cost 60 % of the throughput (measured). So the last change of a burst may go without one: whoever
was woken looks once more when that time is over. And whoever hears nothing at all asks again every :data:`PATIENCE`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import psycopg
from sqlalchemy import Connection

from xzepr.errors import Unavailable
from xzepr_postgres.schema import Schema, identifier
from xzepr_postgres.sessions import PooledSession, driver_of

QUIET: Final = 0.02
"""Seconds between two notifications."""

PATIENCE: Final = 0.5
"""Seconds after which a waiting reader looks again without having heard anything."""


@attrs.frozen
class _Line:
    """A connection taken out of the pool: as SQLAlchemy keeps it, and as psycopg does."""

    kept: Connection
    driver: psycopg.Connection[Any]

    @property
    def open(self) -> bool:
        return not self.driver.closed

    def close(self) -> None:
        self.kept.close()


_log = logging.getLogger("xzepr.postgres")


class News:
    """Tells others that something was committed, and hears it from them.

    Args:
        session: Where connections come from.
        schema: The registry; each has a channel of its own.
        monotonic: Tells the seconds since some moment.
    """

    def __init__(
        self, session: PooledSession, schema: Schema, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._channel = identifier(f"xzepr_{schema.lock_key('news'):x}")
        self._monotonic = monotonic
        self._telling = threading.Lock()
        self._told_at = float("-inf")
        self._teller: _Line | None = None
        self._listeners: list[_Line] = []
        self._closed = threading.Event()

    def tell(self) -> None:
        """Say that something was committed. It never fails: what was committed stays so, and readers ask anyway."""
        if self._monotonic() - self._told_at < QUIET or not self._telling.acquire(blocking=False):
            return
        try:
            self._told_at = self._monotonic()
            if self._teller is None:
                self._teller = self._connect()
            self._teller.driver.execute(f"NOTIFY {self._channel}".encode())
        except (psycopg.Error, Unavailable) as error:
            self._teller = None
            _log.debug("readers were not notified: %s", type(error).__name__)
        finally:
            self._telling.release()

    def wait(self, grown: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so.

        Args:
            grown: Looks whether it is so.
            seconds: How long to wait at most.

        Returns:
            What ``grown`` said last; False also when this was closed meanwhile.
        """
        until = self._monotonic() + seconds
        if grown():
            return True
        with self._listening() as listener:
            pause = 0.0
            while not (found := grown()) and (left := until - self._monotonic()) > 0 and not self._closed.is_set():
                heard = self._hear(listener, min(pause or PATIENCE, left))
                pause = QUIET if heard else 0.0
            return found and not self._closed.is_set()

    def close(self) -> None:
        """Let everybody go who waits, and let go of the connections."""
        self._closed.set()
        for line in [*self._listeners, *([self._teller] if self._teller else [])]:
            line.close()

    def _hear(self, listener: _Line | None, seconds: float) -> bool:
        if listener is None or not listener.open:
            self._closed.wait(seconds)
            return False
        try:
            return any(True for _ in listener.driver.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            listener.close()
            return False

    @contextmanager
    def _listening(self) -> Iterator[_Line | None]:
        """Lend a connection that listens; none where it cannot, as on a standby."""
        try:
            listener: _Line | None = self._listeners.pop()
        except IndexError:
            listener = self._new_listener()
        try:
            yield listener
        finally:
            if listener is not None and listener.open:
                self._listeners.append(listener)
                if self._closed.is_set():
                    listener.close()

    def _new_listener(self) -> _Line | None:
        try:
            line = self._connect()
        except Unavailable:
            return None
        try:
            line.driver.execute(f"LISTEN {self._channel}".encode())
        except psycopg.Error:
            line.close()
            return None
        return line

    def _connect(self) -> _Line:
        connection = self._session.connect()
        driver = driver_of(connection)
        connection.detach()
        return _Line(connection, driver)
