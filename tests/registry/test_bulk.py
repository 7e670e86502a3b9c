"""Recording many events."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.model.values import make_unit
from tests.registry.worlds import Around, make_group, make_receiver, make_registry
from xzepr import BulkReport, EventDraft, Limits, Refusal, Registry
from xzepr.errors import Closed, CommitUnknown, IdempotencyConflict, Invalid, NotFound, TooLarge, Unavailable
from xzepr.registry.bulk import MAX_REFUSALS
from xzepr.stores import Capabilities
from xzepr_memory import MemoryStore


def make_drafts(registry: Registry, count: int, **changes: Any) -> Iterator[EventDraft]:
    """Make drafts of events about many units."""
    receiver = registry.receivers.list().items[-1]
    for place in range(count):
        fields = {"unit": make_unit(name=f"u{place}"), "receiver": receiver, "success": True, "payload": {"n": place}}
        yield EventDraft(**fields | changes)  # type: ignore[arg-type]  # the tests give what fits


@pytest.fixture
def registry() -> Registry:
    """Make a registry that records in chunks of ten."""
    registry = make_registry(limits=Limits(chunk_events=10))
    make_receiver(registry)
    return registry


@pytest.mark.parametrize(("count", "chunks"), [(0, []), (1, [1]), (9, [9]), (10, [10]), (11, [10, 11]), (20, [10, 20])])
def test_progress_is_told_after_each_chunk(registry: Registry, count: int, chunks: list[int]) -> None:
    """Chunks are full but for the last; no chunk is empty; the last report is what is returned."""
    reports: list[BulkReport] = []
    report = registry.events.record_many(make_drafts(registry, count), progress=reports.append)
    assert [report.read for report in reports] == chunks
    assert [report.recorded for report in reports] == chunks
    assert report == (reports[-1] if reports else BulkReport())
    assert registry.events.count().value == count


def test_a_chunk_is_no_larger_than_the_store_takes() -> None:
    """The store's limit counts where it is lower."""
    store = Around(MemoryStore(), capabilities=Capabilities(max_append=3))
    registry = Registry(store)  # type: ignore[arg-type]  # a store in all but its type
    make_receiver(registry)
    reads: list[int] = []
    registry.events.record_many(make_drafts(registry, 7), progress=lambda report: reads.append(report.read))
    assert reads == [3, 6, 7]


def test_callbacks_are_checked_before_anything_is_recorded(registry: Registry) -> None:
    """What cannot be called is refused by name, not by a TypeError after the first chunk."""
    nothing: Any = "print"
    with pytest.raises(Invalid, match="progress: must be callable, not str; on_refusal: must be callable, not str"):
        registry.events.record_many(make_drafts(registry, 1), progress=nothing, on_refusal=nothing)
    with pytest.raises(Invalid, match="progress: must be callable, not str"):
        registry.groups.reevaluate("01ARZ3NDEKTSV4RRFFQ69G5FAV", progress=nothing)
    assert registry.events.count().value == 0


