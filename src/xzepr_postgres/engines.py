"""From a URL to an engine whose connections behave alike on every server, and end every wait.

What a server, a database or a role has set as a default, such as a time zone or an isolation level, counts for nothing
on these connections. A host that hands an engine of its own to the store keeps its own settings.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Final

import attrs
import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from xzepr.errors import ConfigurationError
from xzepr.plugins import Secret, StoreURL
from xzepr_postgres.options import PostgresOptions

OLDEST: Final = 15
"""The oldest major version of PostgreSQL that is supported."""

_SETTINGS: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "standard_conforming_strings": "on",
    "search_path": "pg_catalog, pg_temp",
    "default_transaction_isolation": "read committed",
    "jit": "off",
}
_DURABLE: Final = "set_config('synchronous_commit', {}, false)".format(
    "coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')"
)
# A server that is cut off without a word: noticed after a minute, whether we wait for it or it has not heard us.
_ALIVE: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_HAS_NEWS: Final = "xzepr_has_news"
_LIBPQ: Final = (
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "channel_binding"),
    *("passfile", "target_session_attrs"),
)


def make_engine(url: StoreURL, options: PostgresOptions) -> Engine:
    """Return an engine for a database. It connects when it is used.

    Args:
        url: The database, and as whom to connect.
        options: What :func:`~xzepr_postgres.options.read_options` has read from it.
    """
    engine = create_engine(
        URL.create(
            "postgresql+psycopg",
            username=url.user,
            password=None if url.password is None else url.password.reveal(),
            host=url.host or options.host,
            port=url.port,
            database=url.database,
        ),
        connect_args=_connect_args(options),
        pool_size=options.pool_size,
        max_overflow=0,
        pool_timeout=options.pool_timeout,
        pool_reset_on_return=None,  # who uses one ends its own transaction
        pool_use_lifo=True,  # those beyond what is needed stay idle, and may be ended
        hide_parameters=True,
        use_native_hstore=False,
    )
    event.listen(engine, "connect", _Preparation(options).prepare, insert=True)
    event.listen(engine, "checkout", _refuse_dead)
    return engine


def server_problem(version: int, encoding: str | None) -> str | None:
    """Say why a registry cannot be kept in a database; None if it can.

    Args:
        version: The version of the server, as libpq tells it.
        encoding: The encoding of the database, as the server tells it.

    Example:
        >>> server_problem(140_011, "UTF8")
        'PostgreSQL 15 or later is needed, and this is 14: upgrade the server'
    """
    major = version // 10_000
    if major < OLDEST:
        return f"PostgreSQL {OLDEST} or later is needed, and this is {major}: upgrade the server"
    if encoding != "UTF8":
        return f"the database has the encoding {encoding} and must have UTF8: create one with ENCODING 'UTF8'"
    return None


@attrs.frozen
class _Preparation:
    """What each new connection gets, in one round trip."""

    options: PostgresOptions

    def prepare(self, connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
        try:
            self._prepare(connection)
        except BaseException:  # nobody else knows of it yet
            connection.close()
            raise
        record.info[_HAS_NEWS] = _watch(connection.fileno())

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        problem = server_problem(connection.info.server_version, connection.info.parameter_status("server_encoding"))
        if problem is not None:
            raise ConfigurationError(problem)
        connection.autocommit = True
        connection.execute(_settings(self.options))
        connection.autocommit = False


def _settings(options: PostgresOptions) -> bytes:
    timeouts = {name: _milliseconds(getattr(options, name)) for name in ("statement_timeout", "lock_timeout")}
    calls = (f"set_config('{name}', '{value}', false)" for name, value in {**_SETTINGS, **timeouts}.items())
    return f"SELECT {', '.join([*calls, _DURABLE])}".encode()


def _milliseconds(seconds: float) -> str:
    """Return a time as PostgreSQL takes it; 0 would be no timeout at all."""
    return f"{max(1, round(seconds * 1_000))}ms"


def _refuse_dead(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, _: object) -> None:
    """Have a connection replaced that the server has ended. A look at the socket costs no round trip."""
    if connection.closed or record.info[_HAS_NEWS]():
        raise DisconnectionError


def _watch(descriptor: int) -> Callable[[], bool]:
    """Return what says whether there is something to read. Nobody asked: it is the end, or new settings."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))


def _connect_args(options: PostgresOptions) -> dict[str, object]:
    own = {
        "client_encoding": "utf8",
        "connect_timeout": options.connect_timeout,
        "application_name": options.application_name,
        **_ALIVE,
    }
    return own | {name: _revealed(getattr(options, name)) for name in _LIBPQ if getattr(options, name) is not None}


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)
