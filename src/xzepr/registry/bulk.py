"""Recording many events: chunks, refusals, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

import attrs

from xzepr.errors import Invalid, Violation, XzeprError
from xzepr.model import Recorded
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft
from xzepr.registry.recording import Result, record_all

MAX_REFUSALS: Final = 1_000
"""How many refusals a report lists; ``on_refusal`` gets every one."""


@attrs.frozen(kw_only=True)
class Refusal:
    """An event that was not recorded.

    Args:
        index: Its place among the drafts, from 0.
        error: Why.
    """

    index: int
    error: XzeprError


@attrs.frozen(kw_only=True)
class BulkReport:
    """How far ``record_many`` has come.

    Args:
        read: How many drafts were dealt with, those passed over included: where to resume.
        recorded: How many were recorded.
        replayed: How many had been recorded before.
        refused: How many were refused.
        transitions: How many transitions the recorded ones caused.
        refusals: The first 1,000 refusals.
    """

    read: int = 0
    recorded: int = 0
    replayed: int = 0
    refused: int = 0
    transitions: int = 0
    refusals: tuple[Refusal, ...] = ()


def record_chunks(
    context: Context,
    drafts: Iterable[EventDraft],
    *,
    skip: int,
    progress: Callable[[BulkReport], None] | None,
    on_refusal: Callable[[Refusal], None] | None,
) -> BulkReport:
    """Record drafts chunk by chunk; see :meth:`xzepr.registry.Events.record_many`."""
    size = min(context.limits.chunk_events, context.store.capabilities.max_append)
    report = BulkReport(read=skip)
    for chunk in _chunks(islice(drafts, skip, None), size):
        results = _record_chunk(context, chunk)
        refusals = [
            Refusal(index=report.read + place, error=result)
            for place, result in enumerate(results)
            if isinstance(result, XzeprError)
        ]
        report = _add(report, results, refusals)
        if on_refusal is not None:
            for refusal in refusals:
                on_refusal(refusal)
        if progress is not None:
            progress(report)
    return report


def _chunks(drafts: Iterator[EventDraft], size: int) -> Iterator[list[EventDraft]]:
    while chunk := list(islice(drafts, size)):
        yield chunk


def _record_chunk(context: Context, chunk: list[EventDraft]) -> list[Result]:
    """Record what are drafts; refuse what are not."""
    strangers = {place: error for place, item in enumerate(chunk) if (error := _stranger(item)) is not None}
    if not strangers:
        return record_all(context, chunk)
    recorded = iter(record_all(context, [draft for place, draft in enumerate(chunk) if place not in strangers]))
    return [strangers[place] if place in strangers else next(recorded) for place in range(len(chunk))]


def _stranger(item: object) -> XzeprError | None:
    if isinstance(item, EventDraft):
        return None
    return Invalid([Violation("event", f"must be an EventDraft, not {type(item).__name__}")])


def _add(report: BulkReport, results: list[Result], refusals: list[Refusal]) -> BulkReport:
    done = [result for result in results if isinstance(result, Recorded)]
    new = [result for result in done if not result.replayed]
    room = MAX_REFUSALS - len(report.refusals)
    return BulkReport(
        read=report.read + len(results),
        recorded=report.recorded + len(new),
        replayed=report.replayed + len(done) - len(new),
        refused=report.refused + len(refusals),
        transitions=report.transitions + sum(len(result.transitions) for result in new),
        refusals=report.refusals + tuple(refusals[:room]),
    )
