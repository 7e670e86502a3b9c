"""Lists, counts, the feed, and the life of a registry."""

# ruff: noqa: ANN401, RUF001 - what is given is wrong on purpose; look-alikes are the point
from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from tests.model.values import IDS, NOON, make_unit
from tests.registry.worlds import Around, make_group, make_receiver, make_registry
from xzepr import ChangeKind, EventFilter, FeedCursor, GroupFilter, ReceiverFilter, Registry
from xzepr.documents import JsonLimits
from xzepr.errors import BadCursor, Closed, ConfigurationError, Invalid, PayloadAbsent, TooLarge, Unsupported
from xzepr.registry import Limits
from xzepr_memory import MemoryStore

LISTS = ["events", "receivers", "groups"]


@pytest.fixture
def registry() -> Registry:
    """Make a registry with three of everything, all at one moment."""
    registry = make_registry(limits=None)
    return filled(registry)


def filled(registry: Registry) -> Registry:
    """Put three of everything into a registry."""
    for place in range(3):
        receiver = make_receiver(registry, f"r{place}")
        make_group(registry, receiver, name=f"g{place}")
        registry.events.record(make_unit(name=f"u{place}"), receiver, success=place != 1, payload={"n": place})
    return registry


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("newest_first", [True, False])
def test_c061_pages_join_to_the_whole_list_at_one_moment(kind: str, newest_first: bool) -> None:  # noqa: FBT001 - a parameter
    """Equal times are told apart by the id: no duplicate, no skip."""
    registry = filled(Registry(MemoryStore(clock=lambda: NOON)))
    whole = getattr(registry, kind).list(newest_first=newest_first).items
    found: list[Any] = []
    cursor = None
    while True:
        page = getattr(registry, kind).list(newest_first=newest_first, limit=1, cursor=cursor)
        found += page.items
        if page.next is None:
            break
        cursor = page.next
    assert tuple(found) == whole
    assert len({item.id for item in found}) == 3


def test_c061_what_is_inserted_between_two_pages_disturbs_nothing(registry: Registry) -> None:
    """New events come before the newest; the pages behind are as they were."""
    first = registry.events.list(limit=1)
    expected = [event.id for event in registry.events.list().items[1:]]
    registry.events.record(make_unit(), registry.receivers.list().items[0], success=True, payload={})
    assert [event.id for event in registry.events.list(cursor=first.next)] == expected


@pytest.mark.parametrize("kind", LISTS)
def test_c058_a_cursor_is_for_its_own_list(registry: Registry, kind: str) -> None:
    """Of another list, order or filter, or altered, it is BadCursor; never another list's rows."""
    cursor = getattr(registry, kind).list(limit=1).next
    for other in LISTS:
        if other != kind:
            with pytest.raises(BadCursor):
                getattr(registry, other).list(cursor=cursor)
    filters: dict[str, Any] = {"events": EventFilter, "receivers": ReceiverFilter, "groups": GroupFilter}
    for options in (
        {"newest_first": False},
        {"where": filters[kind](name="x")},
        {"cursor": cursor[:-1]},
        {"cursor": ""},
        {"cursor": 5},
        {"cursor": "x" * 1_000_000},
    ):
        with pytest.raises(BadCursor):
            getattr(registry, kind).list(**{"cursor": cursor} | options)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("limit", [0, -1, 2**31, 2**63, True, 1.5, "10", float("nan"), "١٠", "1_000", None])
def test_c060_every_list_checks_its_limit(registry: Registry, kind: str, limit: Any) -> None:
    """A limit is a whole number from 1 to 1,000, and never cut down."""
    with pytest.raises(Invalid) as caught:
        getattr(registry, kind).list(limit=limit)
    assert caught.value.fields == ("limit",)


@pytest.mark.parametrize("limit", [0, -1, 20_001, 2**63, True, 1.5, "10", float("nan"), None])
def test_c060_a_count_checks_its_limit(registry: Registry, limit: Any) -> None:
    """A count looks at 20,000 rows at most."""
    with pytest.raises(Invalid, match="limit: must be"):
        registry.events.count(limit=limit)


