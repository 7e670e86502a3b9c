"""A registry inside the transaction of a host: both are committed, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.postgres.hosting import BEGUN, Shop, open_shop, unit
from tests.postgres.joining import KINDS, LEVELS, Host, Undone
from xzepr import (
    Delivery,
    EventDraft,
    EventFilter,
    ReceiverFilter,
    Registry,
    RetryPolicy,
    TransitionKind,
    errors,
)

every_kind = pytest.mark.parametrize("kind", KINDS)
every_level = pytest.mark.parametrize("level", LEVELS)

COMPLETED = [*BEGUN, "event.recorded", "event.recorded", "group.completed"]


@pytest.fixture
def shop(xzepr_postgres_database: str) -> Iterator[Shop]:
    """A host with a registry in its database."""
    with open_shop(xzepr_postgres_database) as shop:
        yield shop


def complete(shop: Shop, registry: Registry) -> None:
    """Record what completes the gate."""
    registry.events.record(unit(), shop.build, success=True, payload={"by": "O'Hara: 100 %s \\ é"})
    registry.events.record(unit(), shop.scan, success=True, payload=None)


@every_level
@every_kind
def test_c072_both_are_committed(kind: str, level: str, shop: Shop) -> None:
    """The host's row, the events and what they caused become visible together, and come to the feed."""

    def work(host: Host) -> None:
        host.execute("INSERT INTO orders VALUES (1)")
        complete(shop, shop.joined(host))
        assert shop.feed() == BEGUN
        assert shop.orders() == []

    shop.work(kind, work, level)
    assert shop.orders() == [1]
    assert shop.feed() == COMPLETED
    assert shop.registry.groups.verdict(shop.release, unit()).complete
    [transition] = shop.registry.groups.transitions(shop.release, unit())
    assert (transition.number, transition.kind) == (1, TransitionKind.COMPLETED)


@every_level
@every_kind
def test_c072_neither_is_committed(kind: str, level: str, shop: Shop) -> None:
    """What a host rolls back has not been: no event, no transition, no number used, nothing announced, no hole."""

    def work(host: Host) -> None:
        host.execute("INSERT INTO orders VALUES (1)")
        complete(shop, shop.joined(host))

    shop.work_in_vain(kind, work, level)
    assert shop.orders() == []
    assert shop.registry.events.list().items == ()
    assert shop.registry.groups.transitions(shop.release, unit()) == ()
    assert shop.registry.events.record(unit(), shop.build, success=True, payload={}).event.n == 1
    assert shop.feed() == [*BEGUN, "event.recorded"]


@every_level
@every_kind
def test_c072_rolling_back_to_a_savepoint_undoes_what_came_after_it(kind: str, level: str, shop: Shop) -> None:
    """What was recorded before and after it stays, is numbered without a gap, and is judged without what was undone."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        registry.events.record(unit(), shop.build, success=True, payload={})
        with suppress(Undone), host.savepoint():
            assert registry.events.record(unit(), shop.scan, success=True, payload=1).transitions
            raise Undone
        assert not registry.groups.verdict(shop.release, unit()).complete
        last = registry.events.record(unit(), shop.scan, success=False, payload=2)
        assert (last.event.n, last.transitions) == (2, ())

    shop.work(kind, work, level)
    assert shop.feed() == [*BEGUN, "event.recorded", "event.recorded"]
    assert [event.payload for event in shop.registry.events.list(newest_first=False).items] == [{}, 2]


@every_kind
def test_savepoint_that_is_released_keeps_what_came_after_it(kind: str, shop: Shop) -> None:
    """A savepoint that ends well changes nothing."""

    def work(host: Host) -> None:
        with host.savepoint():
            complete(shop, shop.joined(host))

    shop.work(kind, work)
    assert shop.feed() == COMPLETED


@every_level
@every_kind
def test_refusals_leave_the_transaction_as_it_was(kind: str, level: str, shop: Shop) -> None:
    """A refusal is an answer, not a failed statement: the host goes on in the same transaction, and commits."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        first = registry.events.record(unit(), shop.build, success=True, payload={}, idempotency_key="k").event
        for refused in refusals(shop, registry, first.id):
            host.execute(f"INSERT INTO orders VALUES ({len(refused)})")
        assert registry.events.record(unit(), shop.build, success=True, payload={}, idempotency_key="k").replayed

    shop.work(kind, work, level)
    assert len(shop.orders()) == 8
    assert shop.feed() == [*BEGUN, "event.recorded"]


