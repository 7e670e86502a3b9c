"""Events, their digests, and what a retry is compared by."""

# ruff: noqa: FBT001 - a parameter of the case
from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS, NOON, make_event, make_new_event, make_unit
from xzepr.errors import Invalid, PayloadAbsent
from xzepr.model import Event, Identity, NewEvent, Recorded, differences, event_digest, payload_bytes, payload_intact

GIVEN = frozenset({"id", "occurred_at", "idempotency_key"})


def test_the_digest_is_the_sha_256_of_domain_and_canonical_form() -> None:
    """The digest covers every field but salt, payload and the store's own, and the payload by its digest."""
    event = make_new_event(description="é")
    fields = {
        "id": event.id,
        "unit": {"name": "web", "version": "1.4.2", "release": "1", "platform_id": "linux", "package": "oci"},
        "receiver_id": event.receiver_id,
        "receiver_fingerprint": event.receiver_fingerprint,
        "success": True,
        "payload_digest": hashlib.sha256(bytes(16) + b'{"commit":"1f0c"}').hexdigest(),
        "description": "é",
        "owner": {"issuer": "local", "subject": "ci"},
        "occurred_at": "2026-11-23T12:00:00.000007Z",
    }
    assert hashlib.sha256(b"xzepr.event.v1\0" + rfc8785.dumps(fields)).hexdigest() == event.digest


@pytest.mark.parametrize(("text", "size"), [('"e"', 3), ('"é"', 4), ('"💥"', 6)])
def test_a_payload_is_weighed_in_bytes(text: str, size: int) -> None:
    """Bounds on bytes are bounds on bytes, whatever the characters."""
    assert payload_bytes(make_new_event(payload_text=text)) == size
    assert payload_bytes(make_event().without_payload()) == 0


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=20).filter(str.strip)


@given(TEXT, TEXT, TEXT, st.booleans(), st.datetimes(timezones=st.just(UTC)))
def test_the_form_written_out_is_what_the_canonical_encoder_writes(
    text: str,
    name: str,
    subject: str,
    success: bool,
    moment: datetime,
) -> None:
    """Whatever the fields are, the form is that of the independent encoder."""
    event = make_new_event(
        description=text, unit=make_unit(name=name), owner=Identity("i", subject), success=success, occurred_at=moment
    )
    fields = {
        "id": event.id,
        "unit": {"name": name, "version": "1.4.2", "release": "1", "platform_id": "linux", "package": "oci"},
        "receiver_id": event.receiver_id,
        "receiver_fingerprint": event.receiver_fingerprint,
        "success": success,
        "payload_digest": event.payload_digest,
        "description": text,
        "owner": {"issuer": "i", "subject": subject},
        "occurred_at": moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%S.%fZ"),
    }
    expected = hashlib.sha256(b"xzepr.event.v1\0" + rfc8785.dumps(fields)).hexdigest()
    assert expected == event.digest == event_digest(event)


def test_the_digests_never_change() -> None:
    """The formats are written down by vectors."""
    event = make_new_event(receiver_fingerprint="00" * 32)
    assert event.payload_digest == "4c373afde5355f082c908b47ac8c2e89e328af31042956cd89bfa853ae4edfd7"
    assert event.digest == "f9fa9f742c10f771d8a946ba26ec3a1a5f6290ae4e18ee6d6a2948121ae30725"


