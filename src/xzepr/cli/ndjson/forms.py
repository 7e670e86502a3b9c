"""What a line may hold, and how it is written.

A line is a receiver, a group or an event, and says so in ``kind``; without one it is an event. Its form is that of
:func:`xzepr.json_form`. Keys that a registry makes itself, such as ``n`` and ``digest``, may stand there and are not
taken over: :class:`Made`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from xzepr import Event, EventReceiver, EventReceiverGroup, Unit, json_form, parse_time
from xzepr.cli.ndjson.lines import MAX_LINE, Line
from xzepr.cli.ndjson.strict import structured
from xzepr.cli.output import json_text
from xzepr.documents import JsonLimits, JsonValue, parse
from xzepr.errors import Invalid, TooLarge, Violation, refuse
from xzepr.plugins.texts import did_you_mean

LINE_LIMITS: Final = JsonLimits(max_bytes=MAX_LINE, max_depth=80, max_nodes=110_000)
"""Somewhat more than a payload or a schema may have, which are checked by themselves."""

_ROOT: Final = "line"


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

    name: str
    version: str
    release: str
    platform_id: str
    package: str


@attrs.frozen(kw_only=True)
class NamingForm:
    """A receiver by what makes it unique."""

    name: str
    type: str
    version: str


@attrs.frozen(kw_only=True)
class Made:
    """What a registry made of it, and another one makes anew."""

    owner: OwnerForm | None = None


@attrs.frozen(kw_only=True)
class MadeDefinition(Made):
    """What a registry made of a receiver or group."""

    revision: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


@attrs.frozen(kw_only=True)
class ReceiverForm(MadeDefinition):
    """A receiver."""

    id: str | None = None
    name: str
    type: str
    version: str
    description: str = ""
    schema: Any
    fingerprint: str | None = None
    accepts_anything: bool | None = None


@attrs.frozen(kw_only=True)
class GroupForm(MadeDefinition):
    """A group."""

    id: str | None = None
    name: str
    type: str
    version: str
    description: str = ""
    receiver_ids: list[str]
    enabled: bool = True


@attrs.frozen(kw_only=True)
class EventForm(Made):
    """An event."""

    id: str | None = None
    unit: UnitForm
    receiver_id: str | None = None
    receiver: NamingForm | None = None
    receiver_fingerprint: str | None = None
    success: bool
    payload: Any = Absent.ABSENT
    payload_absent: str | None = None
    payload_digest: str | None = None
    description: str = ""
    occurred_at: str | None = None
    idempotency_key: str | None = None
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


def read_form(line: Line) -> Form:
    """Read what stands in a line.

    Args:
        line: The line, which is not blank.

    Raises:
        TooLarge: It is beyond a limit.
        Invalid: It is none of the forms; everything that is wrong is named by its JSON Pointer.
    """
    try:
        return _read(line)
    except Invalid as error:
        found = [_placed(violation) for violation in error.violations]
    refuse([*found, *_cut(line)])
    raise AssertionError  # there is a violation


def _read(line: Line) -> Form:
    if line.text is None:
        raise TooLarge([Violation(_ROOT, f"is larger than {MAX_LINE} bytes", MAX_LINE)])
    form = structured(*_kind(parse(line.text, field=_ROOT, limits=LINE_LIMITS)))
    if isinstance(form, EventForm):
        refuse(_problems(form))
    return form


def unit_of_form(form: UnitForm) -> Unit:
    """Return the unit that a form tells.

    Raises:
        Invalid: It is none.
    """
    return Unit(
        name=form.name,
        version=form.version,
        release=form.release,
        platform_id=form.platform_id,
        package=form.package,
    )


def _kind(value: JsonValue) -> tuple[type[Form], JsonValue]:
    if not isinstance(value, dict):
        return EventForm, value
    kind = value.pop("kind", "event")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind], value
    known = did_you_mean(kind, KINDS) if isinstance(kind, str) else f"known are {', '.join(KINDS)}"
    raise Invalid([Violation("kind", f"is unknown: {known}")])


def _problems(form: EventForm) -> Iterator[Violation]:
    try:
        unit_of_form(form.unit)
    except Invalid as error:
        yield from (attrs.evolve(found, field=f"unit/{found.field}") for found in error.violations)
    if (form.receiver is None) == (form.receiver_id is None):
        yield Violation("receiver", "must be given, or receiver_id: one of the two")
    if form.payload is Absent.ABSENT and form.payload_absent is None:
        yield Violation("payload", "is missing")
    try:
        if form.occurred_at is not None:
            parse_time(form.occurred_at, "occurred_at")
    except Invalid as error:
        yield from error.violations


def _placed(found: Violation) -> Violation:
    """Name the place inside the line."""
    return attrs.evolve(found, field=found.field.removeprefix(f"{_ROOT}/") or _ROOT)


def _cut(line: Line) -> Iterator[Violation]:
    if not line.ended:
        yield Violation(_ROOT, "is the last one and has no end: the file may have been cut")
