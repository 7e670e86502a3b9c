"""Changes as CloudEvents, judged by the official schema through two validators, and by the official SDK."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import attrs
import jsonschema
import jsonschema_rs
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import http
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.model import drawing
from tests.model.values import IDS, NOON, OWNER, make_event, make_group, make_receiver, make_unit
from tests.shared_data import folder_or_skip
from xzepr.errors import Damaged, Invalid, TooLarge
from xzepr.model import (
    Change,
    ChangeKind,
    FeedCursor,
    Redaction,
    Transition,
    TransitionKind,
    format_time,
    json_form,
    parse_time,
)

ATTRIBUTES = (
    *("specversion", "id", "source", "type", "subject", "time", "datacontenttype"),
    *("sequence", "actorissuer", "actorsubject", "data"),
)
KINDS = pytest.mark.parametrize("kind", ChangeKind)


def make_change(kind: ChangeKind = ChangeKind.EVENT_RECORDED, **changes: Any) -> Change:  # noqa: ANN401 - any field
    """Make a change with the subject that its kind has."""
    transition = Transition(
        group=make_group().ref,
        unit=make_unit(),
        number=2 if kind is ChangeKind.GROUP_REOPENED else 1,
        kind=TransitionKind.REOPENED if kind is ChangeKind.GROUP_REOPENED else TransitionKind.COMPLETED,
        event_id=IDS[3],
        recorded_at=NOON,
    )
    redaction = Redaction(event_id=IDS[3], reason="an example")
    subjects = {"event.recorded": make_event(), "event.redacted": redaction}
    of_groups = transition if kind in {ChangeKind.GROUP_COMPLETED, ChangeKind.GROUP_REOPENED} else make_group()
    subject = subjects.get(kind, make_receiver() if kind.startswith("receiver") else of_groups)
    fields = {"position": 7, "id": IDS[4], "kind": kind, "recorded_at": NOON, "actor": OWNER, "subject": subject}
    return Change(**fields | changes)


@pytest.fixture(scope="module")
def schema() -> Any:  # noqa: ANN401 - JSON
    """The official JSON Schema of a CloudEvent in its JSON form."""
    return json.loads(folder_or_skip("cloudevents/formats").joinpath("cloudevents.json").read_text(encoding="utf-8"))


def refused_by_schema(schema: Any, event: Any) -> tuple[bool, bool]:  # noqa: ANN401 - JSON
    """Whether each of two validators refuses an event; only the first asserts formats."""
    ours = jsonschema_rs.validator_for(schema, validate_formats=True)
    return not ours.is_valid(event), not jsonschema.Draft7Validator(schema).is_valid(event)


def attribute_faults(event: dict[str, Any]) -> list[str]:
    """What the specification forbids and neither schema nor SDK sees: section 3, and the types of section 3.1."""
    attributes = {name: value for name, value in event.items() if name not in {"data", "data_base64"}}
    badly_named = [name for name in attributes if not re.fullmatch("[a-z0-9]{1,20}", name)]
    forbidden = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
    badly_valued = [
        name
        for name, value in attributes.items()
        if not isinstance(value, str) or not value or forbidden.search(value) or _ends_a_plane(value)
    ]
    return badly_named + badly_valued


def _ends_a_plane(text: str) -> bool:
    return any(ord(character) & 0xFFFE == 0xFFFE for character in text)


def sdk_reads(event: Any) -> BaseCloudEvent:  # noqa: ANN401 - JSON
    """What the official SDK makes of an event's JSON text."""
    return JSONFormat().read(None, json.dumps(event, allow_nan=False))


def told_by(read: BaseCloudEvent) -> dict[str, Any]:
    """The SDK's attributes and data, in our form."""
    attributes = dict(read.get_attributes())
    moment = attributes.pop("time")
    assert isinstance(moment, datetime)
    return attributes | {"time": format_time(moment), "data": read.get_data()}


@KINDS
def test_every_kind_is_valid_by_the_official_schema(schema: Any, kind: ChangeKind) -> None:  # noqa: ANN401 - JSON
    """Two validators accept any change of the kind, the damaged among them, and so do the rules for attributes."""

    @settings(max_examples=25)
    @given(drawing.changes(kind))
    def holds(change: Change) -> None:
        event = change.to_cloudevent()
        assert refused_by_schema(schema, event) == (False, False)
        assert attribute_faults(event) == []

    holds()


