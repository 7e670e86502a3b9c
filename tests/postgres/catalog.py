"""All that PostgreSQL knows of what stands in a schema, as rows that can be compared."""

from __future__ import annotations

import psycopg

Row = tuple[str, ...]

CATALOG = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s)
SELECT 'schema', nspname, nspowner::regrole::text, coalesce(nspacl::text, '')
FROM pg_namespace n, own WHERE own.oid = n.oid
UNION ALL
SELECT concat_ws(' ', 'relation', relkind), relname, relowner::regrole::text,
    concat_ws(' ', relacl, reloptions, relpersistence, relrowsecurity, relhastriggers)
FROM pg_class, own WHERE relnamespace = own.oid
UNION ALL
SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
    concat_ws(' ', a.attnum, a.attnotnull, a.attcollation::regcollation, a.attacl, pg_get_expr(d.adbin, d.adrelid))
FROM own, pg_class c, pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = own.oid AND a.attrelid = c.oid AND a.attnum > 0
UNION ALL
SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(c.oid)
FROM pg_constraint c, own WHERE connamespace = own.oid
UNION ALL
SELECT 'index', indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL
SELECT 'sequence', sequencename, data_type::text, concat_ws(' ', start_value, increment_by, cache_size, cycle)
FROM pg_sequences WHERE schemaname = %(schema)s
UNION ALL
SELECT 'function', p.oid::regprocedure::text, proowner::regrole::text, concat_ws(' ', pg_get_functiondef(p.oid), proacl)
FROM pg_proc p, own WHERE pronamespace = own.oid
UNION ALL
SELECT 'trigger', tgname, tgrelid::regclass::text, concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
FROM pg_trigger t, pg_class c, own WHERE tgrelid = c.oid AND c.relnamespace = own.oid AND NOT tgisinternal
UNION ALL
SELECT concat_ws(' ', 'type', typtype), typname, typowner::regrole::text, concat_ws(' ', typacl, typcategory)
FROM pg_type, own WHERE typnamespace = own.oid
UNION ALL
SELECT 'comment', d.objoid::text, d.classoid::regclass::text, d.description
FROM pg_description d, pg_class c, own WHERE d.objoid = c.oid AND c.relnamespace = own.oid
ORDER BY 1, 2, 3, 4
"""

DATA = ("definitions", "feed_head", "version")
"""The tables that have a row from the beginning."""


def catalog(connection: psycopg.Connection, schema: str = "xzepr") -> list[Row]:
    """Return every object of a schema: its kind, name, owner or type, and all else."""
    return connection.execute(CATALOG, {"schema": schema}).fetchall()  # type: ignore[return-value]


def rows(connection: psycopg.Connection, schema: str = "xzepr") -> dict[str, list[Row]]:
    """Return what stands in the tables that are not empty from the beginning."""
    query = psycopg.sql.SQL("SELECT * FROM {}")
    return {table: connection.execute(query.format(psycopg.sql.Identifier(schema, table))).fetchall() for table in DATA}
