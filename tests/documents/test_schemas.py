"""Compiling schemas, and checking documents."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema_rs
import pytest

from xzepr.documents import JsonLimits, JsonValue, SchemaCompiler
from xzepr.documents import compiling as module
from xzepr.errors import Invalid, TooLarge

DRAFT7 = "http://json-schema.org/draft-07/schema#"


def test_a_schema_is_compiled_once() -> None:
    """The same text gives the same compiled schema."""
    compiler = SchemaCompiler()

    assert compiler.compile('{"type":"object"}') is compiler.compile('{"type":"object"}')


def test_the_cache_is_bounded() -> None:
    """Only the last schemas are kept."""
    compiler = SchemaCompiler()
    first = compiler.compile('{"title":"0"}')
    for number in range(1, 257):
        compiler.compile(f'{{"title":"{number}"}}')

    assert compiler.compile('{"title":"0"}') is not first


def test_a_schema_that_accepts_anything_says_so() -> None:
    """The compiled schema carries the mark."""
    assert SchemaCompiler().compile('{"title": "x"}').accepts_anything
    assert not SchemaCompiler().compile('{"type": "null"}').accepts_anything


@pytest.mark.parametrize(
    ("uri", "name"), [(DRAFT7, "draft 7"), ("https://json-schema.org/draft/2019-09/schema", "draft 2019-09")]
)
def test_the_draft_is_the_one_named(uri: str, name: str) -> None:
    """And the schema says which it is."""
    assert SchemaCompiler().compile(json.dumps({"$schema": uri})).draft == name


def test_a_registered_meta_schema_decides_the_draft() -> None:
    """Its own draft is that of the schema."""
    schema = {"$schema": "urn:own", "definitions": {"a": {"type": "string"}}, "$ref": "#/definitions/a", "type": "null"}
    compiled = SchemaCompiler({"urn:own": {"$schema": DRAFT7}}).compile(json.dumps(schema))

    compiled.check("in draft 7 a reference replaces what is beside it")
    assert compiled.draft == "draft 7"


def test_official_meta_schemas_may_be_referred_to() -> None:
    """From any draft to any other, without registering them."""
    for target in (DRAFT7, "https://json-schema.org/draft/2020-12/schema"):
        schema = SchemaCompiler().compile(json.dumps({"$ref": target}))
        schema.check({"type": "object"})
        with pytest.raises(Invalid, match="payload/minimum: is not of type number"):
            schema.check({"minimum": "a"})


def test_relative_ids_are_relative_to_each_other() -> None:
    """Documents that name themselves and refer by path, without any host."""
    documents: dict[str, JsonValue] = {
        "common/user.json": {"$id": "common/user.json", "properties": {"team": {"$ref": "team.json"}}},
        "common/team.json": {"$id": "common/team.json", "type": "string"},
    }
    schema = SchemaCompiler(documents).compile('{"$id": "event/created", "$ref": "../common/user.json"}')

    with pytest.raises(Invalid, match="payload/team: is not of type string"):
        schema.check({"team": 1})


def test_documents_are_found_by_their_own_ids() -> None:
    """Wherever they were registered; the URI of another document goes before."""
    documents: dict[str, JsonValue] = {
        "urn:copy": {"$id": "http://a.test/x", "type": "string"},
        "urn:named": {"id": "http://a.test/y"},
        "urn:anchor": {"$id": "#here"},
    }
    compiler = SchemaCompiler(documents)

    with pytest.raises(Invalid, match="is not of type string"):
        compiler.compile('{"$ref": "http://a.test/x"}').check(1)
    assert set(compiler.documents) == {"urn:copy", "urn:named", "urn:anchor", "http://a.test/x", "http://a.test/y"}


def test_registered_documents_are_copied() -> None:
    """What the host does to its own afterwards changes nothing."""
    mine: dict[str, JsonValue] = {"type": "string"}
    compiler = SchemaCompiler({"urn:mine": mine})
    mine["type"] = "null"

    compiler.compile('{"$ref": "urn:mine"}').check("x")


def test_registered_documents_are_json() -> None:
    """What is none is refused by its URI when the compiler is made."""
    with pytest.raises(Invalid, match="urn:bad/a: is a Python set"):
        SchemaCompiler({"urn:bad": {"a": {1}}})  # type: ignore[dict-item]  # the wrong type is what is tested


def test_one_broken_document_does_not_spoil_the_others() -> None:
    """Only schemas that reach it are refused."""
    compiler = SchemaCompiler({"urn:broken": {"$ref": "#/nowhere"}, "urn:good": {"type": "string"}})

    compiler.compile('{"$ref": "urn:good"}').check("x")
    with pytest.raises(Invalid, match=r"urn:broken#/\$ref: refers to #/nowhere, where there is no schema"):
        compiler.compile('{"$ref": "urn:broken"}')


def test_documents_that_are_no_schemas_are_refused_when_used() -> None:
    """A registered document is judged by the validator when a schema refers to it."""
    compiler = SchemaCompiler({"urn:odd": {"type": "colour"}, "urn:old": {"$schema": DRAFT7, "pattern": "["}})

    for uri in ("urn:odd", "urn:old"):
        with pytest.raises(Invalid):
            compiler.compile(json.dumps({"$ref": uri}))


def test_a_registry_that_cannot_be_built_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guard let pass and the validator cannot put together is Invalid too."""

    def fail(_documents: object) -> None:
        raise jsonschema_rs.ReferencingError("no")

    monkeypatch.setattr(jsonschema_rs, "Registry", fail)

    with pytest.raises(Invalid, match="schema: refers to documents that cannot be used together"):
        SchemaCompiler({"urn:a": {}}).compile('{"$ref": "urn:a"}')


