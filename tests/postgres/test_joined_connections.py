"""Joining each kind of connection: statements, values, a host's settings, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import connection as django_connection
from django.db import transaction
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.postgres.joining import KINDS, SYNCHRONOUS, Host, django_database, driven, in_connection
from xzepr.errors import ConfigurationError
from xzepr_postgres import Schema, migrate
from xzepr_postgres.joined import session_of
from xzepr_postgres.statements import Parameter

SCHEMA = Schema()
HEAD = "SELECT head FROM {schema}.feed_head"
READ_COMMITTED = "READ COMMITTED"

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine of a host."""
    engine = create_engine(driven(xzepr_postgres_database, "psycopg"))
    yield engine
    engine.dispose()


@pytest.fixture
def django_host(xzepr_postgres_database: str) -> Iterator[None]:
    """The database, as Django's default one."""
    with django_database(xzepr_postgres_database):
        yield


VALUES = """
    SELECT CAST(:yes AS boolean), CAST(:no AS boolean), CAST(:large AS bigint), CAST(:some AS text),
        CAST(CAST(:none AS text) AS timestamptz) IS NULL, CAST(CAST(:id AS uuid) AS text), CAST(:nothing AS boolean),
        '100 %' LIKE '100 %', 7 % 4, '::' || ':', CAST(:some AS text) = CAST(:some AS text)"""
SOME = """O'Hara \\ %s %(some)s :some {} "é" \U0001f4e6"""
GIVEN: dict[str, Parameter] = {
    "yes": True,
    "no": False,
    "large": 2**62,
    "some": SOME,
    "none": None,
    "id": "01563e3ab5d3d6764c61efb99302bd5b",
    "nothing": None,
}
EXPECTED = (True, False, 2**62, SOME, True, "01563e3a-b5d3-d676-4c61-efb99302bd5b", None, True, 3, ":::", True)


@every_kind
def test_values_pass_through(kind: str, xzepr_postgres_database: str) -> None:
    """Truth values, large numbers, any text and NULL reach the database and come back as they were."""

    def work(host: Host) -> list[tuple[Any, ...]]:
        return list(session_of(host.connection, SCHEMA).read(VALUES, GIVEN))

    assert KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work) == [EXPECTED]


@pytest.mark.parametrize("driver", SYNCHRONOUS)
def test_values_pass_through_any_driver(driver: str, xzepr_postgres_database: str) -> None:
    """The same holds for every driver that SQLAlchemy has here."""
    values = VALUES.replace(
        "'100 %' LIKE '100 %', 7 % 4", "true, 3"
    )  # no statement of ours has what pg8000 cannot take

    def work(host: Host) -> list[tuple[Any, ...]]:
        return list(session_of(host.connection, SCHEMA).read(values, GIVEN))

    assert in_connection(xzepr_postgres_database, READ_COMMITTED, work, driver) == [EXPECTED]


@every_kind
def test_any_schema_name_works(kind: str, xzepr_postgres_database: str, engine: Engine) -> None:
    """Per cent signs, colons, quotes, braces and backslashes in the schema's name mean nothing to any driver."""
    schema = Schema("""50% %s :a \\:b "q" 'p' {schema}""")
    migrate(engine, schema)

    def work(host: Host) -> list[tuple[Any, ...]]:
        return list(session_of(host.connection, schema).read(HEAD, {}))

    assert KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work) == [(0,)]


SETTINGS = {
    "search_path": "pg_catalog, xzepr",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kolkata",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "backslash_quote": "off",
    "escape_string_warning": "off",
    "plan_cache_mode": "force_generic_plan",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "transform_null_equals": "on",
}


@every_kind
def test_settings_of_the_host_change_nothing_and_stay(kind: str, xzepr_postgres_database: str) -> None:
    """Whatever a host has set in its session, values are the same, and so are its settings afterwards."""

    def work(host: Host) -> list[tuple[Any, ...]]:
        for name, value in SETTINGS.items():
            host.execute(f"SET LOCAL {name} TO {value if name == 'search_path' else repr(value)}")
        before = host.execute("SELECT name, setting FROM pg_settings ORDER BY name")
        found = session_of(host.connection, SCHEMA).read(VALUES, GIVEN)
        assert host.execute("SELECT name, setting FROM pg_settings ORDER BY name") == before
        return list(found)

    assert KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work) == [EXPECTED]


