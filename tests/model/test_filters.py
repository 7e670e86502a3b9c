"""Filters."""

# ruff: noqa: ANN401, RUF001 - what is given is wrong on purpose; look-alikes are the point
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.model.values import IDS, NOON, OWNER, make_event, make_group, make_receiver, make_unit
from xzepr.errors import Invalid, TooLarge
from xzepr.model import EventFilter, GroupFilter, Identity, ReceiverFilter

FILTERS = [EventFilter, ReceiverFilter, GroupFilter]
TICK = timedelta(microseconds=1)
EAST = timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ids": [IDS[3]]},
        {"owner": OWNER},
        {"recorded_from": NOON},
        {"recorded_until": NOON + TICK},
        {"name_contains": "EB"},
        {"name_contains": ""},
        {"name_contains": "ｗe"},
        {"name": "web"},
        {"version": "1.4.2"},
        {"release": "1"},
        {"platform_id": "linux"},
        {"package": "oci"},
        {"receiver_id": IDS[1]},
        {"success": True},
        {"name": "web", "success": True, "owner": OWNER, "ids": IDS[:5]},
    ],
    ids=lambda given: ",".join(given) or "all",
)
def test_an_event_that_has_what_was_asked_for_matches(given: dict[str, Any]) -> None:
    """Each field alone, and several together, let their event through."""
    assert EventFilter(**given).matches(make_event())


@pytest.mark.parametrize(
    "given",
    [
        {"ids": ()},
        {"ids": [IDS[4]]},
        {"owner": Identity("other", "ci")},
        {"recorded_from": NOON + TICK},
        {"recorded_until": NOON},
        {"name_contains": "webx"},
        {"name": "Web"},
        {"version": "1.4"},
        {"release": "01"},
        {"platform_id": "linux "},
        {"package": "OCI"},
        {"receiver_id": IDS[2]},
        {"success": False},
        {"name": "web", "success": False},
    ],
    ids=",".join,
)
def test_an_event_that_lacks_what_was_asked_for_does_not_match(given: dict[str, Any]) -> None:
    """One field that does not hold is enough."""
    assert not EventFilter(**given).matches(make_event())


@pytest.mark.parametrize("field", ["name", "type", "version"])
def test_receivers_and_groups_are_found_by_their_naming(field: str) -> None:
    """Name, type and version are compared as they are."""
    receiver, group = make_receiver(), make_group()
    assert ReceiverFilter(**{field: getattr(receiver, field)}).matches(receiver)
    assert not ReceiverFilter(**{field: "other"}).matches(receiver)
    assert GroupFilter(**{field: getattr(group, field)}).matches(group)
    assert not GroupFilter(**{field: "other"}).matches(group)


def test_groups_are_found_by_receiver_and_switch() -> None:
    """A group is found by what it holds, and whether it is enabled."""
    group = make_group()
    assert GroupFilter(receiver_id=IDS[1], enabled=True).matches(group)
    assert not GroupFilter(receiver_id=IDS[2]).matches(group)
    assert not GroupFilter(enabled=False).matches(group)


@pytest.mark.parametrize("text", ["%", "_", "\\", "we%", "w_b", "web\\", "'", "' OR '1'='1", ".*", "[a-z]"])
def test_c056_no_character_of_a_search_is_a_wildcard(text: str) -> None:
    """Percent, underscore, backslash and everything else are looked for as they stand."""
    assert not EventFilter(name_contains=text).matches(make_event())
    assert EventFilter(name_contains=text).matches(make_event(unit=make_unit(name=f"a{text}z")))


@pytest.mark.parametrize("kind", FILTERS)
def test_c066_a_range_that_ends_before_it_begins_is_refused(kind: type[EventFilter]) -> None:
    """From after until is Invalid, also when they differ by a microsecond or only in UTC."""
    with pytest.raises(Invalid, match="recorded_from: must not be after recorded_until"):
        kind(recorded_from=NOON + TICK, recorded_until=NOON)
    with pytest.raises(Invalid, match="recorded_from: must not be after recorded_until"):
        kind(recorded_from=NOON, recorded_until=NOON.replace(tzinfo=EAST))


def test_c066_an_empty_range_holds_nothing() -> None:
    """The range is half-open, so equal ends hold nothing."""
    assert not EventFilter(recorded_from=NOON, recorded_until=NOON).matches(make_event())


