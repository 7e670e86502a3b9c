"""What one can do with events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import datetime

from xzepr.documents import JsonValue
from xzepr.errors import XzeprError
from xzepr.model import (
    MAX_DESCRIPTION,
    MAX_EXAMINED_ROWS,
    Checks,
    Count,
    Event,
    EventFilter,
    EventReceiver,
    Page,
    Recorded,
    Unit,
    parse_ulid,
)
from xzepr.observe import AuditAction
from xzepr.registry.bulk import BulkReport, Refusal, record_chunks
from xzepr.registry.context import Context
from xzepr.registry.drafts import EventDraft
from xzepr.registry.paging import check_flag, page
from xzepr.registry.recording import count, record_one


class Events:
    """Events of a registry: ``registry.events``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def record(
        self,
        unit: Unit,
        receiver: EventReceiver | str,
        *,
        success: bool,
        payload: JsonValue,
        description: str = "",
        occurred_at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the word that callers know
        idempotency_key: str | None = None,
    ) -> Recorded:
        """Record one event.

        Args:
            unit: What it is about.
            receiver: The receiver, or its id.
            success: Whether what it tells went well.
            payload: Any JSON value (RFC 7493) that the receiver's schema accepts; ``None`` is JSON's null.
            description: A word for people.
            occurred_at: When it happened, with a time zone; by default now.
            id: A ULID of the caller's making. Recording it again with equal content is a replay.
            idempotency_key: The caller's own name for this event, unique per owner for ever. The same holds.

        Returns:
            The event as stored, whether it was there before, and the transitions it caused.

        Raises:
            Invalid: Something is wrong with a field; every violation is named, those of the schema too.
            TooLarge: Something is beyond a limit.
            NotFound: There is no such receiver.
            IdempotencyConflict: The id or the key is stored with other content.
            Unavailable: Nothing was stored; retry.
            CommitUnknown: It may have been stored; record it again with the ids that the error carries.

        Example:
            >>> registry = getfixture("xzepr_registry")
            >>> build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
            >>> unit = Unit(name="web", version="1", release="1", platform_id="linux", package="oci")
            >>> registry.events.record(unit, build, success=True, payload={"commit": "1f0c"}).event.n
            1
        """
        draft = EventDraft(
            unit=unit,
            receiver=receiver,
            success=success,
            payload=payload,
            description=description,
            occurred_at=occurred_at,
            id=id,
            idempotency_key=idempotency_key,
        )
        with self._context.use("events.record"):
            try:
                recorded = record_one(self._context, draft)
            except XzeprError as error:
                count(self._context, error)
                raise
            count(self._context, recorded)
            return recorded

    def record_many(
        self,
        drafts: Iterable[EventDraft],
        *,
        skip: int = 0,
        progress: Callable[[BulkReport], None] | None = None,
        on_refusal: Callable[[Refusal], None] | None = None,
    ) -> BulkReport:
        """Record any number of events, in chunks, each event judged on its own.

        An event that is refused stops none of the others. Everything that a report counts is stored; after an error
        that stops the whole, resume with ``skip`` set to the last report's ``read``. Drafts with an ``id`` or an
        ``idempotency_key`` can also simply be sent again.

        Args:
            drafts: The events; read as needed, never held all at once. If reading them fails, what was read since the
                last report is not recorded.
            skip: How many drafts to pass over, because they were recorded before.
            progress: Called after each chunk with the report so far.
            on_refusal: Called for each event that is refused.

        Returns:
            What was recorded, and the first refusals with their index.

        Raises:
            Invalid: An argument is wrong. What is wrong with a draft is a refusal.
            Unavailable: The chunk at hand was not stored; retry.
            CommitUnknown: The chunk at hand may have been stored.
            StorageFull: The chunk at hand was not stored.
        """
        checks = Checks()
        checks.kind("drafts", drafts, Iterable)
        checks.whole("skip", skip, least=0, most=sys.maxsize)
        checks.callback("progress", progress)
        checks.callback("on_refusal", on_refusal)
        checks.done()
        with self._context.use("events.record_many"):
            return record_chunks(self._context, drafts, skip=skip, progress=progress, on_refusal=on_refusal)

    def get(self, event_id: str) -> Event:
        """Return an event.

        Raises:
            Invalid: This is no id.
            NotFound: There is none with this id.
            Damaged: Its row cannot be decoded.
        """
        with self._context.use("events.get"):
            return self._context.store.events.get(parse_ulid(event_id))

    def list(
        self,
        where: EventFilter | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        newest_first: bool = True,
        payloads: bool = True,
    ) -> Page[Event]:
        """Return a page of events, ordered by when they were recorded, and their id.

        Args:
            where: What to narrow the list to.
            limit: The most events, from 1 to 1,000.
            cursor: The ``next`` of the page before, for the same filter and order.
            newest_first: Which end to begin at.
            payloads: Whether the events come with their payloads.

        Raises:
            Invalid: The limit is out of range.
            BadCursor: The cursor is not one of this list.
        """
        where = EventFilter() if where is None else where
        check_flag("payloads", payloads)
        with self._context.use("events.list"):
            return page(
                "events",
                where,
                lambda after, size: self._context.store.events.list(
                    where, after=after, newest_first=newest_first, limit=size, payloads=payloads
                ),
                limit=limit,
                cursor=cursor,
                newest_first=newest_first,
            )

    def count(self, where: EventFilter | None = None, *, limit: int = MAX_EXAMINED_ROWS) -> Count:
        """Count events, as far as a bounded look reaches.

        Args:
            where: What to narrow the count to.
            limit: Where to stop counting, from 1 to 20,000.

        Returns:
            The number, and whether it is exact.

        Raises:
            Invalid: The limit is out of range.
        """
        where = EventFilter() if where is None else where
        checks = Checks()
        checks.whole("limit", limit, least=1, most=MAX_EXAMINED_ROWS)
        checks.kind("where", where, EventFilter)
        checks.done()
        with self._context.use("events.count"):
            return self._context.store.events.count(where, limit=limit)

    def redact(self, event_id: str, reason: str) -> Event:
        """Erase the payload and the salt of an event for good.

        The digests stay, so the event still verifies and gives nothing away. The feed says who did it and why.
        Redacting it again changes nothing.

        Args:
            event_id: The event.
            reason: Why; at most 1,000 characters.

        Raises:
            Invalid: This is no id, or there is no reason.
            NotFound: There is none with this id.
        """
        checks = Checks()
        checks.ulid("id", event_id)
        checks.text("reason", reason, MAX_DESCRIPTION)
        checks.done()
        with self._context.use("events.redact"):
            event = self._context.store.events.redact(parse_ulid(event_id), reason, self._context.principal)
            self._context.audit(AuditAction.RESOURCE_DELETE, "payload", event.id)
            return event
