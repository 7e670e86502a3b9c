"""What the URL of a PostgreSQL store may say behind its question mark."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs

from xzepr.errors import Violation, refuse
from xzepr.model import Checks
from xzepr.plugins import URL_PARTS, Secret, StoreURL
from xzepr_postgres.schema import DEFAULT_SCHEMA, MAX_IDENTIFIER, check_schema
from xzepr_postgres.sessions import ATTEMPTS

MAX_CONNECTIONS: Final = 1_000
"""The most connections of a pool."""

MAX_WAIT: Final = 3_600
"""Seconds of the longest timeout. More would mostly be milliseconds, as PostgreSQL itself has them."""

MAX_ATTEMPTS: Final = 20
"""The most attempts."""


class SslMode(StrEnum):
    """How TLS is used, in libpq's words. Only the last two know whom they talk to."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class ChannelBinding(StrEnum):
    """Whether the password's exchange is bound to the TLS connection, in libpq's words."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"


class Target(StrEnum):
    """Which of several hosts is taken, in libpq's words."""

    ANY = "any"
    READ_WRITE = "read-write"
    READ_ONLY = "read-only"
    PRIMARY = "primary"
    STANDBY = "standby"
    PREFER_STANDBY = "prefer-standby"


@attrs.frozen(kw_only=True)
class PostgresOptions:
    """The options of a URL. Times are in seconds.

    What is None is left to libpq, which looks into its own environment, service file and password file.

    Args:
        schema: The PostgreSQL schema of the registry.
        pool_size: How many connections there are at most. Besides, one tells news, and each who waits for news has one.
        pool_timeout: How long a call waits for a connection of the pool to become free.
        connect_timeout: How long to wait for a server, for each of its addresses; whole seconds, at least 2.
        statement_timeout: How long one statement may take.
        lock_timeout: How long a statement waits for a lock, such as that of a unit to which somebody else records.
        attempts: How often what fails in passing is tried, the first time included.
        application_name: How the connections are called in the server's list of them.
        host: The host where the URL has none; a folder is that of the server's socket.
        sslmode: How TLS is used; libpq prefers it, and takes what it gets.
        sslrootcert: The file with the certificates to trust.
        sslcert: The file with the client's certificate.
        sslkey: The file with its key.
        sslpassword: The password of that file.
        sslcrl: The file with the certificates that were revoked.
        channel_binding: Whether the password's exchange is bound to the TLS connection.
        passfile: The file with passwords.
        target_session_attrs: Which of several hosts is taken: ``read-write`` finds the primary.

    Raises:
        TooLarge: A number is beyond its limit.
        Invalid: A value is not what it has to be.
    """

    schema: str = DEFAULT_SCHEMA
    pool_size: int = 10
    pool_timeout: float = 5.0
    connect_timeout: int = 5
    statement_timeout: float = 30.0
    lock_timeout: float = 5.0
    attempts: int = ATTEMPTS
    application_name: str = "xzepr"
    host: str | None = None
    sslmode: SslMode | None = None
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    sslpassword: Secret | None = None
    sslcrl: str | None = None
    channel_binding: ChannelBinding | None = None
    passfile: str | None = None
    target_session_attrs: Target | None = None

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        check_schema(checks, self.schema)
        checks.text("application_name", self.application_name, MAX_IDENTIFIER)
        checks.whole("pool_size", self.pool_size, least=1, most=MAX_CONNECTIONS)
        checks.whole("connect_timeout", self.connect_timeout, least=2, most=MAX_WAIT)
        checks.whole("attempts", self.attempts, least=1, most=MAX_ATTEMPTS)
        for name in ("pool_timeout", "statement_timeout", "lock_timeout"):
            _check_wait(checks, name, getattr(self, name))
        checks.done()


def read_options(url: StoreURL) -> PostgresOptions:
    """Return the options of a URL.

    Args:
        url: The URL; it must name a database, and its host once.

    Raises:
        Invalid: An option is unknown or not what it has to be, or there is no database.

    Example:
        >>> options = read_options(StoreURL.parse("postgresql://app@db.example/shop?pool_size=5&sslmode=verify-full"))
        >>> options.pool_size, str(options.sslmode), options.lock_timeout
        (5, 'verify-full', 5.0)
    """
    options = url.options_as(PostgresOptions, parts=URL_PARTS)
    if not url.database:
        refuse([Violation("url/path", "must name the database, as in postgresql://host/database")])
    if options.host is not None and url.host is not None:
        refuse([Violation("url/options/host", "must not be there beside a host in front of the path")])
    return options


def _check_wait(checks: Checks, field: str, seconds: float) -> None:
    if seconds > MAX_WAIT:
        checks.add(field, f"must be at most {MAX_WAIT:,}: it is in seconds", MAX_WAIT)
    else:
        checks.seconds(field, seconds, above=0)
