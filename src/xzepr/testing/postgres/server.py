"""What every way of getting a server comes to: one that makes databases and drops them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, LiteralString, Self
from urllib.parse import quote, urlsplit

from xzepr.errors import ConfigurationError

if TYPE_CHECKING:
    import psycopg


class PostgresServer(ABC):
    """A running PostgreSQL server, to be used as a context manager or stopped by hand.

    Args:
        address: The URL of one of its databases, as a role that may create others; a driver in it is ignored.
        major: Its major version.
    """

    def __init__(self, address: str, major: int) -> None:
        self._address = urlsplit(address)
        self.major = major

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: PostgreSQL {self.major}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def stop(self) -> None:
        """Stop the server, if it was started for this; stopping it again does nothing."""

    def url(self, database: str | None = None) -> str:
        """Return the URL of a database.

        Args:
            database: Its name; by default the one to connect to for administration.
        """
        path = self._address.path.lstrip("/") if database is None else quote(database, safe="")
        query = f"?{self._address.query}" if self._address.query else ""
        return f"postgresql://{self._address.netloc}/{path}{query}"

    def create_database(self, template: str = "template1", options: LiteralString = "") -> str:
        """Create a database and return its name.

        Args:
            template: The database that it is a copy of; nobody may be connected to that one.
            options: More of ``CREATE DATABASE``: ``"ENCODING 'SQL_ASCII'"``.

        Raises:
            ConfigurationError: The server refused it.
        """
        name = f"xzepr_test_{token_hex(8)}"
        self._administer("CREATE DATABASE {} TEMPLATE {} " + options, name, template)
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, if it is there, and end whoever is connected to it.

        Raises:
            ConfigurationError: The server refused it.
        """
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _administer(self, statement: LiteralString, *names: str) -> None:
        with connect(self.url()) as connection:
            from psycopg import Error, sql  # noqa: PLC0415 - optional; connect() has said what to do without it

            try:
                connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            except Error as error:
                reason = error.diag.message_primary or "the connection was lost"
                raise ConfigurationError(f"the test server refused: {reason}") from error


def connect(url: str) -> psycopg.Connection:
    """Connect to a database of a test server, for single statements.

    Args:
        url: Where it is.

    Raises:
        ConfigurationError: There is no psycopg, or nobody answers there.
    """
    try:
        from psycopg import Connection, OperationalError, ProgrammingError  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigurationError('tests on PostgreSQL need psycopg: pip install "xzepr[postgres]"') from error
    refused = "the PostgreSQL server for tests refused the connection: check host, port, role, password and database"
    try:
        return Connection.connect(url, autocommit=True, connect_timeout=10)
    except OperationalError as error:
        raise ConfigurationError(refused) from error
    except ProgrammingError:
        # Its text quotes the URL, which may hold a password.
        raise ConfigurationError("the URL of the PostgreSQL server for tests cannot be read: check it") from None