@pytest.mark.parametrize("kind", LISTS)
def test_c060_a_list_is_narrowed_by_its_own_filter_alone(registry: Registry, kind: str) -> None:
    """The filter of another list, or something that is none, is Invalid."""
    strangers: list[Any] = ["x", 0, False, "", {}, EventFilter(), ReceiverFilter(), GroupFilter()]
    for where in strangers:
        if type(where).__name__.removesuffix("Filter").lower() + "s" != kind:
            with pytest.raises(Invalid, match="where: must be"):
                getattr(registry, kind).list(where)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("newest_first", [0, 1, "yes", None, object()])
def test_c060_an_order_is_true_or_false(registry: Registry, kind: str, newest_first: Any) -> None:
    """There is no third direction."""
    with pytest.raises(Invalid, match="newest_first: must be bool"):
        getattr(registry, kind).list(newest_first=newest_first)


def test_a_count_says_where_it_stopped(registry: Registry) -> None:
    """A bound that was reached is told."""
    count = registry.events.count(limit=2)
    assert (count.value, count.exact) == (2, False)
    count = registry.events.count(EventFilter(success=False))
    assert (count.value, count.exact) == (1, True)
    with pytest.raises(Invalid, match="where: must be EventFilter"):
        registry.events.count(ReceiverFilter())  # type: ignore[arg-type]  # the fault


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"name": "u1"}, ["u1"]),
        ({"ids": []}, []),
        ({"ids": IDS[:3]}, []),
        ({"success": True}, ["u2", "u0"]),
        ({"name": "u1", "version": "1.4.2", "release": "1", "platform_id": "linux", "package": "oci"}, ["u1"]),
        ({"name": "nobody", "version": "1.4.2", "release": "1", "platform_id": "linux", "package": "oci"}, []),
        ({"receiver_id": IDS[1]}, []),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_index_finds_what_it_should(registry: Registry, given: dict[str, Any], names: list[str]) -> None:
    """By unit, by id, by receiver, or by looking at all."""
    assert [event.unit.name for event in registry.events.list(EventFilter(**given))] == names


def test_events_are_found_by_receiver_and_by_id(registry: Registry) -> None:
    """Indexes and filters agree; an id that is asked for twice comes once."""
    events = registry.events.list().items
    for event in events:
        assert registry.events.list(EventFilter(receiver_id=event.receiver_id)).items == (event,)
        assert registry.events.list(EventFilter(ids=[event.id, event.id, IDS[1]])).items == (event,)
        assert registry.events.list(EventFilter.of(event.unit)).items == (event,)


def test_c066_a_range_is_half_open(registry: Registry) -> None:
    """From belongs to it, until does not, to the microsecond."""
    moments = [event.recorded_at for event in registry.events.list(newest_first=False)]
    tick = timedelta(microseconds=1)
    found = registry.events.list(EventFilter(recorded_from=moments[1], recorded_until=moments[1] + tick))
    assert [event.unit.name for event in found] == ["u1"]
    assert not registry.events.list(EventFilter(recorded_from=moments[1], recorded_until=moments[1])).items


def test_a_list_can_leave_payloads_out(registry: Registry) -> None:
    """The events say how to get the payload, and still verify."""
    for event in registry.events.list(payloads=False):
        assert event.verify()
        with pytest.raises(PayloadAbsent, match="get the event by its id"):
            _ = event.payload


def test_a_redaction_is_told_once(registry: Registry) -> None:
    """Who did it and why stands in the feed; a second one changes nothing."""
    event = registry.events.list().items[0]
    redacted = registry.events.redact(event.id, "a secret")
    head = registry.feed.head()
    assert registry.events.redact(event.id, "again") == redacted
    assert registry.feed.head() == head
    assert redacted.verify()
    assert redacted.redacted
    [change] = registry.feed.read(head - 1)
    assert (change.kind, change.subject.reason) == (ChangeKind.EVENT_REDACTED, "a secret")  # type: ignore[union-attr]  # a redaction
    shown = [c.subject for c in registry.feed.read(payloads=True) if c.kind is ChangeKind.EVENT_RECORDED]
    assert redacted in shown


def test_every_violation_of_a_redaction_is_named_at_once(registry: Registry) -> None:
    """The id and the reason are refused together."""
    with pytest.raises(Invalid) as caught:
        registry.events.redact("x", "")
    assert caught.value.fields == ("id", "reason")


