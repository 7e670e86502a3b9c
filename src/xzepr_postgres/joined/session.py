"""The session of a joined store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xzepr.errors import XzeprError
from xzepr.model import Ulid
from xzepr_postgres.joined.hosts import Host
from xzepr_postgres.joined.recognising import host_of
from xzepr_postgres.schema import Schema
from xzepr_postgres.sessions import Row, Session
from xzepr_postgres.statements import Parameter, written


def session_of(connection: object, schema: Schema) -> Session:
    """Return a session inside the transaction of a host. It never commits, rolls back or retries.

    Args:
        connection: A SQLAlchemy ``Connection`` or ``Session``, a ``psycopg.Connection`` or Django's connection.
        schema: Where the tables are.

    Raises:
        ConfigurationError: It is of another kind, leads to another database, or is in autocommit mode.
        Unavailable: It is closed, or its transaction has failed.
    """
    host = host_of(connection)
    _raise(host.check())
    return JoinedSession(host, schema)


class JoinedSession:
    """Runs each statement inside the transaction of a host: only the host can begin again, so nothing is retried.

    Args:
        host: The connection of the host.
        schema: Where the tables are.
    """

    joined = True

    def __init__(self, host: Host, schema: Schema) -> None:
        self._host = host
        self._schema = schema

    def read(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        """Run a statement."""
        return self.write(sql, parameters)

    def write(
        self, sql: str, parameters: Mapping[str, Parameter], *, ids: Sequence[Ulid] = (), repeatable: bool = True
    ) -> Sequence[Row]:
        """Run a statement. It asks for no commit, so nothing is ever in doubt."""
        del ids, repeatable
        _raise(self._host.check())
        found = self._host.run(written(self._schema, sql), parameters)
        if isinstance(found, XzeprError):
            raise found
        return found


def _raise(error: XzeprError | None) -> None:
    if error is not None:
        raise error
