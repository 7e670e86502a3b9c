"""Which rows belong on a page: keyset windows over the indexes, bounded in what they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import attrs

from xzepr.errors import Damaged
from xzepr.model import (
    MAX_EXAMINED_BYTES,
    MAX_EXAMINED_ROWS,
    UNIT_FIELDS,
    Anchor,
    EventFilter,
    EventReceiver,
    EventReceiverGroup,
    GroupFilter,
    ReceiverFilter,
    Ulid,
    Unit,
    fold,
    format_time,
)
from xzepr.stores import Slice
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.rows import time_of, ulid_of
from xzepr_postgres.sessions import Row, Session
from xzepr_postgres.statements import Parameter, moment, seconds

D = TypeVar("D", EventReceiver, EventReceiverGroup)

_CHUNK: Final = 1_000
"""Definitions read at once: there are few, so the filter of the model chooses among them."""

_AFTER: Final = f"({moment('after_time')}, CAST(:after_id AS uuid))"
_CONDITIONS: Final = {
    "receiver_id": "w.receiver_id = CAST(:receiver_id AS uuid)",
    "success": "w.success = CAST(:success AS boolean)",
    "owner_issuer": "w.owner_issuer = CAST(:owner_issuer AS text)",
    "owner_subject": "w.owner_subject = CAST(:owner_subject AS text)",
    **{field: f"u.{field} = CAST(:{field} AS text)" for field in UNIT_FIELDS},
}
"""What is asked of each row that is looked at."""

_ANCHORED: Final = {
    "ids": "e.id = ANY (CAST(CAST(:ids AS text) AS uuid[]))",
    "key": "e.unit_key = CAST(:key AS uuid)",
    "receiver_id": "e.receiver_id = CAST(:receiver_id AS uuid)",
}
"""What an index finds; the first that is given is used."""


@attrs.frozen
class Selection:
    """The events of one page.

    Args:
        ids: Their ids, in order.
        next: The last row looked at; None if there is nothing behind it.
    """

    ids: tuple[Ulid, ...]
    next: Anchor | None


def select_events(
    session: Session, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, weighed: bool
) -> Selection:
    """Choose the events of a page.

    Args:
        session: Where.
        where: What belongs to the list.
        after: The row behind which the page begins.
        newest_first: The order.
        limit: The most events.
        weighed: Whether their payloads will be read, of which there must not be too many bytes.
    """
    given = _given(where)
    parameters = {**given, **_bounds(where, after), "limit": limit + 1 if where.name_contains is None else None}
    rows = session.read(_events_sql(where, given, after, newest_first=newest_first), parameters)
    folded = fold(where.name_contains or "")
    chosen: list[Ulid] = []
    weight = 0
    last: Anchor | None = None
    for recorded_at, event_id, size, _, matches, name in rows:
        if len(chosen) == limit or weight >= MAX_EXAMINED_BYTES:
            return Selection(tuple(chosen), last)
        last = Anchor(time_of(recorded_at), ulid_of(event_id))
        if matches and folded in fold(name or ""):
            chosen.append(last.id)
            weight += size if weighed else 0
    return Selection(tuple(chosen), last if rows and rows[-1][3] == MAX_EXAMINED_ROWS else None)


def list_definitions(
    session: Session,
    kind: str,
    where: ReceiverFilter | GroupFilter,
    decode: Callable[[str], D],
    *,
    after: Anchor | None,
    newest_first: bool,
    limit: int,
) -> Slice[D]:
    """Return a page of receivers or groups.

    Args:
        session: Where.
        kind: ``receiver`` or ``group``.
        where: What belongs to the list.
        decode: Makes a value of what ``receiver_json_v1`` or ``group_json_v1`` wrote.
        after: The row behind which the page begins.
        newest_first: The order.
        limit: The most of them.
    """
    items: list[D] = []
    damaged: list[Damaged] = []
    last: Anchor | None = None
    for examined, row in enumerate(_definitions(session, kind, after, newest_first=newest_first)):
        if len(items) + len(damaged) == limit or examined == MAX_EXAMINED_ROWS:
            return Slice(items=tuple(items), damaged=tuple(damaged), next=last)
        last = Anchor(time_of(row[0]), ulid_of(row[1]))
        try:
            found = decode(row[2])
        except Damaged as error:
            damaged.append(error)
            continue
        if where.matches(found):  # type: ignore[arg-type]  # a filter of this kind, as the caller says
            items.append(found)
    return Slice(items=tuple(items), damaged=tuple(damaged))


def _definitions(session: Session, kind: str, after: Anchor | None, *, newest_first: bool) -> Iterator[Row]:
    """Walk the receivers or groups behind an anchor: when created, id, and definition."""
    while True:
        rows = session.read(_definitions_sql(kind, after, newest_first=newest_first), _bounds(None, after))
        yield from rows
        if len(rows) < _CHUNK:
            return
        after = Anchor(time_of(rows[-1][0]), ulid_of(rows[-1][1]))


def _definitions_sql(kind: str, after: Anchor | None, *, newest_first: bool) -> str:
    direction, beyond = _direction(newest_first)
    conditions = ["NOT d.deleted"] if kind == "group" else []
    if after is not None:
        conditions.append(f"(d.created_at, d.id) {beyond} {_AFTER}")
    return f"""
        SELECT {seconds("d.created_at")}, CAST(d.id AS text), CAST({{schema}}.{kind}_json_v1(d) AS text)
        FROM {{schema}}.{kind}s d {_where(conditions)}
        ORDER BY d.created_at {direction}, d.id {direction} LIMIT {_CHUNK}"""


def _events_sql(where: EventFilter, given: dict[str, Parameter], after: Anchor | None, *, newest_first: bool) -> str:
    direction, beyond = _direction(newest_first)
    order = f"recorded_at {direction}, {{0}}.id {direction}"
    anchored = [next(sql for name, sql in _ANCHORED.items() if name in given)] if _ANCHORED.keys() & given else []
    if where.recorded_from is not None:
        anchored.append(f"e.recorded_at >= {moment('recorded_from')}")
    if where.recorded_until is not None:
        anchored.append(f"e.recorded_at < {moment('recorded_until')}")
    if after is not None:
        anchored.append(f"(e.recorded_at, e.id) {beyond} {_AFTER}")
    asked = " AND ".join(sql for name, sql in _CONDITIONS.items() if name in given) or "true"
    return f"""
        SELECT {seconds("w.recorded_at")}, CAST(w.id AS text), w.bytes, w.place, {asked}, u.name
        FROM (
            SELECT e.id, e.recorded_at, e.unit_key, e.receiver_id, e.success, e.owner_issuer, e.owner_subject,
                CASE WHEN e.salt IS NULL THEN 0 ELSE e.payload_bytes END AS bytes,
                row_number() OVER (ORDER BY e.{order.format("e")}) AS place
            FROM {{schema}}.events e {_where(anchored)}
            ORDER BY e.{order.format("e")} LIMIT {MAX_EXAMINED_ROWS}
        ) w
        LEFT JOIN LATERAL (SELECT * FROM {{schema}}.units u WHERE u.key = w.unit_key LIMIT 1) u ON true
        WHERE ({asked}) OR w.place = {MAX_EXAMINED_ROWS}
        ORDER BY w.{order.format("w")} LIMIT CAST(:limit AS integer)"""


def _given(where: EventFilter) -> dict[str, Parameter]:
    """Return what a filter asks for, as parameters."""
    given: dict[str, Parameter] = {field: getattr(where, field) for field in (*UNIT_FIELDS, "success")}
    if where.ids is not None:
        given["ids"] = "{" + ",".join(map(uuid_text, where.ids)) + "}"
    if None not in [given[field] for field in UNIT_FIELDS]:
        given["key"] = Unit(**{field: str(given[field]) for field in UNIT_FIELDS}).key.hex()
    if where.receiver_id is not None:
        given["receiver_id"] = uuid_text(where.receiver_id)
    if where.owner is not None:
        given |= {"owner_issuer": where.owner.issuer, "owner_subject": where.owner.subject}
    return {name: value for name, value in given.items() if value is not None}


def _bounds(where: EventFilter | None, after: Anchor | None) -> dict[str, Parameter]:
    bounds: dict[str, Parameter] = {}
    if where is not None and where.recorded_from is not None:
        bounds["recorded_from"] = format_time(where.recorded_from)
    if where is not None and where.recorded_until is not None:
        bounds["recorded_until"] = format_time(where.recorded_until)
    if after is not None:
        bounds |= {"after_time": format_time(after.recorded_at), "after_id": uuid_text(after.id)}
    return bounds


def _direction(newest_first: bool) -> tuple[str, str]:  # noqa: FBT001 - the one argument
    return ("DESC", "<") if newest_first else ("ASC", ">")


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
