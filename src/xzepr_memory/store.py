"""The door of the memory store."""

from __future__ import annotations

from typing import Final

from xzepr.model import Clock, utc_now
from xzepr.stores import Capabilities
from xzepr_memory.events import MemoryEvents
from xzepr_memory.feed import MemoryFeed
from xzepr_memory.groups import MemoryGroups
from xzepr_memory.receivers import MemoryReceivers
from xzepr_memory.subscriptions import MemorySubscriptions
from xzepr_memory.tables import Tables

SCHEME: Final = "memory"
CAPABILITIES: Final = Capabilities(durable=False, subscriptions=True, waiting=True)


class MemoryStore:
    """A store that keeps everything in this process.

    Args:
        clock: Tells the time at which things are recorded.

    Example:
        >>> from xzepr import Registry
        >>> with Registry(MemoryStore()) as registry:
        ...     registry.feed.head()
        0
    """

    scheme = SCHEME
    capabilities = CAPABILITIES

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self._tables = Tables(clock)
        self.receivers = MemoryReceivers(self._tables)
        self.groups = MemoryGroups(self._tables)
        self.events = MemoryEvents(self._tables)
        self.feed = MemoryFeed(self._tables)
        self.subscriptions = MemorySubscriptions(self._tables)

    def check(self) -> None:
        """Show that the store is usable.

        Raises:
            Closed: It is closed.
            ConfigurationError: This is a forked child of the process that made it.
        """
        with self._tables.reading:
            return

    def wait(self, after: int, timeout: float) -> bool:
        """Wait until the feed has grown beyond a position, at most ``timeout`` seconds."""
        tables = self._tables
        with tables.reading:
            tables.news.wait_for(lambda: tables.closed or len(tables.log) > after, timeout)
            return not tables.closed and len(tables.log) > after

    def close(self) -> None:
        """Forget nothing, but answer no more: later calls raise ``Closed``, waiting ones return.

        In a forked child it does nothing: there the store is of no use anyway.
        """
        self._tables.close()
