"""JSON Schema: compiling what users register, and checking documents against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from xzepr.documents.canonical import ordered_text
from xzepr.documents.reading import parse
from xzepr.documents.uris import document_uri, make_id_absolute, shown
from xzepr.documents.values import DEFAULT_LIMITS, JsonLimits, JsonValue

if TYPE_CHECKING:
    from xzepr.documents.compiling import CompiledSchema

CACHED_SCHEMAS = 256
"""How many compiled schemas a compiler keeps."""


def _documents(given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Copy the host's documents, and name each by its own id too."""
    found: dict[str, JsonValue] = {}
    own: dict[str, JsonValue] = {}
    for name, original in given.items():
        uri = document_uri(name)
        found[uri] = document = parse(ordered_text(original, field=shown(name)), field=shown(name))
        if named := make_id_absolute(document, uri):
            own.setdefault(named, document)
    return own | found


@attrs.frozen(eq=False)
class SchemaCompiler:
    """Compiles schemas, and keeps the last ones.

    Args:
        documents: What schemas may refer to besides themselves and the official meta-schemas, by URI (a document that
            has an id is found by that too). Nothing is ever fetched.
        limits: How large the documents may be that are to be checked.

    Raises:
        Invalid: A document is not I-JSON.

    Example:
        >>> shared = {"urn:example:name": {"type": "string", "minLength": 1}}
        >>> schema = SchemaCompiler(shared).compile('{"properties": {"name": {"$ref": "urn:example:name"}}}')
        >>> schema.check({"name": ""})
        Traceback (most recent call last):
        xzepr.errors.Invalid: payload/name: has fewer than 1 characters
    """

    documents: Mapping[str, JsonValue] = attrs.field(factory=dict, converter=_documents)
    limits: JsonLimits = attrs.field(default=DEFAULT_LIMITS, kw_only=True)
    _compiled: Callable[[str], CompiledSchema] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_compiled", lru_cache(CACHED_SCHEMAS)(self._compile))

    def compile(self, schema_text: str) -> CompiledSchema:
        """Compile a schema, or find it among the last ones.

        Args:
            schema_text: Its JSON text.

        Returns:
            The schema, ready to check documents.

        Raises:
            TooLarge: It is beyond a limit, or one document could cost too much to check.
            Invalid: It is no schema of its draft, or refers to what is not known; every violation names the place.
            ConfigurationError: The installed jsonschema-rs does not keep what we rely on.
        """
        return self._compiled(schema_text)

    def _compile(self, schema_text: str) -> CompiledSchema:
        # Only who compiles schemas pays for the validator: it is a quarter of the time that importing xzepr took.
        from xzepr.documents.compiling import compile_schema  # noqa: PLC0415

        return compile_schema(schema_text, self.documents, self.limits)
