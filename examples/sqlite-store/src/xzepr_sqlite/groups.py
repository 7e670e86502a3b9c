"""Groups in SQLite: definitions, verdicts, transitions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs
from xzepr.errors import AlreadyExists, BadCursor, NotFound, Violation, refuse
from xzepr.model import (
    MAX_EXAMINED_ROWS,
    Anchor,
    ChangeKind,
    EventReceiverGroup,
    GroupFilter,
    Principal,
    Transition,
    Ulid,
    Unit,
    Verdict,
)
from xzepr.stores import Reevaluated, Slice

from xzepr_sqlite.database import Database, Write
from xzepr_sqlite.definitions import announce, bury, expected, latest, named, present, require_free
from xzepr_sqlite.feed import head_of
from xzepr_sqlite.judging import gates, judge, unit_number
from xzepr_sqlite.lists import Walk, first, page
from xzepr_sqlite.rows import TRANSITIONS, decoded, group_of, transition_of, unit_of

_COMPARED: Final = ("name", "type", "version", "description", "receiver_ids", "enabled", "owner")

_CONCERNED: Final = """
    SELECT * FROM units u WHERE number > ? AND number <= ? AND (
        EXISTS (SELECT 1 FROM json_each(?) m CROSS JOIN events e ON e.receiver_id = m.value AND e.unit = u.number)
        OR EXISTS (SELECT 1 FROM transitions t WHERE t.group_id = ? AND t.unit = u.number))
    ORDER BY number LIMIT ?"""
"""Units with an event of one of the receivers, or with a transition of the group.

