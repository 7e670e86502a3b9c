"""Promise 9: a row that cannot be decoded is an error for that row alone."""

from __future__ import annotations

import pytest

from xzepr.errors import Damaged
from xzepr.model import Event
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import UNIT, World


class DamagedRowsContract(Contract):
    """A row that was changed behind the store's back is an error for that row, and for no other."""

    def test_read(self, world: World) -> None:
        """Reading the event is an error that names it."""
        _, bad, _ = with_a_damaged_one(world)

        with pytest.raises(Damaged) as caught:
            world.registry.events.get(bad.id)
        assert (caught.value.kind, caught.value.key) == ("event", bad.id)

    def test_error_tells_no_payload(self, world: World) -> None:
        """The error holds nothing of the payload."""
        _, bad, _ = with_a_damaged_one(world)

        with pytest.raises(Damaged) as caught:
            world.registry.events.get(bad.id)
        assert "secret" not in f"{caught.value} {caught.value.reason}"

    def test_neighbours(self, world: World) -> None:
        """The other events can be read."""
        first, _, third = with_a_damaged_one(world)

        assert [world.registry.events.get(each.id) for each in (first, third)] == [first, third]

    def test_list(self, world: World) -> None:
        """A list shows the other events, and names the damaged one beside them."""
        first, bad, third = with_a_damaged_one(world)

        page = world.registry.events.list(newest_first=False)

        assert page.items == (first, third)
        assert [error.key for error in page.damaged] == [bad.id]

    def test_pages(self, world: World) -> None:
        """A walk in pages of one passes the damaged row, and ends."""
        first, bad, third = with_a_damaged_one(world)
        found: list[str] = []
        cursor: str | None = None
        for _ in range(4):
            page = world.registry.events.list(limit=1, cursor=cursor, newest_first=False)
            found += [*(event.id for event in page), *(error.key for error in page.damaged)]
            cursor = page.next
            if cursor is None:
                break

        assert (found, cursor) == ([first.id, bad.id, third.id], None)

    def test_feed(self, world: World) -> None:
        """The feed tells the damaged event as an error at its position, and everything else."""
        first, bad, third = with_a_damaged_one(world)

        told = [change.subject for change in world.changes(payloads=True)[-3:]]

        assert [told[0], told[2]] == [first, third]
        assert isinstance(told[1], Damaged)
        assert told[1].key == bad.id

    def test_verdict(self, world: World) -> None:
        """Verdicts do not need the payload."""
        build = world.receiver()
        gate = world.group(build)
        event = world.event(UNIT, build)

        world.harness.damage_event(world.store, event.id)

        assert world.complete(gate)

    def test_recording_goes_on(self, world: World) -> None:
        """More can be recorded about the same unit."""
        *_, third = with_a_damaged_one(world)

        assert world.event(UNIT, world.receiver("another")).n == third.n + 1


def with_a_damaged_one(world: World) -> tuple[Event, Event, Event]:
    """Record three events, and damage the second."""
    build = world.receiver()
    first, second, third = (world.event(UNIT, build, payload={"secret": number}) for number in range(3))
    world.harness.damage_event(world.store, second.id)
    return first, second, third
