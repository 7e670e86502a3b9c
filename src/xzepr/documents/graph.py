"""Which schemas look at the same value: the schemas of a closure as a graph.

Two kinds of edges lead from a schema to others: *in place*, to schemas that are applied to the same value, and through
*slots*, to schemas that are applied to one member or one item of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from xzepr.documents.references import Closure, Place
from xzepr.errors import Invalid, TooLarge, Violation

MAX_LOAD = 10_000
"""How many schemas may look at one value."""

MAX_IN_PLACE = 64
"""How many schemas may apply each other in a row to one value; with the depth of documents this bounds the stack."""

MAX_EDGES = 500_000
"""How many edges are followed until a schema is refused as too interlinked (real ones measured: at most 54,000)."""

ENUM_WORK = 20
"""What comparing with a number, array or object costs, in schemas looked at (measured: 1.7 µs against 0.1)."""

_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})

Loads = dict[int, int]
"""How often each schema, by identity, is applied."""


@attrs.define(eq=False)
class Slots:
    """What a schema says about the members, or about the items, of a value.

    Args:
        named: The schema for one member or item, ``None`` where that is just ``true`` or ``false``.
        rest: Schemas for those that are not named.
        every: Schemas for all of them.
    """

    named: dict[str | int, int | None] = attrs.field(factory=dict)
    rest: list[int] = attrs.field(factory=list)
    every: list[int] = attrs.field(factory=list)


@attrs.define(eq=False)
class Vertex:
    """One schema that is an object.

    Args:
        place: Where it stands.
        referred: What its references apply to the same value: for each the schemas of which it is one.
        inner: The schemas in it that are applied to the same value.
        members: What it says about the members of an object.
        items: What it says about the items of an array.
        names: What it applies to the names of members.
        booleans: How many of the schemas in it are just ``true`` or ``false``.
        asked: What is applied to members and items once more, where an outer schema asks what is left unevaluated.
        marks: It asks that itself.
    """

    place: Place
    referred: list[list[int]] = attrs.field(factory=list)
    inner: list[int] = attrs.field(factory=list)
    members: Slots = attrs.field(factory=Slots)
    items: Slots = attrs.field(factory=Slots)
    names: list[int] = attrs.field(factory=list)
    asked: list[int] = attrs.field(factory=list)
    booleans: int = 0
    marks: bool = False

    @property
    def in_place(self) -> list[int]:
        """All that may be applied to the same value."""
        return [*self.inner, *(target for targets in self.referred for target in targets)]

    @property
    def schemas(self) -> int:
        """How many schemas it is: itself, and those in it that are just ``true`` or ``false``."""
        return 1 + self.booleans

    @property
    def work(self) -> int:
        """What applying it can cost, and how many violations it alone can report: it counts its lists too."""
        schema = self.place.schema
        values = schema.get("enum")
        compared = sum(type(value) is not str for value in values) if isinstance(values, list) else 0
        dependent = schema.get("dependentRequired", schema.get("dependencies"))
        lists = [schema.get("required"), *(dependent.values() if isinstance(dependent, dict) else ())]
        return self.schemas + ENUM_WORK * compared + sum(len(names) for names in lists if isinstance(names, list))


@attrs.frozen(eq=False)
class Applied:
    """The schemas that one schema applies to the same value, itself among them.

    Asked by an outer schema what is left unevaluated, the validator applies what stands in ``allOf`` and its like once
    more, to see whether it counts; it only passes through references (read in jsonschema-rs, measured: a chain of
    schemas that all ask takes 2.7 times longer with each).

    Args:
        checked: How often each is applied.
        asked: How often each is asked what it leaves unevaluated.
        again: How often each is applied because an outer schema asks.
        again_asked: How often each is asked because an outer schema asks.
        height: The longest row of schemas that apply each other.
    """

    checked: Loads
    asked: Loads
    again: Loads
    again_asked: Loads
    height: int


class Graph:
    """The schemas of a closure.

    Args:
        closure: The schemas; all their references are resolved.

    Raises:
        TooLarge: A schema applies too many others to the same value.
        Invalid: One comes back to itself there.
    """

    def __init__(self, closure: Closure) -> None:
        self.vertices = {key: _vertex(place, closure) for key, place in closure.places.items()}
        self.applied: dict[int, Applied] = {}
        self._edges = 0
        for key in self.vertices:
            self._settle(key)

    def count(self, edges: int) -> None:
        """Count edges followed.

        Raises:
            TooLarge: There are too many of them.
        """
        self._edges += edges
        if self._edges > MAX_EDGES:
            reason = "refers to itself too often to be judged: split it into several schemas"
            raise TooLarge([Violation("schema", reason, MAX_EDGES)])

    def _settle(self, start: int) -> None:
        """Find what is applied in place, innermost schemas first; a stack of our own, for the way may be long."""
        stack, entered = [start], set[int]()
        while stack:
            key = stack[-1]
            if key in self.applied:
                stack.pop()
            elif key in entered:
                self.applied[key] = self._apply(self.vertices[key])
                entered.remove(key)
            else:
                entered.add(key)
                below = self.vertices[key].in_place
                if not entered.isdisjoint(below):
                    reason = "applies itself to the same value again: such a reference never ends"
                    raise Invalid([Violation(self.vertices[key].place.field(), reason)])
                stack += below

    def _apply(self, vertex: Vertex) -> Applied:
        key = id(vertex.place.schema)
        checked, asked, again, again_asked = {key: 1}, dict[int, int](), dict[int, int](), {key: 1}
        for inner in vertex.inner:
            one = self.applied[inner]
            for to, more in (
                (checked, one.checked),
                (asked, one.asked),
                (again, one.checked),
                (again_asked, one.asked),
            ):
                add(to, more)
            add(again, one.again)
            add(again_asked, one.again_asked)
        for targets in vertex.referred:
            found = [self.applied[target] for target in targets]
            add(checked, _largest([one.checked for one in found]))
            add(asked, _largest([one.asked for one in found]))
            add(again, _largest([one.again for one in found]))
            add(again_asked, _largest([one.again_asked for one in found]))
        if vertex.marks:
            add(checked, again)
            add(asked, again_asked)
        height = 1 + max((self.applied[target].height for target in vertex.in_place), default=0)
        self.count(len(checked) + len(asked) + len(again) + len(again_asked))
        self._limit(
            vertex, sum(checked.values()) + sum(asked.values()), MAX_LOAD, "schemas to the same value: split it"
        )
        self._limit(vertex, height, MAX_IN_PLACE, "schemas one inside the other to the same value: flatten it")
        return Applied(checked, asked, again, again_asked, height)

    def _limit(self, vertex: Vertex, found: int, limit: int, what: str) -> None:
        if found > limit:
            raise TooLarge([Violation(vertex.place.field(), f"applies more than {limit} {what}", limit)])


def add(to: Loads, more: Loads, times: int = 1) -> None:
    """Add to how often each schema is applied, so many times."""
    for key, number in more.items():
        to[key] = to.get(key, 0) + times * number


def _largest(alternatives: list[Loads]) -> Loads:
    """One of several is applied: of each schema no more than the alternative that applies it most."""
    if len(alternatives) == 1:
        return alternatives[0]
    largest: Loads = {}
    for loads in alternatives:
        for key, times in loads.items():
            largest[key] = max(times, largest.get(key, 0))
    return largest


def _vertex(place: Place, closure: Closure) -> Vertex:
    vertex = Vertex(place)
    for targets in closure.alternatives(place):
        vertex.referred.append([id(target) for target in targets if isinstance(target, dict)])
        vertex.booleans += sum(isinstance(target, bool) for target in targets)
    schema = place.schema
    if place.draft.named_by_fragment and "$ref" in schema:
        return vertex
    vertex.marks = "unevaluatedProperties" in schema or "unevaluatedItems" in schema
    for keyword, name, member in place.draft.schemas(schema):
        vertex.booleans += isinstance(member, bool)
        target = id(member) if isinstance(member, dict) else None
        if name is not None and keyword in {"properties", "prefixItems", "items"}:
            (vertex.members if keyword == "properties" else vertex.items).named[name] = target
        elif target is not None and (to := _list_for(vertex, keyword, schema)) is not None:
            to.append(target)
            if keyword in {"unevaluatedProperties", "unevaluatedItems", "contains"}:
                vertex.asked.append(target)
        elif target is not None and keyword in _IN_PLACE:
            vertex.inner.append(target)
    return vertex


def _list_for(vertex: Vertex, keyword: str, schema: Mapping[str, Any]) -> list[int] | None:
    match keyword:
        case "additionalProperties":
            found = vertex.members.rest
        case "patternProperties" | "unevaluatedProperties":
            found = vertex.members.every
        case "propertyNames":
            found = vertex.names
        case "contains" | "unevaluatedItems":
            found = vertex.items.every
        case "items":
            found = vertex.items.rest
        case "additionalItems" if isinstance(schema.get("items"), list):
            found = vertex.items.rest
        case _:
            return None
    return found
