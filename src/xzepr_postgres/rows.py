"""From rows to values. What cannot be decoded is :class:`~xzepr.errors.Damaged`: an error for that row alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar

from xzepr.errors import Damaged, Invalid
from xzepr.model import (
    Event,
    EventReceiver,
    EventReceiverGroup,
    GroupRef,
    Identity,
    Transition,
    TransitionKind,
    Ulid,
    Unit,
    payload_intact,
    receiver_fingerprint,
    ulid_from_int,
)
from xzepr_postgres.statements import seconds

D = TypeVar("D")

EVENT_COLUMNS: Final = f"""
    CAST(e.id AS text), u.name, u.version, u.release, u.platform_id, u.package, CAST(e.receiver_id AS text),
    encode(e.receiver_fingerprint, 'hex'), e.success, encode(e.salt, 'hex'), encode(e.payload_digest, 'hex'),
    e.description, e.owner_issuer, e.owner_subject, {seconds("e.occurred_at")}, encode(e.digest, 'hex'), e.n,
    {seconds("e.recorded_at")}"""
"""What :func:`event_of` reads, from the tables ``events e`` and ``units u``; the payload comes behind it."""

PAYLOAD: Final = """
    CASE WHEN CAST(:payloads AS boolean) THEN
        coalesce(CAST(e.payload AS text), CASE WHEN e.salt IS NOT NULL THEN '' END)
    END"""
"""The payload, if it is asked for. One that is gone without its salt reads as an empty text, whose digest is wrong."""

EVENT_WIDTH: Final = 19
"""How many columns of an event there are, its payload included."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNDECODABLE: Final = (Invalid, ValueError, TypeError, KeyError, OverflowError, AttributeError, RecursionError)
"""What decoding a row can raise."""


@lru_cache(maxsize=10_000)  # rows repeat the ids of receivers and groups, and a change that of its event
def ulid_of(text: str) -> Ulid:
    """Return the id that a ``uuid`` holds.

    Example:
        >>> ulid_of("01563e3a-b5d3-d676-4c61-efb99302bd5b")
        '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    """
    return ulid_from_int(int(text.replace("-", ""), 16))


def time_of(text: str) -> datetime:
    """Return the time that is so many seconds after 1970.

    Raises:
        ValueError: It is no moment, such as ``infinity``.

    Example:
        >>> time_of("1763942400.000001")
        datetime.datetime(2025, 11, 24, 0, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=int(text.replace(".", "")))


unit_of: Final = lru_cache(maxsize=10_000)(
    lambda name, version, release, platform_id, package: Unit(
        name=name, version=version, release=release, platform_id=platform_id, package=package
    )
)
identity_of: Final = lru_cache(maxsize=10_000)(Identity)


def decoded(kind: str, key: str, what: str, decode: Callable[[], D]) -> D:
    """Decode something.

    Args:
        kind: What it belongs to.
        key: The id or name of that.
        what: What it is.
        decode: Decodes it.

    Raises:
        Damaged: It cannot be decoded.
    """
    try:
        return decode()
    except UNDECODABLE:
        reason = f"{what} cannot be read"
    raise Damaged(kind, key, reason)


def event_of(row: Sequence[Any], payload_text: str | None) -> Event:
    """Return the event of a row of :data:`EVENT_COLUMNS`.

    Args:
        row: The row.
        payload_text: Its payload; None if it was not asked for.

    Raises:
        Damaged: It cannot be decoded.
    """
    try:
        return Event(
            id=ulid_of(row[0]),
            unit=unit_of(*row[1:6]),
            receiver_id=ulid_of(row[6]),
            receiver_fingerprint=row[7],
            success=row[8],
            payload_text=payload_text,
            salt=None if row[9] is None else bytes.fromhex(row[9]),
            payload_digest=row[10],
            description=row[11],
            owner=identity_of(row[12], row[13]),
            occurred_at=time_of(row[14]),
            digest=row[15],
            n=row[16],
            recorded_at=time_of(row[17]),
        )
    except UNDECODABLE as error:
        reason = _reason(error)
    raise Damaged("event", ulid_of(row[0]), reason)


def readable(event: Event) -> Event:
    """Return an event whose payload is the recorded one.

    Raises:
        Damaged: Somebody changed it behind the store's back.
    """
    if not payload_intact(event):
        raise Damaged("event", event.id, "its payload is not the one that was recorded")
    return event


def sound(receiver: EventReceiver) -> EventReceiver:
    """Return a receiver whose fingerprint is that of its definition, by which payloads may be judged.

    Raises:
        Damaged: Somebody changed it behind the store's back.
    """
    try:
        if receiver.fingerprint == receiver_fingerprint(*receiver.naming, receiver.schema):
            return receiver
    except Invalid:  # the schema is no JSON any more
        pass
    raise Damaged("receiver", receiver.id, "its definition is not the one that its fingerprint was taken over")


def receiver_of(text: str) -> EventReceiver:
    """Return the receiver that ``receiver_json_v1`` wrote.

    Raises:
        Damaged: It cannot be decoded.
    """
    fields = json.loads(text)
    try:
        return EventReceiver(
            **_naming(fields), schema_text=fields["schema_text"], fingerprint=fields["fingerprint"], **_stamps(fields)
        )
    except UNDECODABLE as error:
        reason = _reason(error)
    raise Damaged("receiver", ulid_of(fields["id"]), reason)


def group_of(text: str) -> EventReceiverGroup:
    """Return the revision of a group that ``group_json_v1`` wrote.

    Raises:
        Damaged: It cannot be decoded.
    """
    fields = json.loads(text)
    try:
        return EventReceiverGroup(
            **_naming(fields),
            receiver_ids=tuple(map(ulid_of, fields["receiver_ids"])),
            enabled=fields["enabled"],
            **_stamps(fields),
        )
    except UNDECODABLE as error:
        reason = _reason(error)
    raise Damaged("group", ulid_of(fields["id"]), reason)


def group_ref_of(row: Sequence[Any]) -> GroupRef:
    """Return the group that a row begins with: id, revision, name, type and version.

    Raises:
        ValueError: The revision is gone.
    """
    if None in row[1:5]:
        raise ValueError
    return GroupRef(ulid_of(row[0]), *row[1:5])


def transition_of(group: GroupRef, unit: Unit, number: int, event_id: Ulid | None, recorded_at: datetime) -> Transition:
    """Return the transition of this number: odd ones are completions."""
    kind = TransitionKind.COMPLETED if number % 2 else TransitionKind.REOPENED
    return Transition(group=group, unit=unit, number=number, kind=kind, event_id=event_id, recorded_at=recorded_at)


def _naming(fields: Mapping[str, Any]) -> dict[str, Any]:
    names = {name: fields[name] for name in ("name", "type", "version", "description")}
    return {"id": ulid_of(fields["id"]), **names}


def _stamps(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "owner": identity_of(fields["owner_issuer"], fields["owner_subject"]),
        "revision": fields["revision"],
        "created_at": datetime.fromisoformat(fields["created_at"]).astimezone(UTC),
        "updated_at": datetime.fromisoformat(fields["updated_at"]).astimezone(UTC),
    }


def _reason(error: Exception) -> str:
    """Say what is wrong with a row, without its values."""
    if isinstance(error, Invalid):
        return "; ".join(map(str, error.violations))
    return f"a column cannot be read ({type(error).__name__})"
