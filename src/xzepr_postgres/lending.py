"""Connections lent by a pool: in autocommit mode while they are ours, and given back as they were.

Taken from the pool itself: a ``Connection`` of SQLAlchemy around each took another 25 µs (measured).
"""

from __future__ import annotations

import time
from typing import Any, Final

import attrs
import psycopg
from sqlalchemy import Engine, Pool, PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from xzepr_postgres.failures import Failure

_FIRST_LENT: Final = "xzepr_first_lent"

_IN_TRANSACTION: Final = (
    "a connection came from the pool inside of a transaction: commit or roll back before giving it back, or let the "
    "pool reset connections on return"
)

_UTF8: Final = b"UTF8"
OTHER_ENCODING: Final = "22021"
"""What PostgreSQL says of a character that an encoding does not have."""


@attrs.frozen
class Lent:
    """A connection that a pool has lent: end with one of its methods.

    Args:
        kept: The connection as the pool keeps it.
        driver: The connection as psycopg has it, in autocommit mode.
        autocommit: Whether it was in that mode before.
    """

    kept: PoolProxiedConnection
    driver: psycopg.Connection[Any]
    autocommit: bool

    def give_back(self) -> None:
        """Give it back as it was."""
        if not self.autocommit and not self.driver.closed:
            self.driver.autocommit = False
        self.kept.close()

    def drop(self) -> None:
        """Close it, if it was not given back already: the pool opens another one."""
        if self.kept.is_valid:
            self.kept.invalidate()

    def keep(self) -> None:
        """Take it out of the pool, to be closed by :meth:`end`."""
        self.kept.detach()

    def end(self) -> None:
        """Close what was kept; also if it was closed before."""
        self.kept.close()


def lend(engine: Engine, lost_at: float = float("-inf"), *, pool: Pool | None = None) -> Lent | Failure:
    """Return a connection of an engine's pool, or why there is none.

    Args:
        engine: The engine.
        pool: Another pool of it.
        lost_at: When a connection was found dead, on the monotonic clock: those of before are as dead, and closed. Not
            by disposing of the pool: what others have borrowed would stay open, and nobody's.
    """
    take = engine.raw_connection if pool is None else pool.connect
    try:
        kept = take()
        while kept.info.setdefault(_FIRST_LENT, time.monotonic()) < lost_at:
            kept.invalidate()
            kept = take()
        return _prepared(kept)
    except PoolTimeout:
        return Failure(unsent="every connection of the pool is in use: retry, or allow more connections")
    except (SQLAlchemyError, psycopg.Error):
        url = engine.url
    return Failure(unsent=unreachable(f"{url.host or 'the local socket'}:{url.port or 5432}"))


def _prepared(kept: PoolProxiedConnection) -> Lent | Failure:
    try:
        driver = kept.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the store has looked at the engine's driver
        if driver.pgconn.parameter_status(b"client_encoding") != _UTF8:
            kept.close()
            return Failure(sqlstate=OTHER_ENCODING)
        before = driver.autocommit
        if not before:
            driver.autocommit = True
        return Lent(kept, driver, before)
    except psycopg.ProgrammingError:
        kept.invalidate()
        return Failure(unsent=_IN_TRANSACTION)
    except BaseException:  # such as Ctrl-C: the pool must not keep it in a mode that is not its own
        kept.invalidate()
        raise


def unreachable(where: str) -> str:
    """Return what to say of a server that lets nobody in: the driver does not tell why in other terms than prose."""
    return (
        f"no connection to the database at {where}: see that the server runs and that host, port, user, password and "
        "database of the URL are right"
    )