@pytest.mark.parametrize(
    "change",
    [
        {"id": IDS[9]},
        {"unit": make_unit(release="2")},
        {"receiver_id": IDS[9]},
        {"receiver_fingerprint": "0" * 64},
        {"success": False},
        {"payload_text": '{"commit":"1f0d"}'},
        {"payload_digest": "0" * 64},
        {"salt": b"\1" + bytes(15)},
        {"description": "x"},
        {"owner": Identity("local", "other")},
        {"occurred_at": NOON + timedelta(microseconds=1)},
        {"digest": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_event_with_a_changed_field_does_not_verify(change: dict[str, Any]) -> None:
    """Every field that was recorded is vouched for."""
    assert make_event().verify()
    assert not attrs.evolve(make_event(), **change).verify()


@pytest.mark.parametrize(
    "change", [{"n": 7}, {"recorded_at": NOON + timedelta(1)}, {"payload_text": None, "salt": None}]
)
def test_an_event_verifies_without_what_the_store_gave_and_took(change: dict[str, Any]) -> None:
    """Place and time of recording are not part of the digest; a redacted event still verifies."""
    assert attrs.evolve(make_event(), **change).verify()


def test_a_redacted_event_gives_nothing_away() -> None:
    """Without the salt, equal payloads have unequal digests."""
    assert make_new_event(salt=b"\1" * 16).payload_digest != make_new_event().payload_digest


def test_the_zone_of_a_time_is_no_part_of_the_digest() -> None:
    """A moment told in another zone is the same moment."""
    there = timezone(timedelta(hours=-5, minutes=-30))
    new = make_new_event()
    assert attrs.evolve(new, occurred_at=new.occurred_at.astimezone(there)).digest == new.digest
    event = make_event()
    assert attrs.evolve(event, occurred_at=event.occurred_at.astimezone(there)).verify()


def test_digests_that_are_no_digests_are_refused() -> None:
    """What is no 64 hex digits is refused by name."""
    for field in ("digest", "payload_digest", "receiver_fingerprint"):
        with pytest.raises(Invalid, match=f"{field}: must be 64 lower-case hex digits"):
            make_event(**{field: "é"})


def test_all_fields_are_refused_at_once() -> None:
    """One error names every wrong field."""
    with pytest.raises(Invalid) as caught:
        make_event(
            id="x",
            receiver_id="y",
            description=None,
            unit="web",
            success=1,
            owner="ci",
            n=0,
            occurred_at=datetime(2026, 1, 1),  # noqa: DTZ001 - the fault
            recorded_at=None,
            salt=b"short",
        )
    expected = (
        "id",
        "receiver_id",
        "description",
        "unit",
        "success",
        "owner",
        "n",
        "occurred_at",
        "recorded_at",
        "salt",
    )
    assert expected == caught.value.fields


def test_a_payload_without_its_salt_is_refused() -> None:
    """Payload and salt go together, or the payload alone is left out."""
    with pytest.raises(Invalid, match="salt: must be there as long as the payload is"):
        make_event(salt=None)


def test_c014_the_payload_is_a_fresh_value() -> None:
    """Whoever changes the payload he was given changes nothing."""
    event = make_event()
    payload = event.payload
    assert isinstance(payload, dict)
    payload["commit"] = "other"
    assert event.payload == {"commit": "1f0c"}


def test_a_payload_that_was_left_out_says_how_to_get_it() -> None:
    """A list without payloads hands out events whose payload can be got."""
    event = make_event().without_payload()
    assert not event.redacted
    with pytest.raises(PayloadAbsent, match="get the event by its id") as caught:
        _ = event.payload
    assert caught.value.reason == "left_out"


def test_a_payload_that_was_redacted_is_gone() -> None:
    """A redacted event says that its payload is gone for good."""
    event = make_event(payload_text=None, salt=None)
    assert event.redacted
    with pytest.raises(PayloadAbsent, match="it was redacted") as caught:
        _ = event.payload
    assert caught.value.reason == "redacted"


def test_payload_and_salt_are_not_in_the_repr() -> None:
    """What may be secret is not printed."""
    for event in (make_event(), make_new_event()):
        assert "1f0c" not in repr(event)
        assert "salt" not in repr(event)


def test_a_payload_is_intact_if_it_is_not_here() -> None:
    """Only what is here can be compared."""
    assert payload_intact(make_event().without_payload())
    assert payload_intact(make_new_event())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ()),
        ({"salt": b"\1" * 16}, ()),
        ({"id": IDS[9]}, ()),
        ({"id": IDS[9], "supplied": GIVEN}, ("id",)),
        ({"occurred_at": NOON + timedelta(1)}, ()),
        ({"occurred_at": NOON + timedelta(1), "supplied": GIVEN}, ("occurred_at",)),
        ({"idempotency_key": "k"}, ()),
        ({"idempotency_key": "other"}, ("idempotency_key",)),
        ({"unit": make_unit(name="api")}, ("unit",)),
        ({"receiver_id": IDS[9]}, ("receiver_id",)),
        ({"receiver_fingerprint": "0"}, ()),
        ({"success": False}, ("success",)),
        ({"description": "x"}, ("description",)),
        ({"owner": Identity("local", "x")}, ("owner",)),
        ({"payload_text": "null"}, ("payload",)),
    ],
    ids=lambda value: ",".join(value) or "equal",
)
def test_c068_a_retry_is_compared_by_what_the_caller_supplied(
    change: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """Generated ids, times and salts do not count; every other field does, by name."""
    assert expected == differences(make_event(), "k", make_new_event(**change))


def test_c068_every_field_that_differs_is_named() -> None:
    """A conflict names all differences at once."""
    new = make_new_event(
        id=IDS[9],
        idempotency_key="other",
        unit=make_unit(name="api"),
        receiver_id=IDS[9],
        success=False,
        description="x",
        owner=Identity("local", "x"),
        occurred_at=NOON + timedelta(1),
        payload_text="null",
        supplied=GIVEN,
    )
    assert differences(make_event(), "k", new) == (
        *("id", "idempotency_key", "unit", "receiver_id", "success", "description", "owner", "occurred_at", "payload"),
    )


def test_c068_after_a_redaction_the_payload_does_not_count() -> None:
    """What is gone cannot be compared."""
    redacted = make_event(payload_text=None, salt=None)
    assert differences(redacted, None, make_new_event(payload_text="null")) == ()


def test_an_event_recorded_before_without_a_key_differs_in_the_key() -> None:
    """A key that was not there the first time is another request."""
    assert differences(make_event(), None, make_new_event(idempotency_key="k")) == ("idempotency_key",)


@pytest.mark.parametrize("kind", [Event, NewEvent, Recorded])
def test_values_are_frozen_and_have_slots(kind: type) -> None:
    """Nothing can be set on a value, and nothing added to it."""
    assert hasattr(kind, "__slots__")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        object.__new__(kind).n = 1  # type: ignore[attr-defined]  # the fault
