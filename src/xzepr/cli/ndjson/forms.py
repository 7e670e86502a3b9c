"""What a line may hold, and how it is written.

A line is a receiver, a group or an event, and says so in ``kind``; without one it is an event. Its form is that of
:func:`xzepr.json_form`. Keys that a registry makes itself, such as ``n`` and ``digest``, may stand there and are not
taken over: :class:`Made`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from xzepr import Event, EventReceiver, EventReceiverGroup, Unit, json_form
from xzepr.cli.ndjson.kinds import NO_DESCRIPTION, Description, Name, ReceiverIds
from xzepr.cli.output import json_text
from xzepr.model import Ulid


class Absent(Enum):
    """Stands for a payload that is not there: every JSON value could be one."""

    ABSENT = "absent"


@attrs.frozen(kw_only=True)
class OwnerForm:
    """Who owned it."""

    issuer: str
    subject: str


@attrs.frozen(kw_only=True)
class UnitForm:
    """A unit."""

    name: Name
    version: Name
    release: Name
    platform_id: Name
    package: Name

    def unit(self) -> Unit:
        """Return what it names."""
        return Unit(**attrs.asdict(self))


@attrs.frozen(kw_only=True)
class NamingForm:
    """A receiver by what makes it unique."""

    name: Name
    type: Name
    version: Name


@attrs.frozen(kw_only=True)
class Made:
    """What a registry made of it, and another one makes anew."""

    owner: OwnerForm | None = None


@attrs.frozen(kw_only=True)
class DefinitionForm(Made):
    """What a receiver and a group have both."""

    id: Ulid | None = None
    name: Name
    type: Name
    version: Name
    description: Description = NO_DESCRIPTION
    revision: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


@attrs.frozen(kw_only=True)
class ReceiverForm(DefinitionForm):
    """A receiver."""

    schema: Any
    fingerprint: str | None = None
    accepts_anything: bool | None = None


@attrs.frozen(kw_only=True)
class GroupForm(DefinitionForm):
    """A group."""

    receiver_ids: ReceiverIds
    enabled: bool = True


@attrs.frozen(kw_only=True)
class EventForm(Made):
    """An event."""

    id: Ulid | None = None
    unit: UnitForm
    receiver_id: Ulid | None = None
    receiver: NamingForm | None = None
    receiver_fingerprint: str | None = None
    success: bool
    payload: Any = Absent.ABSENT
    payload_absent: str | None = None
    payload_digest: str | None = None
    description: Description = NO_DESCRIPTION
    occurred_at: datetime | None = None
    idempotency_key: Name | None = None
    digest: str | None = None
    n: int | None = None
    recorded_at: str | None = None


Form: TypeAlias = ReceiverForm | GroupForm | EventForm
"""What stands in a line."""

KINDS: Final[dict[str, type[Form]]] = {"receiver": ReceiverForm, "group": GroupForm, "event": EventForm}
"""The forms, by how a line names them."""

_KIND_OF: Final = {EventReceiver: "receiver", EventReceiverGroup: "group", Event: "event"}


def line_of(value: EventReceiver | EventReceiverGroup | Event) -> bytes:
    """Write a line."""
    return json_text({"kind": _KIND_OF[type(value)], **json_form(value)}).encode() + b"\n"
