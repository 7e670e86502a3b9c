"""What the kit has to know about a store: the one class that the author of a store fills in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import attrs

from xzepr.model import Clock, Ulid
from xzepr.stores import Capabilities, Store


@attrs.frozen(kw_only=True)
class RawEvent:
    """The row of an event as it lies in the store, read round the store's own code.

    Args:
        id: Its id, as text.
        n: Its place among the events of its unit.
        payload_text: The stored text of its payload; None when redacted.
        salt: The stored salt; None when redacted.
        payload_digest: The stored digest of salt and payload.
        digest: The stored digest of the event.
    """

    id: str
    n: int
    payload_text: str | None
    salt: bytes | None
    payload_digest: str
    digest: str


class StoreHarness(ABC):
    """How the kit opens a store, empties it, and looks behind it.

    A harness is made anew for every test; what is costly to set up, such as a database, is kept on the class.

    Attributes:
        capabilities: What the store declares that it can do.
    """

    capabilities: ClassVar[Capabilities]

    @abstractmethod
    def open(self, clock: Clock) -> Store:
        """Open the store.

        Args:
            clock: Tells the store the time: what it stamps as ``recorded_at``, and when leases end.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget everything that was ever stored; called before each test."""

    @abstractmethod
    def raw_events(self, store: Store) -> Sequence[RawEvent]:
        """Read the rows of all events, round the store's own code."""

    @abstractmethod
    def damage_event(self, store: Store, event_id: Ulid) -> None:
        """Replace the stored payload of an event by another one, round the store's own code."""

    def reopen(self, store: Store, clock: Clock) -> Store:
        """Close a store and open it again over what it has kept. Only durable stores need it."""
        raise NotImplementedError("a durable store's harness says how it is opened again")
