"""Groups in PostgreSQL: definitions and re-evaluation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from xzepr.errors import AlreadyExists, NotFound
from xzepr.model import (
    MAX_EXAMINED_ROWS,
    Anchor,
    EventReceiverGroup,
    GroupFilter,
    Principal,
    Transition,
    Ulid,
    Unit,
    Verdict,
)
from xzepr.stores import Reevaluated, Slice
from xzepr_postgres import verdicts
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import Change, Given, actor, call, described, naming_key, told
from xzepr_postgres.lists import list_definitions
from xzepr_postgres.rows import decoded, group_of, transition_of, unit_of
from xzepr_postgres.statements import moment

_COMPARED: Final = ("name", "type", "version", "description", "receiver_ids", "enabled", "owner")
_GET: Final = """
    SELECT CAST({schema}.group_json_v1(g) AS text) FROM {schema}.groups g
    WHERE g.id = CAST(:id AS uuid) AND NOT g.deleted"""
_FIND: Final = (
    "SELECT CAST({schema}.group_json_v1(g) AS text) FROM {schema}.groups g "
    "WHERE g.naming = decode(CAST(:naming AS text), 'hex')"
)
_REVISIONS: Final = """
    SELECT CAST(json_build_object(
        'id', g.id, 'name', v.name, 'type', v.type, 'version', v.version, 'description', v.description,
        'receiver_ids', v.receiver_ids, 'enabled', v.enabled, 'owner_issuer', g.owner_issuer,
        'owner_subject', g.owner_subject, 'revision', v.revision, 'created_at', g.created_at, 'updated_at', v.updated_at
    ) AS text)
    FROM {schema}.groups g JOIN {schema}.group_revisions v ON v.group_id = g.id
    WHERE g.id = CAST(:id AS uuid) ORDER BY v.revision"""
_REEVALUATE: Final = f"""
    SELECT outcome, CAST(detail AS text) FROM {{schema}}.reevaluate_v1(
        CAST(:id AS uuid), CAST(CAST(:after AS text) AS uuid), CAST(:most AS integer), CAST(:examined AS integer),
        CAST(:issuer AS text), CAST(:subject AS text), {moment("told")})"""


class PostgresGroups:
    """Implements :class:`xzepr.stores.GroupRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = database.session

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Store the first revision of a group, or return the stored group if this is a retry."""
        given = _given(group, max_enabled_groups)
        outcome, detail = call(self._database, "create_group_v1", given, principal)
        if outcome == "known" and detail is not None:
            return _replayed(detail, group)
        return _done(_change(group, max_enabled_groups), outcome, detail)

    def get(self, group_id: Ulid) -> EventReceiverGroup:
        """Return the present revision of a group."""
        rows = self._session.read(_GET, {"id": uuid_text(group_id)})
        if not rows:
            raise NotFound("group", group_id)
        return group_of(rows[0][0])

    def find(self, name: str, type_: str, version: str) -> EventReceiverGroup | None:
        """Return the present revision of the group with this identity, if there is one."""
        rows = self._session.read(_FIND, {"naming": naming_key((name, type_, version))})
        return group_of(rows[0][0]) if rows else None

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Add a revision."""
        given = _given(group, max_enabled_groups)
        answer = call(self._database, "update_group_v1", given, principal, repeatable=False)
        return _done(_change(group, max_enabled_groups), *answer)

    def delete(self, group_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a group; its revisions and transitions stay."""
        given: Given = {"id": uuid_text(group_id), "revision": expected_revision}
        answer = call(self._database, "delete_group_v1", given, principal, repeatable=False)
        _done(Change(kind="group", id=group_id, revision=expected_revision), *answer)

    def list(
        self, where: GroupFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiverGroup]:
        """Return a page of groups."""
        return list_definitions(
            self._session, "group", where, group_of, after=after, newest_first=newest_first, limit=limit
        )

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return every revision of a group, oldest first."""
        rows = self._session.read(_REVISIONS, {"id": uuid_text(group_id)})
        if not rows:
            raise NotFound("group", group_id)
        return tuple(group_of(row[0]) for row in rows)

    def verdict(self, group_id: Ulid, unit: Unit, *, as_of: int | None) -> Verdict:
        """Judge a unit, now or as of a feed position."""
        if as_of is None:
            return verdicts.live(self._session, group_id, unit)
        return verdicts.past(self._session, self._database.sequencer, group_id, unit, as_of)

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions of a group for a unit behind a number."""
        return verdicts.transitions(self._session, group_id, unit, after=after, limit=limit)

    def reevaluate(self, group_id: Ulid, principal: Principal, *, after: str | None, limit: int) -> Reevaluated:
        """Judge the next units concerned, in the order of their keys."""
        parameters = {
            "id": uuid_text(group_id),
            "after": after,
            "most": limit,
            "examined": MAX_EXAMINED_ROWS,
            **actor(principal),
            "told": told(self._database.clock),
        }
        [(outcome, detail)] = self._session.write(_REEVALUATE, parameters, ids=[group_id])
        self._database.tell()
        if outcome != "done" or detail is None:
            Change(kind="group", id=group_id).refuse(outcome, detail)
        return _reevaluated(detail)


def _given(group: EventReceiverGroup, max_enabled_groups: int) -> Given:
    return {
        **described(group),
        "receiver_ids": [uuid_text(receiver_id) for receiver_id in group.receiver_ids],
        "enabled": group.enabled,
        "max_enabled_groups": max_enabled_groups,
    }


def _change(group: EventReceiverGroup, max_enabled_groups: int) -> Change:
    return Change(kind="group", id=group.id, naming=group.naming, revision=group.revision, most=max_enabled_groups)


def _done(change: Change, outcome: str, detail: str | None) -> EventReceiverGroup:
    if outcome != "done" or detail is None:
        change.refuse(outcome, detail)
    return group_of(detail)


def _replayed(detail: str, asked: EventReceiverGroup) -> EventReceiverGroup:
    stored = group_of(detail)
    differs = [field for field in _COMPARED if getattr(stored, field) != getattr(asked, field)]
    if differs or json.loads(detail)["deleted"]:
        raise AlreadyExists("group", asked.id, asked.id, differs)
    return stored


def _reevaluated(detail: str) -> Reevaluated:
    found = json.loads(detail)
    group = group_of(json.dumps(found["group"]))
    at = datetime.fromisoformat(found["at"]).astimezone(UTC)

    def due() -> tuple[Transition, ...]:
        rows = found["transitions"]
        return tuple(transition_of(group.ref, unit_of(*unit), number, None, at) for number, *unit in rows)

    transitions = decoded("group", group.id, "a unit that it judged", due)
    return Reevaluated(revision=group.revision, units=found["units"], transitions=transitions, next=found["next"])
