"""Which schemas say nothing about a value."""

from __future__ import annotations

import pytest

from xzepr.documents import JsonValue, accepts_anything


@pytest.mark.parametrize(
    ("schema", "anything"),
    [
        (True, True), ({}, True), ({"title": "x", "$id": "urn:x", "default": 1, "$defs": {"a": {}}}, True),
        (False, False), ({"type": "object"}, False), ({"$ref": "#/$defs/a", "$defs": {"a": {}}}, False),
        ({"format": "date"}, False), (None, False), ("x", False), ([], False),
    ],
)  # fmt: skip
def test_only_annotations_accept_anything(schema: JsonValue, *, anything: bool) -> None:
    """True, nothing, or keywords that only annotate."""
    assert accepts_anything(schema) is anything
