"""Receivers."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
import rfc8785

from tests.model.values import IDS, NOON, make_receiver
from xzepr.errors import Invalid, TooLarge
from xzepr.model import ReceiverRef, receiver_fingerprint


def test_the_fingerprint_is_the_sha_256_of_the_canonical_form() -> None:
    """Name, type, version and schema are hashed as RFC 8785 text."""
    schema = {"type": "object", "properties": {"é": {"minimum": 1.0}, "a": {"maximum": 1e21}}}
    fields = {"name": "build", "type": "ci.build", "version": "1", "schema": schema}
    expected = hashlib.sha256(rfc8785.dumps(fields)).hexdigest()
    assert expected == receiver_fingerprint("build", "ci.build", "1", schema)


def test_the_fingerprint_never_changes() -> None:
    """The format is written down by a vector."""
    expected = "ab443ae62d389e90e8cfe40a8ab395d89a3c70ba69573d9bdec0c96fd004a963"
    assert expected == receiver_fingerprint("build", "ci.build", "1", {"type": "object"})


def test_the_order_of_keys_does_not_change_the_fingerprint() -> None:
    """Two schemas that differ in the order of keys are one."""
    one, other = {"type": "object", "title": "x"}, {"title": "x", "type": "object"}
    assert receiver_fingerprint("n", "t", "v", one) == receiver_fingerprint("n", "t", "v", other)


@pytest.mark.parametrize(
    "fields", [("m", "t", "v", True), ("n", "u", "v", True), ("n", "t", "w", True), ("n", "t", "v", {})]
)
def test_each_part_changes_the_fingerprint(fields: tuple[str, str, str, Any]) -> None:
    """Name, type, version and schema each count; ``true`` and ``{}`` are two schemas."""
    assert receiver_fingerprint(*fields) != receiver_fingerprint("n", "t", "v", True)  # noqa: FBT003 - the schema


def test_the_schema_keeps_the_callers_order() -> None:
    """The schema reads back with its keys as they were given."""
    text = '{"type":"object","properties":{"b":true,"a":true}}'
    assert json.dumps(make_receiver(schema_text=text).schema, separators=(",", ":")) == text


def test_c014_the_schema_is_a_fresh_value() -> None:
    """Whoever changes the schema he was given changes nothing."""
    receiver = make_receiver(schema_text='{"properties":{}}')
    schema = receiver.schema
    assert isinstance(schema, dict)
    schema["properties"] = False
    assert receiver.schema == {"properties": {}}


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("{}", True), ("false", False), ('{"type":"object"}', False)]
)
def test_a_schema_that_refuses_nothing_is_marked(text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """It is visible that a receiver accepts anything."""
    assert expected == make_receiver(schema_text=text).accepts_anything


def test_all_fields_are_refused_at_once() -> None:
    """One error names every wrong field."""
    with pytest.raises(Invalid) as caught:
        make_receiver(
            id="x",
            name="",
            type=None,
            version="\n",
            description="a\0",
            revision=0,
            owner="ci",
            created_at=datetime(2026, 1, 1),  # noqa: DTZ001 - the fault
            updated_at="now",
        )
    expected = ("id", "name", "type", "version", "description", "revision", "owner", "created_at", "updated_at")
    assert expected == caught.value.fields


def test_c016_a_description_may_be_empty_and_has_1000_characters_at_most() -> None:
    """The description alone may be blank and long."""
    assert make_receiver(description="é" * 1_000).description == "é" * 1_000
    with pytest.raises(TooLarge, match="description: must have at most 1,000 characters"):
        make_receiver(description="é" * 1_001)


def test_others_mention_a_receiver_by_a_short_value() -> None:
    """A reference holds the id and what makes the receiver unique, and shows the name."""
    receiver = make_receiver()
    assert receiver.ref == ReceiverRef(IDS[1], "build", "ci.build", "1")
    assert str(receiver.ref) == "build"
    assert receiver.naming == ("build", "ci.build", "1")


def test_the_schema_is_not_in_the_repr() -> None:
    """A schema may be a megabyte."""
    assert "schema" not in repr(make_receiver(schema_text='{"title":"schema"}'))
    assert repr(NOON) in repr(make_receiver())
