"""What we know about the drafts, against what their own meta-schemas say."""

from __future__ import annotations

import pytest

from xzepr.documents.drafts import DRAFTS, LATEST, Draft, draft_named, metaschemas
from xzepr.documents.uris import document_uri

by_draft = pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.name)


@by_draft
def test_a_draft_is_found_by_its_name(draft: Draft) -> None:
    """With http or https, with an empty fragment or without."""
    bare = draft.uri.removesuffix("#").partition("://")[2]

    assert [draft_named(f"{scheme}://{bare}{end}") for scheme in ("http", "https") for end in ("", "#")] == [draft] * 4


@pytest.mark.parametrize(
    "uri", ["", "draft-07", "http://json-schema.org/schema#", "http://json-schema.org/draft-03/schema#"]
)
def test_other_drafts_are_not_known(uri: str) -> None:
    """Neither older ones, nor the address that once meant the latest."""
    assert draft_named(uri) is None


@by_draft
def test_every_draft_has_its_meta_schema(draft: Draft) -> None:
    """It is carried along, so that nothing is fetched."""
    assert isinstance(metaschemas()[document_uri(draft.uri)], dict)


@by_draft
def test_the_places_of_schemas_are_those_of_the_meta_schema(draft: Draft) -> None:
    """Every keyword whose value the meta-schema of a draft calls a schema is one in which we look, and no other."""
    vocabularies = [
        schema
        for uri, schema in metaschemas().items()
        if isinstance(schema, dict) and draft_named(str(schema.get("$schema"))) is draft
    ]
    found = {
        keyword
        for schema in vocabularies
        for keyword, value in schema.get("properties", {}).items()  # type: ignore[union-attr]  # known documents
        if any(f"'{name}': '{mark}'" in str(value) for name, mark in REFERENCES)
    }

    assert found - {"$ref", "$recursiveRef"} == set(draft.keywords)


REFERENCES = [
    ("$ref", "#"), ("$recursiveRef", "#"), ("$dynamicRef", "#meta"), ("$ref", "#/definitions/schemaArray"),
    ("$ref", "#/$defs/schemaArray"),
]  # fmt: skip


def test_malformed_keywords_hold_no_schemas() -> None:
    """What has another shape than its draft says is left to the meta-schema."""
    schema = {
        "properties": [{}],
        "allOf": {"a": {}},
        "not": [{}],
        "items": [{}],
        "$defs": {"a": 7},
        "anyOf": [7],
        "if": 7,
    }

    assert list(LATEST.schemas(schema)) == []


def test_schemas_are_found_in_every_shape() -> None:
    """A name, an index, or neither says where each stands."""
    schema = {"properties": {"a": {}, "b": True}, "allOf": [{}, False], "not": True, "unknown": {}}

    assert list(LATEST.schemas(schema)) == [
        ("properties", "a", {}), ("properties", "b", True), ("allOf", 0, {}), ("allOf", 1, False), ("not", None, True),
    ]  # fmt: skip
