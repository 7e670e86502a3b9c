"""For a host that keeps a registry in its own database, and has migrations of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xzepr_postgres.schema import Schema

IncludeName = Callable[[str | None, str, Mapping[Any, str | None]], bool]
"""What Alembic asks about everything that it finds in a database: its name, its kind, and what it stands in."""


def include_name(schema: Schema | None = None) -> IncludeName:
    """Return a filter for a host's ``env.py``: Alembic's autogenerate then does not see the registry.

    Without it, ``alembic revision --autogenerate`` with ``include_schemas=True`` writes a migration that drops every
    table of the registry, because the host's metadata does not know them.

    Alembic never names the schema that comes first in the ``search_path`` of the host's connection: that must not be
    the registry's. It would be if the host's role had the same name as the schema.

    Args:
        schema: The PostgreSQL schema of the registry.

    Example:
        >>> seen = include_name()
        >>> seen("xzepr", "schema", {}), seen("shop", "schema", {}), seen(None, "schema", {})
        (False, True, True)
    """
    hidden = (schema or Schema()).name

    def included(name: str | None, kind: str, parents: Mapping[Any, str | None]) -> bool:
        return (name if kind == "schema" else parents.get("schema_name")) != hidden

    return included
