"""Every write fails at its n-th step, n = 1, 2, 3 … until it succeeds: nothing of it stays, and the next one works."""

# ruff: noqa: ANN401, FBT003 - what is given is wrong on purpose; outcomes in their order
from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs
import pytest

import xzepr_memory.tables
from tests.memory.worlds import World, make_world, picture
from tests.model.values import NOON, make_unit
from xzepr import EventDraft, EventReceiver, EventReceiverGroup, Lease, Parked, Registry
from xzepr.model import SYSTEM
from xzepr_memory.subscriptions import MemorySubscriptions
from xzepr_memory.tables import Write


class FaultError(Exception):
    """What goes wrong in the middle of a write."""


class Steps(list[Any]):
    """Notes of undo steps, one of which fails, before or after it is noted."""

    def __init__(self, fail_at: int, error: type[BaseException], *, noted: bool) -> None:
        super().__init__()
        self._left = fail_at
        self._error = error
        self._noted = noted

    def append(self, step: Any) -> None:
        """Note a step, or fail."""
        self._left -= 1
        if self._left:
            super().append(step)
        elif self._noted:
            super().append(step)
            raise self._error
        else:
            raise self._error


@attrs.frozen
class Ready:
    """What the writes below work on, all made before faults begin."""

    world: World
    spare: EventReceiver
    late: EventReceiverGroup
    lease: Lease

    @property
    def registry(self) -> Registry:
        """The registry."""
        return self.world.registry

    @property
    def kept(self) -> MemorySubscriptions:
        """The subscriptions."""
        return self.world.store.subscriptions

    def park(self, position: int) -> None:
        """Park a change."""
        cursor = self.registry.feed.read(position - 1, limit=1).changes[0].cursor
        self.kept.park(self.lease, Parked(cursor=cursor, attempts=1, error="E", parked_at=NOON))

    def record_many(self) -> None:
        """Complete, reopen and complete the group for a new unit and a known one, in one append."""
        build, scan = self.world.build, self.world.scan
        steps = [(build, True), (scan, True), (build, False), (build, True)]
        self.registry.events.record_many(
            EventDraft(
                unit=make_unit(name=name),
                receiver=receiver,
                success=success,
                payload={},
                idempotency_key=f"{name}{key}",
            )
            for name in ("new", "web")
            for key, (receiver, success) in enumerate(steps)
        )


def make_ready() -> Ready:
    """Make a world in which everything can be done."""
    world = make_world()
    world.record(True, False, True)
    world.record(True, name="api")
    world.record(True, name="cli")
    spare = world.registry.receivers.create(name="spare", type="t", version="1", schema=True)
    late = world.registry.groups.create(name="late", type="t", version="1", receivers=[world.build])
    for name in ("mail", "idle"):
        world.registry.feed.subscription(name)
    lease = world.store.subscriptions.acquire("mail", SYSTEM, seconds=9)
    assert lease is not None
    ready = Ready(world, spare, late, lease)
    ready.park(1)
    return ready


WRITES: dict[str, Callable[[Ready], object]] = {
    "receivers.create": lambda r: r.registry.receivers.create(name="new", type="t", version="1", schema=True),
    "receivers.update": lambda r: r.registry.receivers.update(r.world.scan, expected_revision=1, name="renamed"),
    "receivers.delete": lambda r: r.registry.receivers.delete(r.spare, expected_revision=1),
    "groups.create": lambda r: r.registry.groups.create(
        name="new", type="t", version="1", receivers=[r.world.scan, r.world.build]
    ),
    "groups.update": lambda r: r.registry.groups.update(
        r.world.group, expected_revision=1, name="x", receivers=[r.spare]
    ),
    "groups.disable": lambda r: r.registry.groups.update(r.world.group, expected_revision=1, enabled=False),
    "groups.delete": lambda r: r.registry.groups.delete(r.world.group, expected_revision=1),
    "groups.reevaluate": lambda r: r.registry.groups.reevaluate(r.late),
    "events.append": Ready.record_many,
    "events.redact": lambda r: r.registry.events.redact(r.registry.events.list().items[0].id, "secret"),
    "subscriptions.ensure": lambda r: r.registry.feed.subscription("new"),
    "subscriptions.acquire": lambda r: r.kept.acquire("idle", SYSTEM, seconds=9),
    "subscriptions.renew": lambda r: r.kept.renew(r.lease, seconds=99),
    "subscriptions.advance": lambda r: r.kept.advance(r.lease, r.registry.feed.read(limit=2).changes[1].cursor),
    "subscriptions.park": lambda r: r.park(3),
    "subscriptions.unpark": lambda r: r.kept.unpark(r.lease, 1),
    "subscriptions.release": lambda r: r.kept.release(r.lease),
    "subscriptions.delete": lambda r: r.kept.delete("mail", SYSTEM),
}


@pytest.mark.parametrize("noted", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [FaultError, KeyboardInterrupt])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_fails_at_any_step_leaves_nothing(
    name: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch, *, noted: bool
) -> None:
    """Whatever step fails, all tables are as before; then the write succeeds, and so does the next one."""
    ready = make_ready()
    world = ready.world
    before = picture(world.store)
    for fail_at in itertools.count(1):
        steps = Steps(fail_at, error, noted=noted)

        class Failing(Write):
            """A write that fails at one of its steps."""

            __slots__ = ()

            def __init__(self, *args: Any, steps: Steps = steps) -> None:
                super().__init__(*args)
                self._undo = steps

        monkeypatch.setattr(xzepr_memory.tables, "Write", Failing)
        try:
            WRITES[name](ready)
        except error:
            assert before == picture(world.store)
        else:
            break
    monkeypatch.undo()
    assert fail_at > 1, "this write noted nothing"
    assert before != picture(world.store)
    world.record(True, receiver=world.scan, name="afterwards")
    positions = [change.position for change in world.registry.feed.read(limit=1_000)]
    assert positions == list(range(1, len(positions) + 1))
