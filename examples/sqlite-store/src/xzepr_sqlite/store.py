"""The door of the SQLite store."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from xzepr.model import Clock, utc_now

from xzepr_sqlite.capabilities import CAPABILITIES, DEFAULT_TIMEOUT, SCHEME
from xzepr_sqlite.database import Database
from xzepr_sqlite.events import SqliteEvents
from xzepr_sqlite.feed import SqliteFeed
from xzepr_sqlite.groups import SqliteGroups
from xzepr_sqlite.receivers import SqliteReceivers
from xzepr_sqlite.subscriptions import SqliteSubscriptions


class SqliteStore:
    """A store that keeps everything in one SQLite file. Any number of processes may open the same file.

    Args:
        path: The file; a new one is set up at once. A relative path starts at the present working directory.
        clock: Tells the time at which things are recorded.
        timeout: Seconds to wait for another process that is writing, before ``Unavailable``.

    Raises:
        ConfigurationError: The file cannot be written, is none of this store, or one of a newer version of it.
        Unavailable: Another process would not let go of it.
    """

    scheme = SCHEME
    capabilities = CAPABILITIES

    def __init__(self, path: str | PathLike[str], *, clock: Clock = utc_now, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._database = Database(Path(path).absolute(), clock, timeout)
        self.receivers = SqliteReceivers(self._database)
        self.groups = SqliteGroups(self._database)
        self.events = SqliteEvents(self._database)
        self.feed = SqliteFeed(self._database)
        self.subscriptions = SqliteSubscriptions(self._database)

    def check(self) -> None:
        """Show that the file is there and is one of this store.

        Raises:
            Unavailable: It was removed or replaced, or cannot be read now.
            ConfigurationError: It is of another version by now, or this is a forked child.
            Closed: The store is closed.
        """
        self._database.check()

    def close(self) -> None:
        """Close the file: later calls raise ``Closed``. In a forked child it does nothing."""
        self._database.close()
