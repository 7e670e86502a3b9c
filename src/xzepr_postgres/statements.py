"""Statements: written once, run by every driver.

A statement names its parameters ``:name`` and stands for its schema as ``{schema}``. So that any driver can run it, its
parameters are text, whole numbers and truth values, each in a ``CAST``, and so are its results: ids and times come as
text, bytes as hex.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import attrs
from sqlalchemy import TextClause, text

from xzepr_postgres.schema import Schema

Parameter = str | int | bool | None
"""What a statement takes."""

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_]+)\b")


@attrs.frozen
class Statement:
    """A statement in the spellings that drivers know.

    Args:
        pyformat: With ``%(name)s``, for psycopg and Django.
        encoded: The same in bytes, which psycopg takes as they are.
        named: With ``:name``, for SQLAlchemy.
    """

    pyformat: str
    encoded: bytes
    named: TextClause


@lru_cache(maxsize=1_000)
def written(schema: Schema, sql: str) -> Statement:
    """Write a statement for a schema.

    Args:
        schema: Where the tables are.
        sql: The statement, with ``{schema}`` and ``:name``.

    Example:
        >>> written(Schema(), "SELECT head FROM {schema}.feed_head WHERE head > CAST(:after AS bigint)").pyformat
        'SELECT head FROM "xzepr".feed_head WHERE head > CAST(%(after)s AS bigint)'
    """
    pyformat = _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%")).replace("{schema}", schema.quoted.replace("%", "%%"))
    named = sql.replace("{schema}", schema.quoted.replace(":", "\\:"))
    return Statement(pyformat, pyformat.encode(), text(named))


def moment(name: str) -> str:
    """Return the SQL that reads a parameter as a time, whatever the driver makes of text.

    Example:
        >>> moment("told")
        'CAST(CAST(:told AS text) AS timestamptz)'
    """
    return f"CAST(CAST(:{name} AS text) AS timestamptz)"


def seconds(column: str) -> str:
    """Return the SQL that tells a time as the seconds since 1970, in text: the same in every session.

    Example:
        >>> seconds("e.recorded_at")
        'CAST(extract(epoch FROM e.recorded_at) AS text)'
    """
    return f"CAST(extract(epoch FROM {column}) AS text)"