@KINDS
def test_every_kind_goes_through_the_official_sdk(kind: ChangeKind) -> None:
    """The SDK reads the same attributes and data, and what it writes again it reads as the same event."""

    @settings(max_examples=25)
    @given(drawing.changes(kind))
    def holds(change: Change) -> None:
        event = change.to_cloudevent("https://registry.example/")
        read = sdk_reads(event)
        assert isinstance(read, CloudEvent)
        assert told_by(read) == event
        assert told_by(JSONFormat().read(None, JSONFormat().write(read))) == event

    holds()


@KINDS
def test_every_kind_survives_both_http_modes(kind: ChangeKind) -> None:
    """As headers with a body, and as one body, the SDK's binding gives the same event back."""
    event = make_change(kind).to_cloudevent()
    read = sdk_reads(event)
    for message in (http.to_binary_event(read), http.to_structured_event(read)):
        assert told_by(http.from_http_event(message)) == event


@KINDS
def test_a_kind_has_its_type_subject_and_data(kind: ChangeKind) -> None:
    """The type is the kind below one prefix; the subject is the id of what its first word means."""
    change = make_change(kind)
    event = change.to_cloudevent()
    noun = {"event": IDS[3], "receiver": IDS[1], "group": IDS[2]}[kind.partition(".")[0]]
    assert (event["type"], event["subject"]) == (f"io.xzepr.{kind}", noun)
    assert event["data"] == json_form(change)["subject"]


def test_a_change_has_these_attributes() -> None:
    """Names and values are part of the contract."""
    event = make_change().to_cloudevent("https://registry.example/")
    assert tuple(event) == ATTRIBUTES
    del event["data"]
    assert event == {
        "specversion": "1.0",
        "id": IDS[4],
        "source": "https://registry.example/",
        "type": "io.xzepr.event.recorded",
        "subject": IDS[3],
        "time": "2026-11-23T12:00:00.000007Z",
        "datacontenttype": "application/json",
        "sequence": "0000000000000000007",
        "actorissuer": "local",
        "actorsubject": "ci",
    }


@given(drawing.POSITIONS, drawing.POSITIONS)
def test_the_sequence_sorts_as_the_positions_do(one: int, other: int) -> None:
    """The documented extension asks for text that is ordered by a plain comparison of text."""
    first, second = (str(make_change(position=place).to_cloudevent()["sequence"]) for place in (one, other))
    assert (first < second) == (one < other)
    assert len(first) == len(second) == len(str(2**63 - 1))


@settings(max_examples=40)
@given(drawing.changes())
def test_the_place_in_the_feed_reads_back(change: Change) -> None:
    """Sequence and id are the cursor, so a consumer can go on in the feed from an event."""
    event = change.to_cloudevent()
    assert FeedCursor(int(str(event["sequence"])), str(event["id"])) == change.cursor  # type: ignore[arg-type]
    assert parse_time(str(event["time"])) == change.recorded_at


