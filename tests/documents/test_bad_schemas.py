"""Bad schemas, by their number in the list of bad inputs: refused when registered, or harmless for ever."""

from __future__ import annotations

import builtins
import io
import json
import os
import socket
from typing import Any

import pytest

from tests.documents.test_bad_documents import run_apart
from xzepr.documents import JsonValue, SchemaCompiler, canonical, read_canonical
from xzepr.documents.compiling import CompiledSchema
from xzepr.documents.selfcheck import require_safe_validator
from xzepr.errors import Invalid, TooLarge

HERE: dict[str, Any] = {"$ref": "#"}
TEN_TO_THE_FIFTH = 100_000


def compiled(schema: object, **documents: JsonValue) -> CompiledSchema:
    """A schema, compiled."""
    return SchemaCompiler({name.replace("_", ":"): one for name, one in documents.items()}).compile(json.dumps(schema))


def refusal(schema: object, **documents: JsonValue) -> Invalid:
    """How a schema is refused."""
    with pytest.raises(Invalid) as caught:
        compiled(schema, **documents)
    return caught.value


def rejection(schema: object, document: JsonValue) -> Invalid:
    """How a schema refuses a document."""
    with pytest.raises(Invalid) as caught:
        compiled(schema).check(document)
    return caught.value


def nested(depth: int, name: str) -> JsonValue:
    """A document of one member in the other."""
    value: JsonValue = 1
    for _ in range(depth):
        value = {name: value}
    return value


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is opened while the test runs: sockets, files by every door that Python has."""
    require_safe_validator()
    found: list[str] = []

    def fail(*arguments: object, **_: object) -> None:
        found.append(repr(arguments))
        raise AssertionError(arguments)

    for module, name in [
        (socket, "socket"), (socket, "create_connection"), (socket, "getaddrinfo"),
        (builtins, "open"), (io, "open"), (os, "open"),
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, fail)
    return found


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/x", "https://example.test/x", "file:///etc/passwd", "ftp://example.test/x", "other.json",
        "../other.json", "urn:example:unknown", "//example.test/x", "#/$defs/nowhere", "#nowhere", "#/title",
        "data:,{}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_c019_references_to_what_is_not_known_are_refused(target: str, keyword: str, opened: list[str]) -> None:
    """Reached or not, a reference that leads outside is refused by name, and nothing is opened."""
    schema = {"title": "x", "$defs": {"unreached": {"properties": {"a": {keyword: target}}}}}

    assert refusal(schema).fields == (f"schema/$defs/unreached/properties/a/{keyword}",)
    assert opened == []


def test_c019_a_changed_base_is_followed_and_not_fetched(opened: list[str]) -> None:
    """An id changes what a relative reference means, also when only a fragment looks local."""
    schema = {"$id": "http://127.0.0.1:9/a", "$defs": {"b": {"$id": "file:///etc/", "$ref": "passwd"}}}

    assert refusal(schema).fields == ("schema/$defs/b/$ref",)
    assert opened == []


@pytest.mark.parametrize("named", ["http://127.0.0.1:9/draft", "file:///etc/passwd", "urn:unknown", "draft-07", 7, ""])
def test_c019_unknown_meta_schemas_are_refused(named: object, opened: list[str]) -> None:
    """At the root and in a part, a draft that is not known is refused, not fetched."""
    assert "schema/$schema" in refusal({"$schema": named}).fields
    assert "schema/$defs/a/$schema" in refusal({"$defs": {"a": {"$id": "urn:a", "$schema": named}}}).fields
    assert opened == []


def test_c019_recursive_references_of_2019_are_followed(opened: list[str]) -> None:
    """Its own keyword for references is guarded like the others."""
    schema = {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"$recursiveRef": "other.json"}}

    assert refusal(schema).fields == ("schema/items/$recursiveRef",)
    assert opened == []


def test_c019_a_user_and_a_password_are_not_repeated() -> None:
    """A refusal names the address without them."""
    assert "secret" not in str(refusal({"$ref": "http://me:secret@example.test/x"}))


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_c020_slow_patterns_are_harmless(pattern: str) -> None:
    """Patterns run in linear time: two hundred thousand characters are no trouble."""
    program = f"""
