"""The function that appends: outcomes, order, transitions."""

from __future__ import annotations

import random
from collections import defaultdict
from uuid import UUID

import psycopg

from tests.postgres.appending import append, event, group, new_id, receiver, unit
from xzepr.model import GateState, TransitionKind, Ulid, gate_state, is_complete, transition_due
from xzepr_postgres.batches import uuid_text

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


def transitions(connection: psycopg.Connection, group_id: UUID) -> dict[UUID, list[int]]:
    """Return the numbers of a group's transitions by unit, in the order in which they were staged."""
    found: dict[UUID, list[int]] = defaultdict(list)
    rows = connection.execute(
        "SELECT unit_key, number FROM xzepr.staging WHERE group_id = %s ORDER BY seq, place", (group_id,)
    )
    for key, number in rows:
        found[key].append(number)
    return found


def test_an_event_is_recorded(connection: psycopg.Connection) -> None:
    """The first event of a unit gets number 1 and comes back as it was given."""
    new = event(unit("web"), receiver(connection), payload_text='{"big":1e21,"é":"\\"\\\\"}')
    [row] = append(connection, [new])
    assert row[:4] == (0, 1, UUID(uuid_text(new.id)), 1)
    stored = connection.execute(
        "SELECT payload::text, salt, encode(digest, 'hex'), encode(payload_digest, 'hex'),"
        " encode(sha256(salt || convert_to(payload::text, 'UTF8')), 'hex') FROM xzepr.events"
    ).fetchone()
    assert stored == (new.payload_text, new.salt, new.digest, new.payload_digest, new.payload_digest)


def test_known_ids_and_keys_are_told(connection: psycopg.Connection) -> None:
    """A retry by id or by key says as what the event is stored, and counts nothing."""
    first = event(unit("web"), receiver(connection), idempotency_key="k")
    again = event(first.unit, first.receiver_id, idempotency_key="k")
    append(connection, [first])
    for retry in (first, again):
        [row] = append(connection, [retry])
        assert row[1:4] == (2, UUID(uuid_text(first.id)), None)
    assert connection.execute("SELECT n FROM xzepr.units").fetchall() == [(1,)]


def test_receivers_that_are_missing_or_changed_are_told(connection: psycopg.Connection) -> None:
    """Neither is recorded; the others of the batch are."""
    known = receiver(connection)
    batch = [
        event(unit("web"), new_id()),
        event(unit("web"), known),
        event(unit("web"), known, receiver_fingerprint="0" * 64),
    ]
    assert [(row[1], row[3]) for row in append(connection, batch)] == [(3, None), (1, 1), (4, None)]


def test_a_batch_is_judged_one_by_one(connection: psycopg.Connection) -> None:
    """[ok, fail, ok] in one batch completes, reopens and completes."""
    only = receiver(connection)
    gate = group(connection, only)
    rows = append(connection, [event(unit("web"), only, success=success) for success in (True, False, True)])
    assert [[each[5] for each in row[5]] for row in rows] == [[1], [2], [3]]
    assert list(transitions(connection, gate).values()) == [[1, 2, 3]]


def test_changes_are_staged_in_the_order_of_the_batch(connection: psycopg.Connection) -> None:
    """An event, its transitions by group, the next event, whatever the units."""
    only = receiver(connection)
    groups = sorted([group(connection, only), group(connection, only)])
    names = ["b", "a", "b", "c"]
    append(connection, [event(unit(name), only, success=place != 2) for place, name in enumerate(names)])
    staged = connection.execute("SELECT kind, group_id FROM xzepr.staging ORDER BY seq, place").fetchall()
    opened = [(9, groups[0]), (9, groups[1])]
    assert staged == [
        (1, None),
        *opened,
        (1, None),
        *opened,
        (1, None),
        (10, groups[0]),
        (10, groups[1]),
        (1, None),
        *opened,
    ]


def test_the_function_and_the_model_judge_alike(connection: psycopg.Connection) -> None:
    """The differential test that binds the SQL to `xzepr.model.gates`: random histories, single and in batches."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    receivers = [receiver(connection) for _ in range(5)]
    groups = {
        group(connection, *chosen): chosen
        for chosen in (chance.sample(receivers, chance.randint(1, 4)) for _ in range(6))
    }
    units = [unit(f"u{number}") for number in range(4)]
    gates: dict[tuple[str, Ulid], GateState] = {}
    last: dict[tuple[UUID, str], TransitionKind] = {}
    expected: list[tuple[UUID, UUID, int]] = []
    counted: dict[tuple[UUID, str], int] = defaultdict(int)
    for _ in range(120):
        batch = [
            event(chance.choice(units), chance.choice(receivers), success=chance.random() < 0.7)
            for _ in range(chance.choice((1, 1, 2, 7)))
        ]
        append(connection, batch)
        for new in batch:
            place, state = (new.unit.name, new.receiver_id), gate_state(new.success)
            if gates.get(place, GateState.MISSING) is state:
                continue
            gates[place] = state
            for group_id in sorted(groups):
                if new.receiver_id not in groups[group_id]:
                    continue
                states = [gates.get((new.unit.name, each), GateState.MISSING) for each in groups[group_id]]
                kind = transition_due(last.get((group_id, new.unit.name)), complete=is_complete(True, states))  # noqa: FBT003 - enabled
                if kind is not None:
                    last[group_id, new.unit.name] = kind
                    counted[group_id, new.unit.name] += 1
                    expected.append((group_id, UUID(bytes=new.unit.key), counted[group_id, new.unit.name]))
    staged = connection.execute(
        "SELECT group_id, unit_key, number FROM xzepr.staging WHERE kind <> 1 ORDER BY seq, place"
    ).fetchall()
    assert len(expected) > 50
    assert staged == expected
