"""Connections for an operator's work, such as a migration, and for a program's first look at its database.

Why there is no connection is told as well as it can be known. libpq tells the reason in prose alone, in the server's
language. So that is not read: what counts is whether a password was asked for, and whether a server answers to a ping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr_postgres.failures import DatabaseRefusal, Failure, failure_of
from xzepr_postgres.schema import Schema

R = TypeVar("R")

_PATIENCE: Final = 2
"""Seconds for the answer to a ping, during which no other thread runs; libpq waits no shorter."""

_NO_RIGHT: Final = "42501"
_LOCK: Final = text("SELECT pg_advisory_xact_lock(:key), set_config('xzepr.in_transaction', 'yes', true)")
_STILL: Final = text("SELECT current_setting('xzepr.in_transaction', true)")


def connect(engine: Engine) -> Connection:
    """Return a connection of an engine.

    Raises:
        Unavailable: No server answers, or it is starting or stopping.
        ConfigurationError: It answers, and lets nobody in by this URL.
    """
    found = _try(engine)
    if isinstance(found, Connection):
        return found
    raise _explained(engine.url, found)


def transact(target: Engine | Connection, work: Callable[[Connection], R], *, no_right: str | None = None) -> R:
    """Do something in one transaction.

    Args:
        target: Where. A connection is used as it is, in the caller's transaction; nothing is committed.
        work: What to do.
        no_right: What to say if the role may not.

    Raises:
        XzeprError: What the driver's error means, or what ``work`` raises.
    """
    if isinstance(target, Connection):
        outcome = _attempt(lambda: work(target))
    else:
        connection = connect(target)
        outcome = _attempt(lambda: _whole(connection, work))
    if not isinstance(outcome, Failure):
        return outcome
    if outcome.sqlstate == _NO_RIGHT and no_right is not None:
        raise ConfigurationError(no_right) from DatabaseRefusal(_NO_RIGHT, None)
    raise outcome.error()


def take_turn(connection: Connection, schema: Schema) -> None:
    """Wait until nobody else changes how a registry is set up; the turn ends with the transaction.

    Raises:
        ConfigurationError: There is none: the connection commits each statement by itself.
    """
    connection.execute(_LOCK, {"key": schema.lock_key("migrations")})
    if connection.execute(_STILL).scalar() != "yes":
        raise ConfigurationError("this has to be one transaction: use a connection that is not in autocommit mode")


def _whole(connection: Connection, work: Callable[[Connection], R]) -> R:
    with connection, connection.begin():
        return work(connection)


def _attempt(work: Callable[[], R]) -> R | Failure:
    """Return the driver's failure instead of letting it pass: what we raise shall not take it along."""
    try:
        return work()
    except (SQLAlchemyError, psycopg.Error) as error:
        return failure_of(error)


def _try(engine: Engine) -> Connection | Exception:
    try:
        return engine.connect()
    except (SQLAlchemyError, psycopg.Error) as error:
        inner = getattr(error, "orig", None)
        return inner if isinstance(inner, psycopg.Error) else error


def _explained(url: URL, error: Exception) -> XzeprError:
    place = f"{url.host or 'the local socket'}:{url.port or 5432}"
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection of the pool is in use: retry, or allow more connections")
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return Unavailable(f"the server at {place} did not answer in time: see that it runs, or raise connect_timeout")
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return failure_of(error).error()
    if isinstance(error, psycopg.Error) and error.pgconn is not None and error.pgconn.needs_password:
        return ConfigurationError(f"the server at {place} asks for a password: put it into the URL, user:password@host")
    return _refused(url, place)


def _refused(url: URL, place: str) -> XzeprError:
    match _ping(url):
        case Ping.OK:
            return ConfigurationError(
                f"the server at {place} refuses the connection: see that user, password, database and TLS options of "
                "the URL are right, that pg_hba.conf lets the role in, and that there are connections left"
            )
        case Ping.REJECT:
            return Unavailable(f"the server at {place} is starting or stopping: retry")
        case _:
            return Unavailable(f"no server answers at {place}: see that it runs, and that host and port are right")


def _ping(url: URL) -> int:
    """Ask whether a server is there; it needs neither a role nor a database for an answer."""
    return PGconn.ping(make_conninfo("", host=url.host, port=url.port, connect_timeout=_PATIENCE).encode())