from xzepr.documents import SchemaCompiler
text = "a" * 200_000 + "!"
for schema in ({{"pattern": {pattern!r}}}, {{"patternProperties": {{{pattern!r}: False}}}},
               {{"propertyNames": {{"pattern": {pattern!r}}}}}):
    import json
    compiled = SchemaCompiler().compile(json.dumps(schema))
    try:
        compiled.check({{text: 1}} if "pattern" not in schema else text)
        print("accepted")
    except ValueError:
        pass
    except Exception as error:
        print(type(error).__name__)
"""
    assert set(run_apart(program).split()) <= {"accepted", "Invalid"}


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?=(?=(?=a)))"])
def test_c020_patterns_that_cannot_be_linear_are_refused(pattern: str) -> None:
    """Back-references and look-around are refused at registration, wherever a pattern may stand."""
    assert refusal({"pattern": pattern}).fields == ("schema/pattern",)
    assert "format regex" in str(refusal({"patternProperties": {pattern: True}}))
    assert "format regex" in str(refusal({"propertyNames": {"pattern": pattern}}))


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", "^(?<n>a)$", r"^\cA$", r"^\d$", r"^[^\S]$"])
def test_c021_patterns_of_the_dialect_are_accepted(pattern: str) -> None:
    """The dialect is ECMA 262 without look-around and back-references; a pattern of it never fails later."""
    schema = compiled({"pattern": pattern})

    for text in ("a", "é", "1", " ", "\x01"):
        try:
            schema.check(text)
        except Invalid as error:
            assert str(error).startswith("payload: does not match")  # noqa: PT017 - either answer is right


@pytest.mark.parametrize("pattern", ["[", "(", "*a", "a{2,1}", "(?P=n)", r"\p{Unknown}", "(?(1)a|b)", "a++"])
def test_c021_patterns_outside_the_dialect_are_refused(pattern: str) -> None:
    """What is no pattern of it is refused at registration."""
    assert refusal({"pattern": pattern}).fields == ("schema/pattern",)


def test_c021_patterns_that_grow_too_large_are_refused() -> None:
    """A short pattern that takes megabytes when compiled is refused."""
    assert refusal({"pattern": "(a{1000}){1000}"}).fields == ("schema/pattern",)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"$defs": {"a": {"allOf": [{"not": {"$ref": "#/$defs/a"}}]}}},
        {"$dynamicAnchor": "x", "$dynamicRef": "#x"},
        {"if": {"then": {}}, "else": {"dependentSchemas": {"a": {"$ref": "#/else"}}}},
    ],
)
def test_c022_schemas_that_apply_themselves_for_ever_are_refused(schema: object) -> None:
    """A reference that comes back to the same value is refused, reached or not."""
    assert "never ends" in str(refusal(schema))


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"properties": {"next": HERE}}, "next"),
        ({"properties": {"left": HERE, "right": HERE}, "additionalProperties": HERE}, "left"),
        ({"$dynamicAnchor": "n", "properties": {"next": {"$dynamicRef": "#n"}}}, "next"),
    ],
)
def test_c022_recursive_schemas_take_deep_documents(schema: object, name: str) -> None:
    """Trees and lists are checked to the greatest depth."""
    compiled(schema).check(nested(64, name))


def test_c022_deep_documents_fit_on_small_stacks() -> None:
    """The deepest document against the longest chain of schemas needs no more stack than a small thread has."""
    program = """
import json, threading
from xzepr.documents import SchemaCompiler
chain = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}]} for i in range(30)}
chain["d30"] = {"properties": {"a": {"$ref": "#/$defs/d0"}}}
schema = SchemaCompiler().compile(json.dumps({"$defs": chain, "$ref": "#/$defs/d0"}))
value = 1
for _ in range(64):
    value = {"a": value}
