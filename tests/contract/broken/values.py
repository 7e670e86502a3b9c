"""Values that do not come back as they were given, or come back as the store's own."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, timedelta, timezone
from typing import ClassVar

import attrs

from xzepr.documents import JsonValue
from xzepr.model import (
    Change,
    ChangeKind,
    Event,
    EventReceiverGroup,
    FeedCursor,
    NewEvent,
    Principal,
    Redaction,
    Transition,
    Ulid,
    Unit,
)
from xzepr.stores import FeedSlice, Outcome
from xzepr_memory.events import MemoryEvents
from xzepr_memory.feed import MemoryFeed
from xzepr_memory.groups import MemoryGroups
from xzepr_memory.judging import row_of
from xzepr_memory.tables import Tables

KATHMANDU = timezone(timedelta(hours=5, minutes=45))


class Rewriting(MemoryEvents):
    """Stores something else than it was handed, with digests that fit."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """Return what is stored."""
        raise NotImplementedError

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append what becomes of the events."""
        return super().append([self.rewritten(event) for event in events], principal)


class LosesTheZone(Rewriting):
    """Stores the time of the server's wall clock in a column without a zone."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """The wall clock's time, read back as UTC."""
        return attrs.evolve(event, occurred_at=event.occurred_at.astimezone(KATHMANDU).replace(tzinfo=UTC))


class CutsMicroseconds(Rewriting):
    """Stores milliseconds."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """The time without what is below them."""
        moment = event.occurred_at
        return attrs.evolve(event, occurred_at=moment.replace(microsecond=moment.microsecond // 1_000 * 1_000))


class RewritesJson(Rewriting):
    """Stores payloads in a column that parses them."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """The payload in the database's own spelling."""
        return attrs.evolve(event, payload_text=json.dumps(json.loads(event.payload_text), ensure_ascii=False))


class StripsText(Rewriting):
    """Stores text in a column that forgets spaces at its ends."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """The description without them."""
        return attrs.evolve(event, description=event.description.strip())


class NormalizesText(Rewriting):
    """Stores text in one Unicode form."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """The name in that form."""
        name = unicodedata.normalize("NFC", event.unit.name)
        return attrs.evolve(event, unit=attrs.evolve(event.unit, name=name))


class CutsText(Rewriting):
    """Stores names in a column of 255 bytes."""

    def rewritten(self, event: NewEvent) -> NewEvent:
        """What of the name fits in."""
        name = event.unit.name.encode()[:255].decode(errors="ignore")
        return attrs.evolve(event, unit=attrs.evolve(event.unit, name=name))


@attrs.frozen(kw_only=True, eq=False)
class CachedEvent(Event):
    """Parses its payload once, and hands the same out to everybody."""

    parsed: ClassVar[dict[Ulid, JsonValue]] = {}

    @property
    def payload(self) -> JsonValue:
        """The payload of everybody."""
        return self.parsed.setdefault(self.id, Event.payload.__get__(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and fields(self) == fields(other)

    __hash__ = Event.__hash__


class SharesPayloads(MemoryEvents):
    """Keeps parsed payloads, and hands out its own."""

    def get(self, event_id: Ulid) -> Event:
        """Return an event whose payload is the store's."""
        return CachedEvent(**fields(super().get(event_id)))


class HandsOutItsLists(MemoryGroups):
    """Returns the lists that it keeps."""

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the store's list, where all of it is asked for."""
        found = super().transitions(group_id, unit, after=after, limit=limit)
        row = row_of(self._tables, unit)
        return found if row is None or after else row.transitions.get(group_id, [])


class HandsOutItsRevisions(MemoryGroups):
    """Keeps the revisions that it returned, and returns them again."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._returned: dict[tuple[Ulid, int], list[EventReceiverGroup]] = {}

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return the same list, as long as there is no other revision."""
        found = super().revisions(group_id)
        return self._returned.setdefault((group_id, len(found)), list(found))


class KeepsTheSalt(MemoryEvents):
    """Erases the payload, and leaves the salt in the row: a short payload can be guessed again."""

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Redact half of it."""
        salt = self._tables.events[event_id].event.salt if event_id in self._tables.events else None
        erased = super().redact(event_id, reason, principal)
        self._tables.events[event_id].event = attrs.evolve(erased, salt=salt)
        return erased

    def get(self, event_id: Ulid) -> Event:
        """Return an event as if its salt were gone."""
        event = super().get(event_id)
        return attrs.evolve(event, salt=None) if event.payload_text is None else event


class RedactsAgain(MemoryEvents):
    """Tells every redaction, also the second one of an event."""

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Redact, and tell."""
        with self._tables.reading:
            before = event_id in self._tables.events and self._tables.events[event_id].event.redacted
        erased = super().redact(event_id, reason, principal)
        if before:
            with self._tables.writing(principal.identity) as write:
                write.announce(ChangeKind.EVENT_REDACTED, Redaction(event_id=event_id, reason=reason))
        return erased


class KeepsACopyInTheFeed(MemoryFeed):
    """Reads the feed from a log of whole events, which a redaction does not reach."""

    copies: ClassVar[dict[Ulid, Event]] = {}

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the log."""
        found = super().read(after, limit=limit, payloads=payloads)
        return attrs.evolve(found, changes=tuple(map(self._copied, found.changes))) if payloads else found

    def _copied(self, change: Change) -> Change:
        subject = change.subject
        return attrs.evolve(change, subject=self.copies[subject.id]) if isinstance(subject, Event) else change


class WritesACopyForTheFeed(MemoryEvents):
    """Writes that log."""

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Append, and copy."""
        outcomes = super().append(events, principal)
        for event in events:
            if event.id in self._tables.events:
                KeepsACopyInTheFeed.copies.setdefault(event.id, self._tables.events[event.id].event)
        return outcomes


def fields(event: Event) -> dict[str, object]:
    """Return the fields of an event."""
    return {field.name: getattr(event, field.name) for field in attrs.fields(Event)}
