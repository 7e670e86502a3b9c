"""What a schema reaches."""

from __future__ import annotations

from typing import Any

import pytest

from xzepr.documents import JsonValue
from xzepr.documents.drafts import DRAFTS, LATEST, draft_named
from xzepr.documents.references import Closure, known_draft
from xzepr.documents.schemas import SchemaCompiler

DRAFT4, DRAFT7, DRAFT2019 = DRAFTS[0], DRAFTS[2], DRAFTS[3]


def closure(schema: dict[str, Any], draft: Any = LATEST, **documents: JsonValue) -> Closure:  # noqa: ANN401 - a draft
    """Everything a schema reaches; the documents are registered as ``urn:…``."""
    return Closure(schema, draft, SchemaCompiler({f"urn:{name}": one for name, one in documents.items()}).documents)


def refused(schema: dict[str, Any], draft: Any = LATEST, **documents: JsonValue) -> list[str]:  # noqa: ANN401
    """The places that are refused."""
    return [one.field for one in closure(schema, draft, **documents).violations]


def targets(found: Closure, schema: dict[str, Any]) -> list[list[Any]]:
    """What the references of one schema may refer to."""
    return list(found.alternatives(found.places[id(schema)]))


@pytest.mark.parametrize(
    "reference", ["#", "#/$defs/a", "#/$defs/b~1c%25", "#name", "#/$defs/list/allOf/0", "urn:root", "urn:root#/$defs/a"]
)
def test_references_inside_the_document_resolve(reference: str) -> None:
    """By pointer, by anchor, by the document's own id; escapes are undone."""
    schema = {
        "$id": "urn:root",
        "$defs": {"a": {"$anchor": "name"}, "b/c%": True, "list": {"allOf": [{}]}},
        "items": {"$ref": reference},
    }

    assert refused(schema) == []


@pytest.mark.parametrize(
    "reference", ["#/$defs/list/allOf/1", "#/$defs/list/allOf/00", "#/$defs/list/allOf/-1", "#/type"]
)
def test_pointers_that_lead_nowhere_are_refused(reference: str) -> None:
    """Past the end of a list, by no index of one, or to what is no schema."""
    schema = {"type": "object", "$defs": {"list": {"allOf": [{}]}}, "items": {"$ref": reference}}

    assert refused(schema) == ["schema/items/$ref"]


def test_pointers_into_unknown_keywords_are_followed() -> None:
    """What they lead to is a schema, and its references are looked at."""
    schema = {"unknown": {"a": [{"$ref": "#/nowhere"}]}, "$ref": "#/unknown/a/0"}

    assert refused(schema) == ["schema/unknown/a/0/$ref"]


