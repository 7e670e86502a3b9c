"""The harness of the PostgreSQL store: one database for all tests of a process, emptied before each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
from sqlalchemy import Engine, create_engine

from xzepr.model import Clock, Ulid, ulid_from_int
from xzepr.stores import Store
from xzepr.testing.harness import RawEvent, StoreHarness
from xzepr_postgres import PostgresStore
from xzepr_postgres.batches import uuid_text

EMPTY = """
    SET session_replication_role = replica;
    DELETE FROM xzepr.parked; DELETE FROM xzepr.subscriptions; DELETE FROM xzepr.receiver_figures;
    DELETE FROM xzepr.feed; DELETE FROM xzepr.staging; DELETE FROM xzepr.transitions; DELETE FROM xzepr.events;
    DELETE FROM xzepr.units; DELETE FROM xzepr.group_receivers; DELETE FROM xzepr.group_revisions;
    DELETE FROM xzepr.groups; DELETE FROM xzepr.receivers; DELETE FROM xzepr.deleted_receivers;
    DELETE FROM xzepr.feed_head; INSERT INTO xzepr.feed_head DEFAULT VALUES;
    ALTER SEQUENCE xzepr.staging_seq RESTART
"""
"""Forgets everything, without the triggers that keep a history from being forgotten."""


class PostgresHarness(StoreHarness):
    """Opens stores over one database, and looks into its tables.

    Attributes:
        url: The database; a fixture sets it.
        engine: The engine of all stores; the same fixture disposes of it.
    """

    capabilities = PostgresStore.capabilities
    url: ClassVar[str]
    engine: ClassVar[Engine]

    @classmethod
    def use(cls, url: str) -> None:
        """Work on this database from now on."""
        cls.url = url
        cls.engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=16)

    def open(self, clock: Clock) -> Store:
        """A store over the engine that all share."""
        return PostgresStore(self.engine, clock=clock)

    def reopen(self, store: Store, clock: Clock) -> Store:
        """A store over new connections."""
        store.close()
        self.engine.dispose()
        return self.open(clock)

    def reset(self) -> None:
        """Empty the tables."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(EMPTY)

    def raw_events(self, store: Store) -> Sequence[RawEvent]:
        """The rows of the table of events."""
        del store
        columns = "id, n, payload::text, salt, encode(payload_digest, 'hex'), encode(digest, 'hex')"
        with psycopg.connect(self.url, autocommit=True) as connection:
            return [_raw_event(row) for row in connection.execute(f"SELECT {columns} FROM xzepr.events")]

    def damage_event(self, store: Store, event_id: Ulid) -> None:
        """Put another payload into the row, without the trigger that refuses it."""
        del store
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE xzepr.events SET payload = '\"forged\"' WHERE id = %s", (uuid_text(event_id),))


def _raw_event(row: tuple[Any, ...]) -> RawEvent:
    event_id, n, payload_text, salt, payload_digest, digest = row
    return RawEvent(
        id=ulid_from_int(event_id.int),
        n=n,
        payload_text=payload_text,
        salt=salt,
        payload_digest=payload_digest,
        digest=digest,
    )
