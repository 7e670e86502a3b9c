"""Recording: from drafts to outcomes, with the retries that ids make harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from xzepr.errors import (
    CommitUnknown,
    Damaged,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    NotFound,
    StorageFull,
    Unavailable,
    Violation,
    XzeprError,
)
from xzepr.model import EventReceiver, NewEvent, Recorded, Ulid, is_ulid, payload_bytes
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft, prepare
from xzepr.stores import Conflicting, Denied, Outcome, ReceiverChanged, ReceiverMissing

RESOLVE_DELAYS: Final = (0.05, 0.2, 1.0)
"""Seconds before each attempt to learn what became of a commit; a server that restarts is back after 2 s (measured)."""

MAX_ROUNDS: Final = 3
"""How often an event is checked again because its receiver changed meanwhile."""

FAILURES: Final = (Unavailable, CommitUnknown, StorageFull)
"""Errors of the store: they say nothing about the event."""

Result = Recorded | XzeprError
"""What became of one draft."""


@attrs.frozen
class Checked:
    """A draft, and the event that it makes, or why it makes none."""

    draft: EventDraft
    event: NewEvent | XzeprError

    @property
    def weight(self) -> int:
        """How many bytes its payload has."""
        return payload_bytes(self.event) if isinstance(self.event, NewEvent) else 0


def record_one(context: Context, draft: EventDraft) -> Recorded:
    """Record one draft: :func:`settle` without the bookkeeping of many, which took a tenth of the time (measured).

    Raises:
        XzeprError: It was refused, or the store failed.
    """
    for _ in range(MAX_ROUNDS):
        [outcome] = append_resolved(context, [prepare(context, draft, _receiver(context, draft, {}))])
        if isinstance(outcome, Recorded):
            return outcome
        if not isinstance(outcome, ReceiverChanged):
            raise _refusal(context, outcome)
        context.receivers.put(outcome.receiver)
    raise _unsettled()


def check(context: Context, draft: EventDraft, receivers: dict[Ulid, EventReceiver]) -> Checked:
    """Check a draft.

    Args:
        context: What use cases share.
        draft: The draft.
        receivers: The receivers of the drafts that are recorded together. All drafts for one receiver are checked
            against one definition of it, so that they are accepted, or checked again, together: their order decides
            which of them is the latest.

    Raises:
        Unavailable: The receiver could not be read.
    """
    stranger = _stranger(draft)
    if stranger is not None:
        return Checked(draft, stranger)
    try:
        return Checked(draft, prepare(context, draft, _receiver(context, draft, receivers)))
    except (Invalid, NotFound, Damaged) as error:  # anything else is about the store, not about this event
        return Checked(draft, error)


def _stranger(item: object) -> Invalid | None:
    if isinstance(item, EventDraft):
        return None
    return Invalid([Violation("event", f"must be an EventDraft, not {type(item).__name__}")])


def settle(context: Context, checked: Sequence[Checked]) -> list[Result]:
    """Record checked drafts in one append, each judged on its own.

    Args:
        context: What use cases share.
        checked: At most as many as the store takes at once.

    Returns:
        One result per draft, in their order: what was recorded, or why it was refused.

    Raises:
        Unavailable: Nothing was stored.
        CommitUnknown: It may have been stored, and could not be resolved.
        StorageFull: Nothing was stored.
    """
    results: dict[int, Result] = {}
    changed = _append(context, dict(enumerate(checked)), results)
    for _ in range(1, MAX_ROUNDS):
        try:
            changed = _append(context, _check_again(context, changed), results)
        except FAILURES as error:  # what the first round has stored is still an answer
            results.update(dict.fromkeys(changed, error))
            changed = {}
    for index in changed:
        results[index] = _unsettled()
    return [results[index] for index in range(len(checked))]


def _append(context: Context, checked: Mapping[int, Checked], results: dict[int, Result]) -> dict[int, EventDraft]:
    """Append what is right; return what has to be checked again, because its receiver changed."""
    ready: dict[int, NewEvent] = {}
    for index, item in checked.items():
        if isinstance(item.event, NewEvent):
            ready[index] = item.event
        else:
            results[index] = item.event
    changed: dict[int, EventDraft] = {}
    outcomes = append_resolved(context, list(ready.values())) if ready else ()
    for index, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, ReceiverChanged):
            context.receivers.put(outcome.receiver)
            changed[index] = checked[index].draft
        else:
            results[index] = outcome if isinstance(outcome, Recorded) else _refusal(context, outcome)
    return changed


def _check_again(context: Context, drafts: Mapping[int, EventDraft]) -> dict[int, Checked]:
    receivers: dict[Ulid, EventReceiver] = {}
    return {index: check(context, draft, receivers) for index, draft in drafts.items()}


def _receiver(context: Context, draft: EventDraft, known: dict[Ulid, EventReceiver]) -> EventReceiver | None:
    """Return the one definition of a draft's receiver for this round; None if the draft names none.

    A receiver that is handed over as a value counts by its id alone: the value may be old.
    """
    receiver_id = draft.receiver.id if isinstance(draft.receiver, EventReceiver) else draft.receiver
    if not is_ulid(receiver_id):
        return None
    if receiver_id not in known:
        known[receiver_id] = context.receiver(receiver_id)
    return known[receiver_id]


def _refusal(context: Context, outcome: Conflicting | ReceiverMissing | Denied | Damaged) -> XzeprError:
    match outcome:
        case Damaged():
            return outcome
        case Conflicting(event_id=event_id, differs=differs):
            return IdempotencyConflict(event_id, differs)
        case ReceiverMissing(receiver_id=receiver_id):
            context.receivers.drop(receiver_id)
            return NotFound("receiver", receiver_id)
        case Denied(permission=permission):
            return Forbidden(permission)


def _unsettled() -> Unavailable:
    return Unavailable("the receiver is being changed over and over: retry")


def append_resolved(context: Context, events: Sequence[NewEvent]) -> Sequence[Outcome]:
    """Append, and if the answer to the commit is lost, append the same events again until there is one.

    Raises:
        CommitUnknown: There still is none; the ids tell which events are in question.
        Unavailable: Nothing was stored.
        StorageFull: Nothing was stored.
    """
    append = context.store.events.append
    try:
        return append(events, context.principal)
    except CommitUnknown as error:
        unknown = error
    cause: XzeprError = unknown
    for delay in RESOLVE_DELAYS:
        context.sleep(delay)
        try:
            return append(events, context.principal)
        except XzeprError as error:  # whatever it says, it does not say what became of the first attempt
            cause = error
    raise unknown from cause


def count(context: Context, result: Result) -> None:
    """Tell telemetry what became of a draft."""
    if isinstance(result, FAILURES):
        return  # the operation's own outcome tells
    if not isinstance(result, Recorded):
        context.telemetry.event("refused")
    elif result.replayed:
        context.telemetry.event("replayed")
    else:
        context.telemetry.event("recorded")
        for transition in result.transitions:
            context.telemetry.transition(transition.kind)
