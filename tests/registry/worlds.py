"""Registries for the tests, and stores of which a test replaces parts."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from typing import Any

from xzepr import EventReceiver, EventReceiverGroup, Registry
from xzepr_memory import MemoryStore


class Around:
    """A store, or a part of one, with some of its attributes replaced."""

    def __init__(self, inner: object, **replaced: object) -> None:
        self.__dict__.update(replaced)
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def make_registry(**options: Any) -> Registry:
    """Make a registry over a new memory store."""
    return Registry(MemoryStore(), **options)


def make_receiver(registry: Registry, name: str = "build", **changes: Any) -> EventReceiver:
    """Create a receiver that accepts objects."""
    fields = {"name": name, "type": f"ci.{name}", "version": "1", "schema": {"type": "object"}}
    return registry.receivers.create(**fields | changes)


def make_group(registry: Registry, *receivers: EventReceiver, **changes: Any) -> EventReceiverGroup:
    """Create a group."""
    return registry.groups.create(
        **{"name": "release", "type": "ci.gate", "version": "1", "receivers": receivers} | changes
    )
