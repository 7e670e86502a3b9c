"""What the role of an application may do in a registry: read everything, call what appends, and nothing else.

Two roles are wanted. The owner migrates: the tables are its, and its rights are those that the functions work with. The
application connects as another role, which cannot change what was recorded, whatever runs in its name. The one thing
that it writes by itself is where its subscriptions stand: another program of the same role can move them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Engine, text

from xzepr.errors import ConfigurationError, Violation, refuse
from xzepr.model import Checks
from xzepr_postgres.connecting import take_turn, transact
from xzepr_postgres.schema import Schema, check_name, identifier, literal

WRITTEN: Final = ("subscriptions", "parked")
"""The tables that an application writes itself: its own places in the feed."""

NUMBERED: Final = "lease_tokens"
"""The sequence from which it draws the numbers of its leases."""

CALLED: Final = "_v[0-9]+$"
"""How the functions that applications call are named, as a regular expression. All others are internal."""

_EVERYTHING: Final = ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "ALL ROUTINES IN SCHEMA", "SCHEMA")
_KEYWORDS: Final = frozenset({"public", "none"})

_LOOK: Final = text(
    """
    SELECT bool_and(pg_has_role(c.relowner, 'USAGE')) AS ours, count(r.oid) > 0 AS there,
        bool_or(pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owning
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_roles r ON r.rolname = :role
    WHERE n.nspname = :schema AND c.relkind = 'r'
    """
)

_LACKING: Final = text(
    """
    SELECT NOT has_schema_privilege(n.oid, 'USAGE')
        OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND (
            c.relkind = 'r' AND NOT has_table_privilege(c.oid, 'SELECT')
            OR c.relname = ANY (:written) AND NOT (has_table_privilege(c.oid, 'INSERT')
                AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
            OR c.relname = :numbered AND NOT has_sequence_privilege(c.oid, 'USAGE')))
        OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname ~ :called
            AND NOT has_function_privilege(p.oid, 'EXECUTE'))
    FROM pg_namespace n WHERE n.nspname = :schema
    """
)

_REFUSE_OWNER: Final = """
BEGIN
    IF EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = {schema}::regnamespace AND relkind = 'r' AND pg_has_role({role_name}, relowner, 'MEMBER')
    ) THEN
        RAISE EXCEPTION 'this role can act as the owner of the registry: choose another';
    END IF;
END
"""

_GRANT_CALLED: Final = """
DECLARE
    called regprocedure;
BEGIN
    FOR called IN SELECT oid FROM pg_proc WHERE pronamespace = {schema}::regnamespace AND proname ~ {called} LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', called, {role});
    END LOOP;
END
"""


def grant_access(target: Engine | Connection, role: str, schema: Schema | None = None) -> None:
    """Give a role what an application needs, and take from it what it does not. Again, it changes nothing.

    A later version may bring other tables and functions: grant again after each migration.

    Args:
        target: Where, as the owner of the tables. A connection is used as it is, in the caller's transaction.
        role: The role: one that is there, and cannot act as the owner.
        schema: The PostgreSQL schema of the registry.

    Raises:
        ConfigurationError: There is no registry or no such role, it can act as the owner, or the caller cannot.
        Unavailable: The database cannot be reached, or somebody held a lock for too long.
        Invalid: The role is no name.
    """
    place = schema or Schema()
    statements = list(_statements(role, place))
    transact(target, lambda connection: _grant(connection, role, place, statements))


def grant_sql(role: str, schema: Schema | None = None) -> str:
    """Return the SQL that :func:`grant_access` runs, to be reviewed or run by others.

    Args:
        role: As for :func:`grant_access`.
        schema: As for :func:`grant_access`.

    Raises:
        Invalid: The role is no name.
    """
    statements = ";\n\n".join(_statements(role, schema or Schema()))
    return f"BEGIN;\n\n{statements};\n\nCOMMIT;\n"


def require_access(target: Engine | Connection, schema: Schema | None = None) -> None:
    """Show that the role of a connection may do what an application needs.

    Args:
        target: Where, as an application connects.
        schema: The PostgreSQL schema of a registry of the newest version.

    Raises:
        ConfigurationError: It lacks a right.
        Unavailable: The database cannot be reached.
    """
    place = schema or Schema()
    if transact(target, lambda connection: _lacks(connection, place)):
        raise ConfigurationError("the role lacks a right: run `xzepr migrate --grant ROLE` as the owner of the tables")


def _lacks(connection: Connection, schema: Schema) -> bool:
    names = {"schema": schema.name, "called": CALLED, "written": list(WRITTEN), "numbered": NUMBERED}
    return bool(connection.execute(_LACKING, names).scalar())


def _grant(connection: Connection, role: str, schema: Schema, statements: list[str]) -> None:
    take_turn(connection, schema)
    look = connection.execute(_LOOK, {"schema": schema.name, "role": role}).one()
    if look.ours is None:
        raise ConfigurationError("there is no registry to grant access to: run `xzepr migrate` first")
    if not look.ours:
        raise ConfigurationError("only the owner of the tables grants access to them: connect as that role")
    if not look.there:
        raise ConfigurationError("the role to grant access to is not there: create it, as with CREATE ROLE … LOGIN")
    if look.owning:
        raise ConfigurationError("this role can act as the owner of the registry: create one that cannot")
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _statements(role: str, schema: Schema) -> Iterator[str]:
    _check_role(role)
    to, place = identifier(role), schema.quoted
    yield _block(_REFUSE_OWNER, role, schema)
    for everything in _EVERYTHING:
        yield f"REVOKE ALL ON {everything} {place} FROM {to}"
    yield f"GRANT USAGE ON SCHEMA {place} TO {to}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {place} TO {to}"
    yield f"GRANT INSERT, UPDATE, DELETE ON {', '.join(f'{place}.{table}' for table in WRITTEN)} TO {to}"
    yield f"GRANT USAGE ON SEQUENCE {place}.{NUMBERED} TO {to}"
    yield _block(_GRANT_CALLED, role, schema)


def _block(body: str, role: str, schema: Schema) -> str:
    """Return a block of PL/pgSQL as a literal: whatever the names hold, nothing ends it early."""
    return "DO " + literal(
        body.format(
            schema=literal(schema.quoted),
            role=literal(identifier(role)),
            role_name=literal(role),
            called=literal(CALLED),
        )
    )


def _check_role(role: str) -> None:
    checks = Checks()
    check_name(checks, "role", role)
    checks.done()
    if role in _KEYWORDS:
        refuse([Violation("role", "must be a role: this is a keyword of PostgreSQL")])
