"""The drafts of JSON Schema: how each is named, and where in a schema it has schemas.

What is no keyword in a draft is an annotation there: a reference inside it refers to nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import attrs
import jsonschema_rs

from xzepr.documents.values import JsonValue


class Shape(enum.Enum):
    """How a keyword holds schemas."""

    ONE = enum.auto()
    LIST = enum.auto()
    NAMED = enum.auto()
    ONE_OR_LIST = enum.auto()


_ONE, _LIST, _NAMED = Shape.ONE, Shape.LIST, Shape.NAMED

_DRAFT4 = {
    "additionalItems": _ONE, "additionalProperties": _ONE, "allOf": _LIST, "anyOf": _LIST, "definitions": _NAMED,
    "dependencies": _NAMED, "items": Shape.ONE_OR_LIST, "not": _ONE, "oneOf": _LIST, "patternProperties": _NAMED,
    "properties": _NAMED,
}  # fmt: skip
_DRAFT6 = _DRAFT4 | {"contains": _ONE, "propertyNames": _ONE}
_DRAFT7 = _DRAFT6 | {"if": _ONE, "then": _ONE, "else": _ONE}
_DRAFT2019 = _DRAFT7 | {
    "$defs": _NAMED, "contentSchema": _ONE, "dependentSchemas": _NAMED, "unevaluatedItems": _ONE,
    "unevaluatedProperties": _ONE,
}  # fmt: skip
_DRAFT2020 = {key: shape for key, shape in _DRAFT2019.items() if key != "additionalItems"} | {
    "items": _ONE,
    "prefixItems": _LIST,
}


@attrs.frozen(kw_only=True, eq=False)
class Draft:
    """One draft.

    Args:
        name: Its usual name.
        uri: What a schema of it names in ``$schema``.
        id_keyword: The keyword that gives a schema its URI.
        keywords: Where it has schemas.
        validator: The class that checks it.
        named_by_fragment: An id that is only a fragment names a place, and a ``$ref`` replaces what is beside it.
        references: The keywords that refer to a schema.
    """

    name: str
    uri: str
    id_keyword: str = "$id"
    keywords: Mapping[str, Shape]
    validator: type[jsonschema_rs.Validator]
    named_by_fragment: bool = False
    references: tuple[str, ...] = ("$ref",)

    def schemas(self, schema: Mapping[str, Any]) -> Iterator[tuple[str, str | int | None, Any]]:
        """Find the schemas directly inside a schema.

        Args:
            schema: A schema of this draft that is an object.

        Yields:
            The keyword, the name or index below it if it has several, and the schema there.
        """
        for keyword, value in schema.items():
            shape = self.keywords.get(keyword)
            if shape is None:
                continue
            if type(value) is dict and shape is Shape.NAMED:
                for name, member in value.items():
                    if type(member) is dict or type(member) is bool:
                        yield keyword, name, member
            elif type(value) is list and shape in {Shape.LIST, Shape.ONE_OR_LIST}:
                for index, member in enumerate(value):
                    if type(member) is dict or type(member) is bool:
                        yield keyword, index, member
            elif shape in {Shape.ONE, Shape.ONE_OR_LIST} and (type(value) is dict or type(value) is bool):
                yield keyword, None, value


DRAFTS = (
    Draft(
        name="draft 4",
        uri="http://json-schema.org/draft-04/schema#",
        id_keyword="id",
        keywords=_DRAFT4,
        validator=jsonschema_rs.Draft4Validator,
        named_by_fragment=True,
    ),
    Draft(
        name="draft 6",
        uri="http://json-schema.org/draft-06/schema#",
        keywords=_DRAFT6,
        validator=jsonschema_rs.Draft6Validator,
        named_by_fragment=True,
    ),
    Draft(
        name="draft 7",
        uri="http://json-schema.org/draft-07/schema#",
        keywords=_DRAFT7,
        validator=jsonschema_rs.Draft7Validator,
        named_by_fragment=True,
    ),
    Draft(
        name="draft 2019-09",
        uri="https://json-schema.org/draft/2019-09/schema",
        keywords=_DRAFT2019,
        validator=jsonschema_rs.Draft201909Validator,
        references=("$ref", "$recursiveRef"),
    ),
    Draft(
        name="draft 2020-12",
        uri="https://json-schema.org/draft/2020-12/schema",
        keywords=_DRAFT2020,
        validator=jsonschema_rs.Draft202012Validator,
        references=("$ref", "$dynamicRef"),
    ),
)
"""All drafts, the oldest first."""

LATEST = DRAFTS[-1]
"""The draft of a schema that does not name one."""

_FORMAT_ASSERTION = "https://json-schema.org/draft/2020-12/meta/format-assertion"
"""The one official vocabulary to which no official schema refers."""

_BY_URI = {
    scheme + draft.uri.partition("://")[2].rstrip("#"): draft for draft in DRAFTS for scheme in ("http://", "https://")
}


def draft_named(uri: str) -> Draft | None:
    """Look up a draft by what a schema names in ``$schema``.

    Args:
        uri: With ``http`` or ``https``, with or without an empty fragment.

    Returns:
        The draft, or ``None`` if the URI is not that of a draft we know.

    Example:
        >>> draft_named("http://json-schema.org/draft-07/schema#").name
        'draft 7'
    """
    return _BY_URI.get(uri.rstrip("#"))


@cache
def metaschemas() -> Mapping[str, JsonValue]:
    """The official schemas of schemas, by URI, as jsonschema-rs carries them.

    Returns:
        The documents; they are shared, so they must not be changed.
    """
    found: dict[str, JsonValue] = {}
    for draft, uri in [*((draft, draft.uri) for draft in DRAFTS), (LATEST, _FORMAT_ASSERTION)]:
        bundle: dict[str, Any] = jsonschema_rs.bundle({"$schema": draft.uri, "$ref": uri}, offline=True)
        for keyword in ("$defs", "definitions"):
            found.update(bundle.get(keyword, {}))
    return found
