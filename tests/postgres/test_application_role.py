"""The role of an application: what it may do, and that it can do nothing else, whatever it tries."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.postgres.appending import append, event, group, receiver, sequence, unit
from tests.postgres.roles import READ, connect_as, count, making_roles, working_as
from xzepr.model import Ulid
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres.batches import batch_text
from xzepr_postgres.granting import WRITTEN


@pytest.fixture
def role(connection: psycopg.Connection) -> Iterator[str]:
    """A role without any right."""
    with making_roles(connection) as new_role:
        yield new_role("app")


def known_receiver(connection: psycopg.Connection) -> Ulid:
    """Insert a receiver that a group consists of."""
    known = receiver(connection)
    group(connection, known)
    return known


@pytest.fixture
def known(connection: psycopg.Connection) -> Ulid:
    """A receiver that a group consists of."""
    return known_receiver(connection)


@pytest.fixture
def app(connection: psycopg.Connection, role: str, known: Ulid) -> Iterator[psycopg.Connection]:
    """A connection as the application's role, to a registry with one event in its feed and one in staging."""
    with working_as(connection, role, known) as app:
        yield app


@pytest.fixture(scope="module")
def shared(xzepr_postgres_server: PostgresServer, xzepr_postgres_template: str) -> Iterator[psycopg.Connection]:
    """The same to a database that many tests use: what is refused changes nothing."""
    name = xzepr_postgres_server.create_database(xzepr_postgres_template)
    with (
        psycopg.connect(xzepr_postgres_server.url(name), autocommit=True) as owner,
        making_roles(owner) as new_role,
        working_as(owner, new_role("app"), known_receiver(owner)) as app,
    ):
        yield app
    xzepr_postgres_server.drop_database(name)


@pytest.fixture
def refused(shared: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The shared connection, for a test that is refused what it tries."""
    yield shared
    shared.rollback()


def test_every_table_is_read_or_written(connection: psycopg.Connection) -> None:
    """The lists here name them all: a table that a later version brings is not forgotten."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'xzepr'").fetchall()
    assert {name for (name,) in found} == {*READ, *WRITTEN}


def test_an_application_appends_sequences_and_reads(app: psycopg.Connection, known: Ulid) -> None:
    """The role that was granted access does all that a registry needs of it."""
    [row] = append(app, [event(unit("db"), known)])
    assert (row[1], row[3]) == (1, 1)
    sequence(app)
    assert [count(app, table) for table in ("events", "transitions", "staging", "feed")] == [3, 3, 0, 6]
    for table in READ:
        assert count(app, table) >= 0


def test_an_application_keeps_its_places_in_the_feed(app: psycopg.Connection) -> None:
    """It writes its subscriptions, what they have parked, and draws the numbers of its leases."""
    app.execute("INSERT INTO xzepr.subscriptions VALUES ('i', 's', 'n', 0, NULL, nextval('xzepr.lease_tokens'), NULL)")
    app.execute("UPDATE xzepr.subscriptions SET position = 1")
    app.execute("INSERT INTO xzepr.parked VALUES ('i', 's', 'n', 1, gen_random_uuid(), 1, '', now())")
    app.execute("UPDATE xzepr.parked SET attempts = 2")
    app.execute("DELETE FROM xzepr.parked")
    app.execute("DELETE FROM xzepr.subscriptions")
    assert [count(app, table) for table in ("subscriptions", "parked")] == [0, 0]


