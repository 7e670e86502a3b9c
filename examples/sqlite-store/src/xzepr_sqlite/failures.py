"""What SQLite's errors mean to a caller: the one place where that is decided, by code and never by message."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from xzepr.errors import CommitUnknown, ConfigurationError, StorageFull, Unavailable, XzeprError
from xzepr.model import Ulid

_PASSING: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_UNUSABLE: Final = {
    sqlite3.SQLITE_NOTADB: "is no SQLite database: name another file",
    sqlite3.SQLITE_READONLY: "may not be written: give this user the right to, also to its folder",
    sqlite3.SQLITE_PERM: "may not be used: give this user the right to",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: does its folder exist, and may this user write there?",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup",
}
_PRIMARY: Final = 0xFF
"""The lower byte of a code says what happened, the rest says where."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell SQLite's errors as those of the contract; nothing was done."""
    try:
        yield
    except sqlite3.Error as error:
        raise error_of(error, path) from error


@contextmanager
def told_of_commit(path: Path, ids: Sequence[Ulid]) -> Iterator[None]:
    """Tell the errors of a commit: after a failure of the disk, nobody knows how much of it was written."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) == sqlite3.SQLITE_IOERR:
            raise CommitUnknown(ids) from error
        raise error_of(error, path) from error


def error_of(error: sqlite3.Error, path: Path) -> XzeprError:
    """Return what an error of SQLite is called in the contract."""
    code, name = _code(error), getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _PASSING:
        return Unavailable(f"{path} is locked by another process: retry")
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(f"there is no space left for {path}")
    if code == sqlite3.SQLITE_IOERR:
        return Unavailable(f"{path} cannot be read or written now ({name})")
    return ConfigurationError(f"{path} {_UNUSABLE.get(code, f'is not as this store has made it ({name})')}")


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY
