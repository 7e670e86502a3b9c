"""Recording: from drafts to outcomes, with the retries that ids make harmless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from xzepr.errors import (
    CommitUnknown,
    Damaged,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    NotFound,
    StorageFull,
    Unavailable,
    XzeprError,
)
from xzepr.model import EventReceiver, NewEvent, Recorded, Ulid, is_ulid
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft, prepare
from xzepr.stores import Conflicting, Denied, Outcome, ReceiverChanged, ReceiverMissing

RESOLVE_DELAYS: Final = (0.05, 0.2, 1.0)
"""Seconds before each attempt to learn what became of a commit; a server that restarts is back after 2 s (measured)."""

MAX_ROUNDS: Final = 3
"""How often an event is checked again because its receiver changed meanwhile."""

Result = Recorded | XzeprError
"""What became of one draft."""


def record_all(context: Context, drafts: Sequence[EventDraft]) -> list[Result]:
    """Record drafts in one append, each judged on its own.

    Args:
        context: What use cases share.
        drafts: At most as many as the store takes at once.

    Returns:
        One result per draft, in their order: what was recorded, or why it was refused.

    Raises:
        Unavailable: Nothing was stored.
        CommitUnknown: It may have been stored, and could not be resolved.
        StorageFull: Nothing was stored.
    """
    results: dict[int, Result] = {}
    waiting = _round(context, drafts, range(len(drafts)), results)
    for _ in range(1, MAX_ROUNDS):
        try:
            waiting = _round(context, drafts, waiting, results)
        except (Unavailable, CommitUnknown, StorageFull) as error:  # what the first round has stored is still an answer
            results.update(dict.fromkeys(waiting, error))
            waiting = []
    for index in waiting:
        results[index] = Unavailable("the receiver is being changed over and over: retry")
    answers = [results[index] for index in range(len(drafts))]
    _count(context, answers)
    return answers


def _round(
    context: Context,
    drafts: Sequence[EventDraft],
    waiting: Iterable[int],
    results: dict[int, Result],
) -> list[int]:
    """Record what waits.

    All drafts for one receiver are checked against one definition of it, so that they are accepted, or checked again,
    together: their order decides which of them is the latest.

    Returns:
        What has to be checked again because its receiver changed.
    """
    ready: dict[int, NewEvent] = {}
    receivers: dict[Ulid, EventReceiver] = {}
    for index in waiting:
        try:
            ready[index] = prepare(context, drafts[index], _receiver(context, drafts[index], receivers))
        except (Invalid, NotFound, Damaged) as error:  # anything else is about the store, not about this event
            results[index] = error
    again: list[int] = []
    outcomes = append_resolved(context, list(ready.values())) if ready else ()
    for index, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, ReceiverChanged):
            context.receivers.put(outcome.receiver)
            again.append(index)
        else:
            results[index] = _result(context, outcome)
    return again


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


def _result(context: Context, outcome: Recorded | Conflicting | ReceiverMissing | Denied) -> Result:
    match outcome:
        case Recorded():
            return outcome
        case Conflicting(event_id=event_id, differs=differs):
            return IdempotencyConflict(event_id, differs)
        case ReceiverMissing(receiver_id=receiver_id):
            context.receivers.drop(receiver_id)
            return NotFound("receiver", receiver_id)
        case Denied(permission=permission):
            return Forbidden(permission)


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


def _count(context: Context, answers: Sequence[Result]) -> None:
    for answer in answers:
        if isinstance(answer, Recorded):
            context.telemetry.event("replayed" if answer.replayed else "recorded")
            for transition in () if answer.replayed else answer.transitions:
                context.telemetry.transition(transition.kind)
        else:
            context.telemetry.event("refused")
