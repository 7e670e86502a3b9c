"""The static guard: no schema may cost more than a bounded amount of work for each value of a document.

A schema is judged here, when it is registered, rather than left to hang or crash a validator later:

* every reference leads somewhere that is known (:mod:`xzepr.documents.references`);
* its patterns, which are compiled one by one, are not too many and not too long;
* *in place*, where ``allOf``, ``$ref`` and their like apply schemas to the same value, nothing comes back to itself, is
  applied too often, or nests too deep (:mod:`xzepr.documents.graph`);
* the *load*, how many schemas can look at one value of a deep document, is bounded (:mod:`xzepr.documents.load`).
  Trees and lists pass, recursion that branches on the same value does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xzepr.documents.graph import MAX_LOAD, Graph, Vertex
from xzepr.documents.load import Plans
from xzepr.documents.references import Closure, Place
from xzepr.errors import Violation, refuse

MAX_PATTERNS = 200
"""How many different patterns a schema may have, with all that it refers to (the real ones measured: 24 at most)."""

MAX_PATTERN_LENGTH = 2_000
"""How many characters one pattern may have."""


def judge(closure: Closure, schema: dict[str, Any], *, depth: int) -> int:
    """Decide whether a schema may be used.

    Args:
        closure: The schema and all that it refers to.
        schema: The schema.
        depth: The greatest depth of the documents that it is to check.

    Returns:
        What checking a document can cost for each of its values: the schemas that look at it, and the lists in them.

    Raises:
        TooLarge: It is beyond a limit.
        Invalid: A reference leads nowhere, or never ends.
    """
    refuse([*closure.violations, *_patterns(closure.places.values())])
    plans = Plans(Graph(closure), id(schema))
    plans.load(_schemas, depth=depth, limit=MAX_LOAD)
    return plans.load(_work, depth=depth)


def _schemas(vertex: Vertex) -> int:
    return vertex.schemas


def _work(vertex: Vertex) -> int:
    return vertex.work


def _patterns(places: Iterable[Place]) -> Iterator[Violation]:
    seen: set[str] = set()
    for place in places:
        for steps, pattern in _patterns_of(place.schema):
            if len(pattern) > MAX_PATTERN_LENGTH:
                reason = f"is a pattern of more than {MAX_PATTERN_LENGTH} characters"
                yield Violation(place.field(*steps), reason, MAX_PATTERN_LENGTH)
            seen.add(pattern)
    if len(seen) > MAX_PATTERNS:
        yield Violation("schema", f"has more than {MAX_PATTERNS} different patterns", MAX_PATTERNS)


def _patterns_of(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(pattern := schema.get("pattern"), str):
        yield ("pattern",), pattern
    if isinstance(named := schema.get("patternProperties"), dict):
        for name in named:
            yield ("patternProperties", name), name
