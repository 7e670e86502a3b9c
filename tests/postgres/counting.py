"""What the database itself counts while a statement runs: rows of each table, and whether it was read from end to end.

It says less than a plan, and nothing about blocks, but every build of PostgreSQL has it: some leave auto_explain out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import attrs
import psycopg

from tests.postgres.explaining import SMALL
from xzepr.model import Ulid
from xzepr_postgres.failures import failure_of
from xzepr_postgres.schema import Schema
from xzepr_postgres.sessions import Row, run
from xzepr_postgres.statements import Parameter, written

_COUNTS: Final = """
SELECT relname, seq_scan, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE schemaname = 'xzepr'
"""


@attrs.frozen
class Count:
    """What a statement, with all that it calls, did to one table.

    Args:
        table: The table.
        scans: How often it was read from end to end.
        rows: How many of its rows were read.
    """

    table: str
    scans: int
    rows: int
    function: None = None
    blocks: int = 0

    def faults(self) -> list[str]:
        """Say what is wrong."""
        return [f"Seq Scan of {self.table} reads the whole table"] if self.scans else []


class CountedSession:
    """Runs the statements of a store, one transaction each, and keeps what the database has counted meanwhile.

    Args:
        url: The database, as a superuser.
        settings: Settings of the session.
    """

    joined = False

    def __init__(self, url: str, **settings: str) -> None:
        self._counts: list[Count] = []
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
            with self._connection.transaction():
                before = self._count()
                rows = run(self._connection, written(Schema(), sql), parameters)
                self._keep(before)
        except psycopg.Error as error:
            raise failure_of(error).error() from error
        return rows

    def take(self) -> list[Count]:
        """Return the counts since the last time."""
        found, self._counts = self._counts, []
        return found

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

    def _count(self) -> dict[str, tuple[int, int]]:
        return {table: (scans, rows) for table, scans, rows in self._connection.execute(_COUNTS)}

    def _keep(self, before: Mapping[str, tuple[int, int]]) -> None:
        for table, (scans, rows) in self._count().items():
            scanned, read = before.get(table, (0, 0))
            if table not in SMALL:
                self._counts.append(Count(table, scans - scanned, rows - read))
