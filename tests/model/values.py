"""Values for the tests: each maker takes what shall differ."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from xzepr.model import Event, EventReceiver, EventReceiverGroup, Identity, NewEvent, Ulid, Unit, receiver_fingerprint

NOON = datetime(2026, 11, 23, 12, 0, 0, 7, tzinfo=UTC)
OWNER = Identity("local", "ci")
IDS = tuple(Ulid(f"01ARZ3NDEKTSV4RRFFQ69G5F{place:02d}") for place in range(100))


def make_unit(**changes: Any) -> Unit:
    """Make a unit."""
    return Unit(
        **{"name": "web", "version": "1.4.2", "release": "1", "platform_id": "linux", "package": "oci"} | changes
    )


def make_receiver(**changes: Any) -> EventReceiver:
    """Make a receiver that accepts anything."""
    fields = {
        "id": IDS[1],
        "name": "build",
        "type": "ci.build",
        "version": "1",
        "description": "",
        "schema_text": "true",
        "fingerprint": receiver_fingerprint("build", "ci.build", "1", True),  # noqa: FBT003 - the schema
        "owner": OWNER,
        "revision": 1,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return EventReceiver(**fields | changes)


def make_group(**changes: Any) -> EventReceiverGroup:
    """Make a group over the one receiver."""
    fields = {
        "id": IDS[2],
        "name": "release",
        "type": "ci.gate",
        "version": "1",
        "description": "",
        "receiver_ids": (IDS[1],),
        "enabled": True,
        "owner": OWNER,
        "revision": 1,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return EventReceiverGroup(**fields | changes)


def make_new_event(**changes: Any) -> NewEvent:
    """Make an event that can be appended."""
    fields = {
        "id": IDS[3],
        "unit": make_unit(),
        "receiver_id": IDS[1],
        "receiver_fingerprint": make_receiver().fingerprint,
        "success": True,
        "payload_text": '{"commit":"1f0c"}',
        "salt": bytes(16),
        "description": "",
        "owner": OWNER,
        "occurred_at": NOON,
    }
    return NewEvent(**fields | changes)


def make_event(**changes: Any) -> Event:
    """Make an event as a store returns it."""
    new = make_new_event()
    fields = {
        name: getattr(new, name)
        for name in (
            *("id", "unit", "receiver_id", "receiver_fingerprint", "success", "payload_text", "salt", "payload_digest"),
            *("description", "owner", "occurred_at", "digest"),
        )
    }
    return Event(**fields | {"n": 1, "recorded_at": NOON} | changes)
