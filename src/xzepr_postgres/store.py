"""The doors of the PostgreSQL store: over an engine, and inside a transaction of a host."""

from __future__ import annotations

from typing import Final, Self

import attrs
from sqlalchemy import Engine

from xzepr.errors import ConfigurationError
from xzepr.model import Clock
from xzepr.stores import Store
from xzepr_postgres.capabilities import CAPABILITIES, SCHEME
from xzepr_postgres.checking import check
from xzepr_postgres.database import Database
from xzepr_postgres.events import PostgresEvents
from xzepr_postgres.feed import PostgresFeed
from xzepr_postgres.groups import PostgresGroups
from xzepr_postgres.joined import session_of
from xzepr_postgres.news import News
from xzepr_postgres.receivers import PostgresReceivers
from xzepr_postgres.schema import Schema
from xzepr_postgres.sessions import ATTEMPTS, PooledSession, Session
from xzepr_postgres.subscriptions import PostgresSubscriptions

JOINED_CAPABILITIES: Final = attrs.evolve(CAPABILITIES, waiting=False, joining=False)
"""Inside a transaction there is nothing to wait for: its snapshot, or its own end, decides what it sees."""


class PostgresStore:
    """A store in a schema of a PostgreSQL database, version 15 or later.

    It works over an engine of SQLAlchemy with the driver psycopg, takes a connection for each call and gives it back.
    Nothing of the engine is changed: its pool, its timeouts and its events are the host's.

    Args:
        engine: The engine. It stays open when the store is closed.
        schema: Where the tables are.
        attempts: How often what fails in passing is tried: a serialization failure, a deadlock, a lock timeout, and,
            where doing it twice is as good as once, a lost connection.
        clock: Tells the time in place of the database, for tests; only the owner of the tables may.

    Raises:
        ConfigurationError: The engine is asynchronous, of another database, or of another driver.

    Example:
        >>> from sqlalchemy import create_engine
        >>> PostgresStore(create_engine("postgresql+psycopg://app@db.example/shop"), schema=Schema("provenance"))
        <PostgresStore in schema "provenance">
    """

    scheme = SCHEME
    capabilities = CAPABILITIES

    def __init__(
        self, engine: Engine, *, schema: Schema | None = None, attempts: int = ATTEMPTS, clock: Clock | None = None
    ) -> None:
        _check_engine(engine)
        self._schema = schema or Schema()
        self._owned: Engine | None = None
        self._session = PooledSession(engine, self._schema, attempts=attempts)
        self._news = News(self._session, self._schema)
        self._database = Database(session=self._session, clock=clock, tell=self._news.tell)
        self.receivers = PostgresReceivers(self._database)
        self.groups = PostgresGroups(self._database)
        self.events = PostgresEvents(self._database, self.receivers)
        self.feed = PostgresFeed(self._database)
        self.subscriptions = PostgresSubscriptions(self._database)

    @classmethod
    def owning(
        cls, engine: Engine, *, schema: Schema | None = None, attempts: int = ATTEMPTS, clock: Clock | None = None
    ) -> Self:
        """Return a store that disposes of its engine when it is closed; otherwise as the class."""
        store = cls(engine, schema=schema, attempts=attempts, clock=clock)
        store._owned = engine
        return store

    def join(self, connection: object) -> Store:
        """Return a store inside a transaction of the caller, on its connection; nothing is committed there.

        Args:
            connection: A ``Connection`` or ``Session`` of SQLAlchemy over any driver for PostgreSQL, a
                ``psycopg.Connection``, or Django's connection.

        Raises:
            ConfigurationError: It is of another kind, or in autocommit mode.
            Closed: The store was closed.
        """
        self._session.require_open()
        return JoinedPostgresStore(session_of(connection, self._schema), self._database.clock)

    def wait(self, after: int, timeout: float) -> bool:
        """Wait until the feed has grown beyond a position, at most ``timeout`` seconds."""
        return self._news.wait(lambda: self.feed.head() > after, timeout)

    def check(self) -> None:
        """Show that the database can be reached, and that its tables are of the right version."""
        check(self._session)

    def close(self) -> None:
        """Answer no more; waiting calls return. An engine that was handed over stays open."""
        self._session.close()
        if self._session.forked:
            return
        self._news.close()
        if self._owned is not None:
            self._owned.dispose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in schema {self._schema.quoted}>"


class JoinedPostgresStore:
    """The same inside a transaction of a host, which alone decides whether anything was done.

    The feed shows what is sequenced: what this transaction records gets its positions after the commit.

    Args:
        session: The host's connection.
        clock: Tells the time in place of the database.
    """

    scheme = SCHEME
    capabilities = JOINED_CAPABILITIES

    def __init__(self, session: Session, clock: Clock | None) -> None:
        self._session = session
        database = Database(session=session, clock=clock, tell=_tell_nobody)
        self.receivers = PostgresReceivers(database)
        self.groups = PostgresGroups(database)
        self.events = PostgresEvents(database, self.receivers)
        self.feed = PostgresFeed(database)
        self.subscriptions = PostgresSubscriptions(database)

    def check(self) -> None:
        """Show that the tables are of the right version."""
        check(self._session)

    def close(self) -> None:
        """Do nothing: the connection is the host's."""


def _tell_nobody() -> None:
    """Nothing is news before the host commits, and then nobody asks us."""


def _check_engine(engine: object) -> None:
    if not isinstance(engine, Engine):
        raise ConfigurationError(
            f"{type(engine).__name__} is no Engine of SQLAlchemy: give what create_engine() returns"
        )
    if engine.dialect.name != "postgresql" or engine.dialect.driver != "psycopg":
        given = f"{engine.dialect.name}+{engine.dialect.driver}"
        raise ConfigurationError(f"the engine is for {given}: make one for postgresql+psycopg://")
    if engine.dialect.is_async:
        raise ConfigurationError("the engine is asynchronous: make one with create_engine()")
