"""The PostgreSQL schema in which a registry lives, and what derives from its name."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files
from itertools import count
from typing import Final

import attrs

from xzepr.model import Checks
from xzepr.model.checks import text_problem

DEFAULT_SCHEMA: Final = "xzepr"
"""Every object of a registry stands here, so that it meets none of its host's tables."""

MAX_IDENTIFIER: Final = 63
"""Bytes of an identifier in PostgreSQL; a longer one would be cut off without a word."""

_SEPARATOR: Final = "\n--\n"
_BODY: Final = "$body$"
_MARK: Final = re.compile(r"\{(schema|schema_in_text|definitions_lock|changes_lock)\}")


@attrs.frozen
class Schema:
    """A PostgreSQL schema by its name.

    Args:
        name: The name, as it is: it is quoted wherever it is used.

    Raises:
        Invalid: It is no name of at most 63 bytes.

    Example:
        >>> Schema('a "quoted" name').quoted
        '"a ""quoted"" name"'
    """

    name: str = DEFAULT_SCHEMA

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        check_schema(checks, self.name)
        checks.done()

    @property
    def quoted(self) -> str:
        """The name as an identifier in SQL."""
        return identifier(self.name)

    def lock_key(self, purpose: str) -> int:
        """Return the key of an advisory lock: another one for each schema and purpose.

        Example:
            >>> Schema("a").lock_key("definitions") == Schema("b").lock_key("definitions")
            False
        """
        digest = sha256(f"xzepr\0{self.name}\0{purpose}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def statements(self, resource: str) -> list[str]:
        """Return the SQL statements of a file in this package, written for this schema.

        Args:
            resource: The name of the file in ``sql/``; its statements are separated by a line ``--``.
        """
        text = files("xzepr_postgres").joinpath("sql", resource).read_text(encoding="utf-8")
        return [self._written(statement) for statement in text.split(_SEPARATOR) if statement.strip()]

    def _written(self, statement: str) -> str:
        marks = {
            "schema": self.quoted,
            "schema_in_text": self.quoted.replace("'", "''"),
            "definitions_lock": str(self.lock_key("definitions")),
            "changes_lock": str(self.lock_key("changes")),
        }
        written = _MARK.sub(lambda found: marks[found[1]], statement.replace(_BODY, self._body))
        return written.strip()

    @property
    def _body(self) -> str:
        """The quotes of a function's body: none that the name could end."""
        return next(quotes for n in count() if (quotes := f"$body{n or ''}$") not in self.name)


def check_schema(checks: Checks, name: str) -> None:
    """Check that a text can be the name of a schema for a registry."""
    check_name(checks, "schema", name)
    if name.startswith("pg_") or name == "$user":
        checks.add("schema", "must not be a name that PostgreSQL keeps for itself")


def check_name(checks: Checks, field: str, name: str) -> None:
    """Check that a text can be the name of something in PostgreSQL."""
    problem = text_problem(name)
    if problem is not None:
        checks.add(field, problem.reason, problem.limit)
    elif len(name.encode()) > MAX_IDENTIFIER:
        checks.add(field, f"must have at most {MAX_IDENTIFIER} bytes", MAX_IDENTIFIER)


def identifier(name: str) -> str:
    """Return a name as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    r"""Return a text as a literal in SQL, whatever ``standard_conforming_strings`` says.

    Example:
        >>> print(literal("it's"), literal("a\\b"))
        'it''s' E'a\\b'
    """
    escaped = text.replace("'", "''")
    return f"'{escaped}'" if "\\" not in text else "E'" + escaped.replace("\\", "\\\\") + "'"
