"""History is append-only in the database itself."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.postgres.appending import append, event, group, receiver, sequence, unit


@pytest.fixture
def history(connection: psycopg.Connection) -> psycopg.Connection:
    """A database with one event, its transition and their changes."""
    known = receiver(connection)
    group(connection, known)
    append(connection, [event(unit("web"), known)])
    sequence(connection)
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xzepr.events SET success = false",
        "UPDATE xzepr.events SET payload = '{}'",
        "UPDATE xzepr.events SET payload = NULL",
        "UPDATE xzepr.events SET payload = NULL, salt = NULL, n = 2",
        "DELETE FROM xzepr.events",
        "TRUNCATE xzepr.events",
        "UPDATE xzepr.transitions SET number = 3",
        "DELETE FROM xzepr.transitions",
        "TRUNCATE xzepr.transitions",
        "UPDATE xzepr.feed SET position = 9",
        "DELETE FROM xzepr.feed",
        "TRUNCATE xzepr.feed",
    ],
)
def test_c084_history_is_not_rewritten(history: psycopg.Connection, statement: str) -> None:
    """Not even the owner of the tables changes or deletes what was recorded."""
    with pytest.raises(InsufficientPrivilege, match="history of a registry only grows"):
        history.execute(statement)


def test_payload_and_salt_can_go_together(history: psycopg.Connection) -> None:
    """A redaction takes both and nothing else."""
    history.execute("UPDATE xzepr.events SET payload = NULL, salt = NULL")
    assert history.execute("SELECT payload, salt, n FROM xzepr.events").fetchall() == [(None, None, 1)]