def refusals(shop: Shop, registry: Registry, known: str) -> Iterator[str]:
    """Have everything refused that can be; yield something of another length for each."""
    absent = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    with pytest.raises(errors.NotFound):
        registry.events.record(unit(), absent, success=True, payload={})
    yield "1"
    with pytest.raises(errors.IdempotencyConflict) as conflict:
        registry.events.record(unit(), shop.build, success=False, payload={}, id=known)
    assert conflict.value.differs == ("success",)
    yield "22"
    with pytest.raises(errors.Invalid):
        registry.events.record(unit(), shop.build, success=True, payload="no object")
    yield "333"
    with pytest.raises(errors.RevisionConflict):
        registry.receivers.update(shop.build, expected_revision=7, description="late")
    yield "4444"
    with pytest.raises(errors.AlreadyExists):
        registry.receivers.create(name="build", type="ci.build", version="1", schema=True)
    yield "55555"
    with pytest.raises(errors.NotFound):
        registry.groups.create(name="other", type="ci.gate", version="1", receivers=[absent])
    yield "666666"
    with pytest.raises(errors.NotFound):
        registry.events.redact(absent, "why not")
    yield "7777777"
    with pytest.raises(errors.BadCursor):
        registry.feed.read(99)
    yield "88888888"


@every_kind
def test_receiver_in_use_is_refused_inside(kind: str, shop: Shop) -> None:
    """A receiver to which an event of the same transaction refers is neither deleted nor given another schema."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        registry.events.record(unit(), shop.scan, success=True, payload={})
        with pytest.raises(errors.InUse):
            registry.receivers.delete(shop.scan, expected_revision=1)
        with pytest.raises(errors.InUse):
            registry.receivers.update(shop.scan, expected_revision=1, schema={"type": "object"})
        assert registry.receivers.update(shop.scan, expected_revision=1, description="in use").revision == 2

    shop.work(kind, work)
    assert shop.registry.receivers.get(shop.scan.id).description == "in use"


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@every_kind
def test_what_an_old_snapshot_cannot_know_is_refused(kind: str, level: str, shop: Shop) -> None:
    """Whether a receiver is in use only READ COMMITTED can tell; the refusal says so, and the host goes on."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        for attempt in (
            lambda: registry.receivers.delete(shop.scan, expected_revision=1),
            lambda: registry.receivers.update(shop.scan, expected_revision=1, schema={"type": "object"}),
            lambda: registry.groups.reevaluate(shop.release),
        ):
            with pytest.raises(errors.ConfigurationError, match="needs READ COMMITTED"):
                attempt()
        host.execute("INSERT INTO orders VALUES (1)")

    shop.work(kind, work, level)
    assert shop.orders() == [1]