CROSS JOIN tells SQLite to begin with the receivers: for each it asks an index of gates, and never walks a whole unit.
"""


class SqliteGroups:
    """Implements :class:`xzepr.stores.GroupRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Store the first revision of a group, or return the stored group if this is a retry."""
        with self._database.writing(principal.identity) as write:
            known = latest(write.sql, "group", group.id)
            if known is not None:
                return _replayed(known, group)
            stored = attrs.evolve(group, revision=1, created_at=write.now, updated_at=write.now)
            _add(write, ChangeKind.GROUP_CREATED, stored, max_enabled_groups)
            return stored

    def get(self, group_id: Ulid) -> EventReceiverGroup:
        """Return the present revision of a group."""
        with self._database.reading() as sql:
            return group_of(present(sql, "group", group_id))

    def find(self, name: str, type_: str, version: str) -> EventReceiverGroup | None:
        """Return the present revision of the group with this identity, if there is one."""
        with self._database.reading() as sql:
            row = named(sql, "group", (name, type_, version))
            return None if row is None else group_of(row)

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Add a revision."""
        with self._database.writing(principal.identity) as write:
            before = group_of(expected(write.sql, "group", group.id, group.revision))
            changed = attrs.evolve(
                group,
                revision=before.revision + 1,
                owner=before.owner,
                created_at=before.created_at,
                updated_at=write.now,
            )
            _add(write, ChangeKind.GROUP_UPDATED, changed, max_enabled_groups)
            return changed

    def delete(self, group_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a group; its revisions and transitions stay."""
        with self._database.writing(principal.identity) as write:
            bury(write, "group", ChangeKind.GROUP_DELETED, expected(write.sql, "group", group_id, expected_revision))
            write.sql.execute("UPDATE standings SET counting = 0 WHERE group_id = ?", (group_id,))

    def list(
        self, where: GroupFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiverGroup]:
        """Return a page of groups."""
        walk = Walk(
            time="created_at",
            after=after,
            newest_first=newest_first,
            start=where.recorded_from,
            end=where.recorded_until,
        )
        with self._database.reading() as sql:
            rows = walk.rows(sql, "SELECT * FROM groups", "until IS NULL")
            return page(rows, "created_at", group_of, where.matches, limit=limit)

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return every revision of a group, oldest first."""
        with self._database.reading() as sql:
            _require_ever(sql, group_id)
            return [
                group_of(row)
                for row in sql.execute("SELECT * FROM groups WHERE id = ? ORDER BY revision", (group_id,)).fetchall()
            ]

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge a unit, now or as of a feed position."""
        with self._database.reading() as sql:
            row = present(sql, "group", group_id) if as_of is None else _as_of(sql, group_id, as_of)
            group = group_of(row)
            found = gates(sql, group, unit_number(sql, unit), as_of)
            return Verdict(group=group.ref, enabled=group.enabled, unit=unit, gates=found, as_of=as_of)

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions of a group for a unit behind a number."""
        with self._database.reading() as sql:
            _require_ever(sql, group_id)
            rows = sql.execute(
                f"{TRANSITIONS} WHERE t.group_id = ? AND t.unit = ? AND t.number > ? ORDER BY t.number LIMIT ?",
                (group_id, unit_number(sql, unit), after, limit),
            )
            return [transition_of(row) for row in rows.fetchall()]

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge the next units concerned, in the order in which they first appeared."""
        with self._database.writing(principal.identity) as write:
            row = present(write.sql, "group", group_id)
            group = group_of(row)
            units, onward = _concerned(write.sql, group, int(after or 0), limit)
            judged = [judge(write, row, number, unit, None) for number, unit in units]
            due = tuple(transition for transition in judged if transition is not None)
            return Reevaluated(revision=group.revision, units=len(units), transitions=due, next=onward)


def _add(write: Write, change: ChangeKind, group: EventReceiverGroup, max_enabled_groups: int) -> None:
    """Store a revision, and keep up where its receivers stand."""
    require_free(write.sql, "group", group)
    for receiver_id in group.receiver_ids:
        present(write.sql, "receiver", receiver_id)
    if group.enabled:
        _require_room(write.sql, group, max_enabled_groups)
    announce(write, "group", change, group)
    write.sql.execute("UPDATE standings SET counting = 0 WHERE group_id = ?", (group.id,))
    write.sql.executemany(
        "INSERT INTO standings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET counting = excluded.counting",
        [(receiver_id, group.id, group.enabled) for receiver_id in group.receiver_ids],
    )


def _require_room(sql: sqlite3.Connection, group: EventReceiverGroup, most: int) -> None:
    others = "SELECT count(*) FROM standings WHERE receiver_id = ? AND counting AND group_id <> ?"
    refuse(
        Violation(f"receivers/{index}", f"stands in {most} enabled groups already", most)
        for index, receiver_id in enumerate(group.receiver_ids)
        if sql.execute(others, (receiver_id, group.id)).fetchone()[0] >= most
    )


def _require_ever(sql: sqlite3.Connection, group_id: Ulid) -> None:
    if latest(sql, "group", group_id) is None:
        raise NotFound("group", group_id)


def _as_of(sql: sqlite3.Connection, group_id: Ulid, position: int) -> sqlite3.Row:
    if position > head_of(sql):
        raise BadCursor(f"position {position} is beyond the head of the feed", "ask for one that it has reached")
    held = "id = ? AND since <= ? AND (until IS NULL OR until > ?)"
    row = first(sql.execute(f"SELECT * FROM groups WHERE {held}", (group_id, position, position)))
    if row is None:
        raise NotFound("group", group_id)
    return row


def _concerned(
    sql: sqlite3.Connection, group: EventReceiverGroup, start: int, limit: int
) -> tuple[list[tuple[int, Unit]], str | None]:
    """Return the next units concerned with their numbers, and from where to go on."""
    [last] = sql.execute("SELECT coalesce(max(number), 0) FROM units").fetchone()
    end = start + MAX_EXAMINED_ROWS
    members = json.dumps(group.receiver_ids)
    rows = sql.execute(_CONCERNED, (start, end, members, group.id, limit)).fetchall()
    units = [(row["number"], decoded("group", group.id, partial(unit_of, row))) for row in rows]
    reached = units[-1][0] if len(units) == limit else end
    return units, str(reached) if reached < last else None


def _replayed(known: sqlite3.Row, asked: EventReceiverGroup) -> EventReceiverGroup:
    stored = group_of(known)
    differs = [field for field in _COMPARED if getattr(stored, field) != getattr(asked, field)]
    if differs or known["until"] is not None:
        raise AlreadyExists("group", asked.id, asked.id, differs)
    return stored
