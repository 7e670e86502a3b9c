"""C81: subscribers that raise, hang, are slow, read their own writes, re-enter, or share a name."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest

from tests.model.values import IDS, NOON, make_unit
from tests.registry.worlds import Around, make_receiver, make_registry
from xzepr import Change, ChangeKind, Delivery, FeedCursor, Registry, RetryPolicy, Subscription
from xzepr.errors import (
    BadCursor,
    Closed,
    CommitUnknown,
    Damaged,
    Invalid,
    LeaseLost,
    NotFound,
    Unavailable,
    Unsupported,
)
from xzepr.stores import Capabilities
from xzepr_memory import MemoryStore

AT_ONCE = RetryPolicy(attempts=3, first_delay=0)
PATIENCE = 30


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def turn(self, seconds: float) -> None:
        """Go on."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Hands:
    """Make a clock."""
    return Hands()


@pytest.fixture
def registry(clock: Hands) -> Registry:
    """Make a registry with three changes."""
    registry = Registry(MemoryStore(clock=clock), clock=clock)
    for name in ("build", "scan", "test"):
        make_receiver(registry, name)
    return registry


def subscribe(registry: Registry, name: str = "mail", **options: Any) -> Subscription:
    """Subscribe."""
    return registry.feed.subscription(name, **{"retry": AT_ONCE} | options)


class Seen(list[int]):
    """A handler that remembers positions, and fails at some."""

    def __init__(self, *fails_at: int, error: type[BaseException] = ZeroDivisionError) -> None:
        super().__init__()
        self.fails_at = set(fails_at)
        self.error = error

    def __call__(self, delivery: Delivery) -> None:
        """Take a change."""
        self.append(delivery.change.position)
        if delivery.change.position in self.fails_at:
            raise self.error


def test_changes_come_in_order_and_once(registry: Registry) -> None:
    """Everything behind the cursor is handed over, and nothing a second time."""
    seen = Seen()
    subscription = subscribe(registry)
    assert subscription.deliver(seen) == 3
    assert subscription.deliver(seen) == 0
    assert seen == [1, 2, 3]
    assert subscription.state().cursor == registry.feed.read().cursor
    assert subscription.state().held_until is None


def test_c081_a_handler_that_raises_is_tried_again_and_parked(registry: Registry) -> None:
    """The others are not held up; what failed is kept with the class of its error alone."""
    seen = Seen(2)
    subscription = subscribe(registry)
    assert subscription.deliver(seen) == 3
    assert seen == [1, 2, 2, 2, 3]
    [parked] = subscription.parked()
    assert (parked.cursor.position, parked.attempts, parked.error) == (2, 3, "ZeroDivisionError")
    assert subscription.state().parked == 1


def test_c081_attempts_are_counted(registry: Registry) -> None:
    """A handler sees how often a change was tried."""
    attempts: list[int] = []

    def handler(delivery: Delivery) -> None:
        attempts.append(delivery.attempt)
        raise ValueError

    subscribe(registry, start=registry.feed.read(limit=2).changes[1].cursor).deliver(handler)
    assert attempts == [1, 2, 3]


def test_c081_parked_changes_are_handed_over_again(registry: Registry) -> None:
    """What succeeds now is gone, what fails stays with its attempts."""
    subscription = subscribe(registry)
    subscription.deliver(Seen(1, 2, 3))
    assert subscription.replay(Seen(2)) == 2
    [parked] = subscription.parked()
    assert (parked.cursor.position, parked.attempts) == (2, 4)
    assert [p.cursor.position for p in subscription.parked(after=1, limit=1)] == [2]
    assert subscription.parked(after=2) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_c081_an_interrupt_is_no_failure_of_the_handler(registry: Registry, error: type[BaseException]) -> None:
    """It leaves at once; the change comes again, and the lease is free."""
    subscription = subscribe(registry)
    with pytest.raises(error):
        subscription.deliver(Seen(2, error=error))
    assert subscription.state().held_until is None
    seen = Seen()
    subscription.deliver(seen)
    assert seen == [2, 3]