@every_kind
def test_own_work_is_seen_before_the_commit(kind: str, shop: Shop) -> None:
    """Inside, everything reads as if it were there already; outside, nothing does."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        complete(shop, registry)
        [scanned, built] = registry.events.list(EventFilter(name="web")).items
        assert registry.events.get(built.id) == built
        assert registry.events.count(EventFilter(receiver_id=shop.scan.id, success=True)).value == 1
        assert registry.groups.verdict(shop.release, unit()).complete
        [transition] = registry.groups.transitions(shop.release, unit())
        assert transition.event_id == scanned.id
        with pytest.raises(errors.NotFound):
            shop.registry.events.get(built.id)
        assert not shop.registry.groups.verdict(shop.release, unit()).complete

    shop.work(kind, work)


@every_kind
def test_replays_inside_tell_what_was_caused(kind: str, shop: Shop) -> None:
    """A retry in a later transaction returns the first answer, with its transitions."""

    def work(host: Host) -> tuple[bool, list[int]]:
        registry = shop.joined(host)
        registry.events.record(unit(), shop.build, success=True, payload={}, idempotency_key="build")
        recorded = registry.events.record(unit(), shop.scan, success=True, payload={}, idempotency_key="scan")
        return recorded.replayed, [transition.number for transition in recorded.transitions]

    assert shop.work(kind, work) == (False, [1])
    assert shop.work(kind, work) == (True, [1])


@every_kind
def test_feed_inside_shows_what_is_sequenced_and_moves_nothing(kind: str, shop: Shop) -> None:
    """Positions are given outside: a host that rolls back would take them back. What stands there is served."""
    shop.registry.events.record(unit("early"), shop.build, success=True, payload={})  # staged, not yet read

    def work(host: Host) -> None:
        registry = shop.joined(host)
        complete(shop, registry)
        page = registry.feed.read(0)
        assert ([str(change.kind) for change in page], page.head, registry.feed.head()) == (BEGUN, 3, 3)
        assert registry.feed.read(page.cursor).changes == ()
        assert registry.receivers.statistics(shop.build).succeeded == 0
        assert host.execute("SELECT count(*) FROM xzepr.staging") == [(4,)]

    shop.work(kind, work)
    assert shop.feed() == [*BEGUN, "event.recorded", *COMPLETED[3:]]


@every_kind
def test_past_is_asked_inside(kind: str, shop: Shop) -> None:
    """A verdict as of a position is that of the feed, whatever the transaction has recorded since."""
    complete(shop, shop.registry)
    head = shop.registry.feed.head()

    def work(host: Host) -> None:
        registry = shop.joined(host)
        registry.events.record(unit(), shop.build, success=False, payload={})
        assert not registry.groups.verdict(shop.release, unit()).complete
        assert registry.groups.verdict(shop.release, unit(), as_of=head).complete
        assert not registry.groups.verdict(shop.release, unit(), as_of=head - 2).complete
        with pytest.raises(errors.BadCursor):
            registry.groups.verdict(shop.release, unit(), as_of=head + 1)

    shop.work(kind, work)


@every_kind
def test_lists_inside_are_paged(kind: str, shop: Shop) -> None:
    """Cursors, filters and both orders work as elsewhere."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        for number in range(5):
            registry.events.record(unit(f"Web-{number}"), shop.build, success=number != 3, payload={"n": number})
        where = EventFilter(name_contains="WEB", success=True, owner=shop.build.owner, receiver_id=shop.build.id)
        page = registry.events.list(where, limit=3, newest_first=False)
        rest = registry.events.list(where, limit=3, newest_first=False, cursor=page.next, payloads=False)
        assert [event.unit.name for event in (*page.items, *rest.items)] == ["Web-0", "Web-1", "Web-2", "Web-4"]
        assert rest.next is None
        since = EventFilter(recorded_from=page.items[1].recorded_at, recorded_until=rest.items[0].recorded_at)
        assert [event.n for event in registry.events.list(since).items] == [1, 1, 1]
        receivers = registry.receivers.list(ReceiverFilter(type="ci.scan"), limit=1)
        assert receivers.items == (shop.scan,)
        assert registry.groups.list().items == (shop.release,)

    shop.work(kind, work)


@every_level
@every_kind
def test_definitions_are_changed_inside(kind: str, level: str, shop: Shop) -> None:
    """A receiver and its gate are created, used and changed in one transaction, and are there with its commit."""

    def work(host: Host) -> str:
        registry = shop.joined(host)
        sign = registry.receivers.ensure(name="sign", type="ci.sign", version="1", schema=True)
        assert registry.receivers.find(name="sign", type="ci.sign", version="1") == sign
        gate = registry.groups.create(name="signed", type="ci.gate", version="1", receivers=[sign])
        assert registry.events.record(unit(), sign, success=True, payload={}).transitions
        gate = registry.groups.update(gate, expected_revision=1, receivers=[sign, shop.scan])
        assert not registry.events.record(unit("other"), sign, success=True, payload={}).transitions
        assert [each.revision for each in registry.groups.revisions(gate)] == [1, 2]
        registry.groups.delete(shop.release, expected_revision=1)
        return gate.id

    shop.work_in_vain(kind, work, level)
    assert shop.registry.groups.list().items == (shop.release,)
    gate = shop.registry.groups.get(shop.work(kind, work, level))
    assert (gate.revision, shop.registry.groups.find(name="signed", type="ci.gate", version="1")) == (2, gate)
    assert shop.feed()[3:] == [
        "receiver.created",
        "group.created",
        "event.recorded",
        "group.completed",
        "group.updated",
        "event.recorded",
        "group.deleted",
    ]


