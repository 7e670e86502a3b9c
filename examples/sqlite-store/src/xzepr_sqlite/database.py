"""The file: one connection, one lock, whole transactions.

A process has one connection, which its threads share one after the other, because SQLite lets only one of them write
anyway, and so a thread that ends leaves nothing open. Between processes SQLite's own locks do the same. A connection
must not be carried across a fork: in the child the store refuses to work.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from xzepr.errors import Closed, ConfigurationError, Unavailable, XzeprError
from xzepr.model import ChangeKind, Clock, Identity, Ulid, UlidGenerator, ask

from xzepr_sqlite.capabilities import check_timeout
from xzepr_sqlite.failures import told, told_of_commit
from xzepr_sqlite.rows import micros
from xzepr_sqlite.schema import check_version, set_up

RETRY_SECONDS = 0.01
"""Between two attempts to set up a file."""


class Write:
    """One write transaction.

    Args:
        sql: The connection.
        actor: Who writes.
        now: When.
        new_id: Makes the ids of its changes.
    """

    def __init__(self, sql: sqlite3.Connection, actor: Identity, now: datetime, new_id: UlidGenerator) -> None:
        self.sql = sql
        self.actor = actor
        self.now = now
        self.stamp = micros(now)
        self._new_id = new_id

    def announce(self, kind: ChangeKind, about: Ulid | None = None, revision: int | None = None) -> int:
        """Add an entry to the feed and return its position: one more than the last, because none is ever deleted."""
        row = (self._new_id(), kind, self.stamp, self.actor.issuer, self.actor.subject, about, revision)
        placed = self.sql.execute(
            "INSERT INTO feed (id, kind, recorded_at, actor_issuer, actor_subject, about, revision)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        assert placed.lastrowid is not None  # noqa: S101 - it is, after an INSERT
        return placed.lastrowid


class Database:
    """The file and its transactions. ``reading`` and ``writing`` are the only ways in.

    Args:
        path: The file, as an absolute path.
        clock: Tells the time of a write.
        timeout: Seconds to wait for another process.
    """

    def __init__(self, path: Path, clock: Clock, timeout: float) -> None:
        check_timeout(timeout)
        self._path = path
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._log_is_due = False
        self._pid = os.getpid()
        self._new_id = UlidGenerator()
        self._connection: sqlite3.Connection | None = _open(path, timeout)
        self._place = _place(path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read: everything inside sees the same moment."""
        with self._transaction("BEGIN") as sql:
            yield sql

    @contextmanager
    def writing(self, actor: Identity, ids: Sequence[Ulid] = ()) -> Iterator[Write]:
        """Write: all of it is stored, or nothing.

        Args:
            actor: Who writes.
            ids: The events that are in doubt if the commit fails half-way.
        """
        with self._transaction("BEGIN IMMEDIATE", ids) as sql:
            yield Write(sql, actor, ask(self._clock), self._new_id)

    def erase(self) -> None:
        """Empty the log, so that it keeps no old pages. A reader may prevent it: then each later transaction tries."""
        with suppress(XzeprError), self._holding() as sql:
            self._log_is_due = not _emptied(sql)

    def check(self) -> None:
        """Show that the file can be read and is of the right version."""
        with self.reading() as sql:
            check_version(sql, self._path)

    def close(self) -> None:
        """Close the connection; in a forked child, which must not even do that, it does nothing."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, begin: str, ids: Sequence[Ulid] = ()) -> Iterator[sqlite3.Connection]:
        with self._holding() as sql:
            try:
                with told(self._path):
                    sql.execute(begin)
                    yield sql
                with told_of_commit(self._path, ids):
                    sql.execute("COMMIT")
            finally:
                if sql.in_transaction:
                    with suppress(sqlite3.Error):  # the error that led here says more
                        sql.execute("ROLLBACK")
            if self._log_is_due:
                self._erase_at_once(sql)

    def _erase_at_once(self, sql: sqlite3.Connection) -> None:
        """Empty the log if nobody reads it; who only wanted a transaction does not wait for that."""
        sql.execute("PRAGMA busy_timeout = 0")
        self._log_is_due = not _emptied(sql)
        sql.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1_000)}")

    @contextmanager
    def _holding(self) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._pid:
            raise ConfigurationError("a SQLite connection does not survive a fork: open the store in the child")
        with self._lock:
            if self._connection is None:
                raise Closed("store")
            if _place(self._path) != self._place:
                raise Unavailable(f"{self._path} was removed or replaced: open the store again")
            yield self._connection


def _emptied(sql: sqlite3.Connection) -> bool:
    """Empty the log, and say whether that went well: while another process reads it, it does not."""
    with suppress(sqlite3.Error):
        [busy, *_] = sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    return False


def _open(path: Path, timeout: float) -> sqlite3.Connection:
    if path.name == ":memory:":
        raise ConfigurationError("a SQLite store needs a file: for one in memory open memory:")
    if os.path.exists(path) and not os.access(path, os.W_OK):  # noqa: PTH110 - Path raises for what can be no name
        raise ConfigurationError(f"{path} may not be written: give this user the right to")
    with told(path):
        connection = _connect(path, timeout)
        try:
            connection.row_factory = sqlite3.Row
            # What is no UTF-8 becomes text that no value accepts: an error for its row, not for all rows behind it.
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            _set_up(connection, path, timeout)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    except ValueError as error:  # it holds what no name may hold
        raise ConfigurationError(f"{str(path)!r} is no name of a file") from error


def _set_up(connection: sqlite3.Connection, path: Path, timeout: float) -> None:
    """Set up a file, as others may do at this moment: SQLite itself does not wait when it begins a log."""
    patience = time.monotonic() + timeout
    while True:
        try:
            with told(path):
                return set_up(connection, path)
        except Unavailable:
            connection.rollback()
            if time.monotonic() > patience:
                raise
        time.sleep(RETRY_SECONDS)


def _place(path: Path) -> tuple[int, int] | None:
    """Say which file a path names now: writing into one that was removed would look like success."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
