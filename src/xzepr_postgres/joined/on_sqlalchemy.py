"""A ``Connection`` or ``Session`` of SQLAlchemy, over any driver, also inside ``run_sync``.

Only its own methods are called: what a driver's connection would do under ``run_sync``, nobody else can know.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, exc

from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr_postgres.joined.hosts import UTF8, gone, in_autocommit, meaning_of, not_postgresql, other_encoding
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter, Statement

_POSTGRESQL: Final = "postgresql"
_WHOLE: Final = {"stream_results": False, "yield_per": 0}
"""What undoes a host's options: no cursor on the server, all rows at once."""

_MEANINGS: Final[Sequence[tuple[type[exc.SQLAlchemyError], type[XzeprError], str]]] = (
    (exc.PendingRollbackError, Unavailable, "the transaction has failed before: roll it back and retry"),
    (exc.TimeoutError, Unavailable, "every connection of the pool is in use: retry, or allow more connections"),
    (exc.MissingGreenlet, ConfigurationError, "this belongs to asyncio: join inside `await session.run_sync(…)`"),
    (
        exc.UnboundExecutionError,
        ConfigurationError,
        "the session does not say which database is meant: join session.connection(bind_arguments=…)",
    ),
    (
        exc.SQLAlchemyError,
        ConfigurationError,
        "there is no transaction that could go on: begin one, and end it after the last call",
    ),
)


class SqlalchemyHost:
    """Implements :class:`~xzepr_postgres.joined.hosts.Host` by ``Connection.execute``.

    Args:
        find: Returns the connection; a session has another one in each transaction.
    """

    def __init__(self, find: Callable[[], Connection]) -> None:
        self._find = find

    def check(self) -> XzeprError | None:
        """Say what keeps the connection from being used now."""
        try:
            return _check(self._find())
        except exc.SQLAlchemyError as error:
            return _meaning_of(error)

    def run(self, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | XzeprError:
        """Run a statement."""
        try:
            rows = self._find().execute(statement.named, parameters, execution_options=_WHOLE)
            return [tuple(row) for row in rows]
        except exc.SQLAlchemyError as error:
            return _meaning_of(error)


def _check(connection: Connection) -> XzeprError | None:
    if connection.dialect.name != _POSTGRESQL:
        return not_postgresql(connection.dialect.name)
    if connection.closed:
        return gone()
    driver = connection.connection.dbapi_connection
    if getattr(driver, "autocommit", False):
        return in_autocommit()
    return other_encoding() if _encoding(connection) != UTF8 else None


def _encoding(connection: Connection) -> str:
    """Return the encoding that the driver tells, psycopg 3 in its ``info``; others choose the right one themselves."""
    driver = connection.connection.driver_connection
    told = getattr(getattr(driver, "info", None), "encoding", None) or getattr(driver, "encoding", UTF8)
    return codecs.lookup(str(told)).name


def _meaning_of(error: exc.SQLAlchemyError) -> XzeprError:
    if isinstance(error, exc.DBAPIError):
        return meaning_of(error, lost=error.connection_invalidated)
    return next(make(message) for kind, make, message in _MEANINGS if isinstance(error, kind))
