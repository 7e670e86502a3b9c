"""Promise 9: values come back as they were given, and the row is the preimage of its digest."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from xzepr.documents import JsonValue, canonical
from xzepr.model import Event, EventFilter
from xzepr.testing.clock import START
from xzepr.testing.contract._base import Contract
from xzepr.testing.contract.appending import recorded
from xzepr.testing.strategies import payloads
from xzepr.testing.world import ALICE, UNIT, World, new_event, open_world

VALUES: tuple[JsonValue, ...] = (
    None,
    True,
    0,
    -(2**53) + 1,
    2**53 - 1,
    1e308,
    5e-324,
    0.1,
    1e21,
    "",
    'é 💥 \u2028 \\ " /',
    [],
    {},
    [[[]]],
    {"": 1, "a b": 2, "€": 3},
    {"z": 1, "a": {"y": None, "b": [1, "1", True]}},
    "x" * 100_000,
)


class ValuesContract(Contract):
    """What is stored, and how it reads back."""

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: canonical(value)[:20])
    def test_payload_comes_back(self, world: World, value: JsonValue) -> None:
        """A payload reads back as it was given."""
        event = world.event(UNIT, world.receiver(), payload=value)

        assert world.registry.events.get(event.id).payload == value

    @given(value=payloads())
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_any_payload_comes_back(self, value: JsonValue) -> None:
        """Whatever I-JSON is recorded reads back equal, and as the canonical text that was stored."""
        with open_world(self.harness_class) as world:
            event = world.event(UNIT, world.receiver(), payload=value)
            [row] = world.harness.raw_events(world.store)

            assert world.registry.events.get(event.id).payload == value
            assert row.payload_text == canonical(value)

    def test_types_come_back(self, world: World) -> None:
        """True stays a boolean, 1 a number and "1" text, although Python holds some of them equal."""
        event = world.event(UNIT, world.receiver(), payload=[True, 1, "1", 1.5])

        assert canonical(world.registry.events.get(event.id).payload) == '[true,1,"1",1.5]'

    def test_row_is_the_canonical_text(self, world: World) -> None:
        """The stored row holds the canonical text: sorted keys, 1.0 as 1, -0.0 as 0."""
        world.record(UNIT, world.receiver(), payload={"b": 1.0, "a": -0.0, "€": [1e21, "\u007f"]})

        [row] = world.harness.raw_events(world.store)

        assert row.payload_text == '{"a":0,"b":1,"€":[1e+21,"\u007f"]}'

    def test_largest_payload(self, world: World) -> None:
        """A payload as large as the store declares is taken, and reads back."""
        text = "x" * (min(world.store.capabilities.max_payload_bytes, 2 * 1024 * 1024) - 2)

        event = world.event(UNIT, world.receiver(), payload=text)

        assert world.registry.events.get(event.id).payload == text

    def test_payload_is_not_the_callers(self, world: World) -> None:
        """What a caller does to a payload after recording it does not reach the store."""
        payload: dict[str, JsonValue] = {"list": [1]}
        event = world.event(UNIT, world.receiver(), payload=payload)

        payload["list"] = "changed"

        assert world.registry.events.get(event.id).payload == {"list": [1]}

    def test_payload_is_fresh(self, world: World) -> None:
        """What a reader does to a payload does not reach the store."""
        event = world.event(UNIT, world.receiver(), payload={"list": [1]})
        mine = world.registry.events.get(event.id).payload
        assert isinstance(mine, dict)
        mine["list"] = "changed"

        assert world.registry.events.get(event.id).payload == {"list": [1]}

    def test_text_is_exact(self, world: World) -> None:
        """Text comes back as given: spaces, case, Unicode form and all."""
        about = attrs.evolve(UNIT, name="  Cafe\u0301 ", version="caf\u00e9", release="💥", package="%_\\'\"")

        event = world.event(about, world.receiver())

        assert world.registry.events.get(event.id).unit == about

    def test_longest_text(self, world: World) -> None:
        """Limits count characters, not bytes: 255 characters of four bytes each come back."""
        about = attrs.evolve(UNIT, **dict.fromkeys(UNIT.fields(), "💥" * 255))

        event = world.event(about, world.receiver())

        assert world.registry.events.get(event.id).unit == about
        assert [each.id for each in world.registry.events.list(EventFilter.of(about))] == [event.id]

    @pytest.mark.parametrize(
        "moment",
        [
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 3, 29, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        ],
        ids=["first", "before-1970", "offset", "last"],
    )
    def test_times_come_back(self, world: World, moment: datetime) -> None:
        """A time comes back as the same moment, to the microsecond, in UTC."""
        [outcome] = recorded(world.append(new_event(UNIT, world.receiver(), occurred_at=moment)))

        stored = world.registry.events.get(outcome.event.id).occurred_at

        assert (stored, stored.utcoffset()) == (moment, timedelta(0))

    def test_recording_time_is_exact(self, world: World) -> None:
        """``recorded_at`` has every microsecond of the clock, in UTC."""
        stored = world.registry.events.get(world.event(UNIT, world.receiver()).id).recorded_at

        assert (stored, stored.utcoffset()) == (START, timedelta(0))

    def test_stored_event_verifies(self, world: World) -> None:
        """An event as read verifies against its digests."""
        event = world.event(UNIT, world.receiver(), payload={"commit": "1f0c"})

        assert world.registry.events.get(event.id).verify()

    def test_payload_digest_of_the_row(self, world: World) -> None:
        """The payload's digest is the SHA-256 of salt and text, both as they lie in the row."""
        world.record(UNIT, world.receiver(), payload={"commit": "é"})

        [row] = world.harness.raw_events(world.store)

        assert row.salt is not None
        assert row.payload_text is not None
        assert row.payload_digest == hashlib.sha256(row.salt + row.payload_text.encode()).hexdigest()

    def test_digest_of_the_row(self, world: World) -> None:
        """The event's digest can be recomputed from its fields by the published recipe."""
        [outcome] = recorded(
            world.append(
                new_event(UNIT, world.receiver(), payload=1, description="é", owner=ALICE.identity), principal=ALICE
            )
        )

        [row] = world.harness.raw_events(world.store)

        assert row.digest == published_digest(world.registry.events.get(outcome.event.id))

    def test_salts_differ(self, world: World) -> None:
        """Equal payloads of two events have different salts, and so different digests."""
        build = world.receiver()
        for _ in range(2):
            world.record(UNIT, build, payload="same")

        first, second = world.harness.raw_events(world.store)

        assert first.salt != second.salt
        assert first.payload_digest != second.payload_digest

    def test_rows_are_all_there(self, world: World) -> None:
        """The rows behind the store are the events that were recorded, with their numbers."""
        build = world.receiver()
        events = [world.event(UNIT, build) for _ in range(3)]

        rows = world.harness.raw_events(world.store)

        assert sorted((row.n, row.id) for row in rows) == [(event.n, event.id) for event in events]


def published_digest(event: Event) -> str:
    """Return the digest of an event as the documentation describes it, with nothing but the standard library."""
    fields = {
        "id": event.id,
        "unit": event.unit.fields(),
        "receiver_id": event.receiver_id,
        "receiver_fingerprint": event.receiver_fingerprint,
        "success": event.success,
        "payload_digest": event.payload_digest,
        "description": event.description,
        "owner": {"issuer": event.owner.issuer, "subject": event.owner.subject},
        "occurred_at": event.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"xzepr.event.v1\0" + text.encode()).hexdigest()
