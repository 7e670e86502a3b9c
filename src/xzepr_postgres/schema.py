"""The PostgreSQL schema in which a registry lives, and what derives from its name."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Final

import attrs

from xzepr.model import Checks

DEFAULT_SCHEMA: Final = "xzepr"
"""Every object of a registry stands here, so that it meets none of its host's tables."""

MAX_IDENTIFIER: Final = 63
"""Bytes of an identifier in PostgreSQL; a longer one would be cut off without a word."""

_SEPARATOR: Final = "\n--\n"


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
        checks.text("schema", self.name)
        checks.done()
        if len(self.name.encode()) > MAX_IDENTIFIER:
            checks.add("schema", f"must have at most {MAX_IDENTIFIER} bytes", MAX_IDENTIFIER)
        checks.done()

    @property
    def quoted(self) -> str:
        """The name as an identifier in SQL."""
        return '"' + self.name.replace('"', '""') + '"'

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
        key = str(self.lock_key("definitions"))
        return statement.strip().replace("{schema}", self.quoted).replace("{definitions_lock}", key)
