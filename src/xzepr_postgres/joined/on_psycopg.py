"""A ``psycopg.Connection`` of a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus

from xzepr.errors import ConfigurationError, XzeprError
from xzepr_postgres.joined.hosts import (
    UTF8,
    busy,
    gone,
    in_autocommit,
    meaning_of,
    not_postgresql,
    other_encoding,
)
from xzepr_postgres.sessions import Row, run
from xzepr_postgres.statements import Parameter, Statement

_POSTGRESQL: Final = "PostgreSQL"


class PsycopgHost:
    """Implements :class:`~xzepr_postgres.joined.hosts.Host` on a cursor of our own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def check(self) -> XzeprError | None:
        """Say what keeps the connection from being used now."""
        connection = self._connection
        if connection.closed:
            return gone()
        if connection.info.vendor != _POSTGRESQL:
            return not_postgresql(connection.info.vendor)
        if connection.info.encoding != UTF8:
            return other_encoding()
        if connection.pgconn.pipeline_status != PipelineStatus.OFF:
            return ConfigurationError("the connection is in pipeline mode: leave it before you call the registry")
        return self._check_transaction()

    def run(self, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | XzeprError:
        """Run a statement."""
        try:
            return run(self._connection, statement, parameters)
        except psycopg.Error as error:
            return meaning_of(error, lost=self._connection.closed)

    def _check_transaction(self) -> XzeprError | None:
        status = self._connection.info.transaction_status
        if status == TransactionStatus.ACTIVE:  # inside a COPY of its own thread psycopg would wait for ever
            return busy()
        if status == TransactionStatus.IDLE and self._connection.autocommit:
            return in_autocommit()
        return None