def test_c066_times_are_compared_in_utc() -> None:
    """A time in another zone is the same moment, and asks the same question."""
    where = EventFilter(recorded_from=NOON.astimezone(EAST))
    assert where == EventFilter(recorded_from=NOON)
    assert where.query() == {"recorded_from": "2026-11-23T12:00:00.000007Z"}


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1), "2026-01-01", 0, float("nan")])  # noqa: DTZ001 - the fault
@pytest.mark.parametrize("field", ["recorded_from", "recorded_until"])
def test_c065_a_bound_that_is_no_aware_time_is_refused(field: str, moment: Any) -> None:
    """Naive times, text and numbers are Invalid, by the name of the field."""
    with pytest.raises(Invalid) as caught:
        EventFilter(**{field: moment})
    assert caught.value.fields == (field,)


@pytest.mark.parametrize("kind", FILTERS)
def test_c062_70000_ids_are_too_large(kind: type[EventFilter]) -> None:
    """1,000 ids are asked for at once, and no more; the others are not even looked at."""
    assert len(kind(ids=IDS * 10).ids or ()) == 1_000
    with pytest.raises(TooLarge, match="ids: must be at most 1,000 ids: ask in several calls") as caught:
        kind(ids=["x"] * 70_000)
    assert caught.value.violations[0].limit == 1_000


def test_c062_ids_without_an_end_are_too_large() -> None:
    """A generator is read no further than the limit."""
    with pytest.raises(TooLarge):
        EventFilter(ids=iter(lambda: IDS[1], None))


@pytest.mark.parametrize("ids", [5, IDS[1], b"x", True, object()])
def test_c060_ids_are_a_list(ids: Any) -> None:
    """A single id, a text or a number is Invalid, and no TypeError."""
    with pytest.raises(Invalid) as caught:
        EventFilter(ids=ids)
    assert caught.value.fields == ("ids",)


@pytest.mark.parametrize("stranger", ["x", None, 1, {}])
def test_each_wrong_id_is_named_by_its_place(stranger: Any) -> None:
    """What is no id is refused by its index."""
    with pytest.raises(Invalid) as caught:
        EventFilter(ids=[IDS[1], stranger])
    assert caught.value.fields == ("ids/1",)


def test_all_fields_are_refused_at_once() -> None:
    """One error names every wrong field."""
    with pytest.raises(Invalid) as caught:
        EventFilter(owner="ci", name_contains="\0", name="", version=1, receiver_id="x", success=1, recorded_from=0)  # type: ignore[arg-type]  # the fault
    expected = {"owner", "name_contains", "name", "version", "receiver_id", "success", "recorded_from"}
    assert expected == set(caught.value.fields)
    with pytest.raises(Invalid) as caught:
        GroupFilter(receiver_id="x", enabled=1, type="\n")  # type: ignore[arg-type]  # the fault
    assert set(caught.value.fields) == {"receiver_id", "enabled", "type"}
    with pytest.raises(Invalid) as caught:
        ReceiverFilter(name="", type="", version="")
    assert caught.value.fields == ("name", "type", "version")


def test_a_query_holds_what_was_given_and_nothing_else() -> None:
    """What a cursor is bound to is JSON, with False kept and None left out."""
    where = EventFilter(
        ids=[IDS[1]], owner=OWNER, recorded_until=NOON, name_contains="", name="web", receiver_id=IDS[1], success=False
    )
    assert where.query() == {
        "ids": [IDS[1]],
        "owner": {"issuer": "local", "subject": "ci"},
        "recorded_until": "2026-11-23T12:00:00.000007Z",
        "name_contains": "",
        "name": "web",
        "receiver_id": IDS[1],
        "success": False,
    }
    assert GroupFilter(enabled=False, receiver_id=IDS[1], type="x").query() == {
        "enabled": False,
        "receiver_id": IDS[1],
        "type": "x",
    }
    assert ReceiverFilter().query() == {}


def test_the_filter_of_a_unit_asks_for_its_five_fields() -> None:
    """A unit's events are found by all five."""
    where = EventFilter.of(make_unit())
    assert where.matches(make_event())
    assert not where.matches(make_event(unit=make_unit(release="2")))
