"""The JSON forms: their keys, as documented; what reads back; what is never shown."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings

from tests.model import drawing
from tests.model.values import IDS, NOON, OWNER, make_event, make_group, make_receiver, make_unit
from xzepr import errors
from xzepr.documents import canonical, ordered_text
from xzepr.model import (
    Change,
    ChangeKind,
    Count,
    Event,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    Formed,
    Gate,
    GateState,
    Identity,
    Mention,
    NewEvent,
    Page,
    Parked,
    ReceiverStatistics,
    Recorded,
    Redaction,
    SubscriptionState,
    Transition,
    TransitionKind,
    Unit,
    Verdict,
    event_digest,
    json_form,
    parse_time,
)
from xzepr.testing.strategies import units

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json-forms.md"
TRANSITION = Transition(
    group=make_group().ref,
    unit=make_unit(),
    number=1,
    kind=TransitionKind.COMPLETED,
    event_id=IDS[3],
    recorded_at=NOON,
)
GATE = Gate(receiver=make_receiver().ref, state=GateState.FAILED, event_id=IDS[3], recorded_at=NOON)
CHANGE = Change(
    position=7, id=IDS[4], kind=ChangeKind.EVENT_RECORDED, recorded_at=NOON, actor=OWNER, subject=make_event()
)
MENTION = Mention(event_id=IDS[3], recorded_at=NOON)
SALT = bytes(range(0xA0, 0xB0))
SALTED = make_event(salt=SALT)
SAMPLES: tuple[Formed, ...] = (
    make_unit(),
    OWNER,
    make_receiver(),
    make_receiver().ref,
    make_group(),
    make_group().ref,
    make_event(),
    Recorded(event=make_event(), replayed=False, transitions=(TRANSITION,)),
    Redaction(event_id=IDS[3], reason="an example"),
    GATE,
    Verdict(group=make_group().ref, enabled=True, unit=make_unit(), gates=(GATE,), as_of=7),
    TRANSITION,
    CHANGE,
    SubscriptionState(name="bot", owner=OWNER, cursor=CHANGE.cursor, parked=1, held_until=NOON),
    Parked(cursor=CHANGE.cursor, attempts=5, error="ConnectionError", parked_at=NOON),
    ReceiverStatistics(receiver_id=IDS[1], succeeded=3, failed=1, latest=MENTION, latest_successful=MENTION),
    MENTION,
    Count(3, exact=True),
    Page(items=(make_event(),), damaged=(errors.Damaged("event", IDS[5], "its row is gone"),), next="x"),
    errors.Closed("store"),
)
"""One value of each class that has a form, with nothing missing."""


def documented() -> dict[str, list[str]]:
    """The keys on the page, by heading."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) for section in sections}


def heading(value: Formed) -> str:
    """Where the page describes a value."""
    return "Error" if isinstance(value, errors.XzeprError) else type(value).__name__


