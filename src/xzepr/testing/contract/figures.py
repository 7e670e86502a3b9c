"""Counts are bounded and say so; the figures of a receiver are kept up."""

from __future__ import annotations

import attrs
import pytest

from xzepr.errors import NotFound
from xzepr.model import Count, EventFilter, Mention
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import OTHER, UNIT, World, new_event, new_id


class CountingContract(Contract):
    """How many there are."""

    def test_nothing(self, world: World) -> None:
        """An empty store counts nothing, exactly."""
        assert world.registry.events.count() == Count(0, exact=True)

    def test_everything(self, world: World) -> None:
        """Without a filter every event counts."""
        build = world.receiver()
        world.append(*(new_event(each, build) for each in (UNIT, OTHER, UNIT)))

        assert world.registry.events.count() == Count(3, exact=True)

    def test_filter(self, world: World) -> None:
        """With a filter only what matches counts."""
        build = world.receiver()
        world.append(*(new_event(UNIT, build, success=success) for success in (True, False, True)))

        assert world.registry.events.count(EventFilter(success=True)) == Count(2, exact=True)

    def test_stops_at_its_bound(self, world: World) -> None:
        """A count stops at its bound, and says that there is more."""
        build = world.receiver()
        world.append(*(new_event(UNIT, build) for _ in range(4)))

        assert world.registry.events.count(limit=3) == Count(3, exact=False)

    def test_exact_at_its_bound(self, world: World) -> None:
        """A count that ends at its bound is exact."""
        build = world.receiver()
        world.append(*(new_event(UNIT, build) for _ in range(3)))

        assert world.registry.events.count(limit=3) == Count(3, exact=True)

    def test_refused_events_do_not_count(self, world: World) -> None:
        """What was refused is not counted."""
        build = world.receiver()
        event = new_event(UNIT, build, id=new_id())
        nobody = attrs.evolve(build, id=new_id())

        world.append(event, new_event(UNIT, nobody), new_event(UNIT, build, id=event.id, success=False))

        assert world.registry.events.count() == Count(1, exact=True)

    def test_redacted_events_count(self, world: World) -> None:
        """A redacted event still counts."""
        event = world.event(UNIT, world.receiver())
        world.registry.events.redact(event.id, "asked for")

        assert world.registry.events.count().value == 1


class StatisticsContract(Contract):
    """What is kept up about a receiver's events."""

    def test_unused_receiver(self, world: World) -> None:
        """A receiver without events has none, and no rate."""
        figures = world.registry.receivers.statistics(world.receiver())

        assert (figures.total, figures.rate, figures.latest, figures.latest_successful) == (0, None, None, None)

    def test_results_are_counted(self, world: World) -> None:
        """Successes and failures are counted, over all units."""
        build = world.receiver()
        world.append(*(new_event(each, build, success=each is UNIT) for each in (UNIT, OTHER, UNIT, UNIT)))

        figures = world.registry.receivers.statistics(build)

        assert (figures.total, figures.succeeded, figures.failed, figures.rate) == (4, 3, 1, 0.75)

    def test_latest(self, world: World) -> None:
        """The latest event and the latest success are named, with their time."""
        build = world.receiver()
        world.record(OTHER, build)
        good = world.event(UNIT, build)
        world.clock.advance()
        bad = world.event(UNIT, build, success=False)

        figures = world.registry.receivers.statistics(build)

        assert figures.latest == Mention(event_id=bad.id, recorded_at=bad.recorded_at)
        assert figures.latest_successful == Mention(event_id=good.id, recorded_at=good.recorded_at)

    def test_other_receivers_do_not_count(self, world: World) -> None:
        """The events of another receiver do not count."""
        build, scan = world.receivers(2)
        world.record(UNIT, scan)

        assert world.registry.receivers.statistics(build).total == 0

    def test_replays_do_not_count(self, world: World) -> None:
        """A replay is not counted again."""
        build = world.receiver()
        event = new_event(UNIT, build, id=new_id())
        world.append(event, event)

        assert world.registry.receivers.statistics(build).total == 1

    def test_conflicts_do_not_count(self, world: World) -> None:
        """A conflict is not counted, neither as a success nor as a failure."""
        build = world.receiver()
        event = new_event(UNIT, build, id=new_id())
        world.append(event, new_event(UNIT, build, id=event.id, success=False))

        figures = world.registry.receivers.statistics(build)

        assert (figures.succeeded, figures.failed) == (1, 0)

    def test_missing(self, world: World) -> None:
        """A receiver that does not exist has no figures."""
        with pytest.raises(NotFound):
            world.registry.receivers.statistics(new_id())
