"""What the database itself counts while a statement runs: rows of each table, and whether it was read from end to end.

It says less than a plan, and nothing about blocks, but every build of PostgreSQL has it: some leave auto_explain out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from tests.postgres.explaining import SMALL
from tests.postgres.watching import WatchedSession
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter

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


class CountedSession(WatchedSession):
    """Keeps what the database has counted meanwhile."""

    def __init__(self, url: str, **settings: str) -> None:
        super().__init__(url, settings)
        self._counts: list[Count] = []

    def take(self) -> list[Count]:
        """Return the counts since the last time."""
        found, self._counts = self._counts, []
        return found

    def _run(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        with self._connection.transaction():
            before = self._count()
            rows = super()._run(sql, parameters)
            self._keep(before)
        return rows

    def _count(self) -> dict[str, tuple[int, int]]:
        return {table: (scans, rows) for table, scans, rows in self._connection.execute(_COUNTS)}

    def _keep(self, before: Mapping[str, tuple[int, int]]) -> None:
        for table, (scans, rows) in self._count().items():
            scanned, read = before.get(table, (0, 0))
            if table not in SMALL:
                self._counts.append(Count(table, scans - scanned, rows - read))