@pytest.mark.parametrize("table", READ)
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO xzepr.{} SELECT * FROM xzepr.{}",
        "DELETE FROM xzepr.{}",
        "TRUNCATE xzepr.{} CASCADE",
        "ALTER TABLE xzepr.{} DISABLE TRIGGER ALL",
        "ALTER TABLE xzepr.{} RENAME TO other",
        "DROP TABLE xzepr.{} CASCADE",
        "CREATE TRIGGER mine BEFORE INSERT ON xzepr.{} FOR EACH ROW EXECUTE FUNCTION xzepr.refuse_change()",
        "CREATE RULE mine AS ON INSERT TO xzepr.{} DO INSTEAD NOTHING",
        "CREATE INDEX mine ON xzepr.{} ((1))",
        "BEGIN; LOCK TABLE xzepr.{} IN ACCESS EXCLUSIVE MODE",
        "COPY xzepr.{} FROM STDIN",
    ],
)
def test_c084_an_application_only_reads_the_tables(refused: psycopg.Connection, table: str, statement: str) -> None:
    """Whatever changes a table, its rows or its triggers is refused by privilege."""
    with pytest.raises(InsufficientPrivilege):
        refused.execute(statement.replace("{}", table))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xzepr.events SET success = NOT success",
        "UPDATE xzepr.events SET payload = NULL, salt = NULL",
        "UPDATE xzepr.transitions SET number = 3",
        "UPDATE xzepr.feed SET position = 9",
        "UPDATE xzepr.staging SET success = false",
        "UPDATE xzepr.feed_head SET head = 0",
        "UPDATE xzepr.units SET n = 0",
        "UPDATE xzepr.receivers SET fingerprint = ''",
        "UPDATE xzepr.groups SET enabled = false",
        "UPDATE xzepr.definitions SET version = 0",
        "UPDATE xzepr.receiver_figures SET failed = 0",
        "UPDATE xzepr.version SET version_num = '0'",
        "SELECT * FROM xzepr.events FOR UPDATE",
        "SELECT nextval('xzepr.staging_seq')",
        "SELECT setval('xzepr.staging_seq', 1)",
        "SELECT setval('xzepr.lease_tokens', 1)",
        "CREATE TABLE xzepr.mine (id integer)",
        "CREATE FUNCTION xzepr.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION xzepr.may_tell_time() RETURNS void LANGUAGE sql AS ''",
        "ALTER FUNCTION xzepr.append_v1 SECURITY INVOKER",
        "ALTER SCHEMA xzepr RENAME TO other",
        "DROP SCHEMA xzepr CASCADE",
        "SET session_replication_role = replica",
        "SELECT xzepr.may_tell_time()",
    ],
)
def test_c084_an_application_changes_nothing_around_the_functions(refused: psycopg.Connection, statement: str) -> None:
    """Neither rows nor sequences nor objects nor the settings that would switch triggers off."""
    with pytest.raises(InsufficientPrivilege):
        refused.execute(statement)  # type: ignore[call-overload]


def test_a_grant_by_an_application_reaches_nobody(app: psycopg.Connection) -> None:
    """What it may do it cannot hand on: PostgreSQL warns and grants nothing."""
    app.execute("GRANT SELECT, INSERT ON xzepr.events TO PUBLIC")
    app.execute("GRANT EXECUTE ON FUNCTION xzepr.append_v1 TO PUBLIC")
    found = app.execute(
        "SELECT has_table_privilege('public', 'xzepr.events', 'SELECT, INSERT'),"
        " bool_or(has_function_privilege('public', oid, 'EXECUTE')) FROM pg_proc WHERE proname = 'append_v1'"
    )
    assert found.fetchone() == (False, False)


def append_in_2001(connection: psycopg.Connection, known: Ulid) -> int:
    """Append an event and tell the time; return the year in which it was recorded."""
    row, *_ = connection.execute(
        "SELECT * FROM xzepr.append_v1(%s::json, 'local', 'system', '2001-01-01Z')",
        (batch_text([event(unit("db"), known)]),),
    ).fetchall()
    year: int = row[4].year
    return year


def test_c084_an_application_may_not_tell_the_time(
    connection: psycopg.Connection, app: psycopg.Connection, known: Ulid
) -> None:
    """When something was recorded is the database's to say; only the owner, as in tests, says otherwise."""
    with pytest.raises(InsufficientPrivilege, match="tell the time"):
        append_in_2001(app, known)
    assert append_in_2001(connection, known) == 2001


STOLEN = """
CREATE FUNCTION {schema}.{name} RETURNS {kind} LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO evil.caught VALUES (current_user);
    RETURN {value};
END
$$
"""
FUNCTIONS = (
    ("may_tell_time()", "void", ""),
    ("nextval(regclass)", "bigint", "1"),
    ("clock_timestamp()", "timestamptz", "now()"),
    ("gen_random_uuid()", "uuid", "'00000000-0000-0000-0000-000000000000'::uuid"),
    ("current_setting(text)", "text", "'read committed'"),
    ("pg_has_role(name, name, text)", "boolean", "true"),
    ("octet_length(text)", "integer", "0"),
    ("pg_advisory_xact_lock_shared(bigint)", "void", ""),
    ("equal(uuid, uuid)", "boolean", "true"),
    ("unequal(bytea, bytea)", "boolean", "false"),
)
OPERATORS = (("=", "uuid", "equal"), ("<>", "bytea", "unequal"))
OURS = ("events", "units", "receivers", "groups", "group_receivers", "transitions", "staging", "feed", "feed_head")


