"""Plans as the executor ran them: every statement of a store explains itself, and those inside of functions do too.

``auto_explain`` sends each plan as a notice to the client that has caused it. What is judged are counts of work, rows
and blocks, never times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import psycopg

from tests.postgres.watching import WatchedSession
from xzepr.model import MAX_EXAMINED_ROWS, MAX_LIMIT
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter

SMALL: Final = frozenset({"definitions", "feed_head", "version", "staging_seq"})
"""The tables of one row. All others grow with the registry."""

_SETTINGS: Final = {
    "log_min_duration": "0",
    "log_level": "notice",
    "log_format": "json",
    "log_analyze": "on",
    "log_buffers": "on",
    "log_timing": "off",
    "log_nested_statements": "on",
}
_TOLD_SINCE: Final = 16
"""The version from which plans come with the parameters, of which a batch may have a megabyte."""
_FUNCTION: Final = re.compile(r"^(?:PL/pgSQL|SQL) function \"?(?:xzepr\.)?(\w+)", re.MULTILINE)


@attrs.frozen
class Node:
    """One node of a plan.

    Args:
        facts: What is told about it.
        limited: Whether a ``Limit`` stands above it, so that it may stop early.
    """

    facts: Mapping[str, Any]
    limited: bool

    @property
    def kind(self) -> str:
        """Its kind, such as ``Index Scan``."""
        return str(self.facts["Node Type"])

    @property
    def table(self) -> str | None:
        """The table that it reads, if that one grows."""
        name = self.facts.get("Relation Name")
        return None if name in SMALL or "Scan" not in self.kind else name

    @property
    def returned(self) -> int:
        """How many rows it has returned, in all its runs."""
        return self._total("Actual Rows")

    @property
    def removed(self) -> int:
        """How many rows it has looked at and thrown away."""
        return sum(self._total(f"Rows Removed by {what}") for what in ("Filter", "Join Filter", "Index Recheck"))

    def children(self) -> Iterator[Node]:
        """Yield the nodes right below."""
        for facts in self.facts.get("Plans", ()):
            yield Node(facts, self.limited or self.kind == "Limit")

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below."""
        yield self
        for child in self.children():
            yield from child.walk()

    def _total(self, fact: str) -> int:
        return round(self.facts.get(fact, 0) * self.facts.get("Actual Loops", 1))


@attrs.frozen
class Plan:
    """How one statement was executed.

    Args:
        query: The statement; of one in a function, what stands there.
        function: The function in which it stands, if it does.
        top: The uppermost node.
    """

    query: str
    function: str | None
    top: Node

    @property
    def rows(self) -> int:
        """How many rows of tables that grow were looked at."""
        return sum(node.returned + node.removed for node in self.top.walk() if node.table)

    @property
    def blocks(self) -> int:
        """How many blocks were looked at."""
        return int(self.top.facts["Shared Hit Blocks"] + self.top.facts["Shared Read Blocks"])

    def faults(self) -> list[str]:
        """Say what is wrong with it, for a table that grows."""
        found = (_fault(node) for node in self.top.walk())
        return [f"{fault}: {' '.join(self.query.split())[:300]}" for fault in found if fault]


def _fault(node: Node) -> str | None:
    indexed = bool({"Index Cond", "Recheck Cond", "TID Cond"} & node.facts.keys())
    where = f"{node.kind} of {node.table or node.facts.get('Index Name', 'rows')}"
    most = MAX_LIMIT if node.table else MAX_EXAMINED_ROWS
    if node.table and node.kind in {"Seq Scan", "Sample Scan", "Tid Range Scan"}:
        return f"{where} reads the whole table"
    if (node.table or node.kind == "Bitmap Index Scan") and not indexed and not node.limited:
        return f"{where} walks the whole index"
    if node.removed > most:
        return f"{where} throws {node.removed} rows away"
    if node.table and node.returned > MAX_EXAMINED_ROWS:
        return f"{where} reads {node.returned} rows"
    if _collects(node) and node.returned > MAX_LIMIT and any(below.table for below in node.walk()):
        return f"{where} collects {node.returned} rows"
    return None


def _collects(node: Node) -> bool:
    """Say whether a node needs all of its rows before it returns the first."""
    hashed = node.facts.get("Strategy") == "Hashed"
    return hashed or node.kind in {"Sort", "Incremental Sort", "Hash", "Materialize"}


def explains(url: str) -> bool:
    """Say whether a server has ``auto_explain``: some builds leave it out."""
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute("LOAD 'auto_explain'")
        except psycopg.errors.UndefinedFile:
            return False
    return True


class ExplainedSession(WatchedSession):
    """Keeps how the statements were executed.

    Args:
        url: The database, as a superuser.
        settings: More settings of the session.
    """

    def __init__(self, url: str, **settings: str) -> None:
        super().__init__(url, settings)
        self.plans: list[Plan] = []
        self.statements: set[str] = set()
        self.met: set[tuple[str | None, str]] = set()
        self._connection.execute("LOAD 'auto_explain'")
        own = dict(_SETTINGS)
        if self._connection.info.server_version // 10_000 >= _TOLD_SINCE:
            own["log_parameter_max_length"] = "0"
        for name, value in own.items():
            self._connection.execute("SELECT set_config(%s, %s, false)", (f"auto_explain.{name}", value))
        self._connection.add_notice_handler(self._hear)

    def take(self) -> list[Plan]:
        """Return the plans since the last time. In a transaction, one is told only when the next statement begins."""
        self._connection.execute("SELECT")
        found, self.plans = self.plans, []
        return found

    def _run(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        self.statements.add(sql)
        return super()._run(sql, parameters)

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        _, told, plan = (notice.message_primary or "").partition("plan:\n")
        if told:
            facts = json.loads(plan)
            inside = _FUNCTION.search(notice.context or "")
            found = Plan(facts["Query Text"], inside and inside[1], Node(facts["Plan"], limited=False))
            self.plans.append(found)
            self.met.add((found.function, found.query))
