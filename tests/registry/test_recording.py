"""Recording: receivers that change, answers that are lost, and what a retry gets."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

import xzepr.registry.recording
from tests.model.values import IDS, make_unit
from tests.registry.worlds import Around, make_group, make_receiver, make_registry
from xzepr import EventDraft, EventReceiver, Registry
from xzepr.errors import (
    Closed,
    CommitUnknown,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    NotFound,
    StorageFull,
    Unavailable,
    XzeprError,
)
from xzepr.model import NewEvent, Principal
from xzepr.stores import Denied, Outcome
from xzepr_memory import MemoryStore

N = {"type": "object", "required": ["n"]}


@pytest.fixture(autouse=True)
def _no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve a lost answer without waiting, as often as otherwise."""
    delays = xzepr.registry.recording.RESOLVE_DELAYS
    monkeypatch.setattr(xzepr.registry.recording, "RESOLVE_DELAYS", (0.0,) * len(delays))


class Appending:
    """Events whose append does what a plan says: ``lost`` and ``unsent`` have no answer, an error is raised."""

    def __init__(self, store: MemoryStore, *plan: str | XzeprError) -> None:
        self.store = Around(store, events=Around(store.events, append=self.append))
        self.batches: list[Sequence[NewEvent]] = []
        self._events = store.events
        self._plan = list(plan)

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append as planned."""
        self.batches.append(events)
        step = self._plan.pop(0) if self._plan else "answered"
        if isinstance(step, XzeprError):
            raise step
        outcomes = () if step == "unsent" else self._events.append(events, principal)
        if step in {"lost", "unsent"}:
            raise CommitUnknown(event.id for event in events)
        return outcomes


def record(registry: Registry, receiver: Any, **changes: Any) -> Any:
    """Record an event."""
    fields = {"success": True, "payload": {"n": 1}} | changes
    return registry.events.record(fields.pop("unit", make_unit()), receiver, **fields)


@pytest.mark.parametrize(
    ("plan", "replayed"),
    [
        (["lost"], True),
        (["unsent"], False),
        (["lost", "lost", "lost"], True),
        (["unsent", "unsent", "lost"], True),
        (["lost", Unavailable("later")], True),
        (["unsent", Unavailable("later"), Unavailable("later")], False),
        (["lost", StorageFull("full")], True),
    ],
)
def test_a_lost_answer_is_resolved_by_appending_again(plan: list[Any], replayed: bool) -> None:  # noqa: FBT001 - a parameter
    """Whether it was stored or not, the caller gets the event, stored once."""
    store = MemoryStore()
    appending = Appending(store, *plan)
    registry = Registry(appending.store)  # type: ignore[arg-type]  # a store in all but its type
    recorded = record(registry, make_receiver(registry))
    assert recorded.replayed is replayed
    assert recorded.event == registry.events.get(recorded.event.id)
    assert registry.events.count().value == 1
    assert len({batch[0].id for batch in appending.batches}) == 1


@pytest.mark.parametrize(
    "last", ["lost", Unavailable("later"), StorageFull("full"), Closed("store")], ids=lambda step: str(step)[:8]
)
def test_what_cannot_be_resolved_is_commit_unknown_with_its_ids(last: Any) -> None:
    """No later error hides that the first attempt may have been stored."""
    store = MemoryStore()
    appending = Appending(store, "lost", *[last] * 3)
    registry = Registry(appending.store)  # type: ignore[arg-type]  # a store in all but its type
    receiver = make_receiver(registry)
    with pytest.raises(CommitUnknown) as caught:
        record(registry, receiver)
    assert len(appending.batches) == 4
    again = record(registry, receiver, id=caught.value.ids[0])
    assert again.replayed
    assert registry.events.count().value == 1


@pytest.mark.parametrize("error", [Unavailable("later"), StorageFull("full"), Closed("store")])
def test_what_the_store_says_at_once_is_not_retried(error: XzeprError) -> None:
    """Nothing was stored, and the caller decides."""
    appending = Appending(MemoryStore(), error)
    registry = Registry(appending.store)  # type: ignore[arg-type]  # a store in all but its type
    receiver = make_receiver(registry)
    with pytest.raises(type(error)):
        record(registry, receiver)
    assert len(appending.batches) == 1
    assert not record(registry, receiver).replayed


def test_c029_a_receiver_that_changed_since_is_checked_again() -> None:
    """The caller's value is old, the store's definition decides: the payload must be right for it."""
    registry = make_registry()
    old = make_receiver(registry)
    Registry(registry.store).receivers.update(old, expected_revision=1, schema=N)
    assert record(registry, old).event.receiver_fingerprint != old.fingerprint
    with pytest.raises(Invalid, match="payload: lacks the member n"):
        record(registry, old, payload={})
    assert registry.events.count().value == 1


def test_c029_a_receiver_value_with_another_schema_opens_nothing() -> None:
    """Whoever hands over a receiver of his own making is checked by the schema that is stored."""
    registry = make_registry()
    forged = attrs.evolve(make_receiver(registry, schema=N), schema_text="true")
    with pytest.raises(Invalid, match="payload: lacks the member n"):
        record(registry, forged, payload={})


def test_drafts_for_one_receiver_keep_their_order_when_it_changed() -> None:
    """An old receiver value in a batch does not make its event the latest."""
    registry = make_registry()
    old = make_receiver(registry)
    new = registry.receivers.update(old, expected_revision=1, schema=N)
    registry.events.record_many(
        EventDraft(unit=make_unit(), receiver=receiver, success=success, payload={"n": 1})
        for receiver, success in ((old, False), (new, True), (old.id, False), (new.id, True))
    )
    assert [event.success for event in registry.events.list(newest_first=False)] == [False, True, False, True]
    assert record(registry, new).event.n == 5


def changing(store: MemoryStore, times: int) -> tuple[Registry, EventReceiver]:
    """Return a registry over a store in which a receiver changes before each of so many appends."""
    other = Registry(store)
    receiver = make_receiver(other)

    def append(events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        nonlocal times
        if times:
            times -= 1
            stored = other.receivers.get(receiver.id)
            other.receivers.update(stored, expected_revision=stored.revision, schema={"title": str(stored.revision)})
        return store.events.append(events, principal)

    return Registry(Around(store, events=Around(store.events, append=append))), receiver  # type: ignore[arg-type]  # a store


@pytest.mark.parametrize("times", [1, 2])
def test_a_receiver_that_changes_while_an_event_is_appended_is_checked_again(times: int) -> None:
    """The check is repeated against the definition that the store names."""
    registry, receiver = changing(MemoryStore(), times)
    recorded = record(registry, receiver)
    assert recorded.event.receiver_fingerprint == registry.receivers.get(receiver.id).fingerprint


def test_a_receiver_that_changes_over_and_over_is_unavailable() -> None:
    """After three rounds nothing was stored, and the caller may retry."""
    registry, receiver = changing(MemoryStore(), 3)
    with pytest.raises(Unavailable, match="over and over"):
        record(registry, receiver)
    assert registry.events.count().value == 0
    assert record(registry, receiver).event.n == 1


@pytest.mark.parametrize("error", [Unavailable("later"), StorageFull("full")])
def test_a_second_round_that_fails_takes_back_no_answer_of_the_first(error: XzeprError) -> None:
    """What was stored is reported as stored; only what waited for the second round is refused."""
    store = MemoryStore()
    other = Registry(store)
    stale, fresh = make_receiver(other), make_receiver(other, "scan")
    calls = 0

    def append(events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        nonlocal calls
        calls += 1
        if calls == 1:
            other.receivers.update(stale, expected_revision=1, schema=N)
            return store.events.append(events, principal)
        raise error

    registry = Registry(Around(store, events=Around(store.events, append=append)))  # type: ignore[arg-type]  # a store
    report = registry.events.record_many(
        EventDraft(unit=make_unit(), receiver=receiver, success=True, payload={"n": 1}) for receiver in (stale, fresh)
    )
    assert (report.recorded, report.refused) == (1, 1)
    assert [(refusal.index, type(refusal.error)) for refusal in report.refusals] == [(0, type(error))]


def test_a_store_that_fails_while_a_receiver_is_looked_up_stops_the_whole() -> None:
    """An outage refuses no event: nothing would record it later."""
    store = MemoryStore()
    receiver = make_receiver(Registry(store))

    def get(_: str) -> EventReceiver:
        raise Unavailable("the pool is empty")

    registry = Registry(Around(store, receivers=Around(store.receivers, get=get)))  # type: ignore[arg-type]  # a store
    draft = EventDraft(unit=make_unit(), receiver=receiver.id, success=True, payload={})
    with pytest.raises(Unavailable, match="the pool is empty"):
        registry.events.record_many([draft])


def test_c029_an_event_for_an_absent_receiver_is_not_found() -> None:
    """By id, by value, and also when the receiver was deleted behind the registry's back."""
    registry = make_registry()
    receiver = make_receiver(registry)
    Registry(registry.store).receivers.delete(receiver, expected_revision=1)
    for _ in range(2):
        with pytest.raises(NotFound, match=f"there is no receiver {receiver.id}"):
            record(registry, receiver)
    with pytest.raises(NotFound):
        record(registry, IDS[1])
    assert registry.events.count().value == 0


