"""Redaction: payload and salt are erased, everything else stays, and the feed says who and why."""

from __future__ import annotations

import pytest

from xzepr.errors import NotFound, PayloadAbsent
from xzepr.model import ChangeKind, Event, Redaction
from xzepr.testing.contract._base import Contract
from xzepr.testing.world import ALICE, UNIT, World, new_id


class RedactionContract(Contract):
    """What is left of a redacted event."""

    def test_payload_is_gone(self, world: World) -> None:
        """A redacted event has lost its payload, and says why."""
        event = redacted(world)

        with pytest.raises(PayloadAbsent) as caught:
            _ = world.registry.events.get(event.id).payload
        assert caught.value.reason == "redacted"

    def test_nothing_of_it_is_stored(self, world: World) -> None:
        """Neither payload nor salt is left in the store's own rows."""
        event = redacted(world)

        [row] = world.harness.raw_events(world.store)

        assert (row.id, row.payload_text, row.salt) == (event.id, None, None)

    def test_rest_stays(self, world: World) -> None:
        """Everything but payload and salt is as it was, and still verifies."""
        before = world.event(UNIT, world.receiver(), payload="secret")

        after = world.registry.events.redact(before.id, "asked for")

        assert rest(after) == rest(before)
        assert after.verify()

    def test_answer_is_what_is_stored(self, world: World) -> None:
        """Redacting returns the event as it is read later."""
        event = redacted(world)

        assert world.registry.events.get(event.id) == event

    def test_lists_show_it_redacted(self, world: World) -> None:
        """A list shows a redacted event as redacted."""
        redacted(world)

        assert [event.redacted for event in world.registry.events.list()] == [True]

    def test_verdicts_stay(self, world: World) -> None:
        """A redacted event still says what it said."""
        build = world.receiver()
        gate = world.group(build)
        event = world.event(UNIT, build)

        world.registry.events.redact(event.id, "asked for")

        assert world.complete(gate)

    def test_neighbours_stay(self, world: World) -> None:
        """The other events keep their payloads."""
        build = world.receiver()
        first, second = world.event(UNIT, build, payload=1), world.event(UNIT, build, payload=2)

        world.registry.events.redact(first.id, "asked for")

        assert world.registry.events.get(second.id).payload == second.payload

    def test_it_is_told(self, world: World) -> None:
        """The feed says which event was redacted, by whom, why and when."""
        event = world.event(UNIT, world.receiver())
        world.clock.advance()

        world.store.events.redact(event.id, "asked for", ALICE)

        change = world.changes()[-1]
        assert change.subject == Redaction(event_id=event.id, reason="asked for")
        assert (change.kind, change.actor) == (ChangeKind.EVENT_REDACTED, ALICE.identity)
        assert change.recorded_at == world.clock()

    def test_again_changes_nothing(self, world: World) -> None:
        """Redacting again returns the same, and tells the feed nothing."""
        event = redacted(world)
        head = world.registry.feed.head()

        assert world.registry.events.redact(event.id, "another reason") == event
        assert world.registry.feed.head() == head

    def test_missing(self, world: World) -> None:
        """An event that does not exist cannot be redacted."""
        with pytest.raises(NotFound) as caught:
            world.registry.events.redact(new_id(), "asked for")
        assert caught.value.kind == "event"


def redacted(world: World) -> Event:
    """Record an event and redact it."""
    event = world.event(UNIT, world.receiver(), payload={"password": "secret"})
    return world.registry.events.redact(event.id, "asked for")


def rest(event: Event) -> dict[str, object]:
    """Return every field but payload and salt."""
    fields = ("id", "unit", "receiver_id", "receiver_fingerprint", "success", "payload_digest", "description")
    return {name: getattr(event, name) for name in (*fields, "owner", "occurred_at", "digest", "n", "recorded_at")}
