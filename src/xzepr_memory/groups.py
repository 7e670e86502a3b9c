"""Groups in memory: definitions, verdicts, transitions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

import attrs

from xzepr.errors import AlreadyExists, BadCursor, NotFound, RevisionConflict, Violation, refuse
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
from xzepr_memory.judging import gates_of, judge, row_of
from xzepr_memory.lists import select, window
from xzepr_memory.rows import AnchorKey, GroupRow, UnitRow
from xzepr_memory.tables import Tables, Write

_COMPARED: Final = ("name", "type", "version", "description", "receiver_ids", "enabled", "owner")


class MemoryGroups:
    """Implements :class:`xzepr.stores.GroupRepository`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Store the first revision of a group, or return the stored group if this is a retry."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            known = tables.groups.get(group.id)
            if known is not None:
                return _replayed(known, group)
            self._check(group, max_enabled_groups)
            stored = attrs.evolve(group, revision=1, created_at=write.now, updated_at=write.now)
            position = write.announce(ChangeKind.GROUP_CREATED, stored)
            write.put(tables.groups, stored.id, GroupRow([(position, stored)]))
            write.insert(tables.group_order, (write.now, stored.id))
            self._index(write, None, stored)
            return stored

    def get(self, group_id: Ulid) -> EventReceiverGroup:
        """Return the present revision of a group."""
        with self._tables.reading:
            return self._present(group_id).now

    def find(self, name: str, type_: str, version: str) -> EventReceiverGroup | None:
        """Return the present revision of the group with this identity, if there is one."""
        with self._tables.reading:
            group_id = self._tables.group_ids.get((name, type_, version))
            return None if group_id is None else self._present(group_id).now

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Add a revision."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            row = self._expect(group.id, group.revision)
            before = row.now
            self._check(group, max_enabled_groups)
            changed = attrs.evolve(
                group,
                revision=before.revision + 1,
                owner=before.owner,
                created_at=before.created_at,
                updated_at=write.now,
            )
            position = write.announce(ChangeKind.GROUP_UPDATED, changed)
            write.push(row.revisions, (position, changed))
            self._index(write, before, changed)
            return changed

    def delete(self, group_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a group; its revisions and transitions stay."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            row = self._expect(group_id, expected_revision)
            position = write.announce(ChangeKind.GROUP_DELETED, row.now)
            write.put(tables.groups, group_id, GroupRow(row.revisions, position))
            write.remove(tables.group_order, (row.now.created_at, group_id))
            self._index(write, row.now, None)

    def list(
        self, where: GroupFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiverGroup]:
        """Return a page of groups."""
        tables = self._tables
        with tables.reading:
            keys = window(
                tables.group_order,
                after=after,
                newest_first=newest_first,
                start=where.recorded_from,
                end=where.recorded_until,
            )
            return select(keys, self._read_key, where.matches, limit=limit)

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return every revision of a group, oldest first."""
        with self._tables.reading:
            return tuple(revision for _, revision in self._ever(group_id).revisions)

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge a unit, now or as of a feed position."""
        with self._tables.reading:
            group = self._present(group_id).now if as_of is None else self._as_of(group_id, as_of)
            gates = gates_of(self._tables, group, row_of(self._tables, unit), as_of)
            return Verdict(group=group.ref, enabled=group.enabled, unit=unit, gates=gates, as_of=as_of)

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions of a group for a unit behind a number."""
        with self._tables.reading:
            self._ever(group_id)
            row = row_of(self._tables, unit)
            return () if row is None else tuple(row.transitions.get(group_id, ())[after : after + limit])

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge the next units concerned, in the order in which they first appeared."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            group = self._present(group_id).now
            start = int(after or 0)
            end = min(start + MAX_EXAMINED_ROWS, len(tables.unit_order))
            due: list[Transition] = []
            units = 0
            for place, unit in enumerate(islice(tables.unit_order, start, end), start):
                if units == limit:
                    end = place
                    break
                if _concerns(group, unit):
                    units += 1
                    due += judge(write, group, unit, cause=None)
            onward = str(end) if end < len(tables.unit_order) else None
            return Reevaluated(revision=group.revision, units=units, transitions=tuple(due), next=onward)

    def _ever(self, group_id: Ulid) -> GroupRow:
        row = self._tables.groups.get(group_id)
        if row is None:
            raise NotFound("group", group_id)
        return row

    def _present(self, group_id: Ulid) -> GroupRow:
        row = self._ever(group_id)
        if row.deleted_at is not None:
            raise NotFound("group", group_id)
        return row

    def _as_of(self, group_id: Ulid, position: int) -> EventReceiverGroup:
        if position > len(self._tables.log):
            raise BadCursor(f"position {position} is beyond the head of the feed", "ask for one that it has reached")
        row = self._ever(group_id)
        held = [revision for since, revision in row.revisions if since <= position]
        if not held or (row.deleted_at is not None and row.deleted_at <= position):
            raise NotFound("group", group_id)
        return held[-1]

    def _read_key(self, key: AnchorKey) -> EventReceiverGroup:
        return self._present(key[1]).now

    def _expect(self, group_id: Ulid, revision: int) -> GroupRow:
        row = self._present(group_id)
        if row.now.revision != revision:
            raise RevisionConflict("group", group_id, revision, row.now.revision)
        return row

    def _check(self, group: EventReceiverGroup, max_enabled_groups: int) -> None:
        tables = self._tables
        taken = tables.group_ids.get(group.naming, group.id)
        if taken != group.id:
            raise AlreadyExists("group", "/".join(group.naming), taken)
        for receiver_id in group.receiver_ids:
            if receiver_id not in tables.receivers:
                raise NotFound("receiver", receiver_id)
        if group.enabled:
            refuse(
                Violation(
                    f"receivers/{index}", f"stands in {max_enabled_groups} enabled groups already", max_enabled_groups
                )
                for index, receiver_id in enumerate(group.receiver_ids)
                if len({*tables.enabled_groups.get(receiver_id, ()), group.id}) > max_enabled_groups
            )

    def _index(self, write: Write, before: EventReceiverGroup | None, after: EventReceiverGroup | None) -> None:
        """Keep up who has a name, and which enabled groups a receiver stands in, in the order of their ids."""
        tables = self._tables
        if before is not None:
            write.drop(tables.group_ids, before.naming)
            for receiver_id in before.receiver_ids:
                rest = tuple(other for other in tables.enabled_groups.get(receiver_id, ()) if other != before.id)
                write.put(tables.enabled_groups, receiver_id, rest)
        if after is None:
            return
        write.put(tables.group_ids, after.naming, after.id)
        for receiver_id in after.receiver_ids:
            write.put(tables.gated, receiver_id, None)
            if after.enabled:
                groups = tuple(sorted((*tables.enabled_groups.get(receiver_id, ()), after.id)))
                write.put(tables.enabled_groups, receiver_id, groups)


def _concerns(group: EventReceiverGroup, unit: UnitRow) -> bool:
    return group.id in unit.transitions or any(receiver_id in unit.gates for receiver_id in group.receiver_ids)


def _replayed(row: GroupRow, asked: EventReceiverGroup) -> EventReceiverGroup:
    differs = [field for field in _COMPARED if getattr(row.now, field) != getattr(asked, field)]
    if differs or row.deleted_at is not None:
        raise AlreadyExists("group", asked.id, asked.id, differs)
    return row.now
