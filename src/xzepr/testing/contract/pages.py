"""Lists: keyset pages over the time of recording and the id, walkable both ways while others write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import pytest

from xzepr.errors import BadCursor, PayloadAbsent
from xzepr.model import MAX_EXAMINED_BYTES, MAX_LIMIT, Event, EventFilter, GroupFilter, Page, ReceiverFilter
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import OTHER, UNIT, World, new_event


class Row(Protocol):
    """What every list holds: things with an id."""

    @property
    def id(self) -> str:
        """The id."""


R = TypeVar("R", bound=Row)


class PagesContract(Contract):
    """How lists are walked."""

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
    @pytest.mark.parametrize("newest_first", [True, False])
    def test_walk_meets_every_event_once(self, world: World, limit: int, newest_first: bool) -> None:  # noqa: FBT001
        """Pages of any size, in either order, hold every event exactly once, in the order of the list."""
        events = record_with_ties(world)

        found = walk(lambda at: world.registry.events.list(limit=limit, cursor=at, newest_first=newest_first))

        assert [row.id for row in found] == in_order(events, newest_first=newest_first)

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_walk_meets_every_event_of_a_unit_once(self, world: World, newest_first: bool) -> None:  # noqa: FBT001
        """The same holds for the events of one unit."""
        events = [event for event in record_with_ties(world) if event.unit == UNIT]
        where = EventFilter.of(UNIT)

        found = walk(lambda at: world.registry.events.list(where, limit=2, cursor=at, newest_first=newest_first))

        assert [row.id for row in found] == in_order(events, newest_first=newest_first)

    def test_ids_below_their_time(self, world: World) -> None:
        """Events of one moment are ordered by id, whatever the order of their recording."""
        build = world.receiver()
        events = [new_event(UNIT, build) for _ in range(5)]
        world.append(*reversed(events))

        found = walk(lambda at: world.registry.events.list(limit=2, cursor=at, newest_first=False))

        assert [row.id for row in found] == [event.id for event in events]

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_receivers_are_walked(self, world: World, newest_first: bool) -> None:  # noqa: FBT001
        """Pages of receivers hold every receiver exactly once."""
        receivers = world.receivers(5)

        found = walk(lambda at: world.registry.receivers.list(limit=2, cursor=at, newest_first=newest_first))

        assert [row.id for row in found] == sorted((each.id for each in receivers), reverse=newest_first)

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_groups_are_walked(self, world: World, newest_first: bool) -> None:  # noqa: FBT001
        """Pages of groups hold every group exactly once."""
        build = world.receiver()
        groups = [world.group(build, name=f"group-{number}") for number in range(5)]

        found = walk(lambda at: world.registry.groups.list(limit=2, cursor=at, newest_first=newest_first))

        assert [row.id for row in found] == sorted((each.id for each in groups), reverse=newest_first)

    def test_newer_events_do_not_disturb_a_walk_back(self, world: World) -> None:
        """Events recorded between two pages are not met on the way back in time."""
        events = record_with_ties(world)

        found = walk(self._recording(world, lambda at: world.registry.events.list(limit=2, cursor=at)))

        assert [row.id for row in found] == in_order(events, newest_first=True)

    def test_newer_events_are_met_on_a_walk_forth(self, world: World) -> None:
        """Events recorded between two pages come at the end of a walk forth in time."""
        events = record_with_ties(world)

        found = walk(
            self._recording(world, lambda at: world.registry.events.list(limit=3, cursor=at, newest_first=False))
        )

        assert [row.id for row in found[: len(events)]] == in_order(events, newest_first=False)
        assert len(found) == len(set(found_ids(found))) > len(events)

    def test_redaction_does_not_disturb_a_walk(self, world: World) -> None:
        """An event that is redacted between two pages is still met once."""
        events = record_with_ties(world)
        first = world.registry.events.list(limit=2, newest_first=False)
        for event in events:
            world.registry.events.redact(event.id, "asked for")

        rest = walk(lambda at: world.registry.events.list(limit=2, cursor=at or first.next, newest_first=False))

        assert [row.id for row in (*first.items, *rest)] == in_order(events, newest_first=False)

    def test_limit_holds(self, world: World) -> None:
        """A page holds no more than its limit."""
        record_with_ties(world)

        assert len(world.registry.events.list(limit=3)) <= 3

    def test_page_ends_when_it_has_brought_enough_bytes(self, world: World) -> None:
        """A page of large payloads is shorter than its limit, and the walk goes on behind it."""
        ids = append_heavy(world)

        page = world.registry.events.list(limit=MAX_LIMIT, newest_first=False)
        rest = walk(lambda at: world.registry.events.list(limit=MAX_LIMIT, cursor=at or page.next, newest_first=False))

        assert 0 < len(page) < len(ids)
        assert [*found_ids(page.items), *found_ids(rest)] == ids

    def test_end_has_no_cursor(self, world: World) -> None:
        """A list that is not longer than its page has no next cursor."""
        world.record(UNIT, world.receiver())

        assert world.registry.events.list(limit=2).next is None

    def test_empty_list(self, world: World) -> None:
        """An empty store has an empty page without a next cursor."""
        assert world.registry.events.list() == Page(items=())

    def test_cursor_of_another_filter(self, world: World) -> None:
        """A cursor works only for the filter that it came from."""
        record_with_ties(world)
        cursor = world.registry.events.list(limit=1).next

        with pytest.raises(BadCursor):
            world.registry.events.list(EventFilter(success=True), limit=1, cursor=cursor)

    def test_cursor_of_another_order(self, world: World) -> None:
        """A cursor works only for the order that it came from."""
        record_with_ties(world)
        cursor = world.registry.events.list(limit=1).next

        with pytest.raises(BadCursor):
            world.registry.events.list(limit=1, cursor=cursor, newest_first=False)

    def test_payloads_come_along(self, world: World) -> None:
        """A list brings payloads."""
        world.record(UNIT, world.receiver(), payload={"commit": "1f0c"})

        [event] = world.registry.events.list()

        assert event.payload == {"commit": "1f0c"}

    def test_payloads_can_be_left_out(self, world: World) -> None:
        """A list can leave payloads out; the event then says so, and that it is not redacted."""
        world.record(UNIT, world.receiver(), payload={"commit": "1f0c"})

        [event] = world.registry.events.list(payloads=False)

        with pytest.raises(PayloadAbsent) as caught:
            _ = event.payload
        assert (caught.value.reason, event.redacted) == ("left_out", False)

    def test_filtered_receivers_are_walked(self, world: World) -> None:
        """A walk under a filter meets what matches, and ends."""
        receivers = world.receivers(6)
        where = ReceiverFilter(ids=tuple(each.id for each in receivers[::2]))

        found = walk(lambda at: world.registry.receivers.list(where, limit=1, cursor=at))

        assert set(found_ids(found)) == {each.id for each in receivers[::2]}

    def test_filtered_groups_are_walked(self, world: World) -> None:
        """A walk under a filter meets what matches, and ends."""
        build = world.receiver()
        groups = [world.group(build, name=f"group-{number}", enabled=number % 2 == 0) for number in range(6)]

        found = walk(lambda at: world.registry.groups.list(GroupFilter(enabled=True), limit=1, cursor=at))

        assert set(found_ids(found)) == {each.id for each in groups[::2]}

    @staticmethod
    def _recording(world: World, read: Callable[[str | None], Page[Event]]) -> Callable[[str | None], Page[Event]]:
        """Record one more event after each of the first pages."""
        build = world.receiver("another")
        pages: list[str | None] = []

        def next_page(cursor: str | None) -> Page[Event]:
            page = read(cursor)
            pages.append(cursor)
            if len(pages) <= 3:
                world.clock.advance()
                world.record(UNIT, build)
            return page

        return next_page


def walk(read: Callable[[str | None], Page[R]]) -> list[R]:
    """Follow the cursors to the end. A page may be short or empty; the end is where there is no next one."""
    found: list[R] = []
    cursor: str | None = None
    for _ in range(1_000):
        page = read(cursor)
        found += page.items
        if page.next is None:
            return found
        if page.next == cursor:
            break
        cursor = page.next
    raise AssertionError("the list does not end")


def record_with_ties(world: World) -> list[Event]:
    """Record events of two units at three moments, several at each."""
    build, scan = world.receivers(2)
    events = []
    for number in range(8):
        events.append(world.event((UNIT, OTHER)[number % 2], (build, scan)[number % 3 % 2]))
        if number % 3 == 2:
            world.clock.advance()
    return events


def append_heavy(world: World) -> list[str]:
    """Append payloads of more bytes than one page may bring, each as large as the store takes it; return the ids."""
    size = min(world.store.capabilities.max_payload_bytes, MAX_EXAMINED_BYTES // 8)
    build, payload = world.receiver(), "x" * (size - len('""'))
    events = [new_event(UNIT, build, payload=payload) for _ in range(MAX_EXAMINED_BYTES // size + 1)]
    for event in events:
        world.append(event)
    return [event.id for event in events]


def in_order(events: Sequence[Event], *, newest_first: bool) -> list[str]:
    """Return the ids of events in the order of a list."""
    return [event.id for event in sorted(events, key=lambda each: (each.recorded_at, each.id), reverse=newest_first)]


def found_ids(rows: Sequence[Row]) -> list[str]:
    """Return the ids of rows."""
    return [row.id for row in rows]
