"""What a store may do beyond the core: each power a small protocol, named by a capability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast, runtime_checkable

from xzepr.errors import Unsupported
from xzepr.model import FeedCursor, Lease, Parked, Principal, SubscriptionState
from xzepr.stores.capabilities import Feature
from xzepr.stores.store import Store


@runtime_checkable
class SubscriptionStore(Protocol):
    """The power to keep durable cursors. Capability: ``subscriptions``.

    Every change of a subscription is guarded by the fencing token of its lease: of two processes, only the one with
    the newest lease advances it.
    """

    @property
    def subscriptions(self) -> SubscriptionRepository:
        """Its subscriptions."""


class SubscriptionRepository(Protocol):
    """Subscriptions as a store keeps them."""

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> SubscriptionState:
        """Return the principal's subscription of this name; create it at ``start`` if there is none.

        Raises:
            BadCursor: It would be created at a place beyond the head, or where another change stands.
        """

    def get(self, name: str, principal: Principal) -> SubscriptionState:
        """Return a subscription.

        Raises:
            NotFound: The principal has none of this name.
        """

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if no other is still running: one that ends now is not.

        Raises:
            NotFound: The principal has none of this name.
        """

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """Extend a lease.

        Raises:
            LeaseLost: Somebody else has taken it since.
        """

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note that everything up to a change was handled; a change before the present one moves nothing.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
            BadCursor: The place is beyond the head of the feed, or another change stands there.
        """

    def park(self, lease: Lease, parked: Parked) -> None:
        """Keep a change for later and advance past it, in one step.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
        """

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return up to ``limit`` parked changes with a position above ``after``, in order.

        Raises:
            NotFound: The principal has none of this name.
        """

    def unpark(self, lease: Lease, position: int) -> None:
        """Forget a parked change, because it was handled.

        Raises:
            LeaseLost: Somebody else has taken the lease since.
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that somebody else need not wait for its end. A lost lease is no error."""

    def delete(self, name: str, principal: Principal) -> None:
        """Delete a subscription and what is parked.

        Raises:
            NotFound: The principal has none of this name.
        """


@runtime_checkable
class Waiting(Protocol):
    """The power to wait for news instead of asking again and again. Capability: ``waiting``."""

    def wait(self, after: int, timeout: float) -> bool:
        """Wait until the feed has grown beyond a position.

        Args:
            after: The position.
            timeout: Seconds to wait at most.

        Returns:
            Whether it has; False also when the store was closed meanwhile.
        """


@runtime_checkable
class Joining(Protocol):
    """The power to work inside a transaction of the caller. Capability: ``joining``."""

    def join(self, connection: object) -> Store:
        """Return a store that does everything on this connection, never commits and never closes it.

        Raises:
            ConfigurationError: The connection is of a kind that the store does not know, or is in autocommit mode.
        """


def subscribing(store: Store) -> SubscriptionStore:
    """Return a store as what its capability says it is, also through a wrapper that passes everything on.

    Raises:
        Unsupported: It keeps no subscriptions.
    """
    if not store.capabilities.subscriptions:
        raise Unsupported(Feature.SUBSCRIPTIONS, store.scheme)
    return cast("SubscriptionStore", store)


def waiting(store: Store) -> Waiting | None:
    """Return a store as what its capability says it is; None if it cannot wait."""
    return cast("Waiting", store) if store.capabilities.waiting else None


def joining(store: Store) -> Joining:
    """Return a store as what its capability says it is.

    Raises:
        Unsupported: It cannot join a transaction.
    """
    if not store.capabilities.joining:
        raise Unsupported(Feature.JOINING, store.scheme)
    return cast("Joining", store)
