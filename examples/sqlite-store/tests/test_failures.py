"""What SQLite's errors are called."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from xzepr.errors import CommitUnknown, ConfigurationError, StorageFull, Unavailable, XzeprError
from xzepr.testing.world import new_id

from xzepr_sqlite.failures import error_of, told, told_of_commit

PATH = Path("provenance.db")


def failure(code: int) -> sqlite3.OperationalError:
    """An error with a code, as SQLite raises it."""
    error = sqlite3.OperationalError("the text of a statement")
    error.sqlite_errorcode = code
    error.sqlite_errorname = f"CODE_{code}"
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, Unavailable),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Unavailable),
        (sqlite3.SQLITE_LOCKED, Unavailable),
        (sqlite3.SQLITE_PROTOCOL, Unavailable),
        (sqlite3.SQLITE_IOERR_READ, Unavailable),
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_NOTADB, ConfigurationError),
        (sqlite3.SQLITE_READONLY_DBMOVED, ConfigurationError),
        (sqlite3.SQLITE_CANTOPEN, ConfigurationError),
        (sqlite3.SQLITE_CORRUPT, ConfigurationError),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, ConfigurationError),
    ],
)
def test_each_code_has_its_error(code: int, kind: type[XzeprError]) -> None:
    """A code, also an extended one, is told as the error that says what to do; SQLite's own text is not repeated."""
    error = error_of(failure(code), PATH)

    assert type(error) is kind
    assert str(PATH) in str(error)
    assert "statement" not in str(error)


def test_disk_that_fails_in_a_commit() -> None:
    """Where the disk fails in a commit, nobody knows; elsewhere nothing was done."""
    ids = (new_id(),)

    with pytest.raises(CommitUnknown) as caught, told_of_commit(PATH, ids):
        raise failure(sqlite3.SQLITE_IOERR_FSYNC)
    with pytest.raises(Unavailable), told(PATH):
        raise failure(sqlite3.SQLITE_IOERR_FSYNC)
    with pytest.raises(StorageFull), told_of_commit(PATH, ids):
        raise failure(sqlite3.SQLITE_FULL)
    assert caught.value.ids == ids


def test_commit_of_no_events() -> None:
    """A commit of something else than events names none, and does not ask to record any again."""
    with pytest.raises(CommitUnknown) as caught, told_of_commit(PATH, ()):
        raise failure(sqlite3.SQLITE_IOERR_FSYNC)

    assert caught.value.ids == ()
    assert "events" not in str(caught.value)


def test_error_without_a_code() -> None:
    """An error of the driver itself, which has no code, is told too."""
    assert isinstance(error_of(sqlite3.ProgrammingError("closed"), PATH), ConfigurationError)