@pytest.mark.parametrize("verb", ["deliver", "replay"])
def test_c081_an_interrupt_is_heard_where_the_lease_cannot_be_given_back(
    registry: Registry, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ended the turn is what the caller hears, not that the store was unavailable in the end."""
    mail = subscribe(registry, retry=RetryPolicy(attempts=1))
    mail.deliver(Mock(side_effect=ValueError))
    registry.receivers.create(name="another", type="t", version="1", schema={})

    def unavailable(_: object) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(registry.store.subscriptions, "release", unavailable)  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        getattr(mail, verb)(Mock(side_effect=KeyboardInterrupt))


def test_c081_a_handler_that_hangs_loses_its_lease(registry: Registry, clock: Hands) -> None:
    """Another process takes over after the lease; the one that comes back advances nothing, and is told."""
    slow, quick = Seen(), Seen()

    def hang(delivery: Delivery) -> None:
        slow(delivery)
        clock.turn(31)
        subscribe(registry).deliver(quick)

    with pytest.raises(LeaseLost):
        subscribe(registry).deliver(hang)
    assert (slow, quick) == ([1], [1, 2, 3])
    assert subscribe(registry).state().cursor.position == 3
    assert subscribe(registry).parked() == []


def test_c081_a_slow_handler_keeps_its_lease(registry: Registry, clock: Hands) -> None:
    """The lease is renewed between changes, so that many slow ones are no lost lease."""
    others: list[int] = []

    def slow(_: Delivery) -> None:
        clock.turn(20)
        others.append(subscribe(registry).deliver(Seen()))

    assert subscribe(registry).deliver(slow) == 3
    assert others == [0, 0, 0]


def test_c067_a_lease_survives_clocks_that_disagree() -> None:
    """The host's clock may be a day behind the store's, or ahead: leases are renewed all the same."""
    for days in (-1, 1):
        store_clock, host_clock = Hands(), Hands()
        host_clock.turn(days * 86_400)
        registry = Registry(MemoryStore(clock=store_clock), clock=host_clock)
        make_receiver(registry)
        make_receiver(registry, "scan")
        others: list[int] = []

        def slow(
            _: Delivery,
            clocks: tuple[Hands, Hands] = (store_clock, host_clock),
            registry: Registry = registry,
            others: list[int] = others,
        ) -> None:
            for clock in clocks:
                clock.turn(20)
            others.append(subscribe(registry).deliver(Seen()))

        assert subscribe(registry).deliver(slow) == 2
        assert others == [0, 0]


def test_c081_a_handler_may_use_the_registry_and_sees_its_own_writes(registry: Registry) -> None:
    """Handlers run without a lock: they record, read and change, and what they write comes to them too."""
    kinds: list[ChangeKind] = []
    build = registry.receivers.list(newest_first=False).items[0]

    def handler(delivery: Delivery) -> None:
        kinds.append(delivery.change.kind)
        if delivery.change.position == 1:
            event = registry.events.record(make_unit(), build, success=True, payload={}).event
            assert registry.events.get(event.id) == event
            registry.receivers.update(build, expected_revision=1, description="used")

    assert subscribe(registry).deliver(handler) == 5
    assert kinds[3:] == [ChangeKind.EVENT_RECORDED, ChangeKind.RECEIVER_UPDATED]


def test_c081_a_handler_that_re_enters_its_own_subscription_gets_nothing(registry: Registry) -> None:
    """The lease is held, by itself: the inner call returns at once."""
    inner: list[int] = []
    subscription = subscribe(registry)
    subscription.deliver(lambda _: inner.append(subscription.deliver(Seen())))
    assert inner == [0, 0, 0]


def test_c081_a_lease_that_another_subscription_lost_is_a_failure_like_any_other(registry: Registry) -> None:
    """LeaseLost from elsewhere parks the change, instead of going round for ever."""

    def handler(_: Delivery) -> None:
        raise LeaseLost("another")

    subscription = subscribe(registry)
    assert subscription.deliver(handler) == 3
    assert {parked.error for parked in subscription.parked()} == {"LeaseLost"}


def test_c081_two_consumers_of_one_name_take_turns(registry: Registry) -> None:
    """While one holds the lease, the other gets 0; afterwards there is nothing left for it."""
    first, second = subscribe(registry), subscribe(registry)
    seen = Seen()
    turns: list[int] = []
    assert first.deliver(lambda _: turns.append(second.deliver(seen))) == 3
    assert (turns, second.deliver(seen), seen) == ([0, 0, 0], 0, [])


def test_c014_a_subscriber_that_changes_a_payload_changes_nothing(registry: Registry) -> None:
    """Each gets a value of its own."""
    build = registry.receivers.list().items[0]
    event = registry.events.record(make_unit(), build, success=True, payload={"list": []}).event

    def spoil(delivery: Delivery) -> None:
        if delivery.change.kind is ChangeKind.EVENT_RECORDED:
            delivery.change.subject.payload["list"].append(1)  # type: ignore[union-attr,index,call-overload]  # an event

    subscribe(registry).deliver(spoil)
    assert registry.events.get(event.id).payload == {"list": []}


def test_a_stop_ends_after_the_change_at_hand(registry: Registry) -> None:
    """A handler that sets the stop has its change acknowledged, and gets no other."""
    stop = threading.Event()
    subscription = subscribe(registry)
    assert subscription.deliver(lambda _: stop.set(), stop=stop) == 1
    assert subscription.state().cursor.position == 1
    assert subscription.deliver(Seen(), stop=stop) == 0


def test_a_stop_ends_the_attempts(registry: Registry) -> None:
    """A change that keeps failing is not parked by a stop: it comes again."""
    stop = threading.Event()

    def handler(_: Delivery) -> None:
        stop.set()
        raise ValueError

    subscription = subscribe(registry)
    assert subscription.deliver(handler, stop=stop) == 0
    assert subscription.parked() == []


def test_running_hands_over_what_comes(registry: Registry) -> None:
    """A runner waits for news until it is stopped."""
    stop, arrived = threading.Event(), threading.Event()
    changes: list[Change] = []

    def handler(delivery: Delivery) -> None:
        changes.append(delivery.change)
        if len(changes) == 3:
            arrived.set()
        if len(changes) == 4:
            stop.set()

    thread = threading.Thread(target=subscribe(registry).run, args=(handler,), kwargs={"stop": stop})
    thread.start()
    assert arrived.wait(PATIENCE)
    make_receiver(registry, "late")
    thread.join(PATIENCE)
    assert [change.position for change in changes] == [1, 2, 3, 4]


@pytest.mark.parametrize("call", ["acquire", "advance", "get"])
@pytest.mark.parametrize("error", [LeaseLost("mail"), Unavailable("later"), CommitUnknown([])], ids=lambda e: e.code)
def test_running_goes_on_after_a_passing_fault(error: Exception, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost lease, a lost answer or a store that is away ends no runner: neither a busy one nor one that waits."""
    monkeypatch.setattr("xzepr.registry.subscriptions.POLL_SECONDS", 0.0)
    store, stop = MemoryStore(), threading.Event()
    make_receiver(Registry(store))
    faults = [error]

    def fail_once(*arguments: Any, **options: Any) -> Any:
        if faults:
            make_receiver(Registry(store), "late")
            raise faults.pop()
        return getattr(store.subscriptions, call)(*arguments, **options)

    def handle(delivery: Delivery) -> None:
        if not faults and delivery.change.position == 2:
            stop.set()

    around = Around(store, subscriptions=Around(store.subscriptions, **{call: fail_once}))
    subscribe(Registry(around)).run(handle, stop=stop)  # type: ignore[arg-type]  # a store
    assert not faults
    assert Registry(store).feed.subscription("mail").state().cursor.position == 2


def test_running_polls_while_another_holds_the_lease(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner that waits for its turn looks again, also where the store can wait for news."""
    monkeypatch.setattr("xzepr.registry.subscriptions.POLL_SECONDS", 0.0)
    subscription, stop, seen = subscribe(registry), threading.Event(), Seen()
    held = registry.store.subscriptions.acquire("mail", registry._context.principal, seconds=9)  # type: ignore[attr-defined]  # noqa: SLF001 - another process
    thread = threading.Thread(target=subscription.run, args=(seen,), kwargs={"stop": stop})
    thread.start()
    registry.store.subscriptions.release(held)  # type: ignore[attr-defined]  # another process
    waited = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if len(seen) == 3 or waited.wait(0.01):
            break
    stop.set()
    thread.join(PATIENCE)
    assert seen == [1, 2, 3]


def test_a_subscription_that_was_deleted_is_not_found(registry: Registry) -> None:
    """Every use says so, and a new one begins at the beginning."""
    subscription = subscribe(registry)
    subscription.deliver(Seen())
    subscription.delete()
    uses = [subscription.state, subscription.delete, subscription.parked, lambda: subscription.deliver(Seen())]
    for use in [*uses, lambda: subscription.replay(Seen())]:
        with pytest.raises(NotFound, match="there is no subscription mail"):
            use()
    assert subscribe(registry).state().cursor == FeedCursor()


def test_a_subscription_deleted_while_it_runs_is_a_lost_lease(registry: Registry) -> None:
    """Nothing is acknowledged any more."""
    subscription = subscribe(registry)
    with pytest.raises(LeaseLost):
        subscription.deliver(lambda _: subscription.delete())


def test_an_existing_subscription_stays_where_it_is(registry: Registry) -> None:
    """A start counts only for a new one."""
    subscribe(registry).deliver(Seen())
    assert subscribe(registry, start=FeedCursor()).state().cursor.position == 3


def test_c059_a_start_from_another_history_is_bad(registry: Registry) -> None:
    """A cursor with another id at its position, or beyond the head, makes no subscription."""
    for start in (FeedCursor(1, IDS[1]), FeedCursor(4, IDS[1])):
        with pytest.raises(BadCursor):
            subscribe(registry, start=start)
    with pytest.raises(NotFound):
        registry.store.subscriptions.get("mail", registry._context.principal)  # type: ignore[attr-defined]  # noqa: SLF001 - behind its back


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 1}, "name"),
        ({"name": "a\n"}, "name"),
        ({"start": 1}, "start"),
        ({"start": True}, "start"),
        ({"start": "0"}, "start"),
        ({"retry": 3}, "retry"),
        ({"lease_seconds": 0}, "lease_seconds"),
        ({"lease_seconds": -1}, "lease_seconds"),
        ({"lease_seconds": True}, "lease_seconds"),
        ({"lease_seconds": float("nan")}, "lease_seconds"),
        ({"lease_seconds": float("inf")}, "lease_seconds"),
        ({"lease_seconds": 1e300}, "lease_seconds"),
        ({"lease_seconds": 10**400}, "lease_seconds"),
        ({"lease_seconds": "30"}, "lease_seconds"),
    ],
)
def test_c060_each_argument_is_refused_by_name(registry: Registry, options: dict[str, Any], field: str) -> None:
    """Nothing that a timer or a store cannot take gets as far."""
    with pytest.raises(Invalid) as caught:
        registry.feed.subscription(**{"name": "mail"} | options)
    assert caught.value.fields == (field,)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"attempts": 0}, "attempts"),
        ({"attempts": 61}, "attempts"),
        ({"attempts": 1.5}, "attempts"),
        ({"first_delay": -1}, "first_delay"),
        ({"first_delay": float("nan")}, "first_delay"),
        ({"max_delay": float("inf")}, "max_delay"),
        ({"max_delay": 1e12}, "max_delay"),
        ({"max_delay": "1"}, "max_delay"),
    ],
)
def test_c060_a_retry_policy_is_checked(options: dict[str, Any], field: str) -> None:
    """Every field has its bounds."""
    with pytest.raises(Invalid) as caught:
        RetryPolicy(**options)
    assert caught.value.fields == (field,)


def test_delays_double_up_to_the_longest() -> None:
    """Also the sixtieth delay is finite."""
    policy = RetryPolicy(attempts=60, first_delay=0.1, max_delay=1)
    assert [policy.delay(attempt) for attempt in (1, 2, 3, 4, 5, 60)] == [0.1, 0.2, 0.4, 0.8, 1, 1]


@pytest.mark.parametrize("handler", [None, 5, "print"])
def test_what_cannot_be_called_is_no_handler(registry: Registry, handler: Any) -> None:
    """A slip parks nothing: it is refused before the first change."""
    subscription = subscribe(registry)
    for use in (subscription.deliver, subscription.replay, lambda h: subscription.run(h, stop=threading.Event())):
        with pytest.raises(Invalid, match="handler: must be"):
            use(handler)
    assert subscription.state().cursor == FeedCursor()


def test_a_store_without_subscriptions_says_so() -> None:
    """What a store cannot do is named."""
    store = MemoryStore()

    class Plain:
        """A store that has the core alone."""

        scheme, capabilities = "plain", Capabilities()
        receivers, groups, events, feed = store.receivers, store.groups, store.events, store.feed

    with pytest.raises(Unsupported, match="the plain store does not support subscriptions"):
        Registry(Plain()).feed.subscription("mail")  # type: ignore[arg-type]  # a store in all but close and check


def test_c083_a_closed_registry_delivers_nothing(registry: Registry) -> None:
    """Every use of a subscription after closing is Closed."""
    subscription = subscribe(registry)
    registry.close()
    for use in (subscription.state, subscription.delete, subscription.parked, lambda: subscription.deliver(Seen())):
        with pytest.raises(Closed, match="the registry is closed"):
            use()


def test_two_names_are_two_cursors() -> None:
    """Subscriptions do not disturb each other."""
    registry = make_registry()
    make_receiver(registry)
    one, other = subscribe(registry, "one"), subscribe(registry, "other")
    assert (one.deliver(Seen()), other.state().cursor.position, other.deliver(Seen())) == (1, 0, 1)


def test_a_subscription_knows_its_name() -> None:
    """The name is the one that was asked for."""
    assert subscribe(make_registry()).name == "mail"


def test_replaying_needs_the_lease(registry: Registry) -> None:
    """While another process holds it, nothing is handed over."""
    subscription = subscribe(registry)
    subscription.deliver(Seen(1))
    replayed: list[int] = []
    make_receiver(registry, "late")
    subscription.deliver(lambda _: replayed.append(subscription.replay(Seen())))
    assert replayed == [0]
    assert subscription.replay(Seen()) == 1


@pytest.mark.parametrize("receivers", [(), ("build",)], ids=len)
def test_c059_a_parked_change_of_another_history_is_bad(receivers: tuple[str, ...]) -> None:
    """What stands at its position now is not what was parked, or nothing does."""
    store = MemoryStore()
    make_receiver(Registry(store))
    subscribe(Registry(store)).deliver(Seen(1))
    other = make_registry()
    for name in receivers:
        make_receiver(other, name)
    restored = Registry(Around(store, feed=other.store.feed, subscriptions=store.subscriptions))  # type: ignore[arg-type]  # a store in all but its type
    with pytest.raises(BadCursor, match="the change parked at position 1 no longer stands there"):
        subscribe(restored).replay(Seen())
    assert subscribe(Registry(store)).state().parked == 1


def test_a_store_that_repeats_what_is_parked_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positions of parked changes rise: a store from which they do not would be replayed for ever."""
    store = MemoryStore()
    registry = Registry(store)
    make_receiver(registry)
    mirror = subscribe(registry)
    mirror.deliver(Seen(1))
    first = mirror.parked()
    monkeypatch.setattr(store.subscriptions, "parked", lambda *_, **__: first)
    seen = Seen(1)

    with pytest.raises(Damaged, match="the stored subscription mail is damaged"):
        mirror.replay(seen)

    assert seen == [1]


def test_a_store_that_repeats_its_feed_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positions of the feed rise: a store from which they do not would be delivered for ever."""
    store = MemoryStore()
    make_receiver(Registry(store))
    page = store.feed.read(0, limit=1, payloads=True)
    monkeypatch.setattr(store.feed, "read", lambda *_, **__: page)
    seen = Seen()

    with pytest.raises(Damaged, match="the stored change 1 is damaged"):
        subscribe(Registry(store)).deliver(seen)

    assert seen == [1]


def test_a_handler_that_notices_the_lost_lease_ends_the_delivery(registry: Registry) -> None:
    """A handler may use the lease itself, and tell that it is lost."""

    def handler(delivery: Delivery) -> None:
        raise LeaseLost(delivery.lease.name)

    subscription = subscribe(registry)
    with pytest.raises(LeaseLost):
        subscription.deliver(handler)
    assert subscription.parked() == []


def test_the_lease_is_held_while_waiting_for_the_next_attempt() -> None:
    """A wait that is longer than the lease loses nothing: the lease is renewed meanwhile."""
    seconds = itertools.count()
    clock = lambda: NOON + timedelta(seconds=next(seconds))  # noqa: E731 - each look at the clock is a second later
    registry = make_registry(clock=clock)
    make_receiver(registry)
    leases: list[datetime] = []

    def fail_once(delivery: Delivery) -> None:
        leases.append(delivery.lease.expires_at)
        if delivery.attempt == 1:
            raise ValueError

    retry = RetryPolicy(attempts=2, first_delay=0.02, max_delay=0.02)
    handled = registry.feed.subscription("mail", retry=retry, lease_seconds=0.01).deliver(fail_once)

    assert handled == 1
    assert leases[0] < leases[1]
