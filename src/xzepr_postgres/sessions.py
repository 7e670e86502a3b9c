"""How the store reaches a database: one statement at a time, over its own connections or inside a host's transaction.

A write is one call of a function in the database, so each is atomic by itself, on every kind of connection.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import psycopg
from psycopg import postgres
from psycopg.adapt import AdaptersMap
from psycopg.rows import tuple_row
from sqlalchemy import Engine

from xzepr.errors import Closed, CommitUnknown, ConfigurationError, XzeprError
from xzepr.model import Ulid
from xzepr_postgres.failures import Failure, failure_of
from xzepr_postgres.lending import Lent, lend
from xzepr_postgres.schema import Schema
from xzepr_postgres.statements import Parameter, Statement, written

Row = tuple[Any, ...]
"""A row as a driver returns it: its statement says what is in it, and only a decoder looks at it."""

DELAYS: Final = (0.01, 0.05, 0.25)
"""Seconds before the attempts after the first, each up to doubled by chance, so that two who met do not meet again."""

ATTEMPTS: Final = 4
"""How often what fails in passing is tried."""


class Session(Protocol):
    """Runs statements."""

    @property
    def joined(self) -> bool:
        """Whether it works inside a transaction that somebody else will commit."""

    def read(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        """Run a statement that changes nothing, or nothing that matters if it is done twice.

        Args:
            sql: The statement, as :func:`~xzepr_postgres.statements.written` takes it.
            parameters: Its parameters.

        Raises:
            Unavailable: The database cannot answer now.
            ConfigurationError: The database is not set up for this.
        """

    def write(
        self, sql: str, parameters: Mapping[str, Parameter], *, ids: Sequence[Ulid] = (), repeatable: bool = True
    ) -> Sequence[Row]:
        """Run a statement that changes something.

        Args:
            sql: The statement, as :func:`~xzepr_postgres.statements.written` takes it.
            parameters: Its parameters.
            ids: What is in doubt if no answer comes.
            repeatable: Whether doing it twice is as good as doing it once.

        Raises:
            Unavailable: Nothing was done.
            CommitUnknown: No answer came.
            StorageFull: Nothing was done: there is no space.
            ConfigurationError: The database is not set up for this.
        """


class PooledSession:
    """Runs each statement on a connection from a pool, in a transaction of its own.

    Args:
        engine: The pool; its driver must be psycopg.
        schema: Where the tables are.
        attempts: How often what fails in passing is tried.
        sleep: Waits that many seconds between two attempts.
    """

    joined = False

    def __init__(
        self,
        engine: Engine,
        schema: Schema,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = engine
        self._schema = schema
        self._delays = [DELAYS[min(place, len(DELAYS) - 1)] for place in range(attempts - 1)]
        self._sleep = sleep
        self._pid = os.getpid()
        self._closed = False
        self._lost_at = float("-inf")

    def read(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        """Run a statement that may be repeated."""
        return self.write(sql, parameters)

    def write(
        self, sql: str, parameters: Mapping[str, Parameter], *, ids: Sequence[Ulid] = (), repeatable: bool = True
    ) -> Sequence[Row]:
        """Run a statement; try again what another attempt may well do."""
        statement = written(self._schema, sql)
        doubtful = False
        for delay in (*self._delays, None):
            found = self._attempt(statement, parameters)
            if not isinstance(found, Failure):
                return found
            doubtful = doubtful or (found.lost and bool(ids or not repeatable))
            again = found.passing or (repeatable and (found.lost or doubtful))
            if delay is None or not again:
                raise _told(found, ids, doubtful=doubtful)
            self._sleep(delay * random.uniform(1, 2))  # noqa: S311 - no secret
        raise AssertionError("the last attempt returns or raises")

    def open_line(self) -> Lent:
        """Return a connection beside the pool, for its user alone, who ends it.

        Nobody waits here for the pool, and nobody in the pool's queue for this.

        Raises:
            Unavailable: The database cannot be reached.
            Closed: The store was closed.
            ConfigurationError: This is a forked child of the process that opened the store.
        """
        self.require_open()
        line = lend(self._engine, pool=self._engine.pool.recreate())
        if isinstance(line, Failure):
            raise line.error()
        line.keep()
        return line

    def require_open(self) -> None:
        """Refuse to work when there is nothing to work with.

        Raises:
            Closed: The store was closed.
            ConfigurationError: This is a forked child of the process that opened the store.
        """
        if self._closed:
            raise Closed("store")
        if self.forked:
            raise ConfigurationError("connections do not survive a fork: open the store after it, in the child")

    @property
    def forked(self) -> bool:
        """Whether this is a child of the process that opened the store: the connections are its parent's."""
        return os.getpid() != self._pid

    def close(self) -> None:
        """Run nothing any more."""
        self._closed = True

    def _attempt(self, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | Failure:
        self.require_open()
        lent: Lent | Failure | None = None
        try:
            lent = lend(self._engine, self._lost_at)
            return lent if isinstance(lent, Failure) else self._ran(lent, statement, parameters)
        except BaseException:  # such as Ctrl-C: who knows what is still to come on this connection
            if isinstance(lent, Lent):
                lent.drop()
            raise

    def _ran(self, lent: Lent, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | Failure:
        try:
            rows = run(lent.driver, statement, parameters)
        except psycopg.Error as error:
            return self._failed(lent, failure_of(error))
        self._give_back(lent)
        return rows

    def _failed(self, lent: Lent, failure: Failure) -> Failure:
        if failure.lost:
            lent.drop()
            self._lost_at = time.monotonic()
        else:
            self._give_back(lent)
        return failure

    def _give_back(self, lent: Lent) -> None:
        """Give a connection back, or close it if nobody else will: the pool may be gone with the store."""
        if self._closed:
            lent.drop()
        else:
            lent.give_back()


def _told(failure: Failure, ids: Sequence[Ulid], *, doubtful: bool) -> XzeprError:
    """Return what the caller is told in the end: once an answer was lost, no later failure is the whole truth."""
    error = failure.error()
    if doubtful:
        unknown = CommitUnknown(ids)
        unknown.__cause__ = error
        return unknown
    return error


def run(connection: psycopg.Connection[Any], statement: Statement, parameters: Mapping[str, Parameter]) -> list[Row]:
    """Run a statement on a cursor of our own: whatever rows the host's cursors make, these are tuples."""
    return _Cursor(connection, row_factory=tuple_row).execute(statement.encoded, parameters).fetchall()


class _Cursor(psycopg.Cursor[Row]):
    """A cursor that converts values in psycopg's own way, whatever a host has taught its connections."""

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS


def _own_adapters() -> AdaptersMap:
    adapters = AdaptersMap(types=psycopg.adapters.types)
    postgres.register_default_adapters(adapters)
    return adapters


_ADAPTERS: Final = _own_adapters()
