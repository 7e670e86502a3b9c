"""pyeventsourcing's recorder for PostgreSQL, as it comes: a table lock and a notification within each insert."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from xzepr.model import NewEvent, ulid_to_int

NAME: Final = "pyeventsourcing"
TOPIC: Final = "xzepr.model:Event"

__all__ = ["NAME", "PostgresApplicationRecorder", "StoredEvent", "recorder", "stored"]


@contextmanager
def recorder(url: str) -> Iterator[PostgresApplicationRecorder]:
    """Make its tables in a database, and return what records in them.

    Args:
        url: The URL of the database.
    """
    parts = urlsplit(url)
    datastore = PostgresDatastore(
        dbname=parts.path.lstrip("/"),
        host=parts.hostname or "",
        port=parts.port or 5432,
        user=parts.username or "",
        password=parts.password or "",
    )
    found = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    found.create_table()
    try:
        yield found
    finally:
        datastore.close()


def stored(event: NewEvent) -> StoredEvent:
    """Return an event as it takes one: the payload as bytes, each event the first of its aggregate."""
    return StoredEvent(
        originator_id=UUID(int=ulid_to_int(event.id)),
        originator_version=1,
        topic=TOPIC,
        state=event.payload_text.encode(),
    )