@pytest.mark.parametrize(
    ("damaged", "subject"),
    [
        (Damaged("event", IDS[3], "its row is gone"), IDS[3]),
        (Damaged("change", IDS[4], "who did it cannot be read"), None),
        (Damaged("change", "7", "its row is gone"), None),
        (Damaged("event", "\ud800\n", "torn"), None),
        (Damaged("event", "", "torn"), None),
        (Damaged("receiver", IDS[1], "torn"), None),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_a_damaged_change_is_a_valid_event(schema: Any, damaged: Damaged, subject: str | None) -> None:  # noqa: ANN401 - JSON
    """It says what is damaged, and names a subject only where the damaged row is known to be that subject."""
    event = make_change(subject=damaged).to_cloudevent()
    assert event.get("subject") == subject
    assert event["data"] == {"damaged": json_form(damaged)}
    assert (refused_by_schema(schema, event), attribute_faults(event)) == ((False, False), [])
    assert told_by(sdk_reads(event)) == event


def test_a_payload_that_is_not_there_is_no_null() -> None:
    """A page without payloads gives events that say so."""
    event = make_change(subject=make_event(payload_text="null")).to_cloudevent()["data"]
    absent = make_change(subject=make_event(payload_text=None, salt=None)).to_cloudevent()["data"]
    assert isinstance(event, dict)
    assert isinstance(absent, dict)
    assert (event["payload"], "payload_absent" in event) == (None, False)
    assert ("payload" in absent, absent["payload_absent"]) == (False, "redacted")


def test_the_id_stays_and_the_source_tells_registries_apart() -> None:
    """A consumer recognises a change that comes twice by source and id."""
    change = make_change()
    assert change.to_cloudevent() == change.to_cloudevent()
    here, there = (change.to_cloudevent(source) for source in ("/here", "/there"))
    assert (here["id"], here["source"], there["source"]) == (there["id"], "/here", "/there")
    assert make_change(id=IDS[5]).to_cloudevent()["id"] != here["id"]


def test_an_event_is_fresh() -> None:
    """Changing one changes no other."""
    change = make_change()
    change.to_cloudevent()["data"].clear()  # type: ignore[union-attr]
    assert change.to_cloudevent()["data"] == json_form(make_event())


def test_the_forms_of_the_older_systems_are_none(schema: Any) -> None:  # noqa: ANN401 - JSON
    """What they sent under the name has attributes that no CloudEvent may have."""
    old = {"success": True, "id": IDS[3], "specversion": "1.0.1", "type": "x", "source": "x", "platform_id": "linux"}
    assert refused_by_schema(schema, old) == (False, False)
    assert attribute_faults(old) == ["platform_id", "success"]
    with pytest.raises(BaseCloudEventException):
        CloudEvent(dict(old))


BROKEN = {
    "missing source": ({"source": None}, (True, True), True),
    "missing type": ({"type": None}, (True, True), True),
    "a number for id": ({"id": 7}, (True, True), True),
    "an empty id": ({"id": ""}, (True, True), True),
    "another version": ({"specversion": "0.2"}, (False, False), True),
    "an upper-case extension": ({"actorSubject": "ci"}, (False, False), True),
    "an extension with _": ({"actor_subject": "ci"}, (False, False), True),
    "an empty subject": ({"subject": ""}, (True, True), True),
    "a time without zone": ({"time": "2026-11-23T12:00:00"}, (True, False), True),
    "a source with a space": ({"source": "/x y"}, (True, False), False),
}
"""What is broken; whether the validators refuse it; whether the SDK does."""


@pytest.mark.parametrize(("change", "schemas", "sdk"), BROKEN.values(), ids=BROKEN)
def test_a_broken_event_is_refused(schema: Any, change: dict[str, Any], schemas: Any, sdk: bool) -> None:  # noqa: ANN401, FBT001 - JSON; a column
    """The judges of the tests above find what is planted, each what it can see."""
    event = {name: value for name, value in (make_change().to_cloudevent() | change).items() if value is not None}
    assert refused_by_schema(schema, event) == schemas
    try:
        sdk_reads(event)
    except (BaseCloudEventException, ValueError):
        assert sdk
    else:
        assert not sdk


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"a" * 20: "x"}, []),
        ({"a" * 21: "x"}, ["a" * 21]),
        ({"actorSubject": "x"}, ["actorSubject"]),
        ({"sequence": 7}, ["sequence"]),
        ({"actorsubject": "a\nb"}, ["actorsubject"]),
        ({"actorsubject": "a\U0001fffe"}, ["actorsubject"]),
        ({"actorsubject": "\ud800"}, ["actorsubject"]),
    ],
)
def test_the_rules_for_attributes_find_what_is_planted(change: dict[str, Any], faults: list[str]) -> None:
    """Long and upper-case names, other types than text, and forbidden characters are named."""
    assert attribute_faults(make_change().to_cloudevent() | change) == faults


def test_the_official_structured_requests_are_read_as_ours_are(schema: Any) -> None:  # noqa: ANN401 - JSON
    """The example of the conformance suite, and our event in its place, under each of its content types."""
    feature = folder_or_skip("cloudevents/features").joinpath("http-protocol-binding.feature")
    scenario = feature.read_text(encoding="utf-8").partition("Structured content mode")[2]
    official = json.loads(re.findall(r'(?s)""".*?\n\n(.*?)"""', scenario)[0])
    table = dict(re.findall(r"^ *\| +(\w+) \| (\S+) +\|$", scenario, re.MULTILINE))
    types = re.findall(r"^ *\| (application/cloudevents\S+(?: charset\S+)?) +\|$", scenario, re.MULTILINE)
    assert (len(types), refused_by_schema(schema, official)) == (2, (False, False))
    ours = make_change().to_cloudevent()
    assert {"id", "type", "time"} <= set(table) <= set(ours)
    assert {name: official[name] for name in table} == table
    for content_type in types:
        for event in (official, ours):
            message = http.HTTPMessage({"content-type": content_type}, json.dumps(event).encode())
            read = told_by(http.from_http_event(message))
            assert {name: read[name] for name in read if name != "time"} == {
                name: value for name, value in event.items() if name != "time"
            }
            assert parse_time(read["time"]) == parse_time(event["time"])