threading.stack_size(256 * 1024)
thread = threading.Thread(target=schema.check, args=(value,))
thread.start()
thread.join()
print("alive")
"""
    assert run_apart(program) == "alive"


def doubling(steps: int) -> dict[str, Any]:
    """A schema of a few bytes that applies two to the power of its steps to one value."""
    parts: dict[str, Any] = {"d0": {"type": "string"}}
    for step in range(1, steps + 1):
        parts[f"d{step}"] = {"allOf": [{"$ref": f"#/$defs/d{step - 1}"}] * 2}
    return {"$defs": parts, "$ref": f"#/$defs/d{steps}"}


def chained_unevaluated(steps: int) -> dict[str, Any]:
    """A schema in which each asks the next what it leaves unevaluated."""
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(steps):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        doubling(30),
        chained_unevaluated(20),
        {"anyOf": [{"properties": {"a": HERE}}, {"properties": {"a": HERE}}]},
        {"oneOf": [{"items": HERE}, {"items": HERE}]},
        {"properties": {"a": HERE}, "patternProperties": {"^a": HERE}},
        {"items": HERE, "contains": HERE},
        {"properties": {"a": HERE}, "unevaluatedProperties": HERE},
        {"dependentSchemas": {"a": {"additionalProperties": HERE}}, "additionalProperties": HERE},
    ],
)
def test_c023_schemas_that_explode_are_refused(schema: object) -> None:
    """Whatever lets one value be looked at again and again is refused at registration."""
    assert isinstance(refusal(schema), TooLarge)


def test_c023_many_unique_items_are_checked() -> None:
    """A hundred thousand objects are compared without comparing each with each."""
    rows: JsonValue = [{"k": number} for number in range(49_000)]

    compiled({"uniqueItems": True}).check(rows)


def test_c023_nested_contains_is_checked() -> None:
    """Each level of contains adds to the load, and does not multiply it."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(20):
        schema = {"contains": schema}

    assert rejection(schema, [[[]] * 10] * 100).fields == ("payload",)


def test_c023_costly_schemas_check_only_small_documents() -> None:
    """Where every value is compared with many numbers, a document of many values is refused unchecked."""
    schema = compiled({"items": {"enum": [number + 0.5 for number in range(40_000)]}})

    schema.check([1.5] * 100)
    with pytest.raises(TooLarge, match="too many for a schema as costly as this one"):
        schema.check([1.5] * 1000)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"title": "x" * 10_000_000}),
        json.dumps({"$defs": {f"d{number}": {} for number in range(TEN_TO_THE_FIFTH)}}),
        json.dumps({"enum": [0] * (TEN_TO_THE_FIFTH + 1)}),
        '{"not":' * 10_000 + "{}" + "}" * 10_000,
        '{"not":' * 65 + "{}" + "}" * 65,
        json.dumps({"pattern": "a" * 2_001}),
        json.dumps({"allOf": [{"pattern": f"a{number}"} for number in range(201)]}),
    ],
    ids=["bytes", "definitions", "values", "deep", "a little too deep", "long pattern", "many patterns"],
)
def test_c024_large_schemas_are_refused(text: str) -> None:
    """Each limit on a schema is a limit by name."""
    with pytest.raises(TooLarge) as caught:
        SchemaCompiler().compile(text)

    assert caught.value.violations[0].limit


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"properties": {"a": {"type": "foo"}}}, "schema/properties/a/type"),
        ({"minimum": "a"}, "schema/minimum"),
        ({"required": True}, "schema/required"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "foo"}, "schema/type"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "schema/$schema"),
        ("x", "schema"), (None, "schema"), (7, "schema"), ([], "schema"),
    ],
)  # fmt: skip
def test_c025_what_is_no_schema_is_refused(schema: object, field: str) -> None:
    """By the meta-schema of its draft, and with the place."""
    assert refusal(schema).fields == (field,)


def test_c025_everything_wrong_with_a_schema_is_said_at_once() -> None:
    """One refusal lists all its faults."""
    assert set(refusal({"type": "foo", "minimum": "a", "required": True}).fields) == {
        "schema/type", "schema/minimum", "schema/required",
    }  # fmt: skip


def test_c025_a_schema_without_draft_is_of_2020() -> None:
    """And so prefixItems means something in it."""
    schema = compiled({"prefixItems": [{"type": "string"}]})

    assert schema.draft == "draft 2020-12"
    with pytest.raises(Invalid):
        schema.check([1])


def test_c025_boolean_schemas_are_schemas() -> None:
    """True accepts everything, and says so; false accepts nothing."""
    assert compiled(schema=True).accepts_anything
    compiled(schema=True).check(None)
    assert not compiled(schema=False).accepts_anything
    assert str(rejection(schema=False, document=None)) == "payload: is not allowed here"


