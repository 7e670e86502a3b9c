"""JSON as something we do not trust: strict reading, canonical text, JSON Schema.

It knows JSON and nothing of the registry.
"""

from __future__ import annotations

from xzepr.documents.annotations import accepts_anything
from xzepr.documents.canonical import canonical, digest, ordered_text
from xzepr.documents.reading import parse, read_canonical
from xzepr.documents.schemas import SchemaCompiler
from xzepr.documents.values import JsonLimits, JsonValue

__all__ = [
    "JsonLimits",
    "JsonValue",
    "SchemaCompiler",
    "accepts_anything",
    "canonical",
    "digest",
    "ordered_text",
    "parse",
    "read_canonical",
]