def test_what_a_store_denies_is_forbidden() -> None:
    """A store may refuse a principal."""
    store = MemoryStore()

    def append(events: Sequence[NewEvent], _: Principal) -> Sequence[Outcome]:
        return [Denied(permission="event:create") for _ in events]

    registry = Registry(Around(store, events=Around(store.events, append=append)))  # type: ignore[arg-type]  # a store
    with pytest.raises(Forbidden) as caught:
        record(registry, make_receiver(registry))
    assert caught.value.permission == "event:create"


def test_c068_the_same_id_with_other_content_is_a_conflict() -> None:
    """The conflict names the stored event and every difference; a retry with equal content is a replay."""
    registry = make_registry()
    receiver = make_receiver(registry)
    first = record(registry, receiver, id=IDS[5])
    assert record(registry, receiver, id=IDS[5]).event == first.event
    with pytest.raises(IdempotencyConflict) as caught:
        record(
            registry, receiver, id=IDS[5], success=False, payload={"n": 2}, description="x", unit=make_unit(name="y")
        )
    assert caught.value.event_id == IDS[5]
    assert caught.value.differs == ("unit", "success", "description", "payload")
    assert registry.events.count().value == 1


def test_c068_the_same_key_with_other_content_is_a_conflict() -> None:
    """Keys never expire, and a replay returns the first answer with its transitions."""
    registry = make_registry()
    receiver = make_receiver(registry)
    make_group(registry, receiver)
    first = record(registry, receiver, idempotency_key="k")
    record(registry, receiver, success=False)
    again = record(registry, receiver, idempotency_key="k")
    assert (again.event, again.transitions, again.replayed) == (first.event, first.transitions, True)
    with pytest.raises(IdempotencyConflict) as caught:
        record(registry, receiver, idempotency_key="k", payload={"n": 2})
    assert (caught.value.event_id, caught.value.differs) == (first.event.id, ("payload",))