@every_kind
def test_groups_are_reevaluated_inside(kind: str, shop: Shop) -> None:
    """What is due after a change of a gate is judged in the transaction of the change."""
    shop.registry.events.record(unit(), shop.build, success=True, payload={})

    def work(host: Host) -> int:
        registry = shop.joined(host)
        gate = registry.groups.update(shop.release, expected_revision=1, receivers=[shop.build])
        return registry.groups.reevaluate(gate).transitions

    assert shop.work(kind, work) == 1
    assert shop.feed() == [*BEGUN, "event.recorded", "group.updated", "group.completed"]


@every_kind
def test_effects_and_acknowledgement_are_one(kind: str, shop: Shop) -> None:
    """A subscription inside the transaction of its handler's effects moves with them, or not at all: exactly once."""

    def handle(host: Host) -> int:
        def on_change(delivery: Delivery) -> None:
            host.execute(f"INSERT INTO orders VALUES ({delivery.change.position})")

        return shop.joined(host).feed.subscription("orders").deliver(on_change)

    shop.work_in_vain(kind, handle)
    assert shop.orders() == []
    assert shop.work(kind, handle) == 3
    assert shop.work(kind, handle) == 0
    assert shop.orders() == [1, 2, 3]
    assert shop.registry.feed.subscription("orders").state().cursor.position == 3


@every_kind
def test_change_is_acknowledged_in_the_transaction_of_a_handler(kind: str, shop: Shop) -> None:
    """A worker that delivers outside has its effect and its acknowledgement together, also when it fails in between."""
    subscription = shop.registry.feed.subscription("orders", retry=RetryPolicy(first_delay=0))
    attempts: list[int] = []

    def on_change(delivery: Delivery) -> None:
        def work(host: Host) -> None:
            host.execute(f"INSERT INTO orders VALUES ({delivery.change.position})")
            shop.joined(host).feed.subscription("orders").acknowledge(delivery)
            if delivery.change.position == 2 and delivery.attempt == 1:
                raise ConnectionError

        attempts.append(delivery.change.position)
        shop.work(kind, work)

    assert subscription.deliver(on_change) == 3
    assert attempts == [1, 2, 2, 3]
    assert shop.orders() == [1, 2, 3]
    assert (subscription.state().cursor.position, subscription.state().parked) == (3, 0)


@every_kind
def test_changes_are_parked_and_replayed_inside(kind: str, shop: Shop) -> None:
    """Every step of a subscription can be taken inside, also its deletion."""

    def fail(_: Delivery) -> None:
        raise ConnectionError

    def park(host: Host) -> tuple[int, int]:
        subscription = shop.joined(host).feed.subscription("mirror", retry=RetryPolicy(attempts=1))
        return subscription.deliver(fail), len(subscription.parked())

    def replay(host: Host) -> tuple[int, int]:
        subscription = shop.joined(host).feed.subscription("mirror")
        replayed = subscription.replay(lambda _: None)
        parked = subscription.state().parked
        subscription.delete()
        return replayed, parked

    assert shop.work(kind, park) == (3, 3)
    assert shop.work(kind, replay) == (3, 0)
    assert shop.registry.feed.subscription("mirror").state().cursor.position == 0


