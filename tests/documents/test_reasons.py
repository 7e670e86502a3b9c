"""What is said about a document that a schema refuses."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from xzepr.documents import SchemaCompiler
from xzepr.documents.reasons import reason
from xzepr.errors import Invalid

DRAFT7 = {"$schema": "http://json-schema.org/draft-07/schema#"}

REASONS: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": ["string", "null"]}, 1, "is not of type null, string"),
    ({"required": ["a"]}, {}, "lacks the member a"),
    ({"enum": [1]}, 2, "is none of the values of enum"),
    ({"const": 1}, 2, "is not the value that const wants"),
    ({"minimum": 1}, 0, "is less than 1"),
    ({"maximum": 1.5}, 2, "is greater than 1.5"),
    ({"exclusiveMinimum": 1}, 1, "is not greater than 1"),
    ({"exclusiveMaximum": 1}, 1, "is not less than 1"),
    ({"multipleOf": 2}, 1, "is not a multiple of 2"),
    ({"minLength": 2}, "a", "has fewer than 2 characters"),
    ({"maxLength": 0}, "a", "has more than 0 characters"),
    ({"pattern": "^b$"}, "a", "does not match the pattern ^b$"),
    ({"format": "date"}, "a", "does not have the format date"),
    ({"minItems": 1}, [], "has fewer than 1 items"),
    ({"maxItems": 0}, [1], "has more than 0 items"),
    ({"uniqueItems": True}, [1, 1], "has equal items"),
    ({"contains": {"type": "null"}}, [1], "does not contain what contains wants"),
    ({"minProperties": 1}, {}, "has fewer than 1 members"),
    ({"maxProperties": 0}, {"a": 1}, "has more than 0 members"),
    ({"additionalProperties": False}, {"a": 1, "b": 2}, "has members that are not allowed: a, b"),
    ({"unevaluatedProperties": False}, {"a": 1}, "has members that are not allowed: a"),
    ({"unevaluatedItems": False}, [1], "has items that are not allowed"),
    ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "has a member whose name has more than 1 characters"),
    ({"not": {}}, 1, "matches the schema of not"),
    ({"anyOf": [False]}, 1, "matches none of the schemas of anyOf"),
    ({"oneOf": [False]}, 1, "matches none of the schemas of oneOf"),
    ({"oneOf": [True, True]}, 1, "matches more than one of the schemas of oneOf"),
    ({"not": True}, 1, "matches the schema of not"),
    (DRAFT7 | {"items": [True], "additionalItems": False}, [1, 2], "has more than 1 items"),
    (DRAFT7 | {"contentMediaType": "application/json"}, "{", "is not application/json"),
    (DRAFT7 | {"contentEncoding": "base64"}, "{", "is not encoded as base64"),
]


@pytest.mark.parametrize(
    ("schema", "value", "expected"), REASONS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_reasons_say_what_would_be_right(schema: dict[str, Any], value: Any, expected: str) -> None:  # noqa: ANN401
    """Each keyword has its reason, in terms of what the schema wants."""
    with pytest.raises(Invalid) as caught:
        SchemaCompiler().compile(json.dumps({"properties": {"x": schema}} | schema)).check(value)

    assert [one.reason for one in caught.value.violations] == [expected]


def test_members_are_not_allowed_where_none_is_named() -> None:
    """The validator reports the object then, and so do we."""
    with pytest.raises(Invalid) as caught:
        SchemaCompiler().compile('{"additionalProperties": false}').check({"a": 1})

    assert str(caught.value) == "payload: has members that are not allowed"


def test_lists_of_names_are_short() -> None:
    """Five names are enough to find the rest."""
    with pytest.raises(Invalid) as caught:
        SchemaCompiler().compile('{"properties": {"x": {}}, "additionalProperties": false}').check(
            dict.fromkeys("abcdefgh", 1)
        )

    assert str(caught.value) == "payload: has members that are not allowed: a, b, c, d, e, …"


def test_unknown_keywords_have_a_reason_too() -> None:
    """What a later validator reports is named by its keyword."""

    class Colour:
        def __init__(self, *_: object) -> None:
            pass

        def validate(self, _instance: object) -> None:
            raise ValueError

    validator = jsonschema_rs.Draft202012Validator({"colour": 1}, keywords={"colour": Colour}, offline=True)
    (error,) = validator.iter_errors(1)

    assert reason(error.kind) == "is not what colour wants"
