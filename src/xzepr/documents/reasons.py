"""Why a document was refused by a schema, in our words.

The messages of jsonschema-rs hold values and names of the document, so none of them is used: a reason is made from
what the schema says (``"is not of type string"``), and the pointer names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jsonschema_rs

from xzepr.documents.values import pointer, printable
from xzepr.errors import Violation

_SHOWN = 5
"""How many names a reason lists."""

_NO_MORE = ["additionalProperties"]
"""Where it is false and no member is named, the validator reports the object and not its members."""


def violation(error: jsonschema_rs.ValidationError, field: str) -> Violation:
    """Say what one error of the validator means.

    Args:
        error: The error.
        field: What the document is called.

    Returns:
        The place, and a reason without the value that stands there.
    """
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.FalseSchema) and error.schema_path[-1:] == _NO_MORE:
        return Violation(pointer(field, error.instance_path), "has members that are not allowed")
    return Violation(pointer(field, error.instance_path), reason(error.kind))


def reason(kind: jsonschema_rs.ValidationErrorKind) -> str:
    """Say what is wrong, from what the schema wants."""
    keyword = type(kind).__name__
    if keyword in _FIXED:
        return _FIXED[keyword]
    if keyword in _MADE:
        return _MADE[keyword](kind)
    return f"is not what {kind.name} wants"


def _names(names: Iterable[object]) -> str:
    found = [str(name) for name in names]
    return ", ".join(map(printable, found[:_SHOWN])) + (", …" if len(found) > _SHOWN else "")


def _limited(text: str) -> Callable[[Any], str]:
    return lambda kind: text.format(printable(str(kind.limit)))


_FIXED = {
    "AnyOf": "matches none of the schemas of anyOf",
    "Constant": "is not the value that const wants",
    "Contains": "does not contain what contains wants",
    "Enum": "is none of the values of enum",
    "FalseSchema": "is not allowed here",
    "Not": "matches the schema of not",
    "OneOfMultipleValid": "matches more than one of the schemas of oneOf",
    "OneOfNotValid": "matches none of the schemas of oneOf",
    "Referencing": "has a reference that cannot be resolved",
    "UnevaluatedItems": "has items that are not allowed",
    "UniqueItems": "has equal items",
}

_MADE: dict[str, Callable[[Any], str]] = {
    "AdditionalItems": _limited("has more than {} items"),
    "AdditionalProperties": lambda kind: f"has members that are not allowed: {_names(kind.unexpected)}",
    "ContentEncoding": lambda kind: f"is not encoded as {printable(kind.content_encoding)}",
    "ContentMediaType": lambda kind: f"is not {printable(kind.content_media_type)}",
    "ExclusiveMaximum": _limited("is not less than {}"),
    "ExclusiveMinimum": _limited("is not greater than {}"),
    "Format": lambda kind: f"does not have the format {printable(kind.format)}",
    "MaxItems": _limited("has more than {} items"),
    "MaxLength": _limited("has more than {} characters"),
    "MaxProperties": _limited("has more than {} members"),
    "Maximum": _limited("is greater than {}"),
    "MinItems": _limited("has fewer than {} items"),
    "MinLength": _limited("has fewer than {} characters"),
    "MinProperties": _limited("has fewer than {} members"),
    "Minimum": _limited("is less than {}"),
    "MultipleOf": lambda kind: f"is not a multiple of {printable(str(kind.multiple_of))}",
    "Pattern": lambda kind: f"does not match the pattern {printable(kind.pattern)}",
    "PropertyNames": lambda kind: f"has a member whose name {reason(kind.error.kind)}",
    "Required": lambda kind: f"lacks the member {printable(kind.property)}",
    "Type": lambda kind: f"is not of type {_names(kind.types)}",
    "UnevaluatedProperties": lambda kind: f"has members that are not allowed: {_names(kind.unexpected)}",
}
