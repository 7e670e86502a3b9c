"""Promise 1: an append judges events one by one in their order, and stores them in one step."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from xzepr.errors import NotFound
from xzepr.model import ChangeKind, NewEvent, Recorded, TransitionKind
from xzepr.stores import ReceiverChanged, ReceiverMissing
from xzepr.testing.clock import START
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import ALICE, OTHER, UNIT, World, new_event, new_id


class AppendingContract(Contract):
    """What comes of the events of one append."""

    def test_one_outcome_per_position(self, world: World) -> None:
        """Every event gets its outcome, at its own position."""
        build = world.receiver()
        events = [new_event(UNIT, build) for _ in range(5)]

        outcomes = world.append(*events)

        assert [event.id for event in events] == [outcome.event.id for outcome in recorded(outcomes)]

    def test_outcomes_are_in_the_order_of_the_events(self, world: World) -> None:
        """The order of outcomes is that of the events, and not that of their ids."""
        build = world.receiver()
        events = [new_event(UNIT, build) for _ in range(3)]

        outcomes = world.append(*reversed(events))

        assert [outcome.event.id for outcome in recorded(outcomes)] == [event.id for event in reversed(events)]

    def test_batch_is_all_there(self, world: World) -> None:
        """Every event of an append can be read afterwards."""
        build = world.receiver()
        events = [new_event(UNIT, build) for _ in range(5)]
        world.append(*events)

        assert [world.store.events.get(event.id).id for event in events] == [event.id for event in events]

    def test_outcome_is_what_is_stored(self, world: World) -> None:
        """The outcome shows the event as it is read later."""
        [outcome] = recorded(world.append(new_event(UNIT, world.receiver(), payload={"commit": "1f0c"})))

        assert outcome.event == world.store.events.get(outcome.event.id)

    def test_new_event_is_no_replay(self, world: World) -> None:
        """An event that was not there before is not called a replay."""
        [outcome] = recorded(world.append(new_event(UNIT, world.receiver())))

        assert outcome.replayed is False

    def test_empty_batch(self, world: World) -> None:
        """An append of nothing has no outcomes, and tells the feed nothing."""
        assert list(world.append()) == []
        assert world.changes() == []

    def test_largest_batch(self, world: World) -> None:
        """As many events as the store declares go into one append."""
        build = world.receiver()
        most = world.store.capabilities.max_append

        outcomes = world.append(*(new_event(UNIT, build) for _ in range(most)))

        assert [outcome.event.n for outcome in recorded(outcomes)] == list(range(1, most + 1))

    def test_ok_fail_ok_in_one_batch(self, world: World) -> None:
        """A success, a failure and a success in one append are three transitions, as they are in three appends."""
        build = world.receiver()
        world.group(build)

        outcomes = world.append(*(new_event(UNIT, build, success=success) for success in (True, False, True)))

        assert [[transition.kind for transition in outcome.transitions] for outcome in recorded(outcomes)] == [
            [TransitionKind.COMPLETED],
            [TransitionKind.REOPENED],
            [TransitionKind.COMPLETED],
        ]

    def test_batch_completes_a_group_once(self, world: World) -> None:
        """The event that completes a group is the one that says so; those after it say nothing."""
        build, scan = world.receivers(2)
        world.group(build, scan)

        outcomes = world.append(*(new_event(UNIT, receiver) for receiver in (build, scan, build, scan)))

        assert [len(outcome.transitions) for outcome in recorded(outcomes)] == [0, 1, 0, 0]

    def test_unknown_receiver(self, world: World) -> None:
        """An event of a receiver that does not exist is refused, by name."""
        nobody = attrs.evolve(world.receiver(), id=new_id())

        assert list(world.append(new_event(UNIT, nobody))) == [ReceiverMissing(receiver_id=nobody.id)]

    def test_changed_receiver(self, world: World) -> None:
        """An event that was checked against an older definition comes back with the present one."""
        old = world.receiver()
        new = world.registry.receivers.update(old, expected_revision=1, schema={"type": "object"})

        assert list(world.append(new_event(UNIT, old))) == [ReceiverChanged(receiver=new)]

    def test_refusal_stops_no_other(self, world: World) -> None:
        """The events before and after a refused one are recorded."""
        build = world.receiver()
        nobody = attrs.evolve(build, id=new_id())

        outcomes = world.append(new_event(UNIT, build), new_event(UNIT, nobody), new_event(UNIT, build))

        assert [type(outcome) for outcome in outcomes] == [Recorded, ReceiverMissing, Recorded]

    def test_refused_event_is_not_there(self, world: World) -> None:
        """A refused event cannot be read."""
        refused = new_event(UNIT, attrs.evolve(world.receiver(), id=new_id()))
        world.append(refused)

        with pytest.raises(NotFound) as caught:
            world.store.events.get(refused.id)
        assert caught.value.kind == "event"

    def test_refused_event_is_not_told(self, world: World) -> None:
        """A refused event stands nowhere in the feed."""
        refused = new_event(UNIT, attrs.evolve(world.receiver(), id=new_id()))
        head = world.registry.feed.head()

        world.append(refused)

        assert world.registry.feed.head() == head

    def test_n_counts_from_one(self, world: World) -> None:
        """The events of a unit are numbered 1, 2, 3, over all receivers and appends."""
        build, scan = world.receivers(2)

        numbers = [world.event(UNIT, receiver).n for receiver in (build, scan, build)]

        assert numbers == [1, 2, 3]

    def test_each_unit_counts_for_itself(self, world: World) -> None:
        """What is recorded about one unit does not number another."""
        build = world.receiver()
        world.record(UNIT, build)

        assert world.event(OTHER, build).n == 1

    def test_units_differ_in_any_field(self, world: World) -> None:
        """Two units that differ in one field are two units."""
        build = world.receiver()
        fields = ("name", "version", "release", "platform_id", "package")
        world.record(UNIT, build)

        numbers = [world.event(attrs.evolve(UNIT, **{field: "another"}), build).n for field in fields]

        assert numbers == [1, 1, 1, 1, 1]

    def test_refused_event_takes_no_number(self, world: World) -> None:
        """A refused event leaves no hole in a unit's numbers."""
        build = world.receiver()
        nobody = attrs.evolve(build, id=new_id())

        outcomes = world.append(new_event(UNIT, nobody), new_event(UNIT, build))

        assert [outcome.event.n for outcome in recorded(outcomes)] == [1]

    def test_store_tells_when(self, world: World) -> None:
        """``recorded_at`` is the store's own time, whatever the caller says about when it happened."""
        world.clock.advance(3)

        [outcome] = recorded(world.append(new_event(UNIT, world.receiver(), occurred_at=START - timedelta(days=400))))

        assert outcome.event.recorded_at == START + timedelta(seconds=3)

    def test_late_news_are_the_latest(self, world: World) -> None:
        """What is recorded last decides, also if it happened long before."""
        build = world.receiver()
        gate = world.group(build)
        world.record(UNIT, build)

        world.append(new_event(UNIT, build, success=False, occurred_at=START - timedelta(days=400)))

        assert not world.complete(gate)

    def test_actor_is_the_principal(self, world: World) -> None:
        """The feed says who recorded an event."""
        event = new_event(UNIT, world.receiver(), owner=ALICE.identity)

        world.append(event, principal=ALICE)

        assert [change.actor for change in world.changes() if change.kind is ChangeKind.EVENT_RECORDED] == [
            ALICE.identity
        ]

    def test_given_fields_are_kept(self, world: World) -> None:
        """Every field of the event is stored as it was handed over."""
        event = new_event(
            UNIT,
            world.receiver(),
            success=False,
            payload=[1, "é", None],
            description="  as given  ",
            occurred_at=START - timedelta(microseconds=1),
            owner=ALICE.identity,
        )

        [outcome] = recorded(world.append(event, principal=ALICE))

        assert given(event) == {name: getattr(outcome.event, name) for name in given(event)}


def recorded(outcomes: object) -> list[Recorded]:
    """Return the outcomes that say that an event is stored."""
    assert isinstance(outcomes, list | tuple)
    return [outcome for outcome in outcomes if isinstance(outcome, Recorded)]


def given(event: NewEvent) -> dict[str, object]:
    """Return what an event was handed over with."""
    return attrs.asdict(event, recurse=False, filter=attrs.filters.exclude("idempotency_key", "supplied"))
