"""The guard: what it refuses, what it lets pass, and that its numbers are upper bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzepr.documents import graph, guard, load
from xzepr.documents.drafts import DRAFTS, LATEST, Draft
from xzepr.documents.guard import judge
from xzepr.documents.references import Closure
from xzepr.errors import Invalid, TooLarge

HERE: dict[str, Any] = {"$ref": "#"}
DRAFT7, DRAFT2019 = DRAFTS[2], DRAFTS[3]


def work(schema: dict[str, Any], draft: Draft = LATEST, depth: int = 64) -> int:
    """What a schema costs; fresh objects, for the guard knows schemas by identity."""
    copy = json.loads(json.dumps(schema))
    return judge(Closure(copy, draft, {}), copy, depth=depth)


def refusal(schema: dict[str, Any], draft: Draft = LATEST) -> str:
    """Why a schema is too large."""
    with pytest.raises(TooLarge) as caught:
        work(schema, draft)
    return str(caught.value)


@pytest.mark.parametrize(
    ("schema", "cost"),
    [
        ({}, 1),
        ({"type": "object", "minProperties": 1}, 1),
        ({"allOf": [{}, {}], "not": {}}, 4),
        ({"allOf": [True, False]}, 3),
        ({"properties": {"a": {}, "b": {}}}, 1),
        ({"properties": {"a": {"allOf": [{}, {}]}}}, 3),
        ({"properties": {"a": {}}, "additionalProperties": {"not": {}}}, 2),
        ({"properties": {"a": {}}, "patternProperties": {"": {"not": {}}}}, 3),
        ({"properties": {"a": False}, "additionalProperties": {"allOf": [{}, {}]}}, 3),
        ({"prefixItems": [{}, {"not": {}}], "items": {}, "contains": {}}, 3),
        ({"propertyNames": {"allOf": [{}, {}]}, "additionalProperties": {}}, 4),
        ({"required": ["a", "b", "c"]}, 4),
        ({"dependentRequired": {"a": ["b", "c"], "d": []}}, 3),
        ({"enum": ["a", 1, None, {}]}, 61),
        ({"properties": {"next": HERE}}, 2),
        ({"properties": {"left": HERE, "right": HERE}}, 2),
        ({"if": {}, "then": {}, "else": {}}, 4),
        ({"contentSchema": {"allOf": [{}, {}]}}, 1),
    ],
)
def test_the_load_is_what_looks_at_one_value(schema: dict[str, Any], cost: int) -> None:
    """Schemas in place add up, slots do not: the most looked-at slot counts."""
    assert work(schema) == cost


def test_old_drafts_take_items_in_lists() -> None:
    """There additionalItems is for the items behind the list, and means nothing without one."""
    heavy: dict[str, Any] = {"allOf": [{}, {}, {}]}

    assert work({"items": [{}, {}], "additionalItems": heavy}, DRAFT7) == 4
    assert work({"items": {}, "additionalItems": heavy}, DRAFT7) == 1


def test_old_drafts_ignore_what_is_beside_a_reference() -> None:
    """So it costs nothing."""
    schema = {"definitions": {"a": {}}, "$ref": "#/definitions/a", "allOf": [{}, {}, {}]}

    assert work(schema, DRAFT7) == 2
    assert work(schema, DRAFT2019) == 5


def test_of_dynamic_references_the_costliest_counts() -> None:
    """One of them is taken, so their costs do not add up."""
    parts = {
        "a": {"$id": "urn:a", "$dynamicAnchor": "x", "allOf": [{}, {}]},
        "b": {"$id": "urn:b", "$dynamicAnchor": "x", "allOf": [{}, {}, {}]},
    }

    fixed = work({"$defs": parts, "items": {"$ref": "urn:a"}})

    assert fixed == 1 + 3
    assert fixed < work({"$defs": parts, "items": {"$ref": "urn:a", "$dynamicRef": "urn:a#x"}}) < fixed + 3 + 4 + 1


def test_asking_what_is_left_costs_again() -> None:
    """Every schema that asks lets those inside it be applied once more."""
    schema: dict[str, Any] = {"properties": {"a": {}}}
    costs = []
    for _ in range(4):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
        costs.append(work(schema))

    assert costs[3] > 2 * costs[2] > 4 * costs[1]


def test_strict_trees_pass() -> None:
    """The example of the specification: a tree, extended by a schema that asks what the tree leaves."""
    tree = {
        "$id": "urn:tree", "$dynamicAnchor": "node",
        "properties": {"data": True, "children": {"items": {"$dynamicRef": "#node"}}},
    }  # fmt: skip
    strict = {"$dynamicAnchor": "node", "$ref": "urn:tree", "unevaluatedProperties": False, "$defs": {"tree": tree}}

    assert work(strict) < 20


@pytest.mark.parametrize("depth", [1, 8, 64])
def test_recursion_is_followed_to_the_depth_of_documents(depth: int) -> None:
    """Two schemas on each level are two to the power of the depth on the last."""
    schema = {"$defs": {"a": {"properties": {"x": {"allOf": [{"$ref": "#/$defs/a"}]}}}}, "$ref": "#/$defs/a"}
    both = {"anyOf": [{"properties": {"a": HERE}}, {"properties": {"a": HERE}}]}

    assert work(schema, depth=depth) == 3
    if depth <= 8:
        assert work(both, depth=depth) == 4 * 2**depth
    else:
        assert "lets more than 10000 schemas look at one value" in refusal(both)


def test_slow_growth_is_growth() -> None:
    """A chain of recursions, none of which branches, still adds up to a power of the depth."""
    parts: dict[str, Any] = {"d8": True}
    for number in range(8):
        both = [{"$ref": f"#/$defs/d{number}"}, {"$ref": f"#/$defs/d{number + 1}"}]
        parts[f"d{number}"] = {"properties": {"a": {"allOf": both}}}

    assert "lets more than" in refusal({"$defs": parts, "$ref": "#/$defs/d0"})


def test_too_much_in_place_is_refused_where_it_is() -> None:
    """Also in a part that nothing reaches."""
    parts: dict[str, Any] = {"d0": {}}
    for number in range(1, 20):
        parts[f"d{number}"] = {"allOf": [{"$ref": f"#/$defs/d{number - 1}"}] * 2}

    assert refusal({"$defs": parts}).startswith("schema/$defs/d12: applies more than 10000 schemas")


def test_long_chains_are_refused() -> None:
    """Each schema in a row is a frame on the stack."""
    parts: dict[str, Any] = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(64)}

    assert work({"$defs": parts | {"d64": {}, "d0": {}, "d1": {}}, "$ref": "#/$defs/d3"}) == 63
    assert "applies more than 64 schemas one inside the other" in refusal({"$defs": parts | {"d64": {}}})


def test_too_interlinked_schemas_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard limits its own work too."""
    monkeypatch.setattr(graph, "MAX_EDGES", 100)
    parts = {f"d{number}": {"$ref": f"#/$defs/d{number - 1}"} if number else {} for number in range(30)}

    assert "too often to be judged" in refusal({"$defs": parts})


