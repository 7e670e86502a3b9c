"""A small world in a memory store, and a deep picture of what a store holds."""

from __future__ import annotations

import copy
from typing import Any

import attrs

from tests.model.values import make_unit
from xzepr import EventReceiver, EventReceiverGroup, Registry
from xzepr_memory import MemoryStore
from xzepr_memory.tables import Tables

NOT_KEPT = {"news", "reading", "closed", "tokens", "_clock", "_latest", "_history", "_pid"}
"""What a store has besides its tables."""


@attrs.frozen
class World:
    """A registry over a memory store with two receivers, and a group over both."""

    store: MemoryStore
    registry: Registry
    build: EventReceiver
    scan: EventReceiver
    group: EventReceiverGroup

    def record(self, *successes: bool, receiver: EventReceiver | None = None, name: str = "web") -> None:
        """Record events about one unit."""
        for success in successes:
            self.registry.events.record(make_unit(name=name), receiver or self.build, success=success, payload={"n": 1})


def make_world() -> World:
    """Make a world."""
    store = MemoryStore()
    registry = Registry(store)
    build, scan = (
        registry.receivers.create(name=name, type=f"ci.{name}", version="1", schema={"type": "object"})
        for name in ("build", "scan")
    )
    group = registry.groups.create(name="release", type="ci.gate", version="1", receivers=[build, scan])
    return World(store, registry, build, scan, group)


def tables_of(store: MemoryStore) -> Tables:
    """Return what stands behind a store."""
    return store._tables  # noqa: SLF001 - these are tests of what is inside


def picture(store: MemoryStore) -> dict[str, Any]:
    """Return a deep copy of every table."""
    return copy.deepcopy({name: table for name, table in vars(tables_of(store)).items() if name not in NOT_KEPT})
