"""A file that uses the API as a user would; mypy --strict checks it, it is never run.

Where a line must be refused, it says so: an ignore that is not needed is an error.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import assert_type

from xzepr import (
    BulkReport,
    Change,
    ChangeKind,
    Count,
    Delivery,
    Event,
    EventDraft,
    EventFilter,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    FeedPage,
    Gate,
    GateState,
    GroupFilter,
    Identity,
    Limits,
    Page,
    Parked,
    Permission,
    Principal,
    ReceiverFilter,
    ReceiverStatistics,
    Recorded,
    Reevaluation,
    Refusal,
    Registry,
    RetryPolicy,
    Role,
    Subscription,
    Transition,
    TransitionKind,
    Unit,
    Verdict,
    errors,
    json_form,
    parse_time,
)
from xzepr.documents import JsonValue
from xzepr_memory import MemoryStore


def open_and_define() -> tuple[Registry, EventReceiver, EventReceiverGroup]:
    """Open a registry in each way, and define what a service needs at its start."""
    with Registry.open("memory:", limits=Limits(chunk_events=100)) as opened:
        assert_type(opened, Registry)
    registry = Registry(MemoryStore(clock=lambda: datetime.now(UTC)), documents={"urn:x": {"type": "object"}})
    build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema={"type": "object"})
    assert_type(build, EventReceiver)
    assert_type(registry.receivers.find(name="build", type="ci.build", version="1"), EventReceiver | None)
    anything = registry.receivers.create(name="any", type="x", version="1", schema=True, description="any")
    changed = registry.receivers.update(anything, expected_revision=1, schema={"$ref": "urn:x"})
    registry.receivers.delete(changed.id, expected_revision=changed.revision)
    release = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[build, "01ARZ3ND"])
    assert_type(release, EventReceiverGroup)
    assert_type(registry.groups.update(release, expected_revision=1, enabled=False), EventReceiverGroup)
    assert_type(registry.groups.revisions(release), Sequence[EventReceiverGroup])
    return registry, build, release


def record(registry: Registry, build: EventReceiver, unit: Unit) -> None:
    """Record one event and many."""
    recorded = registry.events.record(
        unit,
        build.id,
        success=True,
        payload={"commit": "1f0c", "steps": [1, 2.5, None, True]},
        occurred_at=parse_time("2026-11-23T04:05:06Z"),
        idempotency_key="build 7",
    )
    assert_type(recorded, Recorded)
    assert_type(recorded.event, Event)
    assert_type(recorded.transitions, tuple[Transition, ...])
    payload = recorded.event.payload
    if isinstance(payload, dict):
        payload["more"] = []

    def drafts() -> Iterator[EventDraft]:
        for number in range(10):
            yield EventDraft(unit=unit, receiver=build, success=number > 1, payload=number)

    def progress(report: BulkReport) -> None:
        assert_type(report.refusals, tuple[Refusal, ...])

    assert_type(registry.events.record_many(drafts(), skip=3, progress=progress, on_refusal=print), BulkReport)


def read(registry: Registry, build: EventReceiver, release: EventReceiverGroup, unit: Unit) -> None:
    """Read in every way."""
    verdict = registry.groups.verdict(release, unit, as_of=7)
    assert_type(verdict, Verdict)
    assert_type(verdict.complete, bool)
    assert_type(verdict.blocking, tuple[Gate, ...])
    assert_type([gate.state is GateState.PASSED for gate in verdict.gates], list[bool])
    kinds = [transition.kind is TransitionKind.COMPLETED for transition in registry.groups.transitions(release, unit)]
    assert_type(kinds, list[bool])
    assert_type(registry.groups.reevaluate(release), Reevaluation)
    page = registry.events.list(EventFilter(name="web", success=True), limit=10, newest_first=False)
    assert_type(page, Page[Event])
    assert_type([event.n for event in page], list[int])
    assert_type(page.next, str | None)
    assert_type(page.damaged, tuple[errors.Damaged, ...])
    assert_type(registry.receivers.list(ReceiverFilter(type="ci.build")), Page[EventReceiver])
    assert_type(registry.groups.list(GroupFilter(enabled=True)), Page[EventReceiverGroup])
    assert_type(registry.events.count(EventFilter.of(unit)), Count)
    assert_type(registry.receivers.statistics(build), ReceiverStatistics)
    assert_type(registry.receivers.statistics(build).rate, float | None)


def follow(registry: Registry) -> None:
    """Read the feed, follow it and subscribe to it."""
    page = registry.feed.read(after=FeedCursor.parse("0"), limit=10)
    assert_type(page, FeedPage)
    assert_type(page.cursor, FeedCursor)
    for change in registry.feed.follow(page.cursor, stop=threading.Event(), idle_seconds=1):
        assert_type(change, Change)
        if change.kind is ChangeKind.GROUP_COMPLETED and isinstance(change.subject, Transition):
            assert_type(change.subject.unit, Unit)
        assert_type(json_form(change), dict[str, JsonValue])
        assert_type(change.to_cloudevent("https://registry.example/"), dict[str, JsonValue])

    def handler(delivery: Delivery) -> None:
        assert_type(delivery.attempt, int)

    subscription = registry.feed.subscription("mail", retry=RetryPolicy(attempts=3), start=FeedCursor())
    assert_type(subscription, Subscription)
    assert_type(subscription.deliver(handler), int)
    assert_type(subscription.parked(), Sequence[Parked])
    subscription.run(handler, stop=threading.Event())


def handle(registry: Registry) -> str:
    """Decide by the family of an error."""
    try:
        registry.events.get("x")
    except errors.TooLarge as error:
        assert_type(error.fields, tuple[str, ...])
        return "smaller"
    except errors.Invalid as error:
        assert_type(error.violations, tuple[errors.Violation, ...])
        return error.code
    except errors.CommitUnknown as error:
        assert_type(error.ids, tuple[str, ...])
    except errors.RateLimited as error:
        assert_type(error.retry_after, float)
    except errors.XzeprError:
        return "other"
    return ""


def may(role: Role) -> bool:
    """Ask for a permission."""
    principal = Principal(identity=Identity("local", "ci"), roles=frozenset({role}))
    return principal.may(Permission.EVENT_CREATE)


def refused(registry: Registry, build: EventReceiver, unit: Unit) -> None:
    """Every line here is a mistake that the types catch."""
    Unit("web", "1", "1", "linux", "oci")  # type: ignore[call-arg]
    Unit(name="web", version="1", release="1", platform_id="linux")  # type: ignore[call-arg]
    unit.name = "other"  # type: ignore[misc]
    registry.events.record(unit, build, payload={})  # type: ignore[call-arg]
    registry.events.record(unit, build, success="yes", payload={})  # type: ignore[arg-type]
    registry.events.record(unit, build, success=True, payload={1, 2})  # type: ignore[arg-type]
    registry.events.record(unit, build, success=True, payload=datetime.now(UTC))  # type: ignore[arg-type]
    registry.events.record("web", build, success=True, payload={})  # type: ignore[arg-type]
    registry.events.record_many([unit])  # type: ignore[list-item]
    registry.events.list(GroupFilter())  # type: ignore[arg-type]
    registry.events.list(limit="10")  # type: ignore[arg-type]
    registry.receivers.create(name="x", type="x", version="1")  # type: ignore[call-arg]
    registry.receivers.update(build, name="x")  # type: ignore[call-arg]
    registry.groups.create(name="x", type="x", version="1", receivers=[1])  # type: ignore[list-item]
    registry.groups.verdict(build, unit)  # type: ignore[arg-type]
    registry.feed.read(after="0")  # type: ignore[arg-type]
    registry.feed.subscription("mail").deliver(lambda: None)  # type: ignore[arg-type, misc]
    registry.events.update(build)  # type: ignore[attr-defined]
    registry.events.delete(build)  # type: ignore[attr-defined]
    json_form("web")  # type: ignore[arg-type]
    Registry("memory:")  # type: ignore[arg-type]
