"""What receivers and groups have alike: every revision is a row, and the one without an end is the present one."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

from xzepr.errors import AlreadyExists, NotFound, RevisionConflict
from xzepr.model import ChangeKind, EventReceiver, EventReceiverGroup, Ulid

from xzepr_sqlite.database import Write
from xzepr_sqlite.lists import first
from xzepr_sqlite.rows import micros

Kind = Literal["receiver", "group"]
Definition = EventReceiver | EventReceiverGroup


def latest(sql: sqlite3.Connection, kind: Kind, key: Ulid) -> sqlite3.Row | None:
    """Return the last revision that there ever was, also of what was deleted."""
    return first(sql.execute(f"SELECT * FROM {kind}s WHERE id = ? ORDER BY revision DESC LIMIT 1", (key,)))


def present(sql: sqlite3.Connection, kind: Kind, key: Ulid) -> sqlite3.Row:
    """Return the present revision.

    Raises:
        NotFound: There is none.
    """
    row = first(sql.execute(f"SELECT * FROM {kind}s WHERE id = ? AND until IS NULL", (key,)))
    if row is None:
        raise NotFound(kind, key)
    return row


def named(sql: sqlite3.Connection, kind: Kind, naming: tuple[str, str, str]) -> sqlite3.Row | None:
    """Return the present revision of what has this name, type and version."""
    identity = "(name, type, version) = (?, ?, ?)"
    return first(sql.execute(f"SELECT * FROM {kind}s WHERE {identity} AND until IS NULL", naming))


def expected(sql: sqlite3.Connection, kind: Kind, key: Ulid, revision: int) -> sqlite3.Row:
    """Return the present revision, if it is the one that the caller knows.

    Raises:
        NotFound: There is none.
        RevisionConflict: It is another one.
    """
    row = present(sql, kind, key)
    if row["revision"] != revision:
        raise RevisionConflict(kind, key, revision, row["revision"])
    return row


def require_free(sql: sqlite3.Connection, kind: Kind, definition: Definition) -> None:
    """Refuse an identity that another one has.

    Raises:
        AlreadyExists: Another one has it.
    """
    taken = named(sql, kind, definition.naming)
    if taken is not None and taken["id"] != definition.id:
        raise AlreadyExists(kind, "/".join(definition.naming), taken["id"])


def announce(write: Write, kind: Kind, change: ChangeKind, definition: Definition) -> None:
    """Tell of a new revision, end the one before, and store it."""
    position = write.announce(change, definition.id, definition.revision)
    _end(write, kind, definition.id, position)
    row = {"since": position, **_columns(definition)}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    write.sql.execute(f"INSERT INTO {kind}s ({names}) VALUES ({marks})", tuple(row.values()))


def bury(write: Write, kind: Kind, change: ChangeKind, row: sqlite3.Row) -> None:
    """Tell of a deletion, and end the last revision."""
    _end(write, kind, row["id"], write.announce(change, row["id"], row["revision"]))


def _end(write: Write, kind: Kind, key: Ulid, position: int) -> None:
    write.sql.execute(f"UPDATE {kind}s SET until = ? WHERE id = ? AND until IS NULL", (position, key))


def _columns(definition: Definition) -> dict[str, Any]:
    shared = {name: getattr(definition, name) for name in ("id", "revision", "name", "type", "version", "description")}
    owner = {"owner_issuer": definition.owner.issuer, "owner_subject": definition.owner.subject}
    times = {name: micros(getattr(definition, name)) for name in ("created_at", "updated_at")}
    own = (
        {"schema_text": definition.schema_text, "fingerprint": definition.fingerprint}
        if isinstance(definition, EventReceiver)
        else {"receiver_ids": " ".join(definition.receiver_ids), "enabled": definition.enabled}
    )
    return {**shared, **owner, **times, **own}