def test_each_refusal_has_its_index_and_reason(registry: Registry) -> None:
    """An event that is refused stops none of the others, whatever is wrong with it."""
    drafts: list[Any] = list(make_drafts(registry, 16, idempotency_key=None))
    drafts[0] = "no draft"
    drafts[3] = next(make_drafts(registry, 1, payload=None))
    drafts[10] = next(make_drafts(registry, 1, receiver="01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    drafts[12] = next(make_drafts(registry, 1, idempotency_key="k"))
    drafts[13] = next(make_drafts(registry, 1, idempotency_key="k"))
    drafts[14] = next(make_drafts(registry, 1, idempotency_key="k", success=False))
    drafts[15] = next(make_drafts(registry, 1, description="a" * 1_001))
    told: list[Refusal] = []
    report = registry.events.record_many(drafts, on_refusal=told.append)
    expected = {0: Invalid, 3: Invalid, 10: NotFound, 14: IdempotencyConflict, 15: TooLarge}
    assert {refusal.index: type(refusal.error) for refusal in told} == expected
    assert report.refusals == tuple(told)
    assert (report.read, report.recorded, report.replayed, report.refused) == (16, 10, 1, 5)
    assert registry.events.count().value == 10


def test_a_report_lists_the_first_thousand_refusals(registry: Registry) -> None:
    """All are counted and told, no more than a thousand kept."""
    told: list[int] = []
    report = registry.events.record_many(
        ["no draft"] * (MAX_REFUSALS + 15),  # type: ignore[list-item]  # the fault
        on_refusal=lambda refusal: told.append(refusal.index),
    )
    assert (report.refused, len(report.refusals), len(told)) == (1_015, 1_000, 1_015)
    assert [refusal.index for refusal in report.refusals] == list(range(1_000))


def test_transitions_are_counted_once(registry: Registry) -> None:
    """A replay counts no transition again."""
    make_group(registry, registry.receivers.list().items[0])
    drafts = [next(make_drafts(registry, 1, idempotency_key="k", unit=make_unit()))] * 3
    report = registry.events.record_many(drafts)
    assert (report.recorded, report.replayed, report.transitions) == (1, 2, 1)


def test_a_source_that_breaks_leaves_what_was_reported(registry: Registry) -> None:
    """The error is the caller's own; whole chunks are stored, and skip goes on behind them."""

    def breaking() -> Iterator[EventDraft]:
        yield from make_drafts(registry, 25)
        raise ZeroDivisionError

    reports: list[BulkReport] = []
    with pytest.raises(ZeroDivisionError):
        registry.events.record_many(breaking(), progress=reports.append)
    assert registry.events.count().value == reports[-1].read == 20
    report = registry.events.record_many(make_drafts(registry, 25), skip=reports[-1].read)
    assert (report.read, report.recorded) == (25, 5)
    assert registry.events.count().value == 25


@pytest.mark.parametrize("error", [Unavailable("later"), CommitUnknown([]), Closed("store")], ids=lambda e: e.code)
def test_an_error_of_the_store_stops_the_whole(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chunk at hand is in question, the ones before are stored and reported."""
    monkeypatch.setattr("xzepr.registry.recording.RESOLVE_DELAYS", ())
    store = MemoryStore()
    left = 2

    def append(*arguments: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise error
        return store.events.append(*arguments)

    around = Around(store, events=Around(store.events, append=append))
    registry = Registry(around, limits=Limits(chunk_events=10))  # type: ignore[arg-type]  # a store in all but its type
    make_receiver(registry)
    reports: list[BulkReport] = []
    with pytest.raises(type(error)):
        registry.events.record_many(make_drafts(registry, 25), progress=reports.append)
    assert [report.read for report in reports] == [10, 20]


def test_recording_again_with_keys_replays(registry: Registry) -> None:
    """Drafts with a key can simply be sent again."""
    drafts = [
        EventDraft(unit=draft.unit, receiver=draft.receiver, success=True, payload={}, idempotency_key=draft.unit.name)
        for draft in make_drafts(registry, 15)
    ]
    registry.events.record_many(drafts[:12])
    report = registry.events.record_many(drafts)
    assert (report.recorded, report.replayed) == (3, 12)


def test_a_source_is_read_only_as_needed(registry: Registry) -> None:
    """No more than a chunk is held."""
    taken = 0

    def counted() -> Iterator[EventDraft]:
        nonlocal taken
        for draft in make_drafts(registry, 100):
            taken += 1
            yield draft

    ahead: list[int] = []
    registry.events.record_many(counted(), progress=lambda report: ahead.append(taken - report.read))
    assert set(ahead) == {0}


@pytest.mark.parametrize("drafts", [None, 5, True, object()], ids=lambda value: type(value).__name__)
def test_what_cannot_be_read_is_refused(registry: Registry, drafts: Any) -> None:
    """A source that is none is Invalid, by its name."""
    with pytest.raises(Invalid, match="drafts: must be Iterable"):
        registry.events.record_many(drafts)


@pytest.mark.parametrize("skip", [-1, True, 1.0, "1", None, 2**63, 10**30])
def test_c060_skip_is_a_whole_number(registry: Registry, skip: Any) -> None:
    """What no source can have is refused, and no ValueError."""
    with pytest.raises(Invalid, match="skip: must be"):
        registry.events.record_many([], skip=skip)


def test_a_generator_that_records_is_not_locked_out(registry: Registry) -> None:
    """The source may use the registry itself: no lock is held while it is read."""
    receiver = registry.receivers.list().items[0]

    def recording() -> Iterator[EventDraft]:
        for draft in make_drafts(registry, 12):
            registry.events.record(draft.unit, receiver, success=False, payload={})
            yield draft

    assert registry.events.record_many(recording()).recorded == 12
    assert registry.events.count().value == 24
