"""The model's values as JSON objects: what commands print, what change data carries, what a web answer may be.

Each kind of value has one form with a fixed set of keys, named and ordered like its attributes. What is not there is
``null``; only a payload is left out, and then ``payload_absent`` says why. No form holds a salt.
"""

from __future__ import annotations

from datetime import datetime
from typing import Never, TypeAlias

from xzepr.documents import JsonValue
from xzepr.errors import Damaged, Invalid, Violation, XzeprError
from xzepr.model.changes import Change, Redaction
from xzepr.model.error_forms import error_form
from xzepr.model.events import Event, Recorded
from xzepr.model.gates import Gate, Transition, Verdict
from xzepr.model.groups import EventReceiverGroup, GroupRef
from xzepr.model.pages import Count, Page
from xzepr.model.principals import Identity
from xzepr.model.receivers import EventReceiver, ReceiverRef
from xzepr.model.statistics import Mention, ReceiverStatistics
from xzepr.model.subscriptions import Parked, SubscriptionState
from xzepr.model.times import format_time
from xzepr.model.units import Unit

JsonObject: TypeAlias = dict[str, JsonValue]
"""A JSON object."""

Formed: TypeAlias = (
    Unit
    | Identity
    | EventReceiver
    | ReceiverRef
    | EventReceiverGroup
    | GroupRef
    | Event
    | Recorded
    | Redaction
    | Gate
    | Verdict
    | Transition
    | Change
    | SubscriptionState
    | Parked
    | ReceiverStatistics
    | Mention
    | Count
    | Page[Event]
    | Page[EventReceiver]
    | Page[EventReceiverGroup]
    | XzeprError
)
"""What has a JSON form."""


def json_form(value: Formed) -> JsonObject:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of value
    """Write a value of the model as a JSON object.

    The keys of each kind are fixed, and listed in the documentation. Times are RFC 3339 in UTC with six digits and
    ``Z``, ids and digests text. Every call makes a fresh object, which the caller may change.

    Args:
        value: The value.

    Returns:
        Its form.

    Raises:
        Invalid: It is of no kind that has a form.

    Example:
        >>> unit = Unit(name="web", version="1.4.2", release="1", platform_id="linux-amd64", package="oci")
        >>> json_form(unit)
        {'name': 'web', 'version': '1.4.2', 'release': '1', 'platform_id': 'linux-amd64', 'package': 'oci'}
    """
    match value:
        case Unit():
            return {**value.fields()}
        case Identity():
            return {"issuer": value.issuer, "subject": value.subject}
        case EventReceiver():
            return _receiver(value)
        case EventReceiverGroup():
            return _group(value)
        case ReceiverRef():
            return {"id": value.id, "name": value.name, "type": value.type, "version": value.version}
        case GroupRef():
            return _group_ref(value)
        case Event():
            return _event(value)
        case Recorded():
            return _recorded(value)
        case Redaction():
            return {"event_id": value.event_id, "reason": value.reason}
        case Gate():
            return _gate(value)
        case Verdict():
            return _verdict(value)
        case Transition():
            return _transition(value)
        case Change():
            return _change(value)
        case SubscriptionState():
            return _subscription(value)
        case Parked():
            return _parked(value)
        case ReceiverStatistics():
            return _statistics(value)
        case Mention():
            return {"event_id": value.event_id, "recorded_at": format_time(value.recorded_at)}
        case Count():
            return {"value": value.value, "exact": value.exact}
        case Page():
            return _page(value)
        case XzeprError():
            return error_form(value)
        case _:
            raise _refusal(value)


def subject_form(subject: Event | Redaction | EventReceiver | EventReceiverGroup | Transition | Damaged) -> JsonObject:
    """Write what a change is about; an error stands under ``damaged``, so that nobody takes it for the thing."""
    return {"damaged": error_form(subject)} if isinstance(subject, Damaged) else json_form(subject)


def _refusal(value: Never) -> Invalid:
    return Invalid([Violation("value", f"must be a value of the model, not {type(value).__name__}")])


def _time_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _receiver(receiver: EventReceiver) -> JsonObject:
    return {
        "id": receiver.id,
        "name": receiver.name,
        "type": receiver.type,
        "version": receiver.version,
        "description": receiver.description,
        "schema": receiver.schema,
        "accepts_anything": receiver.accepts_anything,
        "fingerprint": receiver.fingerprint,
        "owner": json_form(receiver.owner),
        "revision": receiver.revision,
        "created_at": format_time(receiver.created_at),
        "updated_at": format_time(receiver.updated_at),
    }