@every_kind
def test_all_is_done_in_the_one_transaction_of_the_host(kind: str, xzepr_postgres_database: str) -> None:
    """Nothing is committed, rolled back or set aside in a savepoint: it is one transaction all through."""

    def work(host: Host) -> None:
        asked = "SELECT CAST(pg_current_xact_id() AS text)"
        before = host.execute(asked)
        session = session_of(host.connection, SCHEMA)
        found = session.write("UPDATE {schema}.definitions SET version = version RETURNING CAST(xmin AS text)", {})
        assert found == host.execute("SELECT CAST(xmin AS text) FROM xzepr.definitions") == before
        assert host.execute(asked) == before

    KINDS[kind](xzepr_postgres_database, READ_COMMITTED, work)


class Shouting(TextLoader):
    """What a host may make of text."""

    def load(self, data: Any) -> str:  # noqa: ANN401 - bytes or a buffer
        """Return it in upper case."""
        return str(super().load(data)).upper()


def test_habits_of_a_psycopg_host_do_not_matter(xzepr_postgres_database: str) -> None:
    """Its rows, cursors and conversions are its own: ours stay psycopg's, and its stay as they were."""
    with psycopg.connect(
        xzepr_postgres_database, row_factory=dict_row, cursor_factory=psycopg.ClientCursor, prepare_threshold=0
    ) as connection:
        connection.adapters.register_loader("text", Shouting)
        assert session_of(connection, SCHEMA).read(VALUES, GIVEN) == [EXPECTED]
        assert connection.execute("SELECT CAST('a' AS text) AS a").fetchall() == [{"a": "A"}]
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert connection.cursor_factory is psycopg.ClientCursor


@pytest.mark.parametrize("options", [{"stream_results": True}, {"yield_per": 1}])
def test_options_of_a_sqlalchemy_host_do_not_matter(options: dict[str, Any], engine: Engine) -> None:
    """A host that streams its rows gets no cursor of ours on the server, and goes on to stream its own."""
    with engine.connect().execution_options(**options) as connection:
        session = session_of(connection, SCHEMA)
        assert session.read(VALUES, GIVEN) == [EXPECTED]
        assert session.write("UPDATE {schema}.definitions SET version = version RETURNING one", {}) == [(True,)]
        assert connection.execute(text("SELECT count(*) FROM pg_cursors WHERE name <> ''")).scalar() == 1
        assert connection.get_execution_options() == options


def test_session_in_a_scope_is_joined(engine: Engine) -> None:
    """A ``scoped_session``, as Flask-SQLAlchemy has it, stands for the session of its scope."""
    scope = scoped_session(sessionmaker(engine))
    before = scope.execute(text("SELECT CAST(pg_current_xact_id() AS text)")).scalar()
    found = session_of(scope, SCHEMA).read("SELECT CAST(pg_current_xact_id() AS text)", {})
    scope.remove()
    assert found == [(before,)]


def test_session_bound_to_a_connection_is_joined(engine: Engine) -> None:
    """A session of a host's test suite, in a savepoint of a connection that it rolls back, is as good as another."""
    with engine.connect() as connection:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            assert session_of(session, SCHEMA).read(HEAD, {}) == [(0,)]
            session.commit()
        connection.rollback()


def test_django_connection_stays_that_of_its_thread(django_host: None) -> None:
    """What was joined is the connection of one thread: another thread is told so, and does not get its own instead."""
    del django_host
    told: list[ConfigurationError] = []

    def elsewhere() -> None:
        try:
            session.read(HEAD, {})
        except ConfigurationError as error:
            told.append(error)

    with transaction.atomic():
        session = session_of(django_connection, SCHEMA)
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert str(told[0]) == "the connection belongs to another thread: join the one of this thread"


@pytest.mark.parametrize("bound_by_the_server", [True, False])
def test_habits_of_a_django_host_do_not_matter(bound_by_the_server: bool, xzepr_postgres_database: str) -> None:  # noqa: FBT001 - a parameter
    """Django may bind parameters itself or let the server, note each statement, and wrap them all."""
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:  # noqa: ANN401 - as Django calls it
        seen.append(sql)
        return execute(sql, *rest)

    with (
        django_database(xzepr_postgres_database, server_side_binding=bound_by_the_server),
        transaction.atomic(),
        django_connection.execute_wrapper(wrapper),
    ):
        django_connection.force_debug_cursor = True
        assert session_of(django_connection, SCHEMA).read(VALUES, GIVEN) == [EXPECTED]
        assert len(seen) == len(django_connection.queries) == 1


def test_database_wrapper_of_django_is_joined(django_host: None) -> None:
    """A host with several databases may give one by its alias."""
    del django_host
    from django.db import connections  # noqa: PLC0415 - after Django was set up

    with transaction.atomic():
        assert session_of(connections["default"], SCHEMA).read(HEAD, {}) == [(0,)]
