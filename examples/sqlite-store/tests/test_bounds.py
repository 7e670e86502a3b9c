"""What a page or a chunk costs at most, with bounds so low that a test can reach them."""

from __future__ import annotations

import pytest
from xzepr.model import SYSTEM, EventFilter
from xzepr.testing.world import UNIT, World, new_event, unit

from xzepr_sqlite import groups, lists

BOUND = 3


def test_rows_of_a_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that finds nothing ends after so many rows, and says where to go on."""
    build = world.receiver()
    for number in range(BOUND + 2):
        world.record(unit(number), build, success=number == 0)
    monkeypatch.setattr(lists, "MAX_EXAMINED_ROWS", BOUND)
    where = EventFilter(success=True)

    first = world.registry.events.list(where)
    second = world.registry.events.list(where, cursor=first.next)

    assert (len(first), first.next is not None) == (0, True)
    assert (len(second), second.next) == (1, None)


def test_rows_of_a_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count that had to stop is not exact."""
    build = world.receiver()
    world.append(*(new_event(UNIT, build) for _ in range(BOUND + 1)))
    monkeypatch.setattr(lists, "MAX_EXAMINED_ROWS", BOUND)

    count = world.registry.events.count()

    assert (count.value, count.exact) == (BOUND, False)


def test_rows_of_a_chunk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk of a re-evaluation looks at so many units, and says where to go on."""
    build, scan = world.receivers(2)
    for number in range(BOUND + 1):
        world.record(unit(number), build if number == BOUND else scan)
    gate = world.group(build)
    monkeypatch.setattr(groups, "MAX_EXAMINED_ROWS", BOUND)

    first = world.store.groups.reevaluate(gate.id, SYSTEM, after=None, limit=100)
    second = world.store.groups.reevaluate(gate.id, SYSTEM, after=first.next, limit=100)

    assert (first.units, first.next) == (0, str(BOUND))
    assert (second.units, second.next) == (1, None)