@pytest.mark.parametrize("keyword", ["enum", "const", "default", "examples", "unknown"])
def test_what_is_no_schema_refers_to_nothing(keyword: str) -> None:
    """Data and annotations may look like references, ids and anchors."""
    look = {"$ref": "http://example.test", "$id": "urn:a", "$anchor": "a", "$schema": "urn:b"}

    assert refused({keyword: [look], "properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}}) == []


def test_keywords_of_later_drafts_are_annotations() -> None:
    """A reference below a keyword that the draft does not have refers to nothing."""
    schema = {
        "if": {"$ref": "#/nowhere"},
        "prefixItems": [{"$ref": "#/nowhere"}],
        "$defs": {"a": {"$dynamicRef": "#a"}},
    }

    assert refused(schema, DRAFT4) == []
    assert refused(schema, DRAFT2019) == ["schema/if/$ref"]


def test_ids_change_what_references_mean() -> None:
    """A reference resolves against the nearest id above it."""
    inner = {"$id": "inner/", "$defs": {"x": {"$id": "x"}}, "items": {"$ref": "x"}}
    found = closure({"$id": "http://a.test/", "$defs": {"inner": inner}, "items": {"$ref": "inner/x"}})

    assert found.violations == []
    assert targets(found, inner["items"]) == [[inner["$defs"]["x"]]]  # type: ignore[arg-type,index]  # the schema above


def test_fragment_ids_name_places_in_old_drafts() -> None:
    """Up to draft 7 an id that is a fragment names a place, and so does the fragment of one that is not."""
    schema = {
        "definitions": {"a": {"$id": "#a"}, "b": {"$id": "http://a.test/b#c"}},
        "items": [{"$ref": "#a"}, {"$ref": "http://a.test/b#c"}],
    }

    assert refused(schema, DRAFT7) == []
    assert refused({"$defs": {"a": {"$id": "#a"}}, "items": {"$ref": "#a"}}) == ["schema/items/$ref"]


def test_an_id_beside_a_reference_is_ignored_in_old_drafts() -> None:
    """There a reference replaces everything beside it."""
    schema = {
        "id": "http://a.test/",
        "definitions": {"x": {"id": "x.json"}, "y": {"id": "http://b.test/", "$ref": "x.json"}},
    }

    assert refused(schema, DRAFT4) == []


def test_an_anchor_needs_its_draft() -> None:
    """Anchors came with 2019-09, dynamic ones with 2020-12."""
    anchored = {"$defs": {"a": {"$anchor": "a", "definitions": {}}}, "items": {"$ref": "#a"}}
    dynamic = {"$defs": {"a": {"$dynamicAnchor": "a"}}, "items": {"$ref": "#a"}}

    assert refused(anchored, DRAFT2019) == []
    assert refused(dynamic, DRAFT2019) == ["schema/items/$ref"]
    assert refused(dynamic) == []


def test_two_schemas_of_one_name_are_refused() -> None:
    """Which of them a reference means would depend on who resolves it."""
    twice = {"$defs": {"a": {"$id": "urn:x"}, "b": {"$id": "urn:x"}, "c": {"$anchor": "y"}, "d": {"$anchor": "y"}}}

    assert refused(twice) == ["schema/$defs/b/$id", "schema/$defs/d/$anchor"]


def test_registered_documents_are_followed() -> None:
    """Only those referred to, and what they refer to in turn; each by its URI and by its id."""
    documents: dict[str, JsonValue] = {
        "a": {"$id": "http://a.test/a", "items": {"$ref": "b"}},
        "b": {"$id": "http://a.test/b", "$anchor": "here"},
        "unused": {"$ref": "http://nowhere.test"},
    }
    found = closure({"anyOf": [{"$ref": "urn:a"}, {"$ref": "http://a.test/b#here"}]}, **documents)

    assert found.violations == []
    assert list(found.documents) == ["urn:a", "http://a.test/b"]


def test_a_registered_document_with_a_broken_reference_is_named() -> None:
    """The place is one in that document."""
    broken: JsonValue = {"items": {"$ref": "#/nowhere"}}

    assert refused({"$ref": "urn:broken"}, broken=broken) == ["urn:broken#/items/$ref"]


def test_registered_booleans_have_no_inside() -> None:
    """They can be referred to, their parts cannot."""
    assert refused({"items": {"$ref": "urn:all"}}, all=True) == []
    assert refused({"items": {"$ref": "urn:all#/a"}}, all=True) == ["schema/items/$ref"]


def test_registered_documents_that_are_no_schemas_are_not_found() -> None:
    """A list refers to nothing and can be referred to by nobody."""
    assert refused({"$ref": "urn:list"}, list=[]) == ["schema/$ref"]


def test_references_must_be_strings() -> None:
    """Where the meta-schema does not say so, we do."""
    assert refused({"$ref": 7}, DRAFT4) == ["schema/$ref"]


def test_dynamic_references_have_every_anchor_of_their_name() -> None:
    """Which of them is meant depends on how a schema was reached."""
    inner = {"$dynamicAnchor": "a", "$id": "urn:inner"}
    schema = {"$dynamicAnchor": "a", "$defs": {"inner": inner}, "items": {"$dynamicRef": "#a"}}
    found = closure(schema)

    assert targets(found, schema["items"]) == [[schema, inner]]  # type: ignore[arg-type]  # the schema above


def test_recursive_references_have_every_recursive_root() -> None:
    """The same in 2019-09."""
    inner = {"$recursiveAnchor": True, "$id": "urn:inner"}
    schema = {"$recursiveAnchor": False, "$defs": {"inner": inner}, "items": {"$recursiveRef": "#"}}
    found = closure(schema, DRAFT2019)

    assert targets(found, schema["items"]) == [[schema, inner]]  # type: ignore[arg-type]  # the schema above


def test_parts_may_be_of_another_draft() -> None:
    """From there on its keywords count."""
    part = {"$id": "urn:part", "$schema": DRAFT4.uri, "if": {"$ref": "#/nowhere"}, "id": "urn:also"}

    assert refused({"$defs": {"part": part}, "items": {"$ref": "urn:also"}}) == []


def test_registered_meta_schemas_lead_to_a_draft() -> None:
    """Through others, but not for ever."""
    registered: dict[str, JsonValue] = {
        "urn:a": {"$schema": "urn:b"}, "urn:b": {"$schema": DRAFT7.uri}, "urn:loop": {"$schema": "urn:loop"},
        "urn:none": {}, "urn:true": True,
    }  # fmt: skip

    assert known_draft("urn:a", registered) is DRAFT7
    assert [known_draft(named, registered) for named in ("urn:loop", "urn:none", "urn:true", "urn:x", 7)] == [None] * 5


def test_meta_schemas_of_parts_are_carried_along() -> None:
    """The validator needs the document to know its vocabularies."""
    part = {"$id": "urn:part", "$schema": "urn:own"}
    found = closure({"$defs": {"part": part}}, own={"$schema": LATEST.uri})

    assert list(found.documents) == ["urn:own"]
    assert draft_named(LATEST.uri) is found.places[id(part)].draft
