"""What the store sends for an append, so that the database can be measured without the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import psycopg

from xzepr.model import SYSTEM, NewEvent, Ulid
from xzepr_postgres import Schema
from xzepr_postgres.database import Database
from xzepr_postgres.events import PostgresEvents
from xzepr_postgres.receivers import PostgresReceivers
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter, written


@attrs.frozen
class Call:
    """A statement for psycopg, with its parameters."""

    statement: bytes
    parameters: Mapping[str, Parameter]

    def run(self, connection: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Run it, prepared."""
        return connection.execute(self.statement, self.parameters, prepare=True).fetchall()


def append_call(events: Sequence[NewEvent]) -> Call:
    """Return the call that the store makes to append events."""
    database = Database(session=_Telltale(), clock=None, tell=lambda: None)
    store = PostgresEvents(database, PostgresReceivers(database))
    try:
        store.append(events, SYSTEM)
    except _Sent as sent:
        return sent.call
    raise AssertionError("an append sends a statement")


class _Sent(Exception):
    def __init__(self, call: Call) -> None:
        self.call = call
        super().__init__()


class _Telltale:
    """A session that runs nothing and tells what it was to run."""

    joined = False

    def read(self, sql: str, parameters: Mapping[str, Parameter]) -> Sequence[Row]:
        """Tell."""
        return self.write(sql, parameters)

    def write(
        self, sql: str, parameters: Mapping[str, Parameter], *, ids: Sequence[Ulid] = (), repeatable: bool = True
    ) -> Sequence[Row]:
        """Tell."""
        del ids, repeatable
        raise _Sent(Call(written(Schema(), sql).pyformat.encode(), parameters))
