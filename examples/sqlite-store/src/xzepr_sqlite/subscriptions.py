"""Subscriptions in SQLite: durable cursors, each step guarded by the fencing token of its lease."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from xzepr.errors import LeaseLost, NotFound
from xzepr.model import FeedCursor, Identity, Lease, Parked, Principal, SubscriptionState

from xzepr_sqlite.database import Database, Write
from xzepr_sqlite.feed import locate
from xzepr_sqlite.lists import first
from xzepr_sqlite.rows import decoded, micros, owner_of, time_of

_KEY = "(owner_issuer, owner_subject, name) = (?, ?, ?)"


class SqliteSubscriptions:
    """Implements :class:`xzepr.stores.SubscriptionRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> SubscriptionState:
        """Return the principal's subscription of this name; create it if there is none."""
        key = _key(principal.identity, name)
        with self._database.writing(principal.identity) as write:
            if first(write.sql.execute(f"SELECT 1 FROM subscriptions WHERE {_KEY}", key)) is None:
                locate(write.sql, start)
                values = (*key, start.position, start.change_id)
                write.sql.execute("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, 0, NULL)", values)
            return _shown(write.sql, _row(write.sql, principal.identity, name))

    def get(self, name: str, principal: Principal) -> SubscriptionState:
        """Return a subscription."""
        with self._database.reading() as sql:
            return _shown(sql, _row(sql, principal.identity, name))

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if no other is still running."""
        with self._database.writing(principal.identity) as write:
            row = _row(write.sql, principal.identity, name)
            if row["held_until"] is not None and write.stamp < row["held_until"]:
                return None
            [token] = write.sql.execute("UPDATE tokens SET last = last + 1 RETURNING last").fetchall()
            return _hold(write, row, token["last"], seconds)

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """Extend a lease."""
        with self._database.writing(lease.owner) as write:
            return _hold(write, _held(write.sql, lease), lease.token, seconds)

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note that everything up to a change was handled."""
        with self._database.writing(lease.owner) as write:
            _held(write.sql, lease)
            locate(write.sql, cursor)
            _advance(write.sql, lease, cursor)

    def park(self, lease: Lease, parked: Parked) -> None:
        """Keep a change for later and advance past it."""
        with self._database.writing(lease.owner) as write:
            _held(write.sql, lease)
            cursor = parked.cursor
            row = (*_key(lease.owner, lease.name), cursor.position, cursor.change_id, parked.attempts, parked.error)
            write.sql.execute(
                "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, micros(parked.parked_at))
            )
            _advance(write.sql, lease, cursor)

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return parked changes behind a position."""
        with self._database.reading() as sql:
            _row(sql, principal.identity, name)
            statement = f"SELECT * FROM parked WHERE {_KEY} AND position > ? ORDER BY position LIMIT ?"
            rows = sql.execute(statement, (*_key(principal.identity, name), after, limit)).fetchall()
            return [decoded("subscription", name, partial(_parked, row)) for row in rows]

    def unpark(self, lease: Lease, position: int) -> None:
        """Forget a parked change."""
        with self._database.writing(lease.owner) as write:
            _held(write.sql, lease)
            key = (*_key(lease.owner, lease.name), position)
            write.sql.execute(f"DELETE FROM parked WHERE {_KEY} AND position = ?", key)

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        with self._database.writing(lease.owner) as write:
            key = (*_key(lease.owner, lease.name), lease.token)
            write.sql.execute(f"UPDATE subscriptions SET held_until = NULL WHERE {_KEY} AND token = ?", key)

    def delete(self, name: str, principal: Principal) -> None:
        """Delete a subscription and what is parked."""
        key = _key(principal.identity, name)
        with self._database.writing(principal.identity) as write:
            _row(write.sql, principal.identity, name)
            for table in ("parked", "subscriptions"):
                write.sql.execute(f"DELETE FROM {table} WHERE {_KEY}", key)


def _key(owner: Identity, name: str) -> tuple[str, str, str]:
    return owner.issuer, owner.subject, name


def _row(sql: sqlite3.Connection, owner: Identity, name: str) -> sqlite3.Row:
    row = first(sql.execute(f"SELECT * FROM subscriptions WHERE {_KEY}", _key(owner, name)))
    if row is None:
        raise NotFound("subscription", name)
    return row


def _held(sql: sqlite3.Connection, lease: Lease) -> sqlite3.Row:
    key = (*_key(lease.owner, lease.name), lease.token)
    held = f"{_KEY} AND token = ? AND held_until IS NOT NULL"
    row = first(sql.execute(f"SELECT * FROM subscriptions WHERE {held}", key))
    if row is None:
        raise LeaseLost(lease.name)
    return row


def _hold(write: Write, row: sqlite3.Row, token: int, seconds: float) -> Lease:
    until = write.now + timedelta(seconds=seconds)
    key = (row["owner_issuer"], row["owner_subject"], row["name"])
    statement = f"UPDATE subscriptions SET token = ?, held_until = ? WHERE {_KEY}"
    write.sql.execute(statement, (token, micros(until), *key))
    cursor = decoded("subscription", row["name"], partial(_cursor, row))
    return Lease(name=row["name"], owner=owner_of(row), token=token, cursor=cursor, expires_at=until)


def _advance(sql: sqlite3.Connection, lease: Lease, cursor: FeedCursor) -> None:
    moved = f"UPDATE subscriptions SET position = ?, change_id = ? WHERE {_KEY} AND position < ?"
    key = _key(lease.owner, lease.name)
    sql.execute(moved, (cursor.position, cursor.change_id, *key, cursor.position))


def _shown(sql: sqlite3.Connection, row: sqlite3.Row) -> SubscriptionState:
    key = (row["owner_issuer"], row["owner_subject"], row["name"])
    [parked] = sql.execute(f"SELECT count(*) FROM parked WHERE {_KEY}", key).fetchone()
    return decoded("subscription", row["name"], partial(_state, row, parked))


def _state(row: sqlite3.Row, parked: int) -> SubscriptionState:
    until = None if row["held_until"] is None else time_of(row["held_until"])
    return SubscriptionState(
        name=row["name"], owner=owner_of(row), cursor=_cursor(row), parked=parked, held_until=until
    )


def _cursor(row: sqlite3.Row) -> FeedCursor:
    return FeedCursor(row["position"], row["change_id"])


def _parked(row: sqlite3.Row) -> Parked:
    return Parked(
        cursor=_cursor(row), attempts=row["attempts"], error=row["error"], parked_at=time_of(row["parked_at"])
    )