def set_traps(app: psycopg.Connection, schema: str) -> None:
    """Create tables, functions and operators under the names that our functions use, and put them in front."""
    app.execute("CREATE TABLE evil.caught (who name)")
    app.execute("GRANT ALL ON evil.caught TO PUBLIC; GRANT USAGE ON SCHEMA evil TO PUBLIC")
    for table in (*OURS, "definitions", "receiver_figures"):
        app.execute(f"CREATE TABLE {schema}.{table} (LIKE xzepr.{table} INCLUDING DEFAULTS)")  # type: ignore[call-overload]
    for name, kind, value in FUNCTIONS:
        app.execute(STOLEN.format(schema=schema, name=name, kind=kind, value=value))  # type: ignore[call-overload]
    for name, kind, function in OPERATORS:
        app.execute(  # type: ignore[call-overload]
            f"CREATE OPERATOR {schema}.{name} (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = {schema}.{function})"
        )
    app.execute(f"SET search_path = {schema}, pg_catalog, xzepr")  # type: ignore[call-overload]


@pytest.mark.parametrize("schema", ["evil", "pg_temp"])
def test_c084_the_functions_look_names_up_where_the_caller_has_no_say(
    connection: psycopg.Connection, app: psycopg.Connection, known: Ulid, schema: str
) -> None:
    """Tables, functions and operators of the caller's, named like those that our functions use, are never met."""
    set_traps(app, schema)
    append(app, [event(unit("db"), known)])
    append(app, [event(unit("db"), known), event(unit("cli"), known)])
    sequence(app)
    with pytest.raises(InsufficientPrivilege, match="tell the time"):
        append_in_2001(app, known)
    assert connection.execute("SELECT who FROM evil.caught").fetchall() == []
    assert [count(connection, table) for table in ("events", "transitions", "staging", "feed")] == [5, 4, 0, 9]
    stolen = [app.execute(f"SELECT count(*) FROM {schema}.{table}").fetchone() for table in OURS]  # type: ignore[call-overload]
    assert stolen == [(0,)] * len(OURS)


def test_the_traps_would_catch_a_function_without_a_search_path(
    connection: psycopg.Connection, app: psycopg.Connection, known: Ulid
) -> None:
    """The control: without its fixed search_path, the same function runs the caller's code with the owner's rights."""
    connection.execute("ALTER FUNCTION xzepr.append_one_v1 RESET search_path")
    set_traps(app, "evil")
    append(app, [event(unit("db"), known)])
    caught = connection.execute("SELECT DISTINCT who FROM evil.caught").fetchall()
    assert caught == [(connection.info.user,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM xzepr.events",
        "SELECT xzepr.sequence_v1(1)",
        "SELECT * FROM xzepr.append_v1('[]', 'local', 'system')",
        "INSERT INTO xzepr.subscriptions DEFAULT VALUES",
    ],
)
def test_c084_another_role_can_do_nothing(connection: psycopg.Connection, role: str, statement: str) -> None:
    """Who was granted nothing neither reads nor calls."""
    with connect_as(connection, role) as other, pytest.raises(InsufficientPrivilege):
        other.execute(statement)  # type: ignore[call-overload]


def test_c084_no_function_is_open_to_everybody(connection: psycopg.Connection) -> None:
    """Not even who may look into the schema can call one: PUBLIC has lost what PostgreSQL gives by default."""
    found = connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'xzepr'::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    ).fetchall()
    assert found == []


def test_the_internal_functions_are_not_granted(app: psycopg.Connection) -> None:
    """An application calls the versioned functions, all of them, and no other; each that writes works as the owner."""
    rows = app.execute(
        "SELECT proname, has_function_privilege(oid, 'EXECUTE'), prosecdef FROM pg_proc"
        " WHERE pronamespace = 'xzepr'::regnamespace"
    ).fetchall()
    assert {name for name, granted, _ in rows if granted} == {name for name, _, _ in rows if name[-3:-1] == "_v"}
    assert {"append_v1", "sequence_v1"} <= {name for name, granted, _ in rows if granted}
    reading = {"receiver_json_v1", "group_json_v1", "walk_events_v1"}
    assert {name for name, granted, definer in rows if granted and not definer} == reading


def test_every_function_of_the_owner_has_a_fixed_search_path(connection: psycopg.Connection) -> None:
    """What runs with the owner's rights finds names in the registry's schema alone, the caller's own ones last."""
    rows = connection.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'xzepr'::regnamespace AND prosecdef"
    ).fetchall()
    assert rows
    assert [name for name, settings in rows if "search_path=xzepr, pg_temp" not in (settings or [])] == []
