"""From lines to a registry: each line is taken, or refused with its reason."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

import attrs

from xzepr import EventDraft, EventReceiver, Refusal, Registry, json_form
from xzepr.cli.ndjson.definitions import take_group, take_receiver
from xzepr.cli.ndjson.forms import EventForm, GroupForm, NamingForm, ReceiverForm
from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.reading import read_form
from xzepr.cli.ndjson.state import Counts, added
from xzepr.documents import JsonValue
from xzepr.errors import (
    CommitUnknown,
    Conflict,
    Damaged,
    Invalid,
    NotFound,
    PayloadAbsent,
    StorageFull,
    Unavailable,
    Violation,
    XzeprError,
)

BATCH_LINES: Final = 500
"""Lines that are dealt with between two notes of how far it has come."""

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Bytes of lines after which a batch ends: so many are held at once."""

_OF_THE_LINE: Final = (Invalid, NotFound, Conflict, Damaged)
_OF_THE_STORE: Final = (Unavailable, CommitUnknown, StorageFull)


@attrs.frozen
class Refused:
    """A line that was not taken, and why."""

    line: Line
    error: XzeprError

    def form(self) -> JsonValue:
        """Return what is kept about it."""
        return {"line": self.line.number, **json_form(self.error), **self._text()}

    def _text(self) -> dict[str, JsonValue]:
        """Return the line to the letter, whatever bytes it holds."""
        raw = self.line.raw
        try:
            return {"text": None if raw is None else raw.decode()}
        except UnicodeDecodeError as error:
            return {"base64": b64encode(error.object).decode()}


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield lines in batches, each bounded in number and in bytes."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line.text or b"")
        if len(batch) == BATCH_LINES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Taker:
    """Takes lines into a registry.

    Args:
        registry: Where to.
        counts: What became of the lines before.
        receivers: The receivers that have another id in this registry than in the lines.
    """

    def __init__(self, registry: Registry, counts: Counts, receivers: Mapping[str, str]) -> None:
        self._registry = registry
        self._known: dict[str | NamingForm, EventReceiver] = {}
        self._waiting: list[tuple[Line, EventDraft]] = []
        self._refused: list[Refused] = []
        self.counts = counts
        """What became of the lines."""
        self.receivers = dict(receivers)
        """The receivers that have another id in this registry: theirs by that in the lines."""

    def take(self, batch: Sequence[Line]) -> list[Refused]:
        """Take a batch.

        Args:
            batch: The lines, in their order.

        Returns:
            Those that were refused, in their order.

        Raises:
            XzeprError: The store failed. Some lines may have been taken; taking them again does no harm.
        """
        self._waiting, self._refused = [], []
        for line in batch:
            if not line.blank:
                self._take_line(line)
        self._record()
        self.counts = added(self.counts, refused=len(self._refused))
        return sorted(self._refused, key=lambda one: one.line.number)

    def _take_line(self, line: Line) -> None:
        try:
            form = read_form(line)
            if isinstance(form, EventForm):
                self._waiting.append((line, self._draft(line, form)))
            else:
                self._record()
                self._define(form)
        except _OF_THE_LINE as error:
            self._refused.append(Refused(line, error))

    def _record(self) -> None:
        """Record the events that wait: a definition counts for those behind it."""
        waiting, self._waiting = self._waiting, []

        def note(refusal: Refusal) -> None:
            if isinstance(refusal.error, _OF_THE_STORE):
                raise refusal.error
            self._refused.append(Refused(waiting[refusal.index][0], refusal.error))

        if waiting:
            report = self._registry.events.record_many([draft for _, draft in waiting], on_refusal=note)
            self.counts = added(
                self.counts, recorded=report.recorded, replayed=report.replayed, transitions=report.transitions
            )

    def _define(self, form: ReceiverForm | GroupForm) -> None:
        if isinstance(form, ReceiverForm):
            receiver = take_receiver(self._registry, form)
            if form.id is not None and form.id != receiver.id:
                self.receivers[form.id] = receiver.id
            self.counts = added(self.counts, receivers=1)
        else:
            take_group(self._registry, form, map(self._here, form.receiver_ids))
            self.counts = added(self.counts, groups=1)

    def _here(self, receiver_id: str) -> str:
        """Return the id that a receiver has in this registry."""
        return self.receivers.get(receiver_id, receiver_id)

    def _draft(self, line: Line, form: EventForm) -> EventDraft:
        if form.payload_absent is not None:
            raise PayloadAbsent(form.id or f"of line {line.number}", form.payload_absent)
        key = form.idempotency_key
        return EventDraft(
            unit=form.unit.unit(),
            receiver=self._receiver(form),
            success=form.success,
            payload=form.payload,
            description=form.description,
            occurred_at=form.occurred_at,
            id=form.id,
            idempotency_key=_key_of(line) if key is None and form.id is None else key,
        )

    def _receiver(self, form: EventForm) -> EventReceiver:
        """Return the receiver that a line names."""
        wanted = form.receiver if form.receiver is not None else self._here(form.receiver_id or "")
        if wanted not in self._known:
            self._known[wanted] = self._find(wanted)
        receiver = self._known[wanted]
        if form.receiver_fingerprint not in (None, receiver.fingerprint):
            reason = "is not that of the receiver in this registry, which is defined otherwise"
            raise Invalid([Violation("receiver_fingerprint", reason)])
        return receiver

    def _find(self, wanted: str | NamingForm) -> EventReceiver:
        if isinstance(wanted, str):
            return self._registry.receivers.get(wanted)
        naming = attrs.asdict(wanted)
        found = self._registry.receivers.find(**naming)
        if found is None:
            raise NotFound("receiver", "/".join(naming.values()))
        return found


def _key_of(line: Line) -> str:
    """Return the key of an event that has no name of its own: its place and its text."""
    return f"import:{line.number}:{sha256(line.text or b'').hexdigest()[:40]}"