def test_hostile_schemas_do_not_cost_the_guard_much() -> None:
    """A schema in which everything refers to one large part is judged by counting, and refused by the count."""
    part: dict[str, Any] = {"allOf": [{"not": {}} for _ in range(4_000)]}
    users = {f"d{number}": {"$ref": "#/$defs/part"} for number in range(2_000)}

    assert "too often to be judged" in refusal({"$defs": {"part": part, **users}})


def test_everything_referring_to_everything_is_refused() -> None:
    """Each of two hundred parts refers to a hundred others: more edges than are followed."""
    parts = {
        f"d{part}": {"properties": {f"p{name}": {"$ref": f"#/$defs/d{(part + name) % 200}"} for name in range(100)}}
        for part in range(200)
    }

    assert "too often to be judged" in refusal({"$defs": parts, "$ref": "#/$defs/d0"})


def test_the_load_is_not_computed_for_ever() -> None:
    """Where only the work grows, it stops at a number that no document may have."""
    schema = {"enum": [0.5] * 50, "anyOf": [{"items": HERE}, {"items": HERE}]}

    with pytest.raises(TooLarge):
        work(schema)
    copy = json.loads(json.dumps(schema))
    plans = load.Plans(graph.Graph(Closure(copy, LATEST, {})), id(copy))
    assert plans.load(lambda vertex: vertex.work, depth=64) == load.MOST