@every_kind
def test_payload_is_erased_inside(kind: str, shop: Shop) -> None:
    """A redaction is the host's to commit, too."""
    event = shop.registry.events.record(unit(), shop.build, success=True, payload={"secret": 1}).event

    def work(host: Host) -> None:
        redacted = shop.joined(host).events.redact(event.id, "it was secret")
        with pytest.raises(errors.PayloadAbsent):
            _ = redacted.payload

    shop.work_in_vain(kind, work)
    assert shop.registry.events.get(event.id).payload == {"secret": 1}
    shop.work(kind, work)
    assert shop.feed() == [*BEGUN, "event.recorded", "event.redacted"]


@every_kind
def test_many_are_recorded_inside(kind: str, shop: Shop) -> None:
    """Chunks and refusals work as elsewhere; all chunks are committed together."""

    def work(host: Host) -> tuple[int, int]:
        drafts = (
            EventDraft(unit=unit(f"u{number % 50}"), receiver=shop.build, success=True, payload={} if number else 0)
            for number in range(1_200)
        )
        report = shop.joined(host).events.record_many(drafts)
        assert shop.feed() == BEGUN
        return report.recorded, report.refused

    assert shop.work(kind, work) == (1_199, 1)
    assert len(shop.registry.events.list(limit=1_000).items) == 1_000
    assert shop.registry.events.count().value == 1_199


@every_kind
def test_c072_nothing_is_left_behind_in_the_session(kind: str, shop: Shop) -> None:
    """No temporary table, no open cursor, and nothing that listens: the session is as it was."""

    def work(host: Host) -> None:
        complete(shop, shop.joined(host))
        assert host.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'") == [(0,)]
        assert host.execute("SELECT count(*) FROM pg_listening_channels()") == [(0,)]
        assert host.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''") == [(0,)]

    shop.work(kind, work)


def test_what_was_rolled_back_is_not_remembered(shop: Shop) -> None:
    """A receiver that a host created in vain is unknown outside: nothing of a joined registry is kept for others."""

    def work(host: Host) -> str:
        registry = shop.joined(host)
        receiver = registry.receivers.create(name="new", type="ci.new", version="1", schema=True)
        registry.events.record(unit(), receiver, success=True, payload={})
        created.append(receiver.id)
        return receiver.id

    created: list[str] = []
    shop.work_in_vain("psycopg", work)
    with pytest.raises(errors.NotFound):
        shop.registry.events.record(unit(), created[0], success=True, payload={})


def test_joined_registry_joins_no_further_and_does_not_wait(shop: Shop) -> None:
    """Inside a transaction there is no other to join; its capabilities say so."""

    def work(host: Host) -> None:
        registry = shop.joined(host)
        assert not registry.store.capabilities.joining
        assert not registry.store.capabilities.waiting
        with pytest.raises(errors.Unsupported):
            registry.joined(host.connection)
        registry.store.check()

    shop.work("psycopg", work)


def test_closing_ends_with_the_registry_that_was_joined(shop: Shop) -> None:
    """A joined registry may be closed by itself, and the host goes on; it is closed with the one it comes from."""

    def work(host: Host) -> None:
        with shop.joined(host) as registry:
            complete(shop, registry)
        with pytest.raises(errors.Closed):
            registry.feed.head()
        other = shop.joined(host)
        shop.registry.close()
        with pytest.raises(errors.Closed):
            other.feed.head()
        host.execute("INSERT INTO orders VALUES (1)")

    shop.work("psycopg", work)
    assert shop.orders() == [1]


def test_joining_a_closed_store_is_refused(shop: Shop) -> None:
    """There is nothing to join any more, though the host's connection would still work."""

    def work(host: Host) -> None:
        shop.registry.store.close()
        with pytest.raises(errors.Closed):
            shop.joined(host)

    shop.work("psycopg", work)


def test_connection_that_was_closed_is_unavailable(shop: Shop) -> None:
    """A joined registry lives as long as the connection under it."""
    with psycopg.connect(shop.url) as connection:
        registry = shop.registry.joined(connection)
    with pytest.raises(errors.Unavailable, match="the connection is closed"):
        complete(shop, registry)
    assert shop.feed() == BEGUN
