"""What the tests of the contract are written with: a registry over the store under test, and few words to fill it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import attrs

from xzepr import Registry
from xzepr.documents import JsonValue, canonical
from xzepr.model import (
    MAX_LIMIT,
    SALT_BYTES,
    SYSTEM,
    Change,
    Event,
    EventReceiver,
    EventReceiverGroup,
    Identity,
    NewEvent,
    Principal,
    Recorded,
    Role,
    Transition,
    Ulid,
    UlidGenerator,
    Unit,
)
from xzepr.stores import Outcome, Store
from xzepr.testing.clock import START, ManualClock
from xzepr.testing.harness import StoreHarness

new_id: Final = UlidGenerator(lambda: int(START.timestamp() * 1_000))
"""Makes ids of the time at which clocks of the kit begin."""

ALICE: Final = Principal(identity=Identity("https://id.example", "alice"), roles=frozenset({Role.EVENT_MANAGER}))
"""Somebody other than ``SYSTEM``."""


def unit(number: int = 1) -> Unit:
    """Return one of any number of units."""
    return Unit(name=f"unit-{number}", version="1.0", release="1", platform_id="linux-amd64", package="oci")


UNIT: Final = unit(1)
OTHER: Final = unit(2)


def new_event(
    about: Unit,
    receiver: EventReceiver,
    *,
    success: bool = True,
    payload: JsonValue = None,
    id: str | None = None,  # noqa: A002 - the word that callers know
    key: str | None = None,
    description: str = "",
    occurred_at: datetime | None = None,
    owner: Identity = SYSTEM.identity,
) -> NewEvent:
    """Prepare an event for ``append`` as the registry does, every one with a salt of its own.

    Args:
        about: The unit.
        receiver: The receiver, as the caller knows it.
        success: Whether what it tells went well.
        payload: Its payload.
        id: Its id, if the caller supplies one.
        key: Its idempotency key, if the caller supplies one.
        description: A word for people.
        occurred_at: When it happened, if the caller says so.
        owner: Who records it.
    """
    given = {"id": id, "idempotency_key": key, "occurred_at": occurred_at}
    return NewEvent(
        id=new_id() if id is None else Ulid(id),
        unit=about,
        receiver_id=receiver.id,
        receiver_fingerprint=receiver.fingerprint,
        success=success,
        payload_text=canonical(payload),
        salt=os.urandom(SALT_BYTES),
        description=description,
        owner=owner,
        occurred_at=(occurred_at or START).astimezone(UTC),
        idempotency_key=key,
        supplied=frozenset(field for field, value in given.items() if value is not None),
    )


@attrs.frozen(kw_only=True)
class World:
    """A registry over a fresh store.

    Args:
        store: The store under test.
        registry: The registry over it.
        clock: The clock of both; it stands still until a test moves it.
        harness: What knows the store from behind.
    """

    store: Store
    registry: Registry
    clock: ManualClock
    harness: StoreHarness

    def receiver(self, name: str = "build", *, version: str = "1", schema: JsonValue = True) -> EventReceiver:
        """Create a receiver; by default it accepts anything."""
        return self.registry.receivers.create(name=name, type="ci.step", version=version, schema=schema)

    def receivers(self, count: int) -> list[EventReceiver]:
        """Create several receivers."""
        return [self.receiver(f"step-{number}") for number in range(count)]

    def group(self, *receivers: EventReceiver, name: str = "release", enabled: bool = True) -> EventReceiverGroup:
        """Create a group."""
        return self.registry.groups.create(name=name, type="ci.gate", version="1", receivers=receivers, enabled=enabled)

    def record(
        self, about: Unit, receiver: EventReceiver, *, success: bool = True, payload: JsonValue = None
    ) -> Recorded:
        """Record an event through the registry."""
        return self.registry.events.record(about, receiver, success=success, payload=payload)

    def event(self, about: Unit, receiver: EventReceiver, *, success: bool = True, payload: JsonValue = None) -> Event:
        """Record an event through the registry, and return it as stored."""
        return self.record(about, receiver, success=success, payload=payload).event

    def append(self, *events: NewEvent, principal: Principal = SYSTEM) -> Sequence[Outcome]:
        """Append events to the store in one step."""
        return self.store.events.append(events, principal)

    def append_many(self, units: Sequence[Unit], receiver: EventReceiver) -> None:
        """Append one success per unit, as many at once as the store takes."""
        most = self.store.capabilities.max_append
        for start in range(0, len(units), most):
            self.append(*(new_event(each, receiver) for each in units[start : start + most]))

    def complete(self, group: EventReceiverGroup, about: Unit = UNIT) -> bool:
        """Say whether a group is complete for a unit now."""
        return self.registry.groups.verdict(group, about).complete

    def transitions(self, group: EventReceiverGroup, about: Unit = UNIT) -> Sequence[Transition]:
        """Return the transitions of a group for a unit."""
        return self.registry.groups.transitions(group, about)

    def changes(self, after: int = 0, *, payloads: bool = False) -> list[Change]:
        """Return the feed from a position to its end."""
        return read_feed(self.registry, after, payloads=payloads)


def read_feed(registry: Registry, after: int = 0, *, payloads: bool = False) -> list[Change]:
    """Return the feed from a position to its end."""
    changes: list[Change] = []
    while page := registry.feed.read(after, limit=MAX_LIMIT, payloads=payloads).changes:
        assert page[-1].position > after, "the feed does not end"
        changes += page
        after = page[-1].position
    return changes


@contextmanager
def open_world(harness_class: type[StoreHarness], *, clock: ManualClock | None = None) -> Iterator[World]:
    """Open a fresh world, and close its store afterwards.

    Args:
        harness_class: The harness of the store.
        clock: The clock of both store and registry, if it is to be another than usual.
    """
    harness = harness_class()
    harness.reset()
    clock = clock or ManualClock()
    store = harness.open(clock)
    try:
        with Registry(store, clock=clock) as registry:
            yield World(store=store, registry=registry, clock=clock, harness=harness)
    finally:
        store.close()
