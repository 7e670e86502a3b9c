"""What a driver's error means to a caller: the one place where that is decided, by SQLSTATE and never by message.

Nothing of a driver's error is kept but its SQLSTATE and the name of the constraint: its message may hold a payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from xzepr.errors import ConfigurationError, StorageFull, Unavailable, XzeprError

MIGRATE: Final = "run `xzepr migrate`"
"""The command that sets a database up."""

_PASSING: Final = frozenset({"40001", "40P01", "55P03"})
_RACED: Final = frozenset({"events_pkey", "events_key"})
_ENDED: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})
_TROUBLED: Final = frozenset({"53", "57", "58", "XX"})
_NO_TABLES: Final = f"the tables of the registry are not there or not of this version: {MIGRATE}"

_UNAVAILABLE: Final = {
    "40001": "other transactions were in the way (40001): retry",
    "40P01": "other transactions were in the way (40P01): retry",
    "55P03": "another transaction held a lock for too long: retry",
    "57014": "the database took longer than the statement timeout: retry, or raise the timeout",
    "25P02": "the transaction has failed before: roll it back and retry",
}
_MISCONFIGURED: Final = {
    "42501": "the database's role lacks a right: run `xzepr migrate --grant ROLE` as the owner of the tables",
    "25006": "this database only reads, as a standby does: give the URL of the primary",
    **dict.fromkeys(
        ("22P05", "22021"), "the database and its connections must have the encoding UTF8: change it there"
    ),
    **dict.fromkeys(
        ("26000", "42P05"),
        "a pooler between here and the database gives each transaction another session: let it keep one for each "
        "connection, or connect to the database itself",
    ),
    **dict.fromkeys(("42P01", "42883", "3F000", "42703", "42704"), _NO_TABLES),
}
_FULL: Final = {"53100": "the database has no space left: make room, then retry"}


class DatabaseRefusal(Exception):
    """What is kept of a driver's error, as the cause of ours.

    Attributes:
        sqlstate: The SQLSTATE; None where the connection ended without one.
        constraint: The constraint that was violated, if one was.
    """

    def __init__(self, sqlstate: str | None, constraint: str | None) -> None:
        self.sqlstate = sqlstate
        self.constraint = constraint
        super().__init__(f"SQLSTATE {sqlstate}" + (f", constraint {constraint}" if constraint else ""))


@attrs.frozen
class Failure:
    """A statement that failed.

    Args:
        sqlstate: Why, in PostgreSQL's own terms; None where the connection ended without a word.
        constraint: The constraint that was violated, if one was.
        unsent: Why it was not even sent; None if it was.
    """

    sqlstate: str | None = None
    constraint: str | None = None
    unsent: str | None = None

    @property
    def passing(self) -> bool:
        """Whether it was undone for certain, and may well succeed the next time."""
        return self.sqlstate in _PASSING or self.raced

    @property
    def raced(self) -> bool:
        """Whether somebody else committed an event of the same id or key while this one waited."""
        return self.sqlstate == "23505" and self.constraint in _RACED

    @property
    def lost(self) -> bool:
        """Whether the connection is gone: what was asked for may have been done."""
        if self.unsent is not None:
            return False
        return self.sqlstate is None or self.sqlstate in _ENDED or self.sqlstate.startswith("08")

    def error(self) -> XzeprError:
        """Return what the caller is told, the little that is kept of the driver's error as its cause."""
        error = self._error()
        if self.sqlstate is not None:
            error.__cause__ = DatabaseRefusal(self.sqlstate, self.constraint)
        return error

    def _error(self) -> XzeprError:
        if self.unsent is not None:
            return Unavailable(self.unsent)
        if self.raced:
            return Unavailable("another transaction records an event of the same id or key: retry")
        if self.lost or self.sqlstate is None:
            return Unavailable("the connection to the database was lost: retry")
        return _error_of(self.sqlstate)


def _error_of(state: str) -> XzeprError:
    for told, kind in ((_UNAVAILABLE, Unavailable), (_MISCONFIGURED, ConfigurationError), (_FULL, StorageFull)):
        if state in told:
            return kind(told[state])
    if state[:2] in _TROUBLED:
        return Unavailable(f"the database cannot do it now (SQLSTATE {state}): see its log")
    return ConfigurationError(
        f"the database refuses what a registry may do (SQLSTATE {state}): its tables were changed, or are damaged"
    )


def failure_of(error: BaseException) -> Failure:
    """Return what is to be known about a driver's error, whoever has wrapped it.

    Args:
        error: An error of psycopg, psycopg2, asyncpg or pg8000, perhaps inside one of SQLAlchemy or Django.

    Example:
        >>> import psycopg
        >>> failure_of(psycopg.errors.SerializationFailure()).passing
        True
    """
    inner = list(_unwrapped(error))
    return Failure(next(filter(None, map(_state, inner)), None), next(filter(None, map(_constraint, inner)), None))


def _unwrapped(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner = getattr(error, "orig", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__


def _state(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or _fields(error).get("C")
    return state if isinstance(state, str) else None


def _constraint(error: BaseException) -> str | None:
    name = getattr(getattr(error, "diag", error), "constraint_name", None) or _fields(error).get("n")
    return name if isinstance(name, str) else None


def _fields(error: BaseException) -> Mapping[str, object]:
    """Return what pg8000 tells: PostgreSQL's fields by their letters."""
    told = error.args[0] if error.args else None
    return told if isinstance(told, Mapping) else {}
