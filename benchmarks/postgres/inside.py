"""What the server does by itself: an empty function, a commit, a loop of appends without round trips and commits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Final

from benchmarks.postgres.byhand import Connection
from benchmarks.postgres.sending import Call

_PARAMETER: Final = re.compile(r"%\(([a-z_]+)\)s")
_ARGUMENTS: Final = "(batch json, actor_issuer text, actor_subject text, told timestamptz)"
_CLAUSES: Final = {
    "plain": "",
    "full": "SECURITY DEFINER SET search_path = xzepr, pg_temp SET jit = off SET enable_seqscan = off"
    " SET enable_hashjoin = off SET enable_mergejoin = off",
}
_EMPTY: Final = """
    CREATE FUNCTION pg_temp.{name}{arguments}
    RETURNS TABLE (place integer, outcome smallint, event_id uuid, n bigint, recorded_at timestamptz, transitions json)
    LANGUAGE plpgsql {clauses}
    AS $body$ BEGIN outcome := 1; n := 1; recorded_at := now(); RETURN NEXT; END $body$"""
_CALL: Final = "SELECT * FROM pg_temp.{}(CAST(%s AS json), 'a', 'b', NULL)"
_LOOP: Final = """
    DO $do$
    DECLARE
        asked json;
    BEGIN
        FOR asked IN SELECT a.parameters FROM asked a LOOP
            PERFORM answer.* FROM ({statement}) answer;
        END LOOP;
    END
    $do$"""


def make_empty(connection: Connection) -> None:
    """Make functions that do nothing, for :func:`call_empty`."""
    for name, clauses in _CLAUSES.items():
        connection.execute(_EMPTY.format(name=name, arguments=_ARGUMENTS, clauses=clauses).encode())


def call_empty(connection: Connection, name: str) -> None:
    """Call a function that does nothing: ``plain``, or ``full`` with the clauses of the store's function."""
    connection.execute(_CALL.format(name).encode(), ("[{}]",), prepare=True)


def commit(connection: Connection) -> None:
    """Commit a kilobyte that is nothing but a record in the write-ahead log."""
    connection.execute("SELECT pg_logical_emit_message(true, 'bench', repeat('x', 1000))", prepare=True)


def print_loop(connection: Connection, calls: Sequence[Call]) -> None:
    """Run calls of one statement in a loop inside the server, and print the time of each."""
    connection.execute("CREATE TEMPORARY TABLE asked (parameters json)")
    with connection.cursor() as cursor:
        asked = [(json.dumps(dict(call.parameters)),) for call in calls]
        cursor.executemany("INSERT INTO asked (parameters) VALUES (%s)", asked)
    statement = _PARAMETER.sub(r"(asked ->> '\1')", calls[0].statement.decode()).replace("%%", "%")
    start = time.perf_counter()
    connection.execute(_LOOP.format(statement=statement).encode())
    each = (time.perf_counter() - start) / len(calls)
    print(f"  {'the same in a loop inside the server':<60} {each * 1e6:>9,.1f} us", flush=True)