def test_c068_a_key_and_an_id_of_two_events_are_a_conflict() -> None:
    """Neither wins silently."""
    registry = make_registry()
    receiver = make_receiver(registry)
    record(registry, receiver, idempotency_key="one")
    record(registry, receiver, id=IDS[5], idempotency_key="two")
    with pytest.raises(IdempotencyConflict) as caught:
        record(registry, receiver, id=IDS[5], idempotency_key="one")
    assert caught.value.differs == ("idempotency_key",)
    with pytest.raises(IdempotencyConflict) as caught:
        record(registry, receiver, id=IDS[6], idempotency_key="one")
    assert caught.value.differs == ("id",)


def test_c014_a_payload_changed_after_recording_changes_nothing() -> None:
    """What is stored is a copy: neither the caller's value nor a value handed out is connected to it."""
    registry = make_registry()
    receiver = make_receiver(registry)
    payload = {"n": 1, "list": [1]}
    event = record(registry, receiver, payload=payload).event
    payload["list"].append(2)  # type: ignore[attr-defined]  # a list
    handed_out = event.payload
    handed_out["list"].append(3)
    assert registry.events.get(event.id).payload == {"n": 1, "list": [1]}
    assert registry.events.get(event.id).verify()


def test_every_violation_of_an_event_is_named_at_once() -> None:
    """Fields, payload and receiver are refused together, nothing is stored, and the registry works."""
    registry = make_registry()
    receiver = make_receiver(registry, schema=N)
    head = registry.feed.head()
    with pytest.raises(Invalid) as caught:
        record(
            registry,
            receiver,
            unit="web",
            success=1,
            payload={},
            description="\n",
            occurred_at=0,
            id="x",
            idempotency_key="",
        )
    expected = ("unit", "success", "description", "occurred_at", "idempotency_key", "id", "payload")
    assert expected == caught.value.fields
    with pytest.raises(Invalid) as caught:
        record(registry, "build", unit="web", payload={"x": float("nan")})
    assert caught.value.fields == ("unit", "payload/x", "receiver")
    assert registry.feed.head() == head
    assert record(registry, receiver).event.n == 1


@pytest.mark.parametrize("receiver", [None, 5, b"x", {}, "x" * 1_000_000, ["x"]], ids=lambda value: ascii(value)[:10])
def test_what_is_no_receiver_is_refused(receiver: object) -> None:
    """Neither type nor length of what stands for a receiver leads to another error."""
    with pytest.raises(Invalid, match="receiver: must be a ULID"):
        record(make_registry(), receiver)


def test_c063_an_id_from_the_far_future_is_refused() -> None:
    """An id may be a day ahead of our clock and no more, for events, receivers and groups."""
    registry = make_registry()
    receiver = make_receiver(registry)
    for use in (
        lambda: record(registry, receiver, id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        lambda: make_receiver(registry, "x", id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        lambda: make_group(registry, receiver, id="7ZZZZZZZZZZZZZZZZZZZZZZZZZ"),
    ):
        with pytest.raises(Invalid, match="id: must not have been made more than a day ahead of our clock"):
            use()
    assert registry.feed.head() == 1