def dumped(value: Formed) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a program reads that was handed the form as JSON text."""
    return json.loads(json.dumps(json_form(value), allow_nan=False))


def test_there_is_a_sample_of_every_class_with_a_form() -> None:
    """The samples below, and the page, leave no class out."""
    classes = {getattr(member, "__origin__", member) for member in get_args(Formed)}
    assert {type(sample) for sample in SAMPLES} - {errors.Closed} == classes - {errors.XzeprError}
    assert {heading(sample) for sample in SAMPLES} == set(documented())


@pytest.mark.parametrize("sample", SAMPLES, ids=heading)
def test_a_form_has_the_documented_keys_in_their_order(sample: Formed) -> None:
    """What the page lists is what there is; an error has its own attributes behind them."""
    keys = [key for key in documented()[heading(sample)] if key != "payload_absent"]
    behind = ["what"] if isinstance(sample, errors.Closed) else []
    assert list(json_form(sample)) == keys + behind


@settings(max_examples=40)
@given(drawing.events())
def test_an_event_has_its_payload_or_says_why_not(event: Event) -> None:
    """Of the documented keys, exactly one of the two about the payload is there."""
    absent = "payload_absent" if event.payload_text is not None else "payload"
    form = json_form(event)
    assert list(form) == [key for key in documented()["Event"] if key != absent]
    assert form.get("payload_absent") in ({None} if absent == "payload_absent" else {"redacted", "left_out"})
    assert (form.get("payload_absent") == "redacted") == event.redacted


@pytest.mark.parametrize("sample", SAMPLES, ids=heading)
def test_a_key_is_called_like_its_attribute(sample: Formed) -> None:
    """Whoever knows the class knows the form; two keys say what the class says otherwise."""
    named = set(json_form(sample)) - {"message", "reason" if isinstance(sample, Verdict) else "message"}
    assert {key for key in named if not hasattr(sample, key)} == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=heading)
def test_a_form_is_fresh_and_the_same_each_time(sample: Formed) -> None:
    """Two calls give equal text, and share nothing that can be changed."""
    first, second = json_form(sample), json_form(sample)
    assert json.dumps(first) == json.dumps(second)
    inner = [key for key, value in first.items() if isinstance(value, dict | list)]
    first.clear()
    assert json_form(sample) == second
    assert [key for key in inner if json_form(sample)[key] is second[key]] == []


@given(units())
def test_a_unit_reads_back(unit: Unit) -> None:
    """The form of a unit is its five fields."""
    assert unit == Unit(**dumped(unit))


@given(drawing.identities())
def test_an_identity_reads_back(identity: Identity) -> None:
    """The form of an identity is its two fields."""
    assert identity == Identity(**dumped(identity))


@settings(max_examples=40)
@given(drawing.events(whole=True))
def test_an_event_reads_back_so_that_its_digest_can_be_recomputed(event: Event) -> None:
    """Ids, digests and times come back, and the payload is the one that was recorded."""
    form = dumped(event)
    assert canonical(form["payload"]) == event.payload_text
    assert form["payload"] == event.payload
    times = {key: parse_time(form[key]) for key in ("occurred_at", "recorded_at")}
    assert times == {"occurred_at": event.occurred_at, "recorded_at": event.recorded_at}
    read = form | times | {"unit": Unit(**form["unit"]), "owner": Identity(**form["owner"])}
    del read["payload"]
    again = Event(**read, payload_text=canonical(form["payload"]), salt=event.salt)
    assert again == event
    assert event_digest(again) == event_digest(event)


@given(drawing.receivers())
def test_a_receiver_reads_back(receiver: EventReceiver) -> None:
    """Its schema keeps the order of its keys."""
    form = dumped(receiver)
    assert parse_time(form["created_at"]) == receiver.created_at
    assert list(form["schema"]) == list(receiver.schema) if isinstance(receiver.schema, dict) else form["schema"]
    assert form["schema"] == receiver.schema
    assert form["accepts_anything"] == receiver.accepts_anything
    assert form["id"] == receiver.id


@given(drawing.groups())
def test_a_group_reads_back(group: EventReceiverGroup) -> None:
    """Its receivers are a list of ids in its own order."""
    form = dumped(group) | {"owner": group.owner}
    times = {key: parse_time(form[key]) for key in ("created_at", "updated_at")}
    assert group == EventReceiverGroup(**form | times | {"receiver_ids": tuple(form["receiver_ids"])})


@settings(max_examples=40)
@given(drawing.verdicts())
def test_a_verdict_says_gate_by_gate_why(verdict: Verdict) -> None:
    """The answer, its reason and what blocks it agree with the verdict."""
    form = dumped(verdict)
    assert (form["complete"], form["reason"], form["as_of"]) == (verdict.complete, str(verdict), verdict.as_of)
    passed = [gate["state"] == "passed" for gate in form["gates"]]
    assert form["complete"] == (form["enabled"] and all(passed))
    assert len(form["blocking"]) == passed.count(False)
    assert [gate["event_id"] is None for gate in form["gates"]] == [
        gate["state"] == "missing" for gate in form["gates"]
    ]
    decided = form["decided_at"] and parse_time(form["decided_at"])
    assert decided == verdict.decided_at


@settings(max_examples=40)
@given(drawing.changes())
def test_a_change_reads_back_to_its_place(change: Change) -> None:
    """Its cursor is the text that a reader saves."""
    form = dumped(change)
    assert FeedCursor.parse(form["cursor"]) == change.cursor
    assert (form["position"], form["id"], form["kind"]) == (change.position, change.id, change.kind)
    assert Identity(**form["actor"]) == change.actor
    assert ("damaged" in form["subject"]) == isinstance(change.subject, errors.Damaged)


def test_a_damaged_subject_is_named_and_no_default() -> None:
    """Nobody can take the error for the event that should stand there."""
    damaged = errors.Damaged("event", IDS[3], "its row is gone")
    subject = json_form(
        Change(position=7, id=IDS[4], kind=ChangeKind.EVENT_RECORDED, recorded_at=NOON, actor=OWNER, subject=damaged)
    )["subject"]
    assert subject == {
        "damaged": {
            "code": "damaged",
            "message": f"the stored event {IDS[3]} is damaged: its row is gone",
            "kind": "event",
            "key": IDS[3],
            "reason": "its row is gone",
        }
    }


def test_a_page_names_its_damaged_rows_beside_the_others() -> None:
    """Nobody takes a page for whole that is not: each row that cannot be read is there as its error."""
    event = make_event()
    torn = [errors.Damaged("event", IDS[place], f"reason {place}") for place in (4, 5)]
    assert json_form(Page(items=(event,), damaged=tuple(torn), next="x")) == {
        "items": [json_form(event)],
        "damaged": [json_form(error) for error in torn],
        "next": "x",
    }
    assert json_form(Page(items=())) == {"items": [], "damaged": [], "next": None}


def test_times_of_any_zone_are_written_in_utc() -> None:
    """A moment has one text, whoever's zone it was told in."""
    zone = timezone(timedelta(hours=5, minutes=30))
    mention = Mention(event_id=IDS[3], recorded_at=datetime(2026, 11, 23, 17, 30, 0, 7, tzinfo=zone))
    assert json_form(mention)["recorded_at"] == "2026-11-23T12:00:00.000007Z"
    assert parse_time("2026-11-23T12:00:00.000007Z") == NOON
    assert NOON.tzinfo is UTC


