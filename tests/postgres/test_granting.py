"""Granting access: who may, to whom, and what it takes away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, create_engine

from tests.postgres.roles import NewRole, connect_as, count, making_roles
from xzepr.errors import ConfigurationError, Invalid
from xzepr_postgres import Schema, grant_access, grant_sql, migrate, require_access


@pytest.fixture
def engine(xzepr_postgres_database: str) -> Iterator[Engine]:
    """An engine of the owner."""
    engine = create_engine(xzepr_postgres_database.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@pytest.fixture
def new_role(connection: psycopg.Connection) -> Iterator[NewRole]:
    """Creates roles that may log in and nothing else."""
    with making_roles(connection) as create:
        yield create


@pytest.fixture
def role(new_role: NewRole) -> str:
    """A role without any right."""
    return new_role("app")


def test_granting_takes_away_what_is_too_much(connection: psycopg.Connection, engine: Engine, role: str) -> None:
    """Rights that a host's default privileges gave to the role are gone afterwards, those of columns too."""
    name = sql.Identifier(role)
    for statement in (
        "GRANT ALL ON SCHEMA xzepr TO {}",
        "GRANT ALL ON ALL TABLES IN SCHEMA xzepr TO {}",
        "GRANT UPDATE (n) ON xzepr.units TO {}",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA xzepr TO {}",
        "GRANT ALL ON ALL ROUTINES IN SCHEMA xzepr TO {}",
    ):
        connection.execute(sql.SQL(statement).format(name))  # type: ignore[arg-type]
    grant_access(engine, role)
    with connect_as(connection, role) as app:
        for statement in (
            "UPDATE xzepr.units SET n = 1",
            "CREATE TABLE xzepr.mine (id integer)",
            "SELECT nextval('xzepr.staging_seq')",
            "SELECT xzepr.may_tell_time()",
        ):
            with pytest.raises(InsufficientPrivilege):
                app.execute(statement)  # type: ignore[call-overload]


def test_the_printed_grants_do_the_same(connection: psycopg.Connection, engine: Engine, role: str) -> None:
    """The script gives what the function gives, to the letter of the catalog; running either again changes nothing."""
    connection.execute(grant_sql(role))  # type: ignore[call-overload]
    printed = rights(connection)
    grant_access(engine, role)
    assert rights(connection) == printed
    connection.execute(grant_sql(role))  # type: ignore[call-overload]
    assert rights(connection) == printed
    query = "SELECT has_table_privilege(%s, 'xzepr.events', 'SELECT')"
    assert connection.execute(query, (role,)).fetchone() == (True,)


