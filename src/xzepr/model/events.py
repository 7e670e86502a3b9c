"""Events: recorded facts, which never change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

import attrs

from xzepr.documents import JsonValue, read_canonical
from xzepr.errors import PayloadAbsent
from xzepr.model.checks import MAX_DESCRIPTION, Checks
from xzepr.model.digests import EVENT_DOMAIN, SALT_BYTES, canonical_text, payload_digest
from xzepr.model.gates import Transition
from xzepr.model.principals import Identity
from xzepr.model.times import format_time
from xzepr.model.ulids import Ulid
from xzepr.model.units import Unit


@attrs.frozen(kw_only=True)
class NewEvent:
    """An event that was checked and prepared, ready to be appended.

    Args:
        id: Its id.
        unit: What it is about.
        receiver_id: The receiver that accepted it.
        receiver_fingerprint: The definition of that receiver that accepted it.
        success: Whether what it tells went well.
        payload_text: Its payload in canonical form.
        salt: The random bytes before the payload in its digest.
        description: A word for people; may be empty.
        owner: Who recorded it.
        occurred_at: When it happened, as the caller tells it, in UTC.
        idempotency_key: The caller's own name for this event, unique per owner.
        supplied: Which of ``id``, ``occurred_at`` and ``idempotency_key`` the caller gave.
    """

    id: Ulid
    unit: Unit
    receiver_id: Ulid
    receiver_fingerprint: str
    success: bool
    payload_text: str = attrs.field(repr=False)
    salt: bytes = attrs.field(repr=False)
    description: str
    owner: Identity
    occurred_at: datetime
    idempotency_key: str | None = None
    supplied: frozenset[str] = frozenset()
    payload_digest: str = attrs.field(init=False)
    """Hex SHA-256 over salt and payload."""
    digest: str = attrs.field(init=False)
    """See :func:`event_digest`."""

    @payload_digest.default
    def _payload_digest(self) -> str:
        return payload_digest(self.salt, self.payload_text)

    @digest.default
    def _digest(self) -> str:
        return event_digest(self)


@attrs.frozen(kw_only=True)
class Event:
    """One recorded fact: this receiver, this unit, success or not, this payload, by whom, when. It never changes.

    Args:
        id: Its id.
        unit: What it is about.
        receiver_id: The receiver that accepted it.
        receiver_fingerprint: The definition of that receiver that accepted it.
        success: Whether what it tells went well.
        payload_text: Its payload in canonical form; None when redacted or left out of a list.
        salt: The random bytes before the payload in its digest; None when redacted.
        payload_digest: Hex SHA-256 over salt and payload; it stays when both are redacted.
        description: A word for people; may be empty.
        owner: Who recorded it.
        occurred_at: When it happened, as the caller told it, in UTC.
        digest: Hex SHA-256 over the above but payload and salt.
        n: Its place among the events of its unit: 1, 2, 3 … Latest means the highest.
        recorded_at: When the store recorded it.

    Raises:
        Invalid: A field is wrong; every one is named.
    """

    id: Ulid
    unit: Unit
    receiver_id: Ulid
    receiver_fingerprint: str
    success: bool
    payload_text: str | None = attrs.field(repr=False)
    salt: bytes | None = attrs.field(repr=False)
    payload_digest: str
    description: str
    owner: Identity
    occurred_at: datetime
    digest: str
    n: int
    recorded_at: datetime

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.ulid("id", self.id)
        checks.ulid("receiver_id", self.receiver_id)
        for field in ("receiver_fingerprint", "payload_digest", "digest"):
            checks.digest(field, getattr(self, field))
        checks.text("description", self.description, MAX_DESCRIPTION, blank=True)
        checks.exactly("unit", self.unit, Unit)
        checks.kind("success", self.success, bool)
        checks.exactly("owner", self.owner, Identity)
        checks.whole("n", self.n, least=1)
        checks.time("occurred_at", self.occurred_at)
        checks.time("recorded_at", self.recorded_at)
        if self.salt is None and self.payload_text is not None:
            checks.add("salt", "must be there as long as the payload is")
        if self.salt is not None and (type(self.salt) is not bytes or len(self.salt) != SALT_BYTES):
            checks.add("salt", f"must be {SALT_BYTES} bytes")
        checks.done()

    @property
    def payload(self) -> JsonValue:
        """The payload: a fresh value, which the caller may change.

        Raises:
            PayloadAbsent: It was redacted, or left out of the list that this event came from.
        """
        if self.payload_text is None:
            raise PayloadAbsent(self.id, "redacted" if self.redacted else "left_out")
        return read_canonical(self.payload_text)

    @property
    def redacted(self) -> bool:
        """Whether payload and salt were erased for good."""
        return self.salt is None

    def without_payload(self) -> Event:
        """Return the event as a list that leaves payloads out shows it."""
        shown = object.__new__(Event)  # not evolve: what was checked once need not be checked again
        for field in _FIELDS:
            object.__setattr__(shown, field, None if field == "payload_text" else getattr(self, field))
        return shown

    def verify(self) -> bool:
        """Recompute the digests.

        Returns:
            Whether every field is what was recorded. Of a payload that is not here, only its digest is vouched for.
        """
        return payload_intact(self) and self.digest == event_digest(self)


_FIELDS: Final = tuple(field.name for field in attrs.fields(Event))


def payload_intact(event: NewEvent | Event) -> bool:
    """Say whether a payload, if it is here, is the one that its digest was taken over."""
    if event.payload_text is None or event.salt is None:
        return True
    return event.payload_digest == payload_digest(event.salt, event.payload_text)


def payload_bytes(event: NewEvent | Event) -> int:
    """Return how many bytes a payload has as UTF-8; 0 if it is not here."""
    text = event.payload_text or ""
    return len(text) if text.isascii() else len(text.encode())


def event_digest(event: NewEvent | Event) -> str:
    """Return the hex SHA-256 over the domain and the canonical form of an event's fields.

    The fields are ``description, id, occurred_at, owner, payload_digest, receiver_fingerprint, receiver_id, success,
    unit``: ids as ULID text, digests as hex, the time as RFC 3339 UTC with six digits and ``Z``. Salt, payload and what
    the store adds are left out. The form is written out here, because the encoder took four times as long (measured).
    """
    form = (
        f'{EVENT_DOMAIN}{{"description":{canonical_text(event.description)}'
        f',"id":"{event.id}"'
        f',"occurred_at":"{format_time(event.occurred_at)}"'
        f',"owner":{event.owner.canonical}'
        f',"payload_digest":"{event.payload_digest}"'
        f',"receiver_fingerprint":"{event.receiver_fingerprint}"'
        f',"receiver_id":"{event.receiver_id}"'
        f',"success":{"true" if event.success else "false"}'
        f',"unit":{event.unit.canonical}}}'
    )
    return sha256(form.encode()).hexdigest()


def differences(stored: Event, stored_key: str | None, new: NewEvent) -> tuple[str, ...]:
    """Name the fields in which a retry differs from what is stored; none means that it is a replay.

    Compared is what the caller supplied: a generated id, key or time does not count, nor the salt, nor, once the
    event is redacted, the payload.

    Args:
        stored: The event that has the id or the key.
        stored_key: The idempotency key that it was stored with.
        new: The event of the retry.
    """
    return tuple(_differences(stored, stored_key, new))


def _differences(stored: Event, stored_key: str | None, new: NewEvent) -> Iterator[str]:
    if "id" in new.supplied and stored.id != new.id:
        yield "id"
    if new.idempotency_key is not None and stored_key != new.idempotency_key:
        yield "idempotency_key"
    for field in ("unit", "receiver_id", "success", "description", "owner"):
        if getattr(stored, field) != getattr(new, field):
            yield field
    if "occurred_at" in new.supplied and stored.occurred_at != new.occurred_at:
        yield "occurred_at"
    if not stored.redacted and stored.payload_text != new.payload_text:
        yield "payload"


@attrs.frozen(kw_only=True)
class Recorded:
    """The answer to recording one event.

    Args:
        event: The event as it is stored.
        replayed: Whether it was there before.
        transitions: The transitions that the event caused, the first time.
    """

    event: Event
    replayed: bool
    transitions: tuple[Transition, ...]
