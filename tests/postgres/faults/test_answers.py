"""C76: the answer to a commit is lost, in every way that a network knows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs
import psycopg
import pytest

from tests.postgres.faults.conftest import OpenRegistry, OpenStore
from tests.postgres.faults.proxy import Fault, Plan, Proxy
from tests.postgres.faults.waiting import unit_held, until, waiters, working
from tests.postgres.faults.worlds import (
    SECRET,
    WRITES,
    Ready,
    about,
    attempt,
    check_clean,
    empty,
    make_ready,
    picture,
    rows,
    sizes,
)
from xzepr import Delivery, Registry
from xzepr.errors import AlreadyExists, CommitUnknown, RevisionConflict, Unavailable
from xzepr.model import SYSTEM, Lease, Recorded
from xzepr.testing.checking import check_history
from xzepr.testing.clock import ManualClock
from xzepr.testing.world import new_event, new_id

FOR_EVER = 1_000_000
LOST = [Fault.UNSEEN, Fault.UNANSWERED]


@pytest.fixture
def faulty(proxy: Proxy, open_registry: OpenRegistry) -> Registry:
    """A registry that goes through the proxy, over one connection."""
    return open_registry(proxy.url, pool_size=1)


def stored(database: str, key: str) -> int:
    """Return how many events are stored under a key."""
    return int(rows(database, f"SELECT count(*) FROM xzepr.events WHERE idempotency_key = '{key}'")[0][0])


@pytest.mark.parametrize("fault", Fault)
def test_c076_the_built_in_retry_ends_in_one_event(
    fault: Fault, database: str, ready: Ready, faulty: Registry, proxy: Proxy
) -> None:
    """Whatever is lost, the caller gets the event, which is stored once, with its one transition."""
    faulty.receivers.get(ready.scan.id)
    proxy.plan(Plan(fault, 2))
    recorded = ready.through(faulty).record()
    assert isinstance(recorded, Recorded)
    assert recorded.replayed == (fault is not Fault.UNSEEN)
    assert [transition.number for transition in recorded.transitions] == [1]
    assert stored(database, "k") == 1
    assert ready.registry.events.get(recorded.event.id) == recorded.event
    check_history(ready.registry)


def test_c076_an_answer_may_break_off_at_any_byte(ready: Ready, faulty: Registry, proxy: Proxy, database: str) -> None:
    """Each event is stored once, wherever its answer ends."""
    keys = [f"cut-{through}" for through in range(0, 400, 13)]
    faulty.receivers.get(ready.scan.id)
    for number, key in enumerate(keys):
        faulty.events.record(about("warm"), ready.scan, success=True, payload=None)
        faulty.feed.head()  # so that there is a connection
        proxy.plan(Plan(Fault.CUT, through=number * 13))
        faulty.events.record(about("cut"), ready.scan, success=True, payload={}, idempotency_key=key)
    assert [stored(database, key) for key in keys] == [1] * len(keys)
    check_history(ready.registry, every_position=False)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", LOST)
def test_c076_what_stays_unknown_carries_the_ids_and_can_be_resolved(
    fault: Fault, ready: Ready, faulty: Registry, proxy: Proxy
) -> None:
    """Appending the same events again tells what became of them, and stores what was not."""
    events = [new_event(about("web"), ready.scan, payload=SECRET), new_event(about("new"), ready.scan, success=False)]
    proxy.plan(Plan(fault, times=FOR_EVER))
    with pytest.raises(CommitUnknown) as caught:
        faulty.store.events.append(events, SYSTEM)
    assert caught.value.ids == tuple(event.id for event in events)
    check_clean(caught.value)
    outcomes = ready.store.events.append(events, SYSTEM)
    assert [each.replayed for each in outcomes if isinstance(each, Recorded)] == [fault is Fault.UNANSWERED] * 2
    assert [each.event.id for each in outcomes if isinstance(each, Recorded)] == [event.id for event in events]
    check_history(ready.registry)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", LOST)
def test_c076_the_registry_says_the_same(
    fault: Fault, ready: Ready, faulty: Registry, proxy: Proxy, database: str
) -> None:
    """Recording again with the id that the error carries, through whichever registry, ends in one event."""
    faulty.receivers.get(ready.scan.id)
    proxy.plan(Plan(fault, first=2, times=FOR_EVER))
    with pytest.raises(CommitUnknown) as caught:
        ready.through(faulty).record()
    [event_id] = caught.value.ids
    check_clean(caught.value)
    again = ready.registry.events.record(
        about("web"), ready.scan, success=True, payload={"n": 1}, id=event_id, idempotency_key="k"
    )
    assert again.replayed == (fault is Fault.UNANSWERED)
    assert stored(database, "k") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("slice_bytes", "latency"), [(7, 0.0), (65_536, 0.002)])
def test_a_slow_network_changes_nothing(
    slice_bytes: int, latency: float, *, database: str, direct: Registry, open_registry: OpenRegistry
) -> None:
    """In small pieces, or late, every write is what it is otherwise."""
    for name, write in WRITES.items():
        empty(database)
        write(make_ready(direct))
        expected = sizes(picture(database))
        empty(database)
        ready = make_ready(direct)
        with Proxy(database, slice_bytes=slice_bytes, latency=latency) as proxy:
            write(ready.through(open_registry(proxy.url)))
            assert sizes(picture(database)) == expected, name


def test_c076_the_retry_waits_for_the_transaction_that_still_runs(
    ready: Ready, faulty: Registry, proxy: Proxy, connection: psycopg.Connection, database: str
) -> None:
    """Cut off while the server still works on it, an event is stored by the first attempt or by the second."""
    faulty.receivers.get(ready.build.id)
    with (
        ThreadPoolExecutor(1) as pool,
        unit_held(database, about("web"), ready.build) as host,
    ):
        recording = pool.submit(
            faulty.events.record, about("web"), ready.build, success=False, payload={}, idempotency_key="late"
        )
        until(lambda: waiters(connection) == 1)
        proxy.cut()
        until(lambda: waiters(connection) == 2)
        host.commit()
        recorded = recording.result()
    until(lambda: working(connection) == 0)
    assert ready.registry.events.get(recorded.event.id) == recorded.event
    assert stored(database, "late") == 1
    check_history(ready.registry)


@pytest.mark.parametrize(("kind", "fault"), [*itertools.product(["receivers", "groups"], LOST)])
@pytest.mark.usefixtures("impatient")
def test_c076_creating_the_same_again_resolves_it(
    kind: str, fault: Fault, *, ready: Ready, faulty: Registry, proxy: Proxy, database: str
) -> None:
    """Receivers and groups are created once by their id, whichever attempt did it."""
    given = attrs.evolve(ready.spare if kind == "receivers" else ready.group, id=new_id(), name="new")
    more = {} if kind == "receivers" else {"max_enabled_groups": 100}
    proxy.plan(Plan(fault, times=FOR_EVER))
    with pytest.raises(CommitUnknown) as caught:
        getattr(faulty.store, kind).create(given, SYSTEM, **more)
    assert caught.value.ids == (given.id,)
    check_clean(caught.value)
    proxy.plan(None)
    faulty.feed.head()  # so that there is a connection
    proxy.plan(Plan(fault))
    created = getattr(faulty.store, kind).create(given, SYSTEM, **more)
    assert (created.id, created.name, created.revision) == (given.id, "new", 1)
    assert rows(database, f"SELECT count(*) FROM xzepr.{kind} WHERE name = 'new'") == [(1,)]
    check_history(ready.registry)


@pytest.mark.usefixtures("impatient")
def test_c076_a_create_that_came_through_unknown_is_found_by_its_name(
    ready: Ready, faulty: Registry, proxy: Proxy
) -> None:
    """Whoever creates again is told which one has the name: the one that the error named."""
    proxy.plan(Plan(Fault.UNANSWERED, times=FOR_EVER))
    with pytest.raises(CommitUnknown) as caught:
        faulty.receivers.create(name="new", type="t", version="1", schema=True)
    with pytest.raises(AlreadyExists) as taken:
        ready.registry.receivers.create(name="new", type="t", version="1", schema=True)
    assert (taken.value.existing_id,) == caught.value.ids
    assert ready.registry.receivers.ensure(name="new", type="t", version="1", schema=True).id in caught.value.ids


@pytest.mark.parametrize("fault", LOST)
def test_c076_an_update_is_not_repeated(fault: Fault, ready: Ready, faulty: Registry, proxy: Proxy) -> None:
    """A second attempt would meet the revision of the first: so the caller is told, and the revision tells the rest."""
    faulty.receivers.get(ready.scan.id)
    proxy.plan(Plan(fault, first=2))
    with pytest.raises(CommitUnknown) as caught:
        faulty.receivers.update(ready.scan, expected_revision=1, description="changed")
    assert caught.value.ids == (ready.scan.id,)
    check_clean(caught.value)
    assert proxy.requests == 2
    if fault is Fault.UNANSWERED:
        with pytest.raises(RevisionConflict):
            faulty.receivers.update(ready.scan, expected_revision=1, description="changed")
    else:
        assert faulty.receivers.update(ready.scan, expected_revision=1, description="changed").revision == 2
    assert ready.registry.receivers.get(ready.scan.id).description == "changed"


def test_c076_a_redaction_is_told_once(ready: Ready, faulty: Registry, proxy: Proxy) -> None:
    """However often it is asked for, the feed has one entry."""
    event_id = ready.registry.events.list().items[0].id
    faulty.feed.head()
    proxy.plan(Plan(Fault.UNANSWERED))
    assert faulty.events.redact(event_id, "asked for").redacted
    told = [change for change in ready.registry.feed.read(limit=100) if change.kind == "event.redacted"]
    assert len(told) == 1


def test_c076_a_reevaluation_judges_once(ready: Ready, faulty: Registry, proxy: Proxy) -> None:
    """The transitions that a lost answer told of are not due a second time."""
    proxy.plan(Plan(Fault.UNANSWERED))
    faulty.groups.reevaluate(ready.late)
    assert [len(ready.registry.groups.transitions(ready.late, about(name))) for name in ("web", "api")] == [1, 1]
    check_history(ready.registry)


def test_c076_positions_are_given_once(ready: Ready, faulty: Registry, proxy: Proxy) -> None:
    """A reader whose sequencing got no answer reads on, densely."""
    ready.record()
    proxy.plan(Plan(Fault.UNANSWERED, first=3))
    page = faulty.feed.read(limit=100)
    assert proxy.requests > 3
    assert [change.position for change in page] == list(range(1, page.head + 1))
    check_history(ready.registry)


def test_c076_a_lease_whose_answer_was_lost_ends_by_itself(proxy: Proxy, ready: Ready, open_store: OpenStore) -> None:
    """Nobody holds it, and nobody gets it, until its time is over; then the subscription goes on."""
    clock = ManualClock()
    subscriptions = open_store(proxy.url, clock=clock).subscriptions
    assert subscriptions.get("idle", SYSTEM) == ready.store.subscriptions.get("idle", SYSTEM)
    proxy.plan(Plan(Fault.UNANSWERED))
    assert subscriptions.acquire("idle", SYSTEM, seconds=30) is None
    clock.advance(31)
    assert isinstance(subscriptions.acquire("idle", SYSTEM, seconds=30), Lease)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", LOST)
def test_c076_no_delivery_is_skipped(fault: Fault, database: str, proxy: Proxy, open_store: OpenStore) -> None:
    """Cut off for good at any request, a subscriber gets in its next turn what it did not acknowledge, in order."""
    clock = ManualClock()
    direct, faulty = Registry(open_store(database, clock=clock)), Registry(open_store(proxy.url, clock=clock))
    receiver = direct.receivers.create(name="build", type="t", version="1", schema=True)
    for number in range(3):
        direct.events.record(about(f"u{number}"), receiver, success=True, payload=number)
    for number in itertools.count(1):
        name = f"cut at {number}"
        mail, seen = direct.feed.subscription(name), list[int]()
        delivering = faulty.feed.subscription(name)
        proxy.plan(Plan(fault, number, FOR_EVER))
        failed = attempt(lambda one=delivering, seen=seen: one.deliver(noting(seen)))
        proxy.plan(None)
        acknowledged, handled = mail.state().cursor.position, len(seen)
        clock.advance(60)
        mail.deliver(noting(seen))
        assert acknowledged in {handled, handled - 1}
        assert seen[handled:] == list(range(acknowledged + 1, 5))
        assert sorted(set(seen)) == [1, 2, 3, 4]
        if failed is None:
            break
        check_clean(failed)
        assert isinstance(failed, Unavailable | CommitUnknown)
    assert number > 5


def noting(seen: list[int]) -> Callable[[Delivery], None]:
    """Return a handler that notes positions."""
    return lambda delivery: seen.append(delivery.change.position)