def test_the_minimum_of_the_conformance_suite_is_there() -> None:
    """Every attribute that the official minimal events have, ours have, of the same version."""
    text = folder_or_skip("cloudevents/yaml").joinpath("v1.0/v1_minimum.yaml").read_text(encoding="utf-8")
    minimal = set(re.findall(r"^  (\w+): ", text, re.MULTILINE))
    assert {"specversion", "type", "id", "source", "datacontenttype"} <= minimal
    event = make_change().to_cloudevent()
    assert minimal <= set(event)
    assert set(re.findall(r"specversion: (\S+)", text)) == {event["specversion"]}


def test_the_official_sources_are_accepted(schema: Any) -> None:  # noqa: ANN401 - JSON
    """The sources of the specification's examples and of the conformance suite."""
    folder = folder_or_skip("cloudevents")
    texts = [path.read_text(encoding="utf-8") for path in (*folder.rglob("*.yaml"), *folder.rglob("*.feature"))]
    found = {source for text in texts for source in re.findall(r"^ *(?:ce-)?source: (\S+)$", text, re.MULTILINE)}
    sources = found | set(schema["properties"]["source"]["examples"])
    assert len(sources) == 8
    assert {make_change().to_cloudevent(source)["source"] for source in sources} == sources


@pytest.mark.parametrize(
    "source",
    [
        *("", " ", "a b", "/x\n", "/é", "//[::1", "//[::g]/", "//[1:2]/", "/%zz", "/%4", "1:b", ":b", "//a:b/"),
        *("/a#b#c", "/a[b]", "<x>", '"', "\\", "^", "`", "{x}", "|", "\ud800", None, 7, b"/x", True),
        *("//a@b@c/", "http://a:99x/", "x" * 2_001),
    ],
    ids=lambda source: ascii(source)[:20],
)
def test_what_is_no_uri_reference_is_refused(source: Any) -> None:  # noqa: ANN401 - wrong on purpose
    """Anything else would make an event that others refuse."""
    with pytest.raises(Invalid) as caught:
        make_change().to_cloudevent(source)
    assert caught.value.fields == ("source",)


def test_a_source_has_a_limit() -> None:
    """An attribute is a header in the binary mode of HTTP: it must stay small."""
    assert make_change().to_cloudevent("x" * 2_000)["source"] == "x" * 2_000
    with pytest.raises(TooLarge, match="at most 2,000 characters"):
        make_change().to_cloudevent("x" * 2_001)


URI_REFERENCE = jsonschema_rs.validator_for({"format": "uri-reference"}, validate_formats=True)


@settings(max_examples=1_000)
@given(st.text("ab1vF:/?#[]@%.-+~$ é\\", min_size=1, max_size=14))
@example("//[::1]:80/a%20b?c#d")
@example("//[v1.a:b]/")
@example("//u:p@h:/")
@example("a:b:c")
@example("//[::ffff:1.2.3.4]")
def test_a_source_is_what_another_implementation_takes_for_a_uri_reference(source: str) -> None:
    """A library that checks the format for JSON Schema agrees on every text."""
    try:
        accepted = make_change().to_cloudevent(source)["source"] == source
    except Invalid:
        accepted = False
    assert accepted == URI_REFERENCE.is_valid(source)


def test_every_change_of_a_registry_is_an_event_of_its_own(schema: Any) -> None:  # noqa: ANN401 - JSON
    """Ids differ as changes do, even at the same position of another history."""
    changes = [make_change(kind, position=place, id=IDS[place]) for place, kind in enumerate(ChangeKind, start=1)]
    events = [change.to_cloudevent() for change in changes]
    assert len({event["id"] for event in events}) == len(events) == len(ChangeKind)
    assert [refused_by_schema(schema, event) for event in events] == [(False, False)] * len(events)
    restored = attrs.evolve(changes[0], id=IDS[50])
    assert restored.to_cloudevent()["id"] not in {event["id"] for event in events}