def rights(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Return every access list of the schema."""
    return connection.execute(
        """
        SELECT 'schema', nspname, (SELECT array_agg(a ORDER BY a) FROM unnest(nspacl::text[]) a)
        FROM pg_namespace WHERE nspname = 'xzepr'
        UNION ALL
        SELECT relkind::text, relname, (SELECT array_agg(a ORDER BY a) FROM unnest(relacl::text[]) a)
        FROM pg_class WHERE relnamespace = 'xzepr'::regnamespace
        UNION ALL
        SELECT 'function', proname, (SELECT array_agg(a ORDER BY a) FROM unnest(proacl::text[]) a)
        FROM pg_proc WHERE pronamespace = 'xzepr'::regnamespace
        ORDER BY 1, 2
        """
    ).fetchall()


@pytest.mark.parametrize("name", ["it's", 'o"dd', "%s", "a$body$b", "{role}"])
def test_c057_any_schema_and_role_are_quoted(
    connection: psycopg.Connection, engine: Engine, new_role: NewRole, name: str
) -> None:
    """Names with quotes, signs of the driver or of PL/pgSQL in them get their rights like others."""
    migrate(engine, Schema(name))
    role = new_role(name)
    grant_access(engine, role, Schema(name))
    connection.execute(grant_sql(role, Schema(name)))  # type: ignore[call-overload]
    with connect_as(connection, role) as app:
        table = sql.Identifier(name, "events")
        assert app.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone() == (0,)


def test_a_role_that_is_not_there_is_named(engine: Engine) -> None:
    """Granting to nobody is an error that says what to do."""
    with pytest.raises(ConfigurationError, match="create it"):
        grant_access(engine, "nobody")


@pytest.mark.parametrize("name", ["", "a\0b", "public", "none", "r" * 64])
def test_what_is_no_role_is_refused(name: str) -> None:
    """Neither everybody nor what cannot be a name is granted anything."""
    with pytest.raises(Invalid, match="role:"):
        grant_sql(name)


def test_nobody_takes_the_owner_its_rights(connection: psycopg.Connection, engine: Engine) -> None:
    """A role that can act as the owner is refused, in the function as in the script, and loses nothing."""
    before = rights(connection)
    with pytest.raises(ConfigurationError, match="act as the owner"):
        grant_access(engine, "postgres")
    with pytest.raises(psycopg.errors.RaiseException, match="act as the owner"):
        connection.execute(grant_sql("postgres"))  # type: ignore[call-overload]
    connection.execute("ROLLBACK")
    assert rights(connection) == before


def test_only_the_owner_grants(connection: psycopg.Connection, engine: Engine, role: str) -> None:
    """PostgreSQL only warns when others try; here it is an error."""
    grant_access(engine, role)
    other = create_engine("postgresql+psycopg://", creator=lambda: connect_as(connection, role, autocommit=False))
    with pytest.raises(ConfigurationError, match="only the owner"):
        grant_access(other, role)
    other.dispose()


def test_there_must_be_a_registry(engine: Engine, role: str) -> None:
    """Granting comes after migrating."""
    with pytest.raises(ConfigurationError, match="xzepr migrate"):
        grant_access(engine, role, Schema("elsewhere"))


def test_a_grant_is_part_of_the_hosts_transaction(connection: psycopg.Connection, engine: Engine, role: str) -> None:
    """On a connection of the host's nothing is committed."""
    before = rights(connection)
    with engine.connect() as own:
        grant_access(own, role)
        own.rollback()
    assert rights(connection) == before


def test_an_owner_needs_no_superuser(connection: psycopg.Connection, new_role: NewRole) -> None:
    """Who owns an empty schema migrates it and grants, without the right to create others; applications then work."""
    owner, role = new_role("owner"), new_role("app")
    connection.execute(sql.SQL("CREATE SCHEMA own AUTHORIZATION {}").format(sql.Identifier(owner)))
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect_as(connection, owner, autocommit=False))
    with pytest.raises(ConfigurationError, match="the role may not migrate: connect as the owner"):
        migrate(engine, Schema("other"))
    with engine.begin() as own:
        migrate(own, Schema("own"))
        grant_access(own, role, Schema("own"))
    engine.dispose()
    with connect_as(connection, role) as app:
        assert app.execute("SELECT own.sequence_v1(1)").fetchone() == (0,)
        with pytest.raises(InsufficientPrivilege, match="tell the time"):
            app.execute("SELECT * FROM own.append_v1('[]', 'local', 'system', now())")


@pytest.mark.parametrize(
    "taken",
    [
        "USAGE ON SCHEMA xzepr",
        "SELECT ON xzepr.units",
        "DELETE ON xzepr.parked",
        "USAGE ON SEQUENCE xzepr.lease_tokens",
        "EXECUTE ON FUNCTION xzepr.append_v1",
    ],
)
def test_a_right_that_an_application_lacks_is_found(
    connection: psycopg.Connection, engine: Engine, role: str, taken: str
) -> None:
    """As after a later version, or after somebody's REVOKE: the message says to grant again."""
    app = create_engine("postgresql+psycopg://", creator=lambda: connect_as(connection, role, autocommit=False))
    with pytest.raises(ConfigurationError, match="migrate --grant ROLE"):
        require_access(app)
    grant_access(engine, role)
    require_access(app)
    connection.execute(sql.SQL(f"REVOKE {taken} FROM {{}}").format(sql.Identifier(role)))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="lacks a right: run `xzepr migrate --grant ROLE`"):
        require_access(app)
    app.dispose()


def test_many_may_grant_at_once(engine: Engine, connection: psycopg.Connection, role: str) -> None:
    """Grants take turns: PostgreSQL itself lets two that meet fail."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: grant_access(engine, role), range(8)))
    with connect_as(connection, role) as app:
        assert count(app, "events") == 0


@pytest.mark.parametrize("strings", ["on", "off"])
def test_c057_a_backslash_ends_no_literal(
    connection: psycopg.Connection, engine: Engine, new_role: NewRole, strings: str
) -> None:
    """Whether backslashes mean something in the host's literals or not, the names are what they are."""
    name = "a\\' || pg_sleep(0) || '"
    migrate(engine, Schema(name))
    role = new_role(name)
    connection.execute(f"SET standard_conforming_strings = {strings}")  # type: ignore[call-overload]
    connection.execute("SET escape_string_warning = off")
    connection.execute(grant_sql(role, Schema(name)))  # type: ignore[call-overload]
    with connect_as(connection, role) as app:
        table = sql.Identifier(name, "events")
        assert app.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone() == (0,)
