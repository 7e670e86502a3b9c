"""The load of a schema: how many schemas can look at one value of a document.

It is computed for documents of growing depth. A document without depth is looked at by what is applied in place. Of a
deeper one, every slot (a member of one name, an item at one index) is looked at by everything that those schemas say
about it, each with its own load in a document of one level less; the slot with the largest sum counts. So a schema of
two slots that recurses in each has the load of one, and a schema that recurses twice in one slot doubles its load on
every level.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from xzepr.documents.graph import Graph, Loads, Refused, Slots, Vertex
from xzepr.errors import Violation

MOST = 10**12
"""A load above this is not computed further."""

Measure = Callable[[Vertex], int]


@attrs.define(eq=False)
class _Plan:
    """What happens to the slots of a value that one schema is applied to.

    Args:
        key: The schema.
        own: What looks at the value itself.
        names: What looks at the name of a member.
        sides: For objects and for arrays: what looks at every slot, and by how much each named slot differs.
    """

    key: int
    own: int
    names: int
    sides: list[tuple[Loads, list[Loads]]]


def load(graph: Graph, root: int, measure: Measure, *, depth: int, limit: int = MOST) -> int:
    """Compute the load of a schema.

    Args:
        graph: The schema and all that it refers to.
        root: The schema, by identity.
        measure: What one schema counts.
        depth: The greatest depth of a document.
        limit: The greatest load that is allowed.

    Returns:
        The load.

    Raises:
        Refused: The load is above the limit.
    """
    plans = _plans(graph, root, measure)
    loads = {plan.key: plan.own for plan in plans}
    for _ in range(depth):
        found = {plan.key: _step(plan, loads) for plan in plans}
        if found == loads:
            break
        loads = found
        for key, value in loads.items():
            if value > limit:
                reason = f"lets more than {limit} schemas look at one value of a deep document: recurse only once"
                raise Refused(Violation(graph.vertices[key].place.field(), reason, limit))
    return loads[root]


def _step(plan: _Plan, loads: Loads) -> int:
    best = plan.own
    for names, (every, differences) in zip((plan.names, 0), plan.sides, strict=True):
        total = names + sum([times * loads[key] for key, times in every.items()])
        best = max(best, total)
        for difference in differences:
            best = max(best, total + sum([times * loads[key] for key, times in difference.items()]))
    return min(best, MOST)


def _plans(graph: Graph, root: int, measure: Measure) -> list[_Plan]:
    """Plan for every schema that looks at some value: the root, and whatever stands in a slot of one that does."""
    weights = {key: measure(vertex) for key, vertex in graph.vertices.items()}
    keys, met, plans = [root], {root}, []
    for key in keys:  # which grows meanwhile
        plans.append(plan := _plan(graph, key, weights))
        for every, differences in plan.sides:
            for loads in (every, *differences):
                keys += loads.keys() - met
                met |= loads.keys()
    return plans


def _plan(graph: Graph, key: int, weights: Loads) -> _Plan:
    checked = graph.applied[key].checked
    plan = _Plan(key, _sum(checked, weights), 0, [])
    for side in (_members, _items):
        every: Loads = {}
        named: dict[str | int, Loads] = {}
        for inner, times in checked.items():
            slots = side(graph.vertices[inner])
            _plan_slots(slots, times, every, named)
            graph.count(len(slots.named) + len(slots.rest) + len(slots.every))
        plan.sides.append((every, list(named.values())))
    for inner, times in checked.items():
        for target in graph.vertices[inner].names:
            plan.names += times * _sum(graph.applied[target].checked, weights)
    return plan


def _members(vertex: Vertex) -> Slots:
    return vertex.members


def _items(vertex: Vertex) -> Slots:
    return vertex.items


def _plan_slots(slots: Slots, times: int, every: Loads, named: dict[str | int, Loads]) -> None:
    for target in (*slots.every, *slots.rest):
        every[target] = every.get(target, 0) + times
    for name, only in slots.named.items():
        loads = named.setdefault(name, {})
        if only is not None:
            loads[only] = loads.get(only, 0) + times
        for other in slots.rest:
            loads[other] = loads.get(other, 0) - times


def _sum(loads: Loads, weights: Loads) -> int:
    return sum(times * weights[key] for key, times in loads.items())
