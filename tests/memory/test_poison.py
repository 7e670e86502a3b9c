"""C82: rows that somebody changed behind the store's back are reported one by one, and nothing else suffers."""

# ruff: noqa: FBT003 - outcomes in their order
from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from tests.memory.worlds import World, make_world, tables_of
from tests.model.values import make_unit
from xzepr import Event, EventFilter
from xzepr.errors import Damaged

FAULTS: dict[str, Callable[[Event], Event]] = {
    "payload": lambda event: attrs.evolve(event, payload_text='{"n":2}'),
    "not JSON": lambda event: attrs.evolve(event, payload_text="{"),
    "salt": lambda event: attrs.evolve(event, salt=b"\1" * 16),
    "digest": lambda event: attrs.evolve(event, payload_digest="0" * 64),
}


@pytest.fixture(params=FAULTS)
def world(request: pytest.FixtureRequest) -> World:
    """Make a world of five events, the third of which is damaged."""
    world = make_world()
    world.record(True, False, True, False, True)
    rows = tables_of(world.store).events
    damaged = rows[list(rows)[2]]
    damaged.event = FAULTS[request.param](damaged.event)
    return world


def damaged_id(world: World) -> str:
    """Return the id of the damaged event."""
    return list(tables_of(world.store).events)[2]


def test_c082_a_page_goes_on_beside_a_damaged_row(world: World) -> None:
    """The page has the four others, and names the fifth."""
    page = world.registry.events.list(newest_first=False)
    assert [event.n for event in page] == [1, 2, 4, 5]
    assert [(error.kind, error.key) for error in page.damaged] == [("event", damaged_id(world))]
    assert page.next is None


def test_c082_pages_of_one_lead_past_a_damaged_row(world: World) -> None:
    """A page that holds nothing but a damaged row has a next cursor."""
    seen: list[int] = []
    damaged = 0
    cursor = None
    while True:
        page = world.registry.events.list(limit=1, cursor=cursor)
        seen += [event.n for event in page]
        damaged += len(page.damaged)
        if page.next is None:
            break
        cursor = page.next
    assert (seen, damaged) == ([5, 4, 2, 1], 1)


def test_c082_the_row_itself_is_a_typed_error(world: World) -> None:
    """Getting it says what is damaged, and nothing of what stands in it."""
    with pytest.raises(Damaged, match="its payload is not the one that was recorded") as caught:
        world.registry.events.get(damaged_id(world))
    assert caught.value.kind == "event"


def test_c082_the_feed_goes_on(world: World) -> None:
    """The change stands at its position with the error as its subject."""
    changes = list(world.registry.feed.read(payloads=True))
    assert [change.position for change in changes] == list(range(1, 9))
    assert [change.position for change in changes if isinstance(change.subject, Damaged)] == [6]


def test_c082_a_subscriber_gets_the_others(world: World) -> None:
    """A damaged row stops no subscription."""
    seen: list[bool] = []
    world.registry.feed.subscription("mail").deliver(
        lambda delivery: seen.append(isinstance(delivery.change.subject, Damaged))
    )
    assert len(seen) == 8
    assert seen.count(True) == 1


def test_c082_count_verdict_and_statistics_go_on(world: World) -> None:
    """What does not read the payload does not suffer."""
    assert world.registry.events.count(EventFilter(success=True)).value == 3
    assert world.registry.receivers.statistics(world.build).total == 5
    assert "scan is missing" in str(world.registry.groups.verdict(world.group, make_unit()))


def test_c082_new_events_are_recorded(world: World) -> None:
    """The unit with the damaged row goes on."""
    world.record(True)
    assert world.registry.events.list(limit=1).items[0].n == 6
