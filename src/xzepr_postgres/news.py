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
from typing import Final

import psycopg

from xzepr.errors import Closed, Unavailable, XzeprError
from xzepr_postgres.lending import Lent
from xzepr_postgres.schema import Schema, identifier
from xzepr_postgres.sessions import PooledSession

QUIET: Final = 0.02
"""Seconds between two notifications."""

PATIENCE: Final = 0.5
"""Seconds after which a waiting reader looks again without having heard anything."""


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
        self._teller: Lent | None = None
        self._listeners: list[Lent] = []
        self._closed = threading.Event()

    def tell(self) -> None:
        """Say that something was committed. It never fails: what was committed stays so, and readers ask anyway."""
        if self._monotonic() - self._told_at < QUIET or not self._telling.acquire(blocking=False):
            return
        try:
            self._told_at = self._monotonic()
            if self._teller is None:
                self._teller = self._session.open_line()
            self._teller.driver.execute(f"NOTIFY {self._channel}".encode())
        except (psycopg.Error, XzeprError) as error:
            self._hang_up()
            _log.debug("readers were not notified: %s", type(error).__name__)
        finally:
            if self._closed.is_set():  # meanwhile
                self._hang_up()
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
        try:
            return self._await(grown, until)
        except Closed:  # meanwhile
            return False

    def _await(self, grown: Callable[[], bool], until: float) -> bool:
        with self._listening() as listener:
            pause = 0.0
            while not (found := grown()) and (left := until - self._monotonic()) > 0:
                heard = self._hear(listener, min(pause or PATIENCE, left))
                pause = QUIET if heard else 0.0
            return found

    def close(self) -> None:
        """Let everybody go who waits, and let go of the connections."""
        self._closed.set()
        for line in [*self._listeners, *([self._teller] if self._teller else [])]:
            line.end()

    def _hang_up(self) -> None:
        if self._teller is not None:
            self._teller.end()
        self._teller = None

    def _hear(self, listener: Lent | None, seconds: float) -> bool:
        if listener is None or listener.driver.closed:
            self._closed.wait(seconds)
            return False
        try:
            return any(True for _ in listener.driver.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            listener.end()
            return False

    @contextmanager
    def _listening(self) -> Iterator[Lent | None]:
        """Lend a connection that listens; none where it cannot, as on a standby."""
        try:
            listener: Lent | None = self._listeners.pop()
        except IndexError:
            listener = self._new_listener()
        try:
            yield listener
        finally:
            if listener is not None and not listener.driver.closed:
                self._listeners.append(listener)
                if self._closed.is_set():
                    listener.end()

    def _new_listener(self) -> Lent | None:
        try:
            line = self._session.open_line()
        except Unavailable:
            return None
        try:
            line.driver.execute(f"LISTEN {self._channel}".encode())
        except psycopg.Error:
            line.end()
            return None
        return line
