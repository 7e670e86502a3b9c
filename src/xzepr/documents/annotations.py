"""Which keywords of JSON Schema say nothing about a value."""

from __future__ import annotations

from typing import Final

from xzepr.documents.values import JsonValue

_ANNOTATIONS: Final = frozenset({
    "$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$recursiveAnchor", "$schema", "$vocabulary",
    "contentSchema", "default", "definitions", "deprecated", "description", "examples", "id", "readOnly", "title",
    "writeOnly",
})  # fmt: skip


def accepts_anything(schema: JsonValue) -> bool:
    """Say whether a schema refuses nothing, because it has no keyword that could.

    Example:
        >>> accepts_anything({"title": "Anything goes"}), accepts_anything({"type": "object"})
        (True, False)
    """
    return _ANNOTATIONS.issuperset(schema) if isinstance(schema, dict) else schema is True
