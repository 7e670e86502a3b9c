"""Readers and writers at once: C69, C73 and C74."""

# ruff: noqa: FBT003 - outcomes in their order
from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from tests.memory.worlds import make_world
from tests.model.values import make_unit
from xzepr import ChangeKind, EventDraft, FeedCursor, Registry, TransitionKind
from xzepr_memory import MemoryStore

PATIENCE = 30
"""Seconds after which a test believes in a deadlock."""


def together(tasks: Sequence[Callable[[], object]]) -> None:
    """Run tasks at once from a barrier, and give up when they hang."""
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        barrier.wait(PATIENCE)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        futures = [pool.submit(run, task) for task in tasks]
        done, hanging = wait(futures, PATIENCE)
        assert not hanging, "deadlock"
        for future in done:
            future.result()


def test_c069_a_reader_beside_writers_misses_nothing() -> None:
    """Commits in memory happen at their position, under the lock, so none can come later than a cursor; shown here."""
    world, writers, each = make_world(), 4, 150
    stop = threading.Event()
    seen: list[int] = []
    ids: list[str] = []

    def read() -> None:
        cursor: FeedCursor | int = 0
        while True:
            last = stop.is_set()
            page = world.registry.feed.read(cursor, limit=7)
            seen.extend(change.position for change in page)
            ids.extend(change.subject.id for change in page if change.kind is ChangeKind.EVENT_RECORDED)  # type: ignore[union-attr]  # an event
            cursor = page.cursor
            if last and not page.changes:
                return

    reader = threading.Thread(target=read)
    reader.start()
    together([lambda name=name: world.record(*[True] * each, name=f"w{name}") for name in range(writers)])  # type: ignore[misc]  # mypy cannot infer a default
    stop.set()
    reader.join(PATIENCE)
    assert seen == list(range(1, 3 + writers * each + 1))
    assert len(set(ids)) == writers * each


@pytest.mark.parametrize("batched", [False, True], ids=["singly", "in batches"])
def test_c073_two_last_events_at_once_complete_a_unit_once(batched: bool) -> None:  # noqa: FBT001 - a parameter
    """Eight threads race on the two receivers of 100 units: each unit completes exactly once."""
    world = make_world()
    units = [make_unit(name=f"u{place}") for place in range(100)]

    def record(place: int) -> None:
        receiver = (world.build, world.scan)[place % 2]
        drafts = [EventDraft(unit=unit, receiver=receiver, success=True, payload={}) for unit in units]
        if batched:
            world.registry.events.record_many(drafts if place < 4 else reversed(drafts))
        else:
            for draft in drafts:
                world.registry.events.record(draft.unit, receiver, success=True, payload={})

    together([lambda place=place: record(place) for place in range(8)])  # type: ignore[misc]  # mypy cannot infer a default
    for unit in units:
        assert [t.kind for t in world.registry.groups.transitions(world.group, unit)] == [TransitionKind.COMPLETED]
    kinds = [change.kind for change in world.registry.feed.read(limit=1_000)]
    assert kinds.count(ChangeKind.GROUP_COMPLETED) == 100


def test_c073_the_same_event_twice_completes_once() -> None:
    """A replay causes nothing, and returns what the first one caused."""
    world = make_world()
    world.record(True, receiver=world.scan)
    answers = [
        world.registry.events.record(make_unit(), world.build, success=True, payload={}, idempotency_key="k")
        for _ in range(2)
    ]
    assert [answer.replayed for answer in answers] == [False, True]
    assert answers[0].transitions == answers[1].transitions
    assert len(world.registry.groups.transitions(world.group, make_unit())) == 1


def test_c073_the_same_event_by_many_threads_is_stored_once() -> None:
    """Of eight threads with one key, one records and seven replay."""
    world = make_world()
    answers: list[bool] = []

    def record() -> None:
        draft = world.registry.events.record(make_unit(), world.build, success=True, payload={}, idempotency_key="k")
        answers.append(draft.replayed)

    together([record] * 8)
    assert sorted(answers) == [False] + [True] * 7
    assert world.registry.events.count().value == 1


def test_c073_a_failure_reopens_and_a_success_completes_again() -> None:
    """Latest wins: late events of a complete unit move its gate like any other."""
    world = make_world()
    world.record(True, receiver=world.scan)
    world.record(True, True, False, False, True)
    kinds = [str(transition.kind) for transition in world.registry.groups.transitions(world.group, make_unit())]
    assert kinds == ["completed", "reopened", "completed"]


def test_c073_a_batch_judges_event_by_event() -> None:
    """[ok, fail, ok] in one append gives three transitions, each with its cause, in the order of the feed."""
    world = make_world()
    world.record(True, receiver=world.scan)
    drafts = [
        EventDraft(unit=make_unit(), receiver=world.build, success=success, payload={})
        for success in (True, False, True)
    ]
    assert world.registry.events.record_many(drafts).transitions == 3
    kinds = [str(change.kind) for change in world.registry.feed.read(after=4)]
    recorded = "event.recorded"
    assert kinds == [recorded, "group.completed", recorded, "group.reopened", recorded, "group.completed"]


def test_c074_appends_that_cross_groups_do_not_deadlock() -> None:
    """Threads that touch groups {A, B} and {B, A} over the same units all end, and both groups are right."""
    registry = Registry(MemoryStore())
    one, other = (registry.receivers.create(name=n, type="t", version="1", schema=True) for n in ("one", "other"))
    groups = [
        registry.groups.create(name=name, type="t", version="1", receivers=receivers)
        for name, receivers in (("a", [one, other]), ("b", [other, one]))
    ]
    units = [make_unit(name=f"u{place}") for place in range(10)]

    def record(backwards: bool) -> None:  # noqa: FBT001 - which way round
        receivers, order = ([other, one], units[::-1]) if backwards else ([one, other], units)
        for _ in range(10):
            registry.events.record_many(
                EventDraft(unit=unit, receiver=receiver, success=True, payload=None)
                for unit in order
                for receiver in receivers
            )

    together([lambda backwards=backwards: record(backwards) for backwards in (False, True) * 3])  # type: ignore[misc]  # mypy cannot infer a default
    for group in groups:
        for unit in units:
            assert registry.groups.verdict(group, unit).complete
            assert len(registry.groups.transitions(group, unit)) == 1
