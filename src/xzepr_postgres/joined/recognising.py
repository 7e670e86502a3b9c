"""Which kind of connection a host has handed over, and what to hand over instead of a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import psycopg
from sqlalchemy import Connection

from xzepr.errors import ConfigurationError
from xzepr_postgres.joined.hosts import Host, kind
from xzepr_postgres.joined.on_django import DjangoHost, wrapper_of
from xzepr_postgres.joined.on_psycopg import PsycopgHost
from xzepr_postgres.joined.on_sqlalchemy import SqlalchemyHost

_KNOWN: Final = "a SQLAlchemy Connection or Session, a psycopg.Connection or Django's connection"
_RUN_SYNC: Final = "join what its run_sync hands over: `await {0}.run_sync(function)`"
_ALCHEMY: Final = "join a SQLAlchemy Connection on this driver"

_ADVICE: Final[Sequence[tuple[str, str, str]]] = (
    ("builtins", "str", "this is text: open a connection, and join that"),
    ("sqlalchemy", "Engine", "an engine has many connections: join one, as in `with engine.begin() as connection`"),
    ("sqlalchemy.orm", "sessionmaker", "this makes sessions: join one, as in `with sessions.begin() as session`"),
    ("sqlalchemy.ext.asyncio", "AsyncEngine", f"begin a connection, and {_RUN_SYNC.format('connection')}"),
    ("sqlalchemy.ext.asyncio", "AsyncConnection", _RUN_SYNC.format("connection")),
    ("sqlalchemy.ext.asyncio", "AsyncSession", _RUN_SYNC.format("session")),
    ("sqlalchemy.ext.asyncio", "async_scoped_session", _RUN_SYNC.format("session")),
    ("psycopg", "AsyncConnection", "this belongs to asyncio: take a psycopg.Connection, or SQLAlchemy's run_sync"),
    ("asyncpg", "Connection", "this belongs to asyncio: take SQLAlchemy's AsyncConnection, and its run_sync"),
    ("asyncpg.pool", "PoolConnectionProxy", "this belongs to asyncio: take SQLAlchemy's run_sync"),
    ("psycopg", "Cursor", "this is a cursor: join its connection"),
    ("psycopg_pool", "ConnectionPool", "a pool has many connections: join one, as in `with pool.connection()`"),
    ("psycopg2.extensions", "connection", _ALCHEMY),
    ("pg8000.dbapi", "Connection", _ALCHEMY),
)


def host_of(connection: object) -> Host:
    """Return what works on a connection.

    Raises:
        ConfigurationError: It is of no kind that can be joined; the message says what to hand over instead.
    """
    if isinstance(connection, psycopg.Connection):
        return PsycopgHost(connection)
    if isinstance(connection, Connection):
        return SqlalchemyHost(lambda: connection)
    if isinstance(connection, kind("sqlalchemy.orm", "scoped_session")):
        return SqlalchemyHost(connection().connection)
    if isinstance(connection, kind("sqlalchemy.orm", "Session")):
        return SqlalchemyHost(connection.connection)
    wrapper = wrapper_of(connection)
    if wrapper is not None:
        return DjangoHost(wrapper)
    raise ConfigurationError(_advice(connection))


def _advice(connection: object) -> str:
    for module, name, advice in _ADVICE:
        if isinstance(connection, kind(module, name)):
            return advice
    return f"{type(connection).__name__} cannot be joined: give {_KNOWN}"
