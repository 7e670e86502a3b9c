"""A session on one connection, over which a test watches what the statements of a store do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg

from xzepr.model import Ulid
from xzepr_postgres.failures import failure_of
from xzepr_postgres.schema import Schema
from xzepr_postgres.sessions import Row, run
from xzepr_postgres.statements import Parameter, written


class WatchedSession:
    """Runs the statements of a store, one transaction each.

    Args:
        url: The database, as a superuser.
        settings: Settings of the session.
    """

    joined = False

    def __init__(self, url: str, settings: Mapping[str, str]) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        for name, value in settings.items():
            self._connection.execute("SELECT set_config(%s, %s, false)", (name, value))

    def read(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        """Run a statement."""
        return self.write(sql, parameters)

    def write(
        self, sql: str, parameters: Mapping[str, Parameter], *, ids: Sequence[Ulid] = (), repeatable: bool = True
    ) -> Sequence[Row]:
        """Run a statement; nothing is tried again."""
        del ids, repeatable
        try:
            return self._run(sql, parameters)
        except psycopg.Error as error:
            raise failure_of(error).error() from error

    def disturb(self, sql: str) -> None:
        """Do something else on this connection, as a superuser."""
        self._connection.execute(sql.encode())

    @contextmanager
    def spoiled(self, sql: str) -> Iterator[None]:
        """Do something that is undone in the end, with all that was asked meanwhile."""
        with self._connection.transaction(force_rollback=True):
            self._connection.execute(sql.encode())
            yield

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _run(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        return run(self._connection, written(Schema(), sql), parameters)
