"""Recording: from drafts to outcomes, with the retries that ids make harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from xzepr.errors import (
    CommitUnknown,
    Forbidden,
    IdempotencyConflict,
    NotFound,
    Unavailable,
    XzeprError,
)
from xzepr.model import EventReceiver, NewEvent, Recorded
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft, prepare, receiver_of
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
    waiting: dict[int, EventReceiver | None] = dict.fromkeys(range(len(drafts)))
    for _ in range(MAX_ROUNDS):
        if not waiting:
            break
        waiting = _round(context, drafts, waiting, results)
    for index in waiting:
        results[index] = Unavailable("the receiver is being changed over and over: retry")
    answers = [results[index] for index in range(len(drafts))]
    _count(context, answers)
    return answers


def _round(
    context: Context,
    drafts: Sequence[EventDraft],
    waiting: Mapping[int, EventReceiver | None],
    results: dict[int, Result],
) -> dict[int, EventReceiver | None]:
    """Record what waits.

    Returns:
        What has to be checked again because its receiver changed, and the receiver as it is now.
    """
    ready: dict[int, NewEvent] = {}
    for index, receiver in waiting.items():
        try:
            draft = drafts[index]
            ready[index] = prepare(context, draft, receiver or receiver_of(context, draft))
        except XzeprError as error:
            results[index] = error
    again: dict[int, EventReceiver | None] = {}
    outcomes = append_resolved(context, list(ready.values())) if ready else ()
    for index, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, ReceiverChanged):
            context.receivers.put(outcome.receiver)
            again[index] = outcome.receiver
        else:
            results[index] = _result(context, outcome)
    return again


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
    for delay in RESOLVE_DELAYS:
        context.sleep(delay)
        try:
            return append(events, context.principal)
        except (CommitUnknown, Unavailable):
            continue
    raise unknown


def _count(context: Context, answers: Sequence[Result]) -> None:
    for answer in answers:
        if isinstance(answer, Recorded):
            context.telemetry.event("replayed" if answer.replayed else "recorded")
            for transition in () if answer.replayed else answer.transitions:
                context.telemetry.transition(transition.kind)
        else:
            context.telemetry.event("refused")
