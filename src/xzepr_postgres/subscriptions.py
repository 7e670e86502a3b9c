"""Subscriptions in PostgreSQL: durable cursors, each step guarded by the fencing token of its lease."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from xzepr.errors import BadCursor, LeaseLost, NotFound
from xzepr.model import FeedCursor, Identity, Lease, Parked, Principal, SubscriptionState, format_time
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import told
from xzepr_postgres.feed import locate
from xzepr_postgres.rows import decoded, time_of, ulid_of
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter, moment, seconds

_KEY: Final = """owner_issuer = CAST(:issuer AS text) AND owner_subject = CAST(:subject AS text)
        AND name = CAST(:name AS text)"""
_NOW: Final = f"coalesce({moment('told')}, clock_timestamp())"
_UNTIL: Final = f"{_NOW} + make_interval(secs => CAST(CAST(:seconds AS text) AS double precision))"
_HELD: Final = f"{_KEY} AND token = CAST(:token AS bigint) AND held_until IS NOT NULL"
_LEASED: Final = f"token, position, CAST(change_id AS text), {seconds('held_until')}"

_CREATE: Final = """
    INSERT INTO {schema}.subscriptions (owner_issuer, owner_subject, name, position, change_id, token)
    VALUES (CAST(:issuer AS text), CAST(:subject AS text), CAST(:name AS text), CAST(:position AS bigint),
        CAST(CAST(:change_id AS text) AS uuid), 0)
    ON CONFLICT DO NOTHING RETURNING true"""
_THERE: Final = f"SELECT true FROM {{schema}}.subscriptions WHERE {_KEY}"
_GET: Final = f"""
    SELECT position, CAST(change_id AS text), {seconds("held_until")}, (
        SELECT count(*) FROM {{schema}}.parked p
        WHERE (p.owner_issuer, p.owner_subject, p.name) = (s.owner_issuer, s.owner_subject, s.name)
    )
    FROM {{schema}}.subscriptions s WHERE {_KEY}"""
_ACQUIRE: Final = f"""
    UPDATE {{schema}}.subscriptions SET token = DEFAULT, held_until = {_UNTIL}
    WHERE {_KEY} AND (held_until IS NULL OR held_until <= {_NOW})
    RETURNING {_LEASED}"""
_RENEW: Final = f"UPDATE {{schema}}.subscriptions SET held_until = {_UNTIL} WHERE {_HELD} RETURNING {_LEASED}"
_FORWARD: Final = """position = greatest(position, CAST(:position AS bigint)),
        change_id = CASE WHEN CAST(:position AS bigint) > position THEN CAST(CAST(:change_id AS text) AS uuid)
            ELSE change_id END"""
_ADVANCE: Final = f"UPDATE {{schema}}.subscriptions SET {_FORWARD} WHERE {_HELD} RETURNING true"
_PARK: Final = f"""
    WITH held AS (UPDATE {{schema}}.subscriptions SET {_FORWARD} WHERE {_HELD} RETURNING *), kept AS (
        INSERT INTO {{schema}}.parked (
            owner_issuer, owner_subject, name, position, change_id, attempts, error, parked_at
        )
        SELECT owner_issuer, owner_subject, name, CAST(:position AS bigint), CAST(CAST(:change_id AS text) AS uuid),
            CAST(:attempts AS integer), CAST(:error AS text), {moment("parked_at")}
        FROM held
        ON CONFLICT (owner_issuer, owner_subject, name, position) DO UPDATE SET
            change_id = excluded.change_id, attempts = excluded.attempts, error = excluded.error,
            parked_at = excluded.parked_at
    )
    SELECT true FROM held"""
_PARKED: Final = f"""
    SELECT position, CAST(change_id AS text), attempts, error, {seconds("parked_at")} FROM {{schema}}.parked
    WHERE {_KEY} AND position > CAST(:after AS bigint) ORDER BY position LIMIT CAST(:limit AS integer)"""
_UNPARK: Final = f"""
    WITH held AS (SELECT * FROM {{schema}}.subscriptions WHERE {_HELD} FOR UPDATE), gone AS (
        DELETE FROM {{schema}}.parked p USING held h
        WHERE (p.owner_issuer, p.owner_subject, p.name) = (h.owner_issuer, h.owner_subject, h.name)
            AND p.position = CAST(:position AS bigint)
    )
    SELECT true FROM held"""
_RELEASE: Final = f"""
    UPDATE {{schema}}.subscriptions SET held_until = NULL
    WHERE {_KEY} AND token = CAST(:token AS bigint) RETURNING true"""
_DELETE: Final = f"DELETE FROM {{schema}}.subscriptions WHERE {_KEY} RETURNING true"


class PostgresSubscriptions:
    """Implements :class:`xzepr.stores.SubscriptionRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = database.session

    def ensure(self, name: str, principal: Principal, *, start: FeedCursor) -> SubscriptionState:
        """Return the principal's subscription of this name; create it if there is none."""
        key = _key(name, principal.identity)
        if not self._session.read(_THERE, key):
            locate(self._database, start)
            self._session.write(_CREATE, {**key, **_place(start)})
        return self.get(name, principal)

    def get(self, name: str, principal: Principal) -> SubscriptionState:
        """Return a subscription."""
        rows = self._session.read(_GET, _key(name, principal.identity))
        if not rows:
            raise NotFound("subscription", name)
        return decoded("subscription", name, "its row", lambda: _state(name, principal.identity, rows[0]))

    def acquire(self, name: str, principal: Principal, *, seconds: float) -> Lease | None:
        """Take the lease, if no other is still running."""
        rows = self._session.write(_ACQUIRE, {**_key(name, principal.identity), **self._lasting(seconds)})
        if rows:
            return decoded("subscription", name, "its row", lambda: _lease(name, principal.identity, rows[0]))
        self._require(name, principal)
        return None

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """Extend a lease."""
        rows = self._session.write(_RENEW, {**_held(lease), **self._lasting(seconds)})
        if not rows:
            raise LeaseLost(lease.name)
        return decoded("subscription", lease.name, "its row", lambda: _lease(lease.name, lease.owner, rows[0]))

    def advance(self, lease: Lease, cursor: FeedCursor) -> None:
        """Note that everything up to a change was handled."""
        try:
            locate(self._database, cursor)
        except BadCursor:
            self._guarded(_ADVANCE, lease, FeedCursor())
            raise
        self._guarded(_ADVANCE, lease, cursor)

    def park(self, lease: Lease, parked: Parked) -> None:
        """Keep a change for later and advance past it."""
        when = format_time(parked.parked_at)
        self._guarded(_PARK, lease, parked.cursor, attempts=parked.attempts, error=parked.error, parked_at=when)

    def parked(self, name: str, principal: Principal, *, after: int, limit: int) -> Sequence[Parked]:
        """Return parked changes behind a position."""
        self._require(name, principal)
        rows = self._session.read(_PARKED, {**_key(name, principal.identity), "after": after, "limit": limit})
        return [decoded("subscription", name, f"what is parked at {row[0]}", partial(_parked, row)) for row in rows]

    def unpark(self, lease: Lease, position: int) -> None:
        """Forget a parked change."""
        if not self._session.write(_UNPARK, {**_held(lease), "position": position}):
            raise LeaseLost(lease.name)

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        self._session.write(_RELEASE, _held(lease))

    def delete(self, name: str, principal: Principal) -> None:
        """Delete a subscription."""
        if not self._session.write(_DELETE, _key(name, principal.identity), repeatable=False):
            raise NotFound("subscription", name)

    def _require(self, name: str, principal: Principal) -> None:
        """Show that there is such a subscription, without counting what is parked."""
        if not self._session.read(_THERE, _key(name, principal.identity)):
            raise NotFound("subscription", name)

    def _guarded(self, statement: str, lease: Lease, cursor: FeedCursor, **more: Parameter) -> None:
        if not self._session.write(statement, {**_held(lease), **_place(cursor), **more}):
            raise LeaseLost(lease.name)

    def _lasting(self, seconds: float) -> dict[str, Parameter]:
        return {"seconds": str(seconds), "told": told(self._database.clock)}


def _key(name: str, owner: Identity) -> dict[str, Parameter]:
    return {"name": name, "issuer": owner.issuer, "subject": owner.subject}


def _held(lease: Lease) -> dict[str, Parameter]:
    return {**_key(lease.name, lease.owner), "token": lease.token}


def _place(cursor: FeedCursor) -> dict[str, Parameter]:
    return {"position": cursor.position, "change_id": None if cursor.change_id is None else uuid_text(cursor.change_id)}


def _cursor(position: int, change_id: str | None) -> FeedCursor:
    return FeedCursor(position, None if change_id is None else ulid_of(change_id))


def _state(name: str, owner: Identity, row: Row) -> SubscriptionState:
    position, change_id, held_until, parked = row
    return SubscriptionState(
        name=name,
        owner=owner,
        cursor=_cursor(position, change_id),
        parked=parked,
        held_until=None if held_until is None else time_of(held_until),
    )


def _parked(row: Row) -> Parked:
    return Parked(cursor=_cursor(*row[:2]), attempts=row[2], error=row[3], parked_at=time_of(row[4]))


def _lease(name: str, owner: Identity, row: Row) -> Lease:
    token, position, change_id, held_until = row
    return Lease(
        name=name, owner=owner, token=token, cursor=_cursor(position, change_id), expires_at=time_of(held_until)
    )
