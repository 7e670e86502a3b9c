"""Promise 2: an append is idempotent by event id, and by owner and idempotency key."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from xzepr.documents import JsonValue
from xzepr.errors import IdempotencyConflict
from xzepr.model import SYSTEM, EventReceiver, NewEvent, Recorded
from xzepr.stores import Conflicting
from xzepr.testing.clock import START
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import recorded
from xzepr.testing.world import ALICE, OTHER, UNIT, World, new_event, new_id


class IdempotencyContract(Contract):
    """What a retry gets."""

    def test_same_id_is_a_replay(self, world: World) -> None:
        """An event that is appended again is a replay."""
        event = new_event(UNIT, world.receiver(), id=new_id())

        outcomes = [*recorded(world.append(event)), *recorded(world.append(event))]

        assert [outcome.replayed for outcome in outcomes] == [False, True]

    def test_replay_returns_the_first_event(self, world: World) -> None:
        """A replay returns the event as it was stored the first time."""
        build, event_id = world.receiver(), new_id()
        [first] = recorded(world.append(new_event(UNIT, build, id=event_id)))
        world.clock.advance()

        [again] = recorded(world.append(new_event(UNIT, build, id=event_id)))

        assert again.event == first.event

    def test_replay_returns_the_first_transitions(self, world: World) -> None:
        """A replay returns the transitions that the event caused the first time."""
        build = world.receiver()
        world.group(build)
        event = new_event(UNIT, build, id=new_id())
        [first] = recorded(world.append(event))
        world.record(UNIT, build, success=False)

        [again] = recorded(world.append(event))

        assert len(first.transitions) == 1
        assert again.transitions == first.transitions

    def test_replay_tells_the_feed_nothing(self, world: World) -> None:
        """A replay leaves the feed as it was."""
        event = new_event(UNIT, world.receiver(), id=new_id())
        world.append(event)
        head = world.registry.feed.head()

        world.append(event)

        assert world.registry.feed.head() == head

    def test_replay_moves_no_gate(self, world: World) -> None:
        """A replay of an older event does not become the latest one."""
        build = world.receiver()
        gate = world.group(build)
        event = new_event(UNIT, build, id=new_id())
        world.append(event)
        world.record(UNIT, build, success=False)

        world.append(event)

        assert not world.complete(gate)

    def test_same_key_is_a_replay(self, world: World) -> None:
        """An event with a known key is a replay of the event that was stored with it."""
        build = world.receiver()
        [first] = recorded(world.append(new_event(UNIT, build, key="run-1")))

        [again] = recorded(world.append(new_event(UNIT, build, key="run-1")))

        assert (again.event.id, again.replayed) == (first.event.id, True)

    def test_keys_are_case_sensitive(self, world: World) -> None:
        """Keys are compared by code point."""
        build = world.receiver()

        outcomes = world.append(
            *(new_event(UNIT, build, key=key) for key in ("run", "RUN", "run ", "r\u00fcn", "ru\u0308n"))
        )

        assert [outcome.replayed for outcome in recorded(outcomes)] == [False] * 5

    def test_keys_belong_to_their_owner(self, world: World) -> None:
        """Another owner's key is another key."""
        build = world.receiver()
        world.append(new_event(UNIT, build, key="run-1"))

        [outcome] = recorded(world.append(new_event(UNIT, build, key="run-1", owner=ALICE.identity), principal=ALICE))

        assert not outcome.replayed

    @pytest.mark.parametrize("by", ["id", "key"])
    def test_twice_in_one_batch(self, world: World, by: str) -> None:
        """The second of two equal events in one append is a replay of the first."""
        build = world.receiver()
        event_id, key = (new_id(), None) if by == "id" else (None, "run-1")

        outcomes = world.append(*(new_event(UNIT, build, id=event_id, key=key) for _ in range(2)))

        assert [outcome.replayed for outcome in recorded(outcomes)] == [False, True]

    def test_conflict_in_one_batch(self, world: World) -> None:
        """The second of two different events with one id in one append is a conflict."""
        build, event_id = world.receiver(), new_id()

        outcomes = world.append(*(new_event(UNIT, build, id=event_id, success=success) for success in (True, False)))

        assert [type(outcome) for outcome in outcomes] == [Recorded, Conflicting]

    @pytest.mark.parametrize(
        "field", ["unit", "receiver_id", "success", "payload", "description", "owner", "occurred_at"]
    )
    def test_conflict_names_the_field(self, world: World, field: str) -> None:
        """A retry with other content is a conflict that says in what it differs."""
        build, scan = world.receivers(2)
        stored = changed(build, scan, "")
        world.append(stored)

        assert list(world.append(changed(build, scan, field, stored.id))) == [
            Conflicting(event_id=stored.id, differs=(field,))
        ]

    def test_conflict_names_every_field(self, world: World) -> None:
        """A retry that differs in several fields is told all of them."""
        build, scan = world.receivers(2)
        stored = changed(build, scan, "")
        world.append(stored)

        [outcome] = world.append(attrs.evolve(stored, success=False, description="other", receiver_id=scan.id))

        assert isinstance(outcome, Conflicting)
        assert set(outcome.differs) == {"success", "description", "receiver_id"}

    def test_conflict_changes_nothing(self, world: World) -> None:
        """After a conflict the stored event is as it was."""
        build, event_id = world.receiver(), new_id()
        [first] = recorded(world.append(new_event(UNIT, build, id=event_id, payload=1)))

        world.append(new_event(UNIT, build, id=event_id, payload=2))

        assert world.store.events.get(event_id) == first.event

    def test_conflict_tells_the_feed_nothing(self, world: World) -> None:
        """A conflict leaves the feed as it was."""
        build, event_id = world.receiver(), new_id()
        world.append(new_event(UNIT, build, id=event_id, payload=1))
        head = world.registry.feed.head()

        world.append(new_event(UNIT, build, id=event_id, payload=2))

        assert world.registry.feed.head() == head

    def test_key_with_other_content(self, world: World) -> None:
        """A known key with other content is a conflict with the event that has it."""
        build = world.receiver()
        [first] = recorded(world.append(new_event(UNIT, build, key="run-1")))

        assert list(world.append(new_event(UNIT, build, key="run-1", success=False))) == [
            Conflicting(event_id=first.event.id, differs=("success",))
        ]

    def test_known_key_under_another_id(self, world: World) -> None:
        """A known key with another id that the caller chose is a conflict."""
        build = world.receiver()
        [first] = recorded(world.append(new_event(UNIT, build, id=new_id(), key="run-1")))

        assert list(world.append(new_event(UNIT, build, id=new_id(), key="run-1"))) == [
            Conflicting(event_id=first.event.id, differs=("id",))
        ]

    def test_known_id_under_another_key(self, world: World) -> None:
        """A known id with another key is a conflict."""
        build, event_id = world.receiver(), new_id()
        world.append(new_event(UNIT, build, id=event_id, key="run-1"))

        assert list(world.append(new_event(UNIT, build, id=event_id, key="run-2"))) == [
            Conflicting(event_id=event_id, differs=("idempotency_key",))
        ]

    def test_key_may_be_left_out(self, world: World) -> None:
        """A retry by id need not repeat the key."""
        build, event_id = world.receiver(), new_id()
        world.append(new_event(UNIT, build, id=event_id, key="run-1"))

        [outcome] = recorded(world.append(new_event(UNIT, build, id=event_id)))

        assert outcome.replayed

    def test_omitted_time_is_not_compared(self, world: World) -> None:
        """A retry that leaves ``occurred_at`` out is a replay, whatever time was stored."""
        build, event_id = world.receiver(), new_id()
        world.append(new_event(UNIT, build, id=event_id, occurred_at=START - timedelta(days=1)))

        [outcome] = recorded(world.append(new_event(UNIT, build, id=event_id)))

        assert outcome.replayed

    def test_redacted_payload_is_not_compared(self, world: World) -> None:
        """A retry of a redacted event is a replay, whatever its payload: there is nothing left to compare."""
        build, event_id = world.receiver(), new_id()
        world.append(new_event(UNIT, build, id=event_id, payload="secret"))
        world.registry.events.redact(event_id, "asked for")

        [outcome] = recorded(world.append(new_event(UNIT, build, id=event_id, payload="other")))

        assert (outcome.replayed, outcome.event.redacted) == (True, True)

    def test_replay_of_an_equal_number(self, world: World) -> None:
        """Payloads that have one canonical form are equal: 1.0 is 1."""
        build, event_id = world.receiver(), new_id()
        payloads: list[JsonValue] = [{"a": 1, "b": 0}, {"b": -0.0, "a": 1.0}]

        outcomes = world.append(*(new_event(UNIT, build, id=event_id, payload=payload) for payload in payloads))

        assert [outcome.replayed for outcome in recorded(outcomes)] == [False, True]

    def test_registry_raises_the_conflict(self, world: World) -> None:
        """Through the registry a conflict is an error that names the stored event and the field."""
        build, event_id = world.receiver(), new_id()
        world.registry.events.record(UNIT, build, success=True, payload=1, id=event_id)

        with pytest.raises(IdempotencyConflict) as caught:
            world.registry.events.record(UNIT, build, success=True, payload=2, id=event_id)
        assert (caught.value.event_id, caught.value.differs) == (event_id, ("payload",))


def changed(build: EventReceiver, scan: EventReceiver, field: str, event_id: str | None = None) -> NewEvent:
    """Return the same event as ever, but for one field."""
    return new_event(
        OTHER if field == "unit" else UNIT,
        scan if field == "receiver_id" else build,
        id=event_id or new_id(),
        success=field != "success",
        payload="other" if field == "payload" else "same",
        description="other" if field == "description" else "same",
        owner=ALICE.identity if field == "owner" else SYSTEM.identity,
        occurred_at=START - timedelta(days=1 if field == "occurred_at" else 0),
    )