def _group(group: EventReceiverGroup) -> JsonObject:
    return {
        "id": group.id,
        "name": group.name,
        "type": group.type,
        "version": group.version,
        "description": group.description,
        "receiver_ids": [*group.receiver_ids],
        "enabled": group.enabled,
        "owner": json_form(group.owner),
        "revision": group.revision,
        "created_at": format_time(group.created_at),
        "updated_at": format_time(group.updated_at),
    }


def _group_ref(group: GroupRef) -> JsonObject:
    return {
        "id": group.id,
        "revision": group.revision,
        "name": group.name,
        "type": group.type,
        "version": group.version,
    }


def _event(event: Event) -> JsonObject:
    return {
        "id": event.id,
        "unit": json_form(event.unit),
        "receiver_id": event.receiver_id,
        "receiver_fingerprint": event.receiver_fingerprint,
        "success": event.success,
        **_payload(event),
        "payload_digest": event.payload_digest,
        "description": event.description,
        "owner": json_form(event.owner),
        "occurred_at": format_time(event.occurred_at),
        "digest": event.digest,
        "n": event.n,
        "recorded_at": format_time(event.recorded_at),
    }


def _payload(event: Event) -> JsonObject:
    if event.payload_text is None:
        return {"payload_absent": "redacted" if event.redacted else "left_out"}
    return {"payload": event.payload}


def _recorded(recorded: Recorded) -> JsonObject:
    return {
        "event": json_form(recorded.event),
        "replayed": recorded.replayed,
        "transitions": [json_form(transition) for transition in recorded.transitions],
    }


def _gate(gate: Gate) -> JsonObject:
    return {
        "receiver": json_form(gate.receiver),
        "state": str(gate.state),
        "event_id": gate.event_id,
        "recorded_at": _time_or_null(gate.recorded_at),
    }


def _verdict(verdict: Verdict) -> JsonObject:
    return {
        "group": json_form(verdict.group),
        "unit": json_form(verdict.unit),
        "complete": verdict.complete,
        "reason": str(verdict),
        "enabled": verdict.enabled,
        "gates": [json_form(gate) for gate in verdict.gates],
        "blocking": [gate.receiver.name for gate in verdict.blocking],
        "as_of": verdict.as_of,
        "decided_at": _time_or_null(verdict.decided_at),
    }


def _transition(transition: Transition) -> JsonObject:
    return {
        "group": json_form(transition.group),
        "unit": json_form(transition.unit),
        "number": transition.number,
        "kind": str(transition.kind),
        "event_id": transition.event_id,
        "recorded_at": format_time(transition.recorded_at),
    }


def _change(change: Change) -> JsonObject:
    return {
        "position": change.position,
        "id": change.id,
        "cursor": str(change.cursor),
        "kind": str(change.kind),
        "recorded_at": format_time(change.recorded_at),
        "actor": json_form(change.actor),
        "subject": subject_form(change.subject),
    }


def _subscription(state: SubscriptionState) -> JsonObject:
    return {
        "name": state.name,
        "owner": json_form(state.owner),
        "cursor": str(state.cursor),
        "parked": state.parked,
        "held_until": _time_or_null(state.held_until),
    }


def _parked(parked: Parked) -> JsonObject:
    return {
        "cursor": str(parked.cursor),
        "attempts": parked.attempts,
        "error": parked.error,
        "parked_at": format_time(parked.parked_at),
    }


def _statistics(statistics: ReceiverStatistics) -> JsonObject:
    return {
        "receiver_id": statistics.receiver_id,
        "succeeded": statistics.succeeded,
        "failed": statistics.failed,
        "total": statistics.total,
        "rate": statistics.rate,
        "latest": _mention_or_null(statistics.latest),
        "latest_successful": _mention_or_null(statistics.latest_successful),
    }


def _mention_or_null(mention: Mention | None) -> JsonObject | None:
    return None if mention is None else json_form(mention)


def _page(page: Page[Event] | Page[EventReceiver] | Page[EventReceiverGroup]) -> JsonObject:
    return {
        "items": [json_form(item) for item in page.items],
        "damaged": [error_form(damaged) for damaged in page.damaged],
        "next": page.next,
    }
