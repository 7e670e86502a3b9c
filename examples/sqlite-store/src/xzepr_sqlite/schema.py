"""The tables. Positions of the feed hold them together: what has one was there from it on.

They are made when a new file is first opened. In PostgreSQL that is an administrator's step, because the role that
uses the tables should not be able to make them, and the database serves others too; a file has one owner, who is the
one that opens it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from xzepr.errors import ConfigurationError
from xzepr.model import ChangeKind

VERSION: Final = 1
"""Of the tables; it stands in the file as ``user_version``."""

_OURS: Final = 0x787A6570
"""Stands in the file as ``application_id``: "xzep"."""

_OLDEST: Final = (3, 37)
"""The first SQLite with STRICT tables, whose columns hold only what they say."""

_TIME: Final = "INTEGER NOT NULL CHECK ({0} BETWEEN -62135596800000000 AND 253402300799999999)"
"""Microseconds since 1970, in the years 1 to 9999: lists are walked by it, so it cannot be damaged."""

_DEFINITION: Final = f"""
    id TEXT NOT NULL CHECK (length(id) = 26), revision INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER,
    name TEXT NOT NULL, type TEXT NOT NULL, version TEXT NOT NULL, description TEXT NOT NULL,
    owner_issuer TEXT NOT NULL, owner_subject TEXT NOT NULL,
    created_at {_TIME.format("created_at")}, updated_at INTEGER NOT NULL"""
"""What receivers and groups have alike: every revision is a row, from one position on until another."""

_KINDS: Final = ", ".join(f"'{kind}'" for kind in ChangeKind)

TABLES: Final = (
    f"""CREATE TABLE feed (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL CHECK (length(id) = 26),
    kind TEXT NOT NULL CHECK (kind IN ({_KINDS})),
    recorded_at {_TIME.format("recorded_at")}, actor_issuer TEXT NOT NULL, actor_subject TEXT NOT NULL,
    about TEXT, revision INTEGER) STRICT""",
    f"""CREATE TABLE receivers ({_DEFINITION}, schema_text TEXT NOT NULL, fingerprint TEXT NOT NULL,
    PRIMARY KEY (id, revision)) STRICT""",
    f"""CREATE TABLE groups ({_DEFINITION}, receiver_ids TEXT NOT NULL, enabled INTEGER NOT NULL,
    PRIMARY KEY (id, revision)) STRICT""",
    "CREATE UNIQUE INDEX receivers_by_name ON receivers (name, type, version) WHERE until IS NULL",
    "CREATE UNIQUE INDEX groups_by_name ON groups (name, type, version) WHERE until IS NULL",
    "CREATE INDEX receivers_in_order ON receivers (created_at, id) WHERE until IS NULL",
    "CREATE INDEX groups_in_order ON groups (created_at, id) WHERE until IS NULL",
    # Every group in which a receiver ever stood; counting are the enabled ones that hold it now.
    """CREATE TABLE standings (receiver_id TEXT NOT NULL, group_id TEXT NOT NULL, counting INTEGER NOT NULL,
    PRIMARY KEY (receiver_id, group_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX standings_by_group ON standings (group_id)",
    """CREATE TABLE units (number INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL,
    release TEXT NOT NULL, platform_id TEXT NOT NULL, package TEXT NOT NULL, n INTEGER NOT NULL,
    UNIQUE (name, version, release, platform_id, package)) STRICT""",
    f"""CREATE TABLE events (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
    unit INTEGER NOT NULL, n INTEGER NOT NULL, receiver_id TEXT NOT NULL, receiver_fingerprint TEXT NOT NULL,
    success INTEGER NOT NULL CHECK (success IN (0, 1)), payload_text TEXT, salt BLOB, payload_digest TEXT NOT NULL,
    description TEXT NOT NULL, owner_issuer TEXT NOT NULL, owner_subject TEXT NOT NULL, idempotency_key TEXT,
    occurred_at INTEGER NOT NULL, recorded_at {_TIME.format("recorded_at")}, digest TEXT NOT NULL, redaction TEXT,
    UNIQUE (unit, n), UNIQUE (owner_issuer, owner_subject, idempotency_key)) STRICT""",
    "CREATE INDEX events_in_order ON events (recorded_at, id)",
    "CREATE INDEX events_of_unit ON events (unit, recorded_at, id)",
    "CREATE INDEX events_of_receiver ON events (receiver_id, recorded_at, id)",
    "CREATE INDEX events_of_gate ON events (receiver_id, unit, position)",
    """CREATE TABLE figures (receiver_id TEXT PRIMARY KEY, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL,
    latest INTEGER NOT NULL, latest_successful INTEGER) STRICT, WITHOUT ROWID""",
    """CREATE TABLE transitions (position INTEGER PRIMARY KEY, group_id TEXT NOT NULL, revision INTEGER NOT NULL,
    unit INTEGER NOT NULL, number INTEGER NOT NULL, event_id TEXT, recorded_at INTEGER NOT NULL,
    UNIQUE (group_id, unit, number)) STRICT""",
    "CREATE INDEX transitions_by_event ON transitions (event_id) WHERE event_id IS NOT NULL",
    """CREATE TABLE subscriptions (owner_issuer TEXT NOT NULL, owner_subject TEXT NOT NULL, name TEXT NOT NULL,
    position INTEGER NOT NULL, change_id TEXT, token INTEGER NOT NULL, held_until INTEGER,
    PRIMARY KEY (owner_issuer, owner_subject, name)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE parked (owner_issuer TEXT NOT NULL, owner_subject TEXT NOT NULL, name TEXT NOT NULL,
    position INTEGER NOT NULL, change_id TEXT NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL,
    parked_at INTEGER NOT NULL, PRIMARY KEY (owner_issuer, owner_subject, name, position)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE tokens (last INTEGER NOT NULL) STRICT",
    "INSERT INTO tokens VALUES (0)",
    f"PRAGMA user_version = {VERSION}",
    f"PRAGMA application_id = {_OURS}",
)


def set_up(sql: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file, and choose what makes a commit durable.

    Raises:
        ConfigurationError: The file is none of this store, or one of a newer version of it.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ConfigurationError(f"this Python has SQLite {sqlite3.sqlite_version}: 3.37 or newer is needed")
    sql.execute("BEGIN")
    new = _is_new(sql, path)
    sql.execute("COMMIT")
    if new:
        _create(sql, path)
    check_version(sql, path)
    [log] = sql.execute("PRAGMA journal_mode = WAL").fetchone()
    if log != "wal":
        raise ConfigurationError(f"{path} cannot have a write-ahead log where it is: put it on a local disk")
    sql.execute("PRAGMA synchronous = FULL")
    sql.execute("PRAGMA fullfsync = ON")  # on macOS nothing less reaches the disk
    sql.execute("PRAGMA secure_delete = ON")  # a redacted payload is overwritten


def check_version(sql: sqlite3.Connection, path: Path) -> None:
    """Hold a file to the version of its tables.

    Raises:
        ConfigurationError: It is another one.
    """
    version = _pragma(sql, "user_version")
    if version != VERSION:
        hint = "upgrade xzepr-sqlite" if version > VERSION else "there never was such a version: restore a backup"
        raise ConfigurationError(f"{path} has tables of version {version}, not {VERSION}: {hint}")


def _create(sql: sqlite3.Connection, path: Path) -> None:
    sql.execute("BEGIN IMMEDIATE")
    if _is_new(sql, path):  # or another process was faster
        for statement in TABLES:
            sql.execute(statement)
    sql.execute("COMMIT")


def _is_new(sql: sqlite3.Connection, path: Path) -> bool:
    whose = _pragma(sql, "application_id")
    if whose == _OURS:
        return False
    [tables] = sql.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables or whose or _pragma(sql, "user_version"):
        raise ConfigurationError(f"{path} is a database of something else: give xzepr a file of its own")
    return True


def _pragma(sql: sqlite3.Connection, name: str) -> int:
    [value] = sql.execute(f"PRAGMA {name}").fetchone()
    return int(value)
