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

from xzepr.documents.graph import Graph, Loads, Slots, Vertex, add
from xzepr.errors import TooLarge, Violation

MOST = 10**12
"""A load above this is not computed further."""

Measure = Callable[[Vertex], int]


@attrs.define(eq=False)
class _Plan:
    """What happens to a value that one schema is applied to.

    Args:
        key: The schema.
        own: The schemas that look at the value itself.
        names: The schemas that look at the name of each member.
        sides: For objects and for arrays: what looks at every slot, and by how much each named slot differs.
    """

    key: int
    own: Loads
    names: Loads
    sides: list[tuple[Loads, list[Loads]]]

    @property
    def size(self) -> int:
        """How many numbers it adds up."""
        return sum(len(every) + sum(map(len, differences)) for every, differences in self.sides)


class Plans:
    """The schemas that look at some value: the root, and whatever stands in a slot of one that does.

    Args:
        graph: The schema and all that it refers to.
        root: The schema, by identity.

    Raises:
        TooLarge: They are too interlinked.
    """

    def __init__(self, graph: Graph, root: int) -> None:
        self._graph = graph
        self._root = root
        self._plans: list[_Plan] = []
        keys, met = [root], {root}
        for key in keys:  # which grows meanwhile
            plan = _plan(graph, key)
            self._plans.append(plan)
            for every, differences in plan.sides:
                for loads in (every, *differences):
                    new = [target for target in loads if target not in met]
                    keys += new
                    met.update(new)

    def load(self, measure: Measure, *, depth: int, limit: int = MOST) -> int:
        """Compute the load.

        Args:
            measure: What one schema counts.
            depth: The greatest depth of a document.
            limit: The greatest load that is allowed.

        Returns:
            The load of the root.

        Raises:
            TooLarge: A load is above the limit.
        """
        weights = {key: measure(vertex) for key, vertex in self._graph.vertices.items()}
        loads = {plan.key: _sum(plan.own, weights) for plan in self._plans}
        own = dict(loads)
        names = {plan.key: _sum(plan.names, weights) for plan in self._plans}
        deep = [plan for plan in self._plans if plan.sides]
        edges = sum(plan.size for plan in deep)
        for _ in range(depth):
            self._graph.count(edges)
            found = {plan.key: max(own[plan.key], _heaviest(plan, names[plan.key], loads)) for plan in deep}
            if all(loads[key] == value for key, value in found.items()):
                break
            loads |= found
            self._limit(found, limit)
        return loads[self._root]

    def _limit(self, loads: Loads, limit: int) -> None:
        for key, value in loads.items():
            if value > limit:
                reason = f"lets more than {limit} schemas look at one value of a deep document: recurse only once"
                raise TooLarge([Violation(self._graph.vertices[key].place.field(), reason, limit)])


def _heaviest(plan: _Plan, names: int, loads: Loads) -> int:
    """Find the slot that most look at."""
    best = 0
    for every, differences in plan.sides:
        total = names + _sum(every, loads)
        best = max(best, total, *[total + _sum(difference, loads) for difference in differences])
    return min(best, MOST)


def _plan(graph: Graph, key: int) -> _Plan:
    applied = graph.applied[key]
    plan = _Plan(key, applied.checked, {}, [])
    asked: Loads = {}
    for inner, times in applied.asked.items():
        for target in graph.vertices[inner].asked:
            add(asked, {target: times})
    vertices = [(graph.vertices[inner], times) for inner, times in applied.checked.items()]
    for side in (_members, _items):
        every, named = dict(asked), dict[str | int, Loads]()
        for vertex, times in vertices:
            slots = side(vertex)
            _plan_slots(slots, times, every, named)
            graph.count(len(slots.named) + len(slots.rest) + len(slots.every))
        if every or named:
            plan.sides.append((every, list(named.values())))
    for vertex, times in vertices:
        for target in vertex.names:
            add(plan.names, graph.applied[target].checked, times)
    return plan


def _members(vertex: Vertex) -> Slots:
    return vertex.members


def _items(vertex: Vertex) -> Slots:
    return vertex.items


def _plan_slots(slots: Slots, times: int, every: Loads, named: dict[str | int, Loads]) -> None:
    rest = dict.fromkeys(slots.rest, times)
    add(every, rest)
    for target in slots.every:
        add(every, {target: times})
    for name, only in slots.named.items():
        loads = named.setdefault(name, {})
        add(loads, rest, -1)
        if only is not None:
            add(loads, {only: times})


def _sum(loads: Loads, weights: Loads) -> int:
    return sum([times * weights[key] for key, times in loads.items()])
