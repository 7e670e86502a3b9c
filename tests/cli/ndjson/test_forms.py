"""What a line may hold."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from tests.cli.calling import UNIT, Story, plain_event
from xzepr import Unit
from xzepr.cli.ndjson import reading
from xzepr.cli.ndjson.forms import EventForm, GroupForm, ReceiverForm, line_of
from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.reading import read_form
from xzepr.documents import JsonLimits
from xzepr.errors import MAX_VIOLATIONS, Invalid, TooLarge


def line(text: bytes | None, *, ended: bool = True) -> Line:
    """A line with this text."""
    return Line(number=1, size=0 if text is None else len(text), raw=text, ended=ended)


def refusal(text: bytes | None, *, ended: bool = True) -> Invalid:
    """Why a line is refused."""
    with pytest.raises(Invalid) as caught:
        read_form(line(text, ended=ended))
    return caught.value


def written(value: object) -> bytes:
    """The JSON text of a value."""
    return json.dumps(value).encode()


def test_what_is_exported_is_read_again(story: Story) -> None:
    """A receiver, a group and an event come back with everything that makes them what they are."""
    receiver = read_form(line(line_of(story.build)))
    group = read_form(line(line_of(story.release)))
    event = read_form(line(line_of(story.built)))

    assert isinstance(receiver, ReceiverForm)
    assert (receiver.id, receiver.schema, receiver.fingerprint) == (
        story.build.id,
        story.build.schema,
        story.build.fingerprint,
    )
    assert isinstance(group, GroupForm)
    assert (group.id, group.receiver_ids) == (story.release.id, [story.build.id, story.scan.id])
    assert isinstance(event, EventForm)
    assert (event.id, event.unit.unit(), event.payload) == (
        story.built.id,
        story.built.unit,
        story.built.payload,
    )


def test_an_event_in_its_short_form() -> None:
    """Without a kind a line is an event: unit, receiver, success and payload are all it needs."""
    event = read_form(line(written(plain_event())))

    assert isinstance(event, EventForm)
    assert event.receiver is not None
    assert (event.receiver.name, event.success, event.payload) == ("build", True, {"number": 1})


def test_c015_null_is_a_payload() -> None:
    """It is not the same as none."""
    event = read_form(line(written(plain_event(payload=None))))

    assert isinstance(event, EventForm)
    assert event.payload is None
    assert refusal(written({key: value for key, value in plain_event().items() if key != "payload"})).fields == (
        "payload",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"success": "true"}, {"success"}),
        ({"success": 1, "unit": {"name": 7}}, {"success", "unit/name", "unit/version", "unit/release"}),
        ({"unit": None}, {"unit"}),
        ({"unti": {}}, {"unti"}),
        ({"kind": "evnet"}, {"kind"}),
        ({"kind": 7}, {"kind"}),
        ({"kind": None}, {"kind"}),
        ({"receiver": "build"}, {"receiver"}),
        ({"receiver": None}, {"receiver"}),
        ({"receiver_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, {"receiver"}),
        ({"receiver": {"name": "a", "type": "b", "version": "c", "id": "d"}}, {"receiver/id"}),
        ({"occurred_at": "yesterday"}, {"occurred_at"}),
        ({"occurred_at": 17}, {"occurred_at"}),
        ({"id": 5, "description": None, "n": "1"}, {"id", "description", "n"}),
    ],
)
def test_everything_that_is_wrong_with_an_event(fields: dict[str, Any], expected: set[str]) -> None:
    """All of it at once, by its place in the line."""
    assert expected <= set(refusal(written(plain_event(**fields))).fields)


def test_what_is_wrong_with_a_unit() -> None:
    """Its fields are named inside the line."""
    unit = {"name": "", "version": "1", "release": "x" * 256, "platform_id": "a\n", "package": "oci"}
    error = refusal(written(plain_event(unit=unit, occurred_at="now")))

    assert isinstance(error, TooLarge)
    assert error.fields == ("unit/name", "unit/release", "unit/platform_id", "occurred_at")


def test_types_and_texts_of_a_unit_are_told_together() -> None:
    """A field of another type hides nothing that is wrong with the other fields."""
    unit = {"name": 1, "version": " ", "release": "7", "platform_id": "a\n", "package": ""}

    assert refusal(written(plain_event(unit=unit))).fields == (
        "unit/name",
        "unit/version",
        "unit/platform_id",
        "unit/package",
    )


def test_what_a_unit_may_hold_is_told() -> None:
    """Only what a line may say: not what is made of it."""
    [found] = refusal(written(plain_event(unit=UNIT.fields() | {"digest": "0" * 64}))).violations

    assert found.field == "unit/digest"
    assert found.reason.endswith("known are name, package, platform_id, release, version")


def test_everything_that_an_event_tells_is_looked_at() -> None:
    """Whatever its key, and whatever else is wrong: each by its place in the line."""
    wrong = plain_event(
        unit=UNIT.fields() | {"name": ""},
        receiver={"name": " ", "type": "t", "version": "1"},
        success=1,
        description="a\x07",
        id="junk",
        idempotency_key="",
        occurred_at="now",
    )
    fields = refusal(written(wrong)).fields

    assert set(fields) == {
        "unit/name",
        "receiver/name",
        "success",
        "description",
        "id",
        "idempotency_key",
        "occurred_at",
    }
    assert refusal(written(plain_event(receiver=None, receiver_id="junk"))).fields == ("receiver_id",)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (
            {"kind": "receiver", "name": "", "type": "x" * 256, "schema": True, "id": "x", "description": "\x07"},
            {"name", "type", "version", "id", "description"},
        ),
        (
            {"kind": "group", "name": "", "type": "t", "version": "1", "receiver_ids": ["junk", 7]},
            {"name", "receiver_ids/0", "receiver_ids/1"},
        ),
        ({"kind": "group", "name": "g", "type": "t", "version": "1", "receiver_ids": []}, {"receiver_ids"}),
        ({"kind": "group", "name": "g", "type": "t", "version": "1", "receiver_ids": "x"}, {"receiver_ids"}),
    ],
)
def test_everything_that_a_definition_tells_is_looked_at(definition: dict[str, Any], expected: set[str]) -> None:
    """The same holds for receivers and groups."""
    assert set(refusal(written(definition)).fields) == expected


def test_c028_more_than_can_be_listed_is_told() -> None:
    """The list is cut, and says so; finding out costs no more than what is listed."""
    error = refusal(written(plain_event(**{f"key{number}": 1 for number in range(1_000)})))

    assert (len(error.violations), error.truncated) == (MAX_VIOLATIONS, True)


def test_a_unit_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digest is the dearest part of reading a line."""
    made: list[Unit] = []
    init = Unit.__attrs_post_init__

    def counting(self: Unit) -> None:
        made.append(self)
        init(self)

    monkeypatch.setattr(Unit, "__attrs_post_init__", counting)
    form = read_form(line(written(plain_event())))

    assert isinstance(form, EventForm)
    assert made == []
    assert made == [form.unit.unit()]


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        (b"{", "line", "is not JSON"),
        (b"nonsense", "line", "is not JSON"),
        (b"{} {}", "line", "is not JSON"),
        (b"\xff\xfe{\x00", "line", "is not UTF-8 at byte 0"),
        (b'{"unit": "\xc3"}', "line", "is not UTF-8"),
        (b"\xef\xbb\xbf{}", "line", "starts with a byte order mark"),
        (b'{"payload": NaN}', "payload", "is not a finite number"),
        (b'{"payload": -Infinity}', "payload", "is not a finite number"),
        (b'{"payload": 1e400}', "payload", "is not a finite number"),
        (b'{"payload": 9007199254740993}', "payload", "2^53"),
        (b'{"payload": {"a": 1, "a": 2}}', "payload", "twice"),
        (b'{"unit": 1, "unit": 2}', "line", "twice"),
        (b'{"payload": "\\ud800"}', "payload", "holds U+D800"),
        (b'{"payload": "\\u0000"}', "payload", "U+0000"),
        (b'{"payload": ' + b"[" * 100 + b"]" * 100 + b"}", "line", "nested deeper"),
        (b'{"payload": ' + b"[" * 100_000, "line", "nested deeper"),
        (b"[]", "line", "must be an object, not a list"),
        (b'"text"', "line", "must be an object, not text"),
        (b"null", "line", "must be an object, not null"),
        (None, "line", "is larger than"),
    ],
)
def test_c012_what_is_no_line(text: bytes | None, field: str, reason: str) -> None:
    """Whatever stands there, it is refused with its place and its reason."""
    error = refusal(text)

    assert error.fields[0].startswith(field)
    assert reason in str(error)


def test_a_line_that_was_cut_says_so() -> None:
    """The last line of a file that was cut is no JSON, and has no end; a whole one needs no end."""
    text = written(plain_event())

    assert "the file may have been cut" in str(refusal(text[:-9], ended=False))
    assert "cut" not in str(refusal(text[:-9]))
    assert isinstance(read_form(line(text, ended=False)), EventForm)


def test_c003_a_line_of_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of values is bounded before a payload is looked at."""
    monkeypatch.setattr(reading, "LINE_LIMITS", JsonLimits(max_nodes=50))
    error = refusal(written(plain_event(payload=[0] * 60)))

    assert isinstance(error, TooLarge)


def test_every_key_of_an_export_is_known(story: Story) -> None:
    """A key that the library's forms get one day must be known here too, or no export could be imported."""
    for value in (story.build, story.release, story.built):
        kind = type(read_form(line(line_of(value))))
        assert set(json.loads(line_of(value))) - {"kind"} <= set(attrs.fields_dict(kind))
