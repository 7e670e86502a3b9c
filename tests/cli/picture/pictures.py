"""Worlds of which pictures are drawn."""

from __future__ import annotations

import attrs

from xzepr import Event, EventReceiver, EventReceiverGroup, Registry, Unit
from xzepr.cli.picture import UnitPicture, gather
from xzepr.testing.clock import ManualClock
from xzepr_memory import MemoryStore

UNIT = Unit(name="web", version="1.4.2", release="7", platform_id="linux-amd64", package="oci")

HOSTILE = (
    "<script>document.title = 'ran'</script>",
    '"><img src=x onerror="document.title = \'ran\'">',
    "</style><svg onload=alert(1)>",
    "]]> &amp; <!-- --> {{ }}",
    "we\u202eb\u2066\u200b gpj.exe",
    "W" * 255,
    "שלום עולם",
    "東京" * 100,
    "a\u0301" * 120,
    "' onmouseover='alert(1)",
)
"""Names that want to be more than a text."""


@attrs.frozen
class World:
    """A registry in memory whose clock a test moves."""

    clock: ManualClock = attrs.field(factory=ManualClock)
    store: MemoryStore = attrs.field(init=False)
    registry: Registry = attrs.field(init=False)

    @store.default
    def _store(self) -> MemoryStore:
        return MemoryStore(clock=self.clock)

    @registry.default
    def _registry(self) -> Registry:
        return Registry(self.store, clock=self.clock)

    def receiver(self, name: str, *, version: str = "1") -> EventReceiver:
        """Create a receiver that accepts anything."""
        return self.registry.receivers.create(name=name, type="ci.step", version=version, schema=True)

    def receivers(self, *names: str) -> list[EventReceiver]:
        """Create several."""
        return [self.receiver(name) for name in names]

    def group(self, name: str, *receivers: EventReceiver, enabled: bool = True) -> EventReceiverGroup:
        """Create a group."""
        return self.registry.groups.create(name=name, type="ci.gate", version="1", receivers=receivers, enabled=enabled)

    def record(
        self, receiver: EventReceiver, *, success: bool = True, after: float = 60, unit: Unit = UNIT, why: str = ""
    ) -> Event:
        """Record an event, some seconds after what was before."""
        self.clock.advance(after)
        recorded = self.registry.events.record(unit, receiver, success=success, payload={"n": 1}, description=why)
        return recorded.event

    def forge(self, event: Event) -> None:
        """Replace the stored payload of an event behind the store's back."""
        row = self.store._tables.events[event.id]  # noqa: SLF001 - the back door
        row.event = attrs.evolve(row.event, payload_text='"forged"')

    def alter(self, event: Event) -> None:
        """Replace its description in the same way."""
        row = self.store._tables.events[event.id]  # noqa: SLF001 - the back door
        row.event = attrs.evolve(row.event, description="all was well")

    def picture(self, unit: Unit = UNIT, *, events: int = 1_000) -> UnitPicture:
        """Read the picture."""
        return gather(self.registry, unit, read_at=self.clock(), events=events)


def reopened() -> tuple[World, list[Event]]:
    """A release that needs build and scan: complete with event 2, reopened by 4, complete again with 5."""
    world = World()
    build, scan = world.receivers("build", "scan")
    world.group("release", build, scan)
    said = [(build, True), (scan, True), (build, True), (scan, False), (scan, True)]
    return world, [world.record(receiver, success=success) for receiver, success in said]


def many(count: int, *, receivers: int = 10, groups: int = 12) -> World:
    """Many events, of which every seventh fails; each group needs three receivers."""
    world = World()
    steps = world.receivers(*(f"step-{number:02}" for number in range(receivers)))
    for number in range(groups):
        world.group(f"gate-{number:02}", *(steps[(number + more) % receivers] for more in range(3)))
    for number in range(count):
        world.record(steps[number * 3 % receivers], success=number % 7 != 6)
    return world


def hostile() -> tuple[World, Unit]:
    """A unit, receivers, groups and descriptions with names that want to be more."""
    world = World()
    unit = Unit(name=HOSTILE[0], version=HOSTILE[1], release=HOSTILE[4], platform_id=HOSTILE[5], package=HOSTILE[3])
    receivers = world.receivers(*HOSTILE)
    for name, receiver in zip(HOSTILE, receivers, strict=True):
        world.group(name, receiver)
    for number, receiver in enumerate(receivers):
        world.record(receiver, success=number % 3 != 2, unit=unit, why=HOSTILE[number] * 3)
    return world, unit
