"""From what a caller hands over to what a store appends: every check, all violations at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

import attrs

from xzepr.documents import JsonValue, canonical, read_canonical
from xzepr.errors import Invalid
from xzepr.model import (
    MAX_DESCRIPTION,
    SALT_BYTES,
    Checks,
    EventReceiver,
    NewEvent,
    Ulid,
    Unit,
)
from xzepr.registry.context import Context

NOTHING_SUPPLIED: Final = frozenset[str]()


@attrs.frozen(kw_only=True)
class EventDraft:
    """An event as a caller hands it over. Nothing is checked until it is recorded.

    Args:
        unit: What it is about.
        receiver: The receiver, or its id.
        success: Whether what it tells went well.
        payload: Any JSON value that the receiver's schema accepts.
        description: A word for people.
        occurred_at: When it happened; by default, when it is recorded.
        id: Its id, if the caller makes ids: recording it again is then harmless.
        idempotency_key: The caller's own name for it: recording it again is then harmless.
    """

    unit: Unit
    receiver: EventReceiver | str
    success: bool
    payload: JsonValue
    description: str = ""
    occurred_at: datetime | None = None
    id: str | None = None
    idempotency_key: str | None = None


def prepare(context: Context, draft: EventDraft, receiver: EventReceiver | None) -> NewEvent:
    """Check a draft against its receiver and make it ready to be appended.

    Args:
        context: What use cases share.
        draft: What the caller handed over.
        receiver: The receiver that it names; None if it names none.

    Returns:
        The event, with its id, its canonical payload and its digests.

    Raises:
        TooLarge: The payload, or a text, is beyond a limit.
        Invalid: Something else is wrong; everything that is wrong is named.
    """
    checks = Checks()
    _check_fields(context, draft, checks)
    payload_text = _check_payload(context, draft, receiver, checks)
    if receiver is None:
        checks.ulid("receiver", draft.receiver)
    checks.done()
    assert receiver is not None  # noqa: S101 - what the check above has shown, for the type checker
    return _new_event(context, draft, receiver, payload_text)


def _check_fields(context: Context, draft: EventDraft, checks: Checks) -> None:
    checks.exactly("unit", draft.unit, Unit)
    checks.kind("success", draft.success, bool)
    checks.text("description", draft.description, MAX_DESCRIPTION, blank=True)
    if draft.occurred_at is not None:
        checks.time("occurred_at", draft.occurred_at)
    if draft.idempotency_key is not None:
        checks.text("idempotency_key", draft.idempotency_key)
    context.check_id(draft.id, checks)


def _check_payload(context: Context, draft: EventDraft, receiver: EventReceiver | None, checks: Checks) -> str:
    """Check what will be stored, not what the caller may still be changing."""
    try:
        text = canonical(draft.payload, field="payload", limits=context.payload_limits)
        if receiver is not None:
            context.schemas.compile(receiver.schema_text).check(read_canonical(text), field="payload")
    except Invalid as error:
        checks.found.extend(error.violations)
        return ""
    return text


def _new_event(context: Context, draft: EventDraft, receiver: EventReceiver, payload_text: str) -> NewEvent:
    return NewEvent(
        id=context.new_id() if draft.id is None else Ulid(draft.id),
        unit=draft.unit,
        receiver_id=receiver.id,
        receiver_fingerprint=receiver.fingerprint,
        success=draft.success,
        payload_text=payload_text,
        salt=os.urandom(SALT_BYTES),
        description=draft.description,
        owner=context.principal.identity,
        occurred_at=context.clock() if draft.occurred_at is None else draft.occurred_at.astimezone(UTC),
        idempotency_key=draft.idempotency_key,
        supplied=_supplied(draft),
    )


def _supplied(draft: EventDraft) -> frozenset[str]:
    if draft.id is None and draft.occurred_at is None and draft.idempotency_key is None:
        return NOTHING_SUPPLIED
    given = {"id": draft.id, "occurred_at": draft.occurred_at, "idempotency_key": draft.idempotency_key}
    return frozenset(name for name, value in given.items() if value is not None)