def test_documents_of_every_draft_keep_theirs() -> None:
    """A document without a draft is of the draft of the schema that refers to it."""
    documents: dict[str, JsonValue] = {
        "urn:7": {"$schema": DRAFT7, "items": [{"type": "string"}]},
        "urn:none": {"prefixItems": [{"type": "string"}]},
    }
    compiler = SchemaCompiler(documents)

    for uri in documents:
        with pytest.raises(Invalid, match="payload/0: is not of type string"):
            compiler.compile(json.dumps({"$ref": uri})).check([1])
    compiler.compile(json.dumps({"$schema": DRAFT7, "$ref": "urn:none"})).check([1])


def test_unknown_keywords_are_annotations() -> None:
    """As the specification says."""
    SchemaCompiler().compile('{"colour": {"$ref": "red"}}').check(1)


def test_the_caller_names_the_document() -> None:
    """The field is the start of every pointer."""
    with pytest.raises(Invalid) as caught:
        SchemaCompiler().compile('{"items": {"type": "null"}}').check([1], field="body")

    assert caught.value.fields == ("body/0",)


def test_one_fault_is_listed_once() -> None:
    """Also if several ways lead to the same rule."""
    rule: dict[str, Any] = {"type": "string"}

    with pytest.raises(Invalid) as caught:
        SchemaCompiler().compile(json.dumps({"allOf": [rule, rule]})).check(1)

    assert len(caught.value.violations) == 1


def test_small_documents_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an ordinary schema a right document goes to the validator at once."""
    calls: list[object] = []
    monkeypatch.setattr(module, "_more_values", lambda *arguments: calls.append(arguments))

    SchemaCompiler().compile('{"type": "object"}').check({"a": 1})

    assert calls == []


def test_larger_documents_need_cheaper_schemas() -> None:
    """What may be checked is bounded by the product of both."""
    schema = json.dumps({"items": {"enum": [0.5, 1.5, 2.5, 3.5, 4.5]}})
    large = SchemaCompiler(limits=JsonLimits(max_nodes=10_000_000)).compile(schema)

    SchemaCompiler().compile(schema).check([0.5] * 90_000)
    with pytest.raises(TooLarge):
        large.check([0.5] * 1_000_000)


def test_depth_comes_from_the_limits() -> None:
    """Deeper documents let a schema that branches cost more, so fewer pass."""
    schema = json.dumps({"anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]})

    SchemaCompiler(limits=JsonLimits(max_depth=4)).compile(schema).check([[[[1]]]])
    with pytest.raises(TooLarge):
        SchemaCompiler().compile(schema)


def test_threads_compile_and_check_at_once() -> None:
    """Eight threads share one compiler, and each gets its own answer."""
    compiler = SchemaCompiler({"urn:n": {"type": "integer"}})

    def run(number: int) -> str:
        schema = compiler.compile(json.dumps({"title": str(number % 20), "items": {"$ref": "urn:n"}}))
        with pytest.raises(Invalid) as caught:
            schema.check([*range(number), "x"])
        return caught.value.fields[0]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(200))) == [f"payload/{number}" for number in range(200)]
