"""Verdicts and transitions, read from PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from xzepr.errors import BadCursor, NotFound
from xzepr.model import Gate, GateState, ReceiverRef, Transition, Ulid, Unit, Verdict, gate_state
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.rows import decoded, group_of, group_ref_of, time_of, transition_of, ulid_of
from xzepr_postgres.sequencing import Sequencer
from xzepr_postgres.sessions import Row, Session
from xzepr_postgres.statements import Parameter, seconds

_UNIT: Final = """(
        SELECT u.key FROM {schema}.units u
        WHERE u.key = CAST(:key AS uuid) AND u.name = CAST(:name AS text) AND u.version = CAST(:version AS text)
            AND u.release = CAST(:release AS text) AND u.platform_id = CAST(:platform_id AS text)
            AND u.package = CAST(:package AS text)
    )"""
_GATE: Final = "CAST(m.id AS text), r.name, r.type, r.version, g.success, CAST(g.event_id AS text)"
_LIVE: Final = f"""
    SELECT CAST({{schema}}.group_json_v1(o) AS text), {_GATE}, {seconds("g.recorded_at")}
    FROM {{schema}}.groups o
    LEFT JOIN LATERAL unnest(o.receiver_ids) WITH ORDINALITY AS m (id, place) ON true
    LEFT JOIN {{schema}}.receivers r ON r.id = m.id
    LEFT JOIN LATERAL (
        SELECT e.success, e.id AS event_id, e.recorded_at FROM {{schema}}.events e
        WHERE e.unit_key = {_UNIT} AND e.receiver_id = m.id
        ORDER BY e.n DESC LIMIT 1
    ) g ON true
    WHERE o.id = CAST(:id AS uuid) AND NOT o.deleted
    ORDER BY m.place"""
_HELD: Final = """
    SELECT h.head, f.kind, CAST(f.snapshot AS text)
    FROM {schema}.feed_head h
    LEFT JOIN LATERAL (
        SELECT f.kind, f.snapshot FROM {schema}.feed f
        WHERE f.group_id = CAST(:id AS uuid) AND f.kind IN (6, 7, 8) AND f.position <= CAST(:as_of AS bigint)
        ORDER BY f.position DESC LIMIT 1
    ) f ON true"""
_PAST: Final = f"""
    SELECT {_GATE}, {seconds("g.recorded_at")}
    FROM unnest(CAST(CAST(:receivers AS text) AS uuid[])) WITH ORDINALITY AS m (id, place)
    LEFT JOIN {{schema}}.receivers r ON r.id = m.id
    LEFT JOIN LATERAL (
        SELECT f.success, f.event_id, f.recorded_at FROM {{schema}}.feed f
        WHERE f.unit_key = {_UNIT} AND f.receiver_id = m.id AND f.position <= CAST(:as_of AS bigint)
        ORDER BY f.position DESC LIMIT 1
    ) g ON true
    ORDER BY m.place"""
_TRANSITIONS: Final = f"""
    SELECT CAST(t.group_id AS text), v.revision, v.name, v.type, v.version, t.number, CAST(t.event_id AS text),
        {seconds("t.recorded_at")}
    FROM {{schema}}.groups o
    LEFT JOIN LATERAL (
        SELECT * FROM {{schema}}.transitions t
        WHERE t.group_id = o.id AND t.unit_key = {_UNIT} AND t.number > CAST(:after AS bigint)
        ORDER BY t.number LIMIT CAST(:limit AS integer)
    ) t ON true
    LEFT JOIN {{schema}}.group_revisions v ON v.group_id = t.group_id AND v.revision = t.group_revision
    WHERE o.id = CAST(:id AS uuid)
    ORDER BY t.number"""
_DELETED: Final = 8


def live(session: Session, group_id: Ulid, unit: Unit) -> Verdict:
    """Judge a unit by the present revision of a group.

    Raises:
        NotFound: There is no such group.
        Damaged: Its definition, or what a gate says, cannot be read.
    """
    rows = session.read(_LIVE, {"id": uuid_text(group_id), **unit_parameters(unit)})
    if not rows:
        raise NotFound("group", group_id)
    group = group_of(rows[0][0])
    gates = _gates(group_id, [row[1:] for row in rows])
    return Verdict(group=group.ref, enabled=group.enabled, unit=unit, gates=gates)


def past(session: Session, sequencer: Sequencer, group_id: Ulid, unit: Unit, as_of: int) -> Verdict:
    """Judge a unit as of a position. What stands at or before a position never changes, so two reads are one.

    Raises:
        NotFound: There was no such group.
        BadCursor: The feed has not come to that position.
        Damaged: The definition of then, or what a gate said, cannot be read.
    """
    where: dict[str, Parameter] = {"id": uuid_text(group_id), "as_of": as_of}
    [(head, kind, snapshot)] = session.read(_HELD, where)
    if as_of > head:
        sequencer.run()
        [(head, kind, snapshot)] = session.read(_HELD, where)
    if as_of > head:
        raise BadCursor(f"position {as_of} is beyond the head of the feed", "ask for one that it has reached")
    if kind is None or kind == _DELETED:
        raise NotFound("group", group_id)
    group = decoded("group", group_id, "its definition of then", lambda: group_of(snapshot))
    receivers = "{" + ",".join(map(uuid_text, group.receiver_ids)) + "}"
    rows = session.read(_PAST, {"receivers": receivers, "as_of": as_of, **unit_parameters(unit)})
    return Verdict(group=group.ref, enabled=group.enabled, unit=unit, gates=_gates(group_id, rows), as_of=as_of)


def transitions(session: Session, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
    """Return transitions of a group for a unit, in order.

    Raises:
        NotFound: There never was such a group.
    """
    asked = {"id": uuid_text(group_id), "after": after, "limit": limit, **unit_parameters(unit)}
    rows = session.read(_TRANSITIONS, asked)
    if not rows:
        raise NotFound("group", group_id)
    return tuple(
        decoded("group", group_id, f"its transition {row[5]}", partial(_transition, row, unit))
        for row in rows
        if row[0] is not None
    )


def unit_parameters(unit: Unit) -> dict[str, Parameter]:
    """Return a unit as parameters: its key finds it, its fields decide."""
    return {"key": unit.key.hex(), **unit.fields()}


def _transition(row: Row, unit: Unit) -> Transition:
    caused_by = None if row[6] is None else ulid_of(row[6])
    return transition_of(group_ref_of(row), unit, row[5], caused_by, time_of(row[7]))


def _gates(group_id: Ulid, rows: Sequence[Row]) -> tuple[Gate, ...]:
    """Return the gates; a receiver that is gone is an error, because without it the others would be the verdict."""
    return tuple(decoded("group", group_id, "a receiver of it, or what it said,", partial(_gate, row)) for row in rows)


def _gate(row: Row) -> Gate:
    if row[1] is None:
        raise ValueError
    receiver = ReceiverRef(ulid_of(row[0]), *row[1:4])
    success, event_id, recorded_at = row[4:7]
    if event_id is None:
        return Gate(receiver=receiver, state=GateState.MISSING)
    return Gate(
        receiver=receiver, state=gate_state(success), event_id=ulid_of(event_id), recorded_at=time_of(recorded_at)
    )