@pytest.mark.parametrize("after", [-1, True, 1.5, "0", None, float("nan"), b"", [0]])
def test_c060_a_place_is_a_cursor_or_a_position(registry: Registry, after: Any) -> None:
    """What is neither is Invalid, also before the first step of a follower."""
    with pytest.raises(Invalid, match="after: must be"):
        registry.feed.read(after)
    with pytest.raises(Invalid, match="after: must be"):
        registry.feed.follow(after)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1", True, 1e300])
def test_c060_patience_is_a_number_of_seconds(registry: Registry, seconds: Any) -> None:
    """A follower that would never end, or at once, is refused."""
    with pytest.raises(Invalid, match="idle_seconds: must be"):
        registry.feed.follow(idle_seconds=seconds)


@pytest.mark.parametrize("position", [10, 2**31, 2**63 - 1, pytest.param(10**5_000, id="5,001 digits")])
def test_c059_a_place_beyond_the_head_is_bad(registry: Registry, position: int) -> None:
    """Neither as a position nor as a cursor, and never a silent wait."""
    head = registry.feed.head()
    assert registry.feed.read(head).changes == ()
    for after in (head + position, FeedCursor(min(head + position, 2**63 - 1), IDS[1])):
        with pytest.raises(BadCursor, match="beyond the head"):
            registry.feed.read(after)


def test_c059_a_cursor_from_another_database_is_bad(registry: Registry) -> None:
    """The change at its position has another id: the history is another one."""
    foreign = filled(make_registry()).feed.read(limit=3).cursor
    with pytest.raises(BadCursor, match="another change stands at position 3"):
        registry.feed.read(foreign)
    with pytest.raises(BadCursor):
        next(registry.feed.follow(foreign))
    assert registry.feed.read(FeedCursor.parse(str(registry.feed.read(limit=3).cursor))).changes[0].position == 4


def test_a_feed_page_leads_on(registry: Registry) -> None:
    """Its cursor goes behind its changes, and stays where there are none."""
    page = registry.feed.read(limit=4)
    assert (len(page), page.head, [change.position for change in page]) == (4, 11, [1, 2, 3, 4])
    rest = registry.feed.read(page.cursor)
    assert [change.position for change in rest] == list(range(5, 12))
    assert registry.feed.read(rest.cursor).cursor == rest.cursor


def test_following_ends_when_told(registry: Registry) -> None:
    """After the change at hand, or after a while without news."""
    stop = threading.Event()
    seen = []
    for change in registry.feed.follow(stop=stop):
        seen.append(change.position)
        stop.set()
    assert seen == [1]
    assert [change.position for change in registry.feed.follow(8, idle_seconds=0)] == [9, 10, 11]


def test_following_waits_for_what_comes(registry: Registry) -> None:
    """A follower gets what is written while it waits, also from a store that cannot wait for news."""
    store = registry.store

    class Polling:
        """A store that has the core alone."""

        def __init__(self) -> None:
            self.scheme, self.capabilities = store.scheme, attrs.evolve(store.capabilities, waiting=False)
            self.receivers, self.groups, self.events, self.feed = (
                store.receivers,
                store.groups,
                store.events,
                store.feed,
            )

    for follower in (registry, Registry(Polling())):  # type: ignore[arg-type]  # a store in all but close and check
        stop = threading.Event()
        changes = follower.feed.follow(registry.feed.head(), stop=stop)
        timer = threading.Timer(0.05, make_receiver, [registry, f"late{registry.feed.head()}"])
        timer.start()
        assert next(changes).position == registry.feed.head()
        timer.join()


def test_following_a_registry_that_is_closed_ends_in_closed(registry: Registry) -> None:
    """A follower is told that there will be no more."""
    changes = registry.feed.follow()
    next(changes)
    registry.close()
    with pytest.raises(Closed):
        list(changes)


