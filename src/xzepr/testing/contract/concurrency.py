"""Promises 3, 4 and 8 under threads that start at one barrier: the result does not depend on who wins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from xzepr.errors import AlreadyExists, RevisionConflict
from xzepr.model import (
    MAX_LIMIT,
    ChangeKind,
    Event,
    EventFilter,
    EventReceiver,
    Recorded,
    Transition,
)
from xzepr.testing.checking import check_history, stale_units
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import recorded
from xzepr.testing.racing import race, race_watched
from xzepr.testing.world import UNIT, World, new_event, new_id, unit

THREADS = 8


@pytest.mark.xzepr_race
class ConcurrencyContract(Contract):
    """What many threads do at once."""

    def test_last_two_receivers(self, world: World) -> None:
        """Of two threads that record the last two receivers, exactly one completes each unit."""
        build, scan = world.receivers(2)
        gate = world.group(build, scan)
        units = [unit(number) for number in range(25)]

        def record(mine: EventReceiver) -> list[Recorded]:
            return [world.record(each, mine) for each in units]

        results = race([partial(record, build), partial(record, scan)])

        caused = [transition.unit for result in results for one in result for transition in one.transitions]
        assert sorted(map(str, caused)) == sorted(map(str, units))
        assert all(len(world.transitions(gate, each)) == 1 for each in units)

    @pytest.mark.parametrize("by", ["id", "key"])
    def test_same_event(self, world: World, by: str) -> None:
        """Of many threads that record the same event, one records it, and all get it."""
        build = world.receiver()
        world.group(build)
        event_id, key = (new_id(), None) if by == "id" else (None, "run-1")

        def record() -> Recorded:
            return world.registry.events.record(UNIT, build, success=True, payload=1, id=event_id, idempotency_key=key)

        results = race([record] * THREADS)

        assert [result.replayed for result in results].count(False) == 1
        assert len({result.event.id for result in results}) == 1
        assert len({result.transitions for result in results}) == 1

    def test_numbers_of_a_unit(self, world: World) -> None:
        """Many threads that record about one unit leave no number out, and none double."""
        build = world.receiver()

        race([lambda: [world.record(UNIT, build) for _ in range(10)]] * THREADS)

        numbers = [change.subject.n for change in world.changes() if isinstance(change.subject, Event)]
        assert numbers == list(range(1, 10 * THREADS + 1))

    def test_opening_and_closing(self, world: World) -> None:
        """Success and failure racing for one unit give alternating transitions, and the feed explains them."""
        build, scan = world.receivers(2)
        world.group(build, name="alone")
        world.group(build, scan, name="both")

        def flip(place: int) -> None:
            for number in range(8):
                world.record(UNIT, (build, scan)[place % 2], success=(number + place) % 3 != 0)

        race([partial(flip, place) for place in range(THREADS)])

        check_history(world.registry)

    def test_batches_over_the_same_units(self, world: World) -> None:
        """Batches that meet the same units in opposite order neither deadlock nor lose a transition."""
        build, scan = world.receivers(2)
        world.group(build, name="alone")
        world.group(build, scan, name="both")
        units = [unit(number) for number in range(6)]

        def append(place: int) -> None:
            mine = units if place % 2 else units[::-1]
            for number in range(4):
                success = (number + place) % 2 == 0
                world.append(*(new_event(each, (build, scan)[number % 2], success=success) for each in mine))

        race([partial(append, place) for place in range(THREADS)])

        check_history(world.registry)

    def test_readers_see_whole_appends(self, world: World) -> None:
        """While batches are written, a reader counts all of a batch or nothing of it."""
        build = world.receiver()
        counts: list[int] = []

        def write() -> None:
            for _ in range(20):
                world.append(*(new_event(UNIT, build) for _ in range(5)))

        def count() -> None:
            counts.append(world.registry.events.count(EventFilter.of(UNIT)).value)

        race_watched([write], count)

        assert [count for count in counts if count % 5] == []
        assert counts[-1] == 100

    def test_readers_see_an_event_before_its_transition(self, world: World) -> None:
        """While events are written, whoever sees a transition can read its event, and the feed stands still behind."""
        build = world.receiver()
        gate = world.group(build)
        seen: list[Transition] = []

        def write() -> None:
            for number in range(40):
                world.record(UNIT, build, success=number % 2 == 0)

        def read() -> None:
            for transition in world.registry.groups.transitions(gate, UNIT, after=len(seen)):
                assert transition.event_id is not None
                assert world.registry.events.get(transition.event_id).unit == UNIT
                seen.append(transition)

        race_watched([write], read)

        assert [transition.number for transition in seen] == list(range(1, 41))

    def test_follower_misses_nothing(self, world: World) -> None:
        """A reader that follows the feed while many write meets every position once, and nothing changes behind it."""
        build = world.receiver()
        world.group(build)
        followed: list[object] = []

        def write(place: int) -> None:
            for _ in range(20):
                world.record(unit(place), build, success=False)

        def follow() -> None:
            followed.extend(world.registry.feed.read(len(followed), limit=MAX_LIMIT).changes)

        race_watched([partial(write, place) for place in range(4)], follow)

        assert followed == world.changes()
        assert len(followed) == 2 + 4 * 20

    def test_creating_the_same_receiver(self, world: World) -> None:
        """Of many threads that create a receiver of one identity, one does."""

        def create() -> str:
            try:
                return world.receiver("build").id
            except AlreadyExists as error:
                return f"not {error.existing_id}"

        results = race([create] * THREADS)

        [winner] = [result for result in results if not result.startswith("not ")]
        assert set(results) == {winner, f"not {winner}"}

    def test_ensuring_the_same_receiver(self, world: World) -> None:
        """Many threads that ensure the same receiver all get the same one."""

        def ensure() -> str:
            return world.registry.receivers.ensure(name="build", type="ci.step", version="1", schema=True).id

        assert len(set(race([ensure] * THREADS))) == 1

    def test_changing_the_same_group(self, world: World) -> None:
        """Of many threads that change a group from one revision on, one does."""
        gate = world.group(*world.receivers(2))

        def change() -> bool:
            try:
                world.registry.groups.update(gate, expected_revision=1, description="new")
            except RevisionConflict:
                return False
            return True

        assert race([change] * THREADS).count(True) == 1
        assert len(world.registry.groups.revisions(gate)) == 2

    def test_redacting_the_same_event(self, world: World) -> None:
        """Of many threads that redact an event, one is told."""
        event = world.event(UNIT, world.receiver(), payload="secret")

        race([lambda: world.registry.events.redact(event.id, "asked for")] * THREADS)

        assert [change.kind for change in world.changes()].count(ChangeKind.EVENT_REDACTED) == 1

    def test_reevaluating_while_events_come(self, world: World) -> None:
        """A re-evaluation beside writers leaves no verdict stale, and the feed explains everything."""
        build, scan = world.receivers(2)
        units = [unit(number) for number in range(20)]
        for each in units:
            world.record(each, build)
        gate = world.group(build, scan)
        world.registry.groups.update(gate, expected_revision=1, receivers=[build])

        def write(place: int) -> None:
            for number, each in enumerate(units):
                world.record(each, build, success=(number + place) % 3 != 0)

        def reevaluate() -> None:
            for _ in range(3):
                world.registry.groups.reevaluate(gate)

        actions: list[Callable[[], None]] = [partial(write, place) for place in range(3)]
        race([*actions, reevaluate])

        assert stale_units(world.registry, gate, units) == []
        check_history(world.registry, every_position=False)

    def test_same_event_twice_in_racing_batches(self, world: World) -> None:
        """Batches that share events record each of them once."""
        build = world.receiver()
        events = [new_event(unit(number), build, id=new_id()) for number in range(10)]

        def append(place: int) -> list[Recorded]:
            return recorded(world.append(*(events if place % 2 else events[::-1])))

        results = race([partial(append, place) for place in range(THREADS)])

        first = [outcome for result in results for outcome in result if not outcome.replayed]
        assert sorted(outcome.event.id for outcome in first) == [event.id for event in events]
