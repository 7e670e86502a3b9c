"""A server that asks everybody but its superuser for a password, and what is said of a failure."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql

from xzepr.testing.postgres import LocalServer, find_binaries

PASSWORD: Final = "hunter2"  # noqa: S105 - of a server that lives as long as its tests
"""The password of every role."""

RULES: Final = "local all all trust\nhost all postgres all trust\nhost all all all scram-sha-256\n"


@contextmanager
def guarded_server() -> Iterator[LocalServer]:
    """A server of our own that lets roles in by password, with the roles ``owner`` and ``app``."""
    binaries = find_binaries()
    assert binaries is not None
    with LocalServer(binaries) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for role in ("owner", "app"):
                _create(connection, role)
            _guard(connection)
        yield server


def url_as(server: LocalServer, role: str, database: str = "postgres", *, password: str | None = PASSWORD) -> str:
    """Return the URL of a database, for a role."""
    user = role if password is None else f"{role}:{password}"
    return server.url(database).replace("//postgres@", f"//{user}@")


def said(error: BaseException) -> str:
    """Return all that somebody could print of an error: it and those it came from, and what our frames hold."""
    seen, told = [error], ""
    while seen:
        inner = seen.pop()
        shown = traceback.TracebackException.from_exception(inner, capture_locals=True)
        ours = [frame.locals for frame in shown.stack if "xzepr_postgres" in frame.filename]
        told += f" {inner!r} {inner.args!r} {inner} {ours}"
        seen += [each for each in (inner.__cause__, inner.__context__) if each is not None]
    return told


def _create(connection: psycopg.Connection, role: str) -> None:
    statement = "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), PASSWORD))


def _guard(connection: psycopg.Connection) -> None:
    """Replace the rules of the server, and wait until it has read them."""
    row = connection.execute("SHOW hba_file").fetchone()
    assert row is not None
    lines = sql.SQL("COPY (SELECT regexp_split_to_table({}, '\n')) TO {}").format(RULES, row[0])
    connection.execute(lines)
    before = connection.execute("SELECT pg_conf_load_time()").fetchone()
    connection.execute("SELECT pg_reload_conf()")
    while connection.execute("SELECT pg_conf_load_time()").fetchone() == before:
        pass