USES: dict[str, Callable[[Registry], object]] = {
    "receivers.create": lambda r: make_receiver(r, "x"),
    "receivers.ensure": lambda r: r.receivers.ensure(name="x", type="t", version="1", schema=True),
    "receivers.get": lambda r: r.receivers.get(IDS[1]),
    "receivers.find": lambda r: r.receivers.find(name="x", type="t", version="1"),
    "receivers.list": lambda r: r.receivers.list(),
    "receivers.update": lambda r: r.receivers.update(IDS[1], expected_revision=1),
    "receivers.delete": lambda r: r.receivers.delete(IDS[1], expected_revision=1),
    "receivers.statistics": lambda r: r.receivers.statistics(IDS[1]),
    "groups.create": lambda r: r.groups.create(name="x", type="t", version="1", receivers=[IDS[1]]),
    "groups.ensure": lambda r: r.groups.ensure(name="x", type="t", version="1", receivers=[IDS[1]]),
    "groups.get": lambda r: r.groups.get(IDS[1]),
    "groups.find": lambda r: r.groups.find(name="x", type="t", version="1"),
    "groups.list": lambda r: r.groups.list(),
    "groups.update": lambda r: r.groups.update(IDS[1], expected_revision=1),
    "groups.delete": lambda r: r.groups.delete(IDS[1], expected_revision=1),
    "groups.revisions": lambda r: r.groups.revisions(IDS[1]),
    "groups.verdict": lambda r: r.groups.verdict(IDS[1], make_unit()),
    "groups.transitions": lambda r: r.groups.transitions(IDS[1], make_unit()),
    "groups.reevaluate": lambda r: r.groups.reevaluate(IDS[1]),
    "events.record": lambda r: r.events.record(make_unit(), IDS[1], success=True, payload={}),
    "events.record_many": lambda r: r.events.record_many([]),
    "events.get": lambda r: r.events.get(IDS[1]),
    "events.list": lambda r: r.events.list(),
    "events.count": lambda r: r.events.count(),
    "events.redact": lambda r: r.events.redact(IDS[1], "x"),
    "feed.read": lambda r: r.feed.read(),
    "feed.head": lambda r: r.feed.head(),
    "feed.follow": lambda r: list(r.feed.follow(idle_seconds=0)),
    "feed.subscription": lambda r: r.feed.subscription("x"),
}


@pytest.mark.parametrize("use", USES)
def test_c083_a_closed_registry_does_nothing(registry: Registry, use: str) -> None:
    """Every use case after closing is Closed; the store that was handed in stays open."""
    registry.close()
    registry.close()
    with pytest.raises(Closed, match="the registry is closed: open a new one"):
        USES[use](registry)
    assert registry.store.feed.head() == 11


def test_leaving_the_block_closes_the_registry() -> None:
    """A registry is a context manager."""
    with make_registry() as registry:
        assert registry.feed.head() == 0
    with pytest.raises(Closed):
        registry.feed.head()


def test_a_store_that_cannot_join_says_so(registry: Registry) -> None:
    """The memory store has no transactions."""
    with pytest.raises(Unsupported, match="the memory store does not support joining"):
        registry.joined(object())


def test_a_joined_registry_lies_within_its_own() -> None:
    """Closing it leaves the outer one open, closing the outer one closes it; it fills no cache but its own."""
    store = MemoryStore()
    around: Any = Around(
        store,
        capabilities=attrs.evolve(store.capabilities, joining=True),
        join=lambda connection: store if connection == "connection" else None,
    )
    outer = Registry(around)
    with outer.joined("connection") as joined:
        receiver = make_receiver(joined)
    with pytest.raises(Closed):
        joined.feed.head()
    assert outer.feed.head() == 1
    assert outer._context.receivers.get(receiver.id) is None  # noqa: SLF001 - what is remembered
    inner = outer.joined("connection")
    outer.close()
    with pytest.raises(Closed):
        inner.feed.head()


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1), None, 1.0, "now"])  # noqa: DTZ001 - the fault
def test_c065_a_clock_without_a_zone_is_a_configuration_error(moment: Any) -> None:
    """The host's clock is the host's fault, whatever it tells."""
    registry = make_registry(clock=lambda: moment)
    with pytest.raises(ConfigurationError, match="the clock must tell times with a zone"):
        make_receiver(registry)