@pytest.mark.parametrize(
    ("format_", "right", "wrong"),
    [
        ("date-time", "2026-11-23T04:51:34Z", "2026-11-23 04:51"),
        ("uri", "http://example.test/a", "not a uri"),
        ("email", "a@example.test", "a"),
        ("regex", "^a", "["),
    ],
)
@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
)
def test_c026_formats_are_asserted(format_: str, right: str, wrong: str, draft: str) -> None:
    """The same format means the same in every draft."""
    schema = compiled({"$schema": draft, "format": format_})

    schema.check(right)
    with pytest.raises(Invalid, match=f"does not have the format {format_}"):
        schema.check(wrong)


def test_c026_unknown_formats_are_annotations() -> None:
    """As the specification says."""
    compiled({"format": "colour"}).check("x")


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"const": 1}, [1, 1.0], [True, "1"]),
        ({"enum": [True]}, [True], [1, 1.0]),
        ({"type": "integer"}, [1, 1.0, -0.0, 1e20], [1.5, True]),
        ({"multipleOf": 0.01}, [0.07, 4.35, 1], [0.075]),
        ({"const": 0}, [0, -0.0, 0.0], [False]),
        ({"uniqueItems": True}, [[1, True], [0, False]], [[1, 1.0]]),
        ({"maximum": 9007199254740991}, [9007199254740991], [9007199254740992.0]),
    ],
)
def test_c027_numbers_and_booleans_are_told_apart(schema: object, right: list[Any], wrong: list[Any]) -> None:
    """As the JSON Schema suite says: one is not true, and 1.0 is an integer."""
    for value in right:
        compiled(schema).check(read_canonical(canonical(value)))
    for value in wrong:
        with pytest.raises(Invalid):
            compiled(schema).check(value)


def test_c028_reports_are_bounded() -> None:
    """Of a hundred thousand failures a hundred are listed, with the word that there are more."""
    error = rejection({"items": {"type": "string"}}, [1] * 99_999)

    assert len(error.violations) == 100
    assert error.truncated


def test_c028_where_listing_all_would_take_long_only_the_first_is_listed() -> None:
    """A schema that could report millions reports one."""
    error = rejection({"items": {"required": [f"k{number}" for number in range(1000)]}}, [{}] * 1000)

    assert error.fields == ("payload/0",)


SECRET = "hunter2" * 10

VALUE_SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer"}, {"const": 1}, {"enum": [1, 2]}, {"maxLength": 1}, {"minLength": 1000}, {"pattern": "^z$"},
    {"format": "date"}, {"not": {"type": "string"}}, {"anyOf": [{"type": "null"}]}, {"oneOf": [{"type": "null"}]},
    {"oneOf": [True, True]}, {"allOf": [False]}, {"if": True, "then": False},
]  # fmt: skip


@pytest.mark.parametrize("schema", VALUE_SCHEMAS, ids=lambda schema: next(iter(schema)))
def test_c028_failing_values_are_not_repeated(schema: dict[str, Any]) -> None:
    """Neither the value nor a part of it is in the message, whatever keyword refused it."""
    error = rejection({"properties": {"a": schema}}, {"a": SECRET})

    assert error.fields == ("payload/a",)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "schema",
    [
        {"maxItems": 0}, {"uniqueItems": True}, {"contains": {"type": "null"}}, {"items": {"maxLength": 1}},
        {"prefixItems": [True], "items": False}, {"unevaluatedItems": False}, {"const": []},
    ],
    ids=lambda schema: next(iter(schema)),
)  # fmt: skip
def test_c028_failing_items_are_not_repeated(schema: dict[str, Any]) -> None:
    """Neither are the items of a list."""
    assert "hunter2" not in str(rejection(schema, [SECRET, SECRET]))


def test_c028_long_names_are_cut() -> None:
    """A member is named, but not by a megabyte."""
    name = "n" * 1_000_000

    for schema in (
        {"additionalProperties": False},
        {"additionalProperties": {"type": "null"}},
        {"propertyNames": False},
    ):
        assert len(str(rejection(schema, {name: 1}))) < 300
