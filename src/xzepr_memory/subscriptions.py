"""Subscriptions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from xzepr.errors import LeaseLost, NotFound
from xzepr.model import FeedCursor, Lease, Parked, Principal, SubscriptionState
from xzepr_memory.feed import locate
from xzepr_memory.rows import SubscriptionRow
from xzepr_memory.tables import Tables


class MemorySubscriptions:
    """Implements :class:`xzepr.stores.SubscriptionRepository`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> SubscriptionState:
        """Return the principal's subscription of this name; create it if there is none."""
        tables = self._tables
        key = principal.identity, name
        with tables.writing(principal.identity) as write:
            if key not in tables.subscriptions:
                locate(tables, start)
                write.put(tables.subscriptions, key, SubscriptionRow(principal.identity, start))
            return _shown(name, tables.subscriptions[key])

    def get(self, name: str, principal: Principal) -> SubscriptionState:
        """Return a subscription."""
        with self._tables.reading:
            return _shown(name, self._row(name, principal))

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if no other is still running."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            row = self._row(name, principal)
            if row.held_until is not None and write.now < row.held_until:
                return None
            write.change(row, "token", next(tables.tokens))
            write.change(row, "held_until", write.now + timedelta(seconds=seconds))
            return _lease(name, row)

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """Extend a lease."""
        with self._tables.writing(lease.owner) as write:
            row = self._held(lease)
            write.change(row, "held_until", write.now + timedelta(seconds=seconds))
            return _lease(lease.name, row)

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note that everything up to a change was handled."""
        with self._tables.writing(lease.owner) as write:
            row = self._held(lease)
            locate(self._tables, cursor)
            if cursor.position > row.cursor.position:
                write.change(row, "cursor", cursor)

    def park(self, lease: Lease, parked: Parked) -> None:
        """Keep a change for later and advance past it."""
        with self._tables.writing(lease.owner) as write:
            row = self._held(lease)
            write.put(row.parked, parked.cursor.position, parked)
            if parked.cursor.position > row.cursor.position:
                write.change(row, "cursor", parked.cursor)

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return parked changes behind a position."""
        with self._tables.reading:
            parked = self._row(name, principal).parked
            return [parked[position] for position in sorted(parked) if position > after][:limit]

    def unpark(self, lease: Lease, position: int) -> None:
        """Forget a parked change."""
        with self._tables.writing(lease.owner) as write:
            write.drop(self._held(lease).parked, position)

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        with self._tables.writing(lease.owner) as write:
            row = self._tables.subscriptions.get((lease.owner, lease.name))
            if row is not None and row.token == lease.token:
                write.change(row, "held_until", None)

    def delete(self, name: str, principal: Principal) -> None:
        """Delete a subscription."""
        with self._tables.writing(principal.identity) as write:
            self._row(name, principal)
            write.drop(self._tables.subscriptions, (principal.identity, name))

    def _row(self, name: str, principal: Principal) -> SubscriptionRow:
        row = self._tables.subscriptions.get((principal.identity, name))
        if row is None:
            raise NotFound("subscription", name)
        return row

    def _held(self, lease: Lease) -> SubscriptionRow:
        row = self._tables.subscriptions.get((lease.owner, lease.name))
        if row is None or row.token != lease.token or row.held_until is None:
            raise LeaseLost(lease.name)
        return row


def _shown(name: str, row: SubscriptionRow) -> SubscriptionState:
    return SubscriptionState(
        name=name, owner=row.owner, cursor=row.cursor, parked=len(row.parked), held_until=row.held_until
    )


def _lease(name: str, row: SubscriptionRow) -> Lease:
    assert row.held_until is not None  # noqa: S101 - set by both callers, for the type checker
    return Lease(name=name, owner=row.owner, token=row.token, cursor=row.cursor, expires_at=row.held_until)
