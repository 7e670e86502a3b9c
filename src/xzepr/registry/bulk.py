"""Recording many events: chunks, refusals, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

import attrs

from xzepr.errors import XzeprError
from xzepr.model import EventReceiver, Recorded, Ulid
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft
from xzepr.registry.recording import Checked, Result, check, count, settle

MAX_REFUSALS: Final = 1_000
"""How many refusals a report lists; ``on_refusal`` gets every one."""

CHUNK_BYTES: Final = 4 * 1024 * 1024
"""Bytes of payload after which a chunk is handed over: so many drafts are held at once, whatever their size."""


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
    report = BulkReport(read=skip)
    for chunk in _chunks(context, islice(drafts, skip, None)):
        results = settle(context, chunk)
        for result in results:
            count(context, result)
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


def _chunks(context: Context, drafts: Iterator[EventDraft]) -> Iterator[list[Checked]]:
    """Read and check as many drafts as one append takes: a number of events, and of bytes."""
    size = min(context.limits.chunk_events, context.store.capabilities.max_append)
    while True:
        receivers: dict[Ulid, EventReceiver] = {}
        chunk: list[Checked] = []
        weight = 0
        for draft in drafts:
            chunk.append(check(context, draft, receivers))
            weight += chunk[-1].weight
            if len(chunk) == size or weight >= CHUNK_BYTES:
                break
        if not chunk:
            return
        yield chunk


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