def salts_in(text: str) -> list[str]:
    """The spellings of the salt of :data:`SALTED` in a text."""
    spellings = (SALT.hex(), base64.b64encode(SALT).decode().rstrip("="), SALT.decode("latin-1"), "salt")
    return [spelling for spelling in spellings if spelling in text]


@pytest.mark.parametrize(
    "value",
    [
        SALTED,
        Recorded(event=SALTED, replayed=True, transitions=()),
        attrs.evolve(CHANGE, subject=SALTED),
        Page(items=(SALTED,)),
    ],
    ids=heading,
)
def test_no_form_holds_a_salt(value: Formed) -> None:
    """With payload digest and salt an erased payload could be guessed at for ever."""
    assert salts_in(json.dumps(json_form(value), ensure_ascii=False)) == []


def test_the_search_for_a_salt_finds_one() -> None:
    """What a naive form would print is found."""
    assert salts_in(
        json.dumps(attrs.asdict(SALTED), default=lambda value: value.hex() if isinstance(value, bytes) else str(value))
    ) == [SALT.hex(), "salt"]


@pytest.mark.parametrize("value", [None, "x", 7, {}, NOON, object(), Unit], ids=lambda value: type(value).__name__)
def test_what_has_no_form_is_invalid(value: Any) -> None:  # noqa: ANN401 - wrong on purpose
    """A value of no class of the model is refused by the name of its class."""
    with pytest.raises(errors.Invalid, match=f"not {type(value).__name__}"):
        json_form(value)


def test_an_event_to_be_recorded_has_no_form() -> None:
    """It is no fact yet, and it holds its salt."""
    event = make_event()
    new = NewEvent(
        **{
            name: getattr(event, name)
            for name in (
                *("id", "unit", "receiver_id", "receiver_fingerprint", "success", "payload_text", "salt"),
                *("description", "owner", "occurred_at"),
            )
        }
    )
    with pytest.raises(errors.Invalid):
        json_form(new)  # type: ignore[arg-type]


def test_a_receiver_s_schema_is_a_fresh_value() -> None:
    """Changing the form changes no receiver."""
    receiver = make_receiver(schema_text='{"type": "object"}')
    schema: Any = json_form(receiver)["schema"]
    schema["type"] = "array"
    assert ordered_text(receiver.schema) == '{"type":"object"}'