def test_c065_a_clock_in_another_zone_is_read_as_utc(registry: Registry) -> None:
    """What happened now has the same moment, in UTC."""
    local = Registry(registry.store, clock=NOON.astimezone)
    event = local.events.record(make_unit(), local.receivers.list().items[0], success=True, payload={}).event
    assert event.occurred_at == NOON
    assert event.occurred_at.tzinfo is UTC
    assert event.verify()


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"documents": 5}, "documents"),
        ({"max_enabled_groups": 0}, "max_enabled_groups"),
        ({"chunk_events": True}, "chunk_events"),
        ({"chunk_events": 1.5}, "chunk_events"),
    ],
)
def test_c060_the_limits_of_a_registry_are_checked(limits: dict[str, Any], field: str) -> None:
    """Each limit is refused by name."""
    with pytest.raises(Invalid) as caught:
        Limits(**limits)
    assert caught.value.fields == (field,)


def test_the_lower_limit_of_a_payload_counts() -> None:
    """The host's limit and the store's are both kept."""
    registry = make_registry(limits=Limits(documents=JsonLimits(max_bytes=50)))
    receiver = make_receiver(registry)
    registry.events.record(make_unit(), receiver, success=True, payload={"a": "b" * 40})
    with pytest.raises(TooLarge, match="payload: is larger than 50 bytes"):
        registry.events.record(make_unit(), receiver, success=True, payload={"a": "b" * 60})


def test_a_registry_says_how_its_store_is(registry: Registry) -> None:
    """Health never raises, also after closing the store."""
    assert registry.health().ready
    registry.store.close()
    assert not registry.health().ready


def test_following_with_a_stop_that_is_set_yields_nothing(registry: Registry) -> None:
    """A stop counts from the beginning."""
    stop = threading.Event()
    stop.set()
    assert list(registry.feed.follow(stop=stop)) == []


def test_a_registry_remembers_a_bounded_number_of_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is forgotten is read again."""
    monkeypatch.setattr("xzepr.registry.context.MAX_CACHED_RECEIVERS", 2)
    registry = make_registry()
    made = [make_receiver(registry, name) for name in "abc"]
    remembered = [registry._context.receivers.get(receiver.id) for receiver in made]  # noqa: SLF001 - what is remembered
    assert remembered == [None, *made[1:]]
    for receiver in made:
        assert not registry.events.record(make_unit(), receiver, success=True, payload={}).replayed


def test_a_registry_that_cannot_be_made_closes_its_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """What opening has opened is closed when opening fails."""
    closed: list[MemoryStore] = []
    monkeypatch.setattr(MemoryStore, "close", lambda store: closed.append(store))  # noqa: PLW0108 - binds the store
    with pytest.raises(Invalid):
        Registry.open("memory:", documents={"urn:example:wrong": float("nan")})
    assert len(closed) == 1


@pytest.mark.parametrize(("wrong", "hint"), [("memory:", r"use Registry\.open"), (5, "int is no store")])
def test_what_is_no_store_is_a_configuration_error(wrong: Any, hint: str) -> None:
    """The most natural slip is a URL where a store is wanted."""
    with pytest.raises(ConfigurationError, match=hint):
        Registry(wrong)


def test_a_registry_shows_its_store_and_its_state(registry: Registry) -> None:
    """The text of a registry says what a log wants to know."""
    assert repr(registry) == "<Registry over a memory store, open>"
    registry.close()
    assert repr(registry) == "<Registry over a memory store, closed>"


@pytest.mark.parametrize("name", ["limits", "documents", "telemetry", "clock"])
def test_an_option_of_another_kind_is_a_configuration_error(name: str) -> None:
    """A registry that is put together wrongly is refused before it is used."""
    with pytest.raises(ConfigurationError, match=f"{name} must be .*, not int"):
        Registry(MemoryStore(), **{name: 5})  # type: ignore[arg-type]  # the fault


@pytest.mark.parametrize("value", [1, 0, None, "yes"])
def test_a_switch_is_true_or_false(registry: Registry, value: Any) -> None:
    """What is merely true does not decide whether payloads are handed out."""
    for read in (registry.events.list, registry.feed.read, registry.feed.follow):
        with pytest.raises(Invalid, match="payloads: must be bool"):
            read(payloads=value)
