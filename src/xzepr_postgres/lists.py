"""Which rows belong on a page: keyset windows over the indexes, bounded in what they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Final, TypeVar

import attrs

from xzepr.errors import Damaged
from xzepr.model import (
    MAX_EXAMINED_BYTES,
    MAX_EXAMINED_ROWS,
    MAX_LIMIT,
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
}
"""What is asked of each row that is looked at."""

_UNIT_CONDITIONS: Final = {field: f"u.{field} = CAST(:{field} AS text)" for field in UNIT_FIELDS}
"""What is asked of its unit."""

_ANCHORS: Final = {"key": "unit_key", "receiver_id": "receiver_id"}
"""What an index begins with; the first that is given is used."""


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
    page = _Page(limit, fold(where.name_contains or ""), weighed)
    window = min(limit, MAX_EXAMINED_ROWS - 1) + 1 if where.ids is None else MAX_LIMIT + 1
    while window:
        rows = _window(session, where, page.last or after, newest_first=newest_first, most=window)
        if not page.take(rows):
            break
        if not rows or rows[-1][3] < window:
            return Selection(tuple(page.chosen), None)
        page.examined += window
        window = min(2 * window, MAX_EXAMINED_ROWS - page.examined)
    return Selection(tuple(page.chosen), page.last)


@attrs.define
class _Page:
    """A page that is being filled."""

    limit: int
    folded: str
    weighed: bool
    weight: int = 0
    examined: int = 0
    last: Anchor | None = None
    chosen: list[Ulid] = attrs.field(factory=list)

    def take(self, rows: Sequence[Row]) -> bool:
        """Choose among the rows of a window; say whether there was room for all of them."""
        for recorded_at, event_id, size, _, matches, name in rows:
            if len(self.chosen) == self.limit or self.weight >= MAX_EXAMINED_BYTES:
                return False
            self.last = Anchor(time_of(recorded_at), ulid_of(event_id))
            if matches and self.folded in fold(name or ""):
                self.chosen.append(self.last.id)
                self.weight += size if self.weighed else 0
        return True


def _window(
    session: Session, where: EventFilter, after: Anchor | None, *, newest_first: bool, most: int
) -> Sequence[Row]:
    """Look at the next events, and return those that may match, and the last if there are so many."""
    given = _given(where)
    ends = _ends(where, after, newest_first=newest_first)
    rows = session.read(_events_sql(given), {**given, **ends, "newest_first": newest_first, "most": most})
    return sorted(rows, key=itemgetter(3))


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
        rows = session.read(
            _definitions_sql(kind, after, newest_first=newest_first), _place("after", after) if after else {}
        )
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


def _events_sql(given: dict[str, Parameter]) -> str:
    ids = "CAST(CAST(:ids AS text) AS uuid[])" if "ids" in given else "NULL"
    anchor, anchored = next(
        ((f"'{column}'", f"CAST(:{name} AS uuid)") for name, column in _ANCHORS.items() if name in given),
        ("NULL", "NULL"),
    )
    asked, of_unit = _all(_CONDITIONS, given), _all(_UNIT_CONDITIONS, given)
    return f"""
        SELECT {seconds("w.recorded_at")}, CAST(w.id AS text), w.bytes, w.place, {asked} AND {of_unit}, u.name
        FROM {{schema}}.walk_events_v1(
            {ids}, {anchor}, {anchored}, CAST(:newest_first AS boolean), {moment("low_time")},
            CAST(CAST(:low_id AS text) AS uuid), {moment("high_time")}, CAST(CAST(:high_id AS text) AS uuid),
            CAST(:most AS integer)
        ) WITH ORDINALITY
            w (id, recorded_at, unit_key, receiver_id, success, owner_issuer, owner_subject, bytes, place)
        LEFT JOIN LATERAL (SELECT * FROM {{schema}}.units u WHERE {asked} AND u.key = w.unit_key LIMIT 1) u ON true
        WHERE {asked} AND {of_unit} OR w.place = CAST(:most AS integer)"""


def _all(conditions: Mapping[str, str], given: Mapping[str, Parameter]) -> str:
    return " AND ".join(sql for name, sql in conditions.items() if name in given) or "true"


def _given(where: EventFilter) -> dict[str, Parameter]:
    """Return what a filter asks for, as parameters."""
    given: dict[str, Parameter] = {field: getattr(where, field) for field in (*UNIT_FIELDS, "success")}
    if where.ids is not None:
        given["ids"] = "{" + ",".join(map(uuid_text, dict.fromkeys(where.ids))) + "}"
    if None not in [given[field] for field in UNIT_FIELDS]:
        given["key"] = Unit(**{field: str(given[field]) for field in UNIT_FIELDS}).key.hex()
    if where.receiver_id is not None:
        given["receiver_id"] = uuid_text(where.receiver_id)
    if where.owner is not None:
        given |= {"owner_issuer": where.owner.issuer, "owner_subject": where.owner.subject}
    return {name: value for name, value in given.items() if value is not None}


def _ends(where: EventFilter, after: Anchor | None, *, newest_first: bool) -> dict[str, Parameter]:
    """Return one end on each side: of two, a walk might begin at the farther one."""
    low, high = where.recorded_from, where.recorded_until
    ends: dict[str, Parameter] = {
        "low_time": format_time(low) if low else "-infinity",
        "low_id": None,
        "high_time": format_time(high) if high else "infinity",
        "high_id": None,
    }
    if after and newest_first and not (high and high <= after.recorded_at):
        return {**ends, **_place("high", after)}
    if after and not newest_first and not (low and low > after.recorded_at):
        return {**ends, **_place("low", after)}
    return ends


def _place(name: str, anchor: Anchor) -> dict[str, Parameter]:
    return {f"{name}_time": format_time(anchor.recorded_at), f"{name}_id": uuid_text(anchor.id)}


def _direction(newest_first: bool) -> tuple[str, str]:  # noqa: FBT001 - the one argument
    return ("DESC", "<") if newest_first else ("ASC", ">")


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