@pytest.mark.parametrize("where", ["pattern", "patternProperties"])
def test_patterns_are_limited(where: str) -> None:
    """In length each, in number together."""
    long = "a" * (guard.MAX_PATTERN_LENGTH + 1)

    assert "more than 2000 characters" in refusal({"pattern": long} if where == "pattern" else {where: {long: {}}})
    many: list[dict[str, Any]] = [
        {"pattern": f"{n}"} if where == "pattern" else {where: {f"{n}": {}}} for n in range(201)
    ]
    assert "more than 200 different patterns" in refusal({"$defs": dict(zip(map(str, range(201)), many, strict=True))})


def test_equal_patterns_count_once() -> None:
    """Two thousand places for one pattern are one pattern."""
    assert work({"$defs": {str(number): {"pattern": "a"} for number in range(2_000)}}) == 1


def test_references_that_lead_nowhere_come_first() -> None:
    """There is no graph without them."""
    with pytest.raises(Invalid, match=r"schema/\$ref: refers to urn:nothing"):
        work({"$ref": "urn:nothing", "allOf": [HERE]})


SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([True, {}, {"type": "object"}, HERE, {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({}, optional={
            "allOf": st.lists(inner, min_size=1, max_size=2), "not": inner,
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner, "patternProperties": st.fixed_dictionaries({"^a": inner}),
            "items": inner, "contains": inner, "prefixItems": st.lists(inner, min_size=1, max_size=2),
        }),
    ),
    max_leaves=10,
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.just(1), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(SCHEMAS, SCHEMAS, SCHEMAS, VALUES)
def test_the_load_is_an_upper_bound(root: Any, a: Any, b: Any, value: Any) -> None:  # noqa: ANN401 - JSON of any shape
    """No value of a document is ever looked at by more schemas, counted by a naive evaluator that skips nothing."""
    schema = {**(root if isinstance(root, dict) else {"not": root}), "$defs": {"a": a, "b": b}}
    try:
        cost = work(schema)
    except Invalid:
        return
    counts: dict[tuple[object, ...], int] = {}

    _evaluate(schema, value, (), schema, counts)

    assert max(counts.values()) <= cost


def _evaluate(  # in document order, and without ever stopping early
    schema: Any,  # noqa: ANN401 - JSON of any shape
    value: Any,  # noqa: ANN401
    path: tuple[object, ...],
    root: Any,  # noqa: ANN401
    counts: dict[tuple[object, ...], int],
) -> None:
    counts[path] = counts.get(path, 0) + (1 if isinstance(schema, dict) else 0)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        _evaluate(root if name == "#" else root["$defs"][name], value, path, root, counts)
    for part in (*schema.get("allOf", ()), *((schema["not"],) if "not" in schema else ())):
        _evaluate(part, value, path, root, counts)
    for name, member in value.items() if isinstance(value, dict) else ():
        for part in _for_member(schema, name):
            _evaluate(part, member, (*path, name), root, counts)
    for index, item in enumerate(value) if isinstance(value, list) else ():
        for part in _for_item(schema, index):
            _evaluate(part, item, (*path, index), root, counts)


def _for_member(schema: dict[str, Any], name: str) -> list[Any]:
    patterned = list(schema.get("patternProperties", {}).values()) if name == "a" else []
    if name in schema.get("properties", {}):
        return [schema["properties"][name], *patterned]
    return patterned or ([schema["additionalProperties"]] if "additionalProperties" in schema else [])


def _for_item(schema: dict[str, Any], index: int) -> list[Any]:
    prefix = schema.get("prefixItems", [])
    found = [prefix[index]] if index < len(prefix) else [schema["items"]] if "items" in schema else []
    return [*found, *([schema["contains"]] if "contains" in schema else [])]
