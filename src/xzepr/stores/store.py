"""The store itself."""

from __future__ import annotations

from typing import Protocol

from xzepr.stores.capabilities import Capabilities
from xzepr.stores.repositories import EventRepository, FeedRepository, GroupRepository, ReceiverRepository


class Store(Protocol):
    """A place where a registry keeps what it knows.

    Use one from any number of threads.
    """

    @property
    def scheme(self) -> str:
        """The scheme under which it is opened by URL."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @property
    def receivers(self) -> ReceiverRepository:
        """Its receivers."""

    @property
    def groups(self) -> GroupRepository:
        """Its groups."""

    @property
    def events(self) -> EventRepository:
        """Its events."""

    @property
    def feed(self) -> FeedRepository:
        """Its feed."""

    def check(self) -> None:
        """Show that the store can be reached and is set up.

        Raises:
            Unavailable: It cannot be reached now.
            ConfigurationError: It is not set up; the message names the command that does it.
            Closed: It is closed.
        """

    def close(self) -> None:
        """Let go of what the store itself opened; closing it again does nothing."""
