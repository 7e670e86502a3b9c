"""A registry that grows: definitions through the store, any number of events through plain SQL, which is faster.

It is uneven, as registries are: three in ten events are about the unit 0, and every second one is of the receiver 0.
Both receivers of which events are recorded here, 0 and 1, once stood in every group, and in most do no more. What reads
all there is of one of them shows in the counts.
"""

from __future__ import annotations

from hashlib import md5
from typing import Final

import psycopg

from tests.postgres.histories import open_registry
from xzepr import Registry
from xzepr.model import EventReceiver, EventReceiverGroup, Ulid, Unit, ulid_from_int

CROWDED: Final = 90
"""In so many groups the receiver 0 stands; 100 are allowed."""

UNITS, RECEIVERS, GROUPS, OTHERS = 5, 5, 10, 10
"""There is one of each for so many events. The others: subscriptions and parked changes."""

MADE: Final = 4
"""So many receivers and groups are made by the store itself."""

_RECEIVERS: Final = """
INSERT INTO xzepr.receivers
SELECT gen_random_uuid(), sha256(CAST('step-' || i AS bytea)), 'step-' || i, 'ci.step', '1', '', 'true',
    sha256(CAST(CAST(i AS text) AS bytea)), 'local', 'system', 1, now() + i * interval '1 ms', now()
FROM generate_series(CAST(%(first)s AS integer), %(last)s) i
"""
_DELETED: Final = """
INSERT INTO xzepr.deleted_receivers SELECT gen_random_uuid() FROM generate_series(CAST(%(first)s AS integer), %(last)s)
"""
_GROUPS: Final = """
INSERT INTO xzepr.groups
SELECT gen_random_uuid(), sha256(CAST('gate-' || i AS bytea)), 'gate-' || i, 'ci.gate', '1', '', (
    SELECT array_agg(r.id ORDER BY r.id) FROM xzepr.receivers r
    WHERE r.naming IN (sha256(CAST('step-' || 2 * i AS bytea)), sha256(CAST('step-' || 2 * i - 1 AS bytea)))
        OR i < %(crowded)s AND r.id = (SELECT id FROM xzepr.receivers WHERE name = 'step-0')
), true, 'local', 'system', 1, now() + i * interval '1 ms', now()
FROM generate_series(CAST(%(first)s AS integer), %(last)s) i
"""
_REVISIONS: Final = """
INSERT INTO xzepr.group_revisions
SELECT id, revision, name, type, version, description, receiver_ids, enabled, updated_at FROM xzepr.groups
ON CONFLICT DO NOTHING;
INSERT INTO xzepr.group_receivers
SELECT m.id, g.id, g.enabled FROM xzepr.groups g CROSS JOIN unnest(g.receiver_ids) m (id)
ON CONFLICT DO NOTHING;
INSERT INTO xzepr.group_receivers
SELECT r.id, g.id, false FROM xzepr.groups g JOIN xzepr.receivers r ON r.name IN ('step-0', 'step-1')
ON CONFLICT DO NOTHING;
"""
_UNITS: Final = """
INSERT INTO xzepr.units
SELECT key, 'unit-' || number, '1', '1', 'linux', 'oci', 0 FROM units_now
ON CONFLICT DO NOTHING
"""
_EVENTS: Final = """
INSERT INTO xzepr.events
SELECT CAST(lpad(to_hex(CAST(i AS bigint)), 12, '0') || substr(md5(CAST(i AS text)), 1, 20) AS uuid), u.key,
    u.n + row_number() OVER (PARTITION BY u.key ORDER BY i), r.id, r.fingerprint, mod(i, 7) > 0,
    '{"coverage":0.97}', 17, 'salt-of-16-bytes', sha256('salt-of-16-bytes{"coverage":0.97}'), '', 'local',
    CASE WHEN mod(i, 1000) = 999 THEN 'alice' ELSE 'system' END, at, at, sha256('not looked at'),
    CASE WHEN mod(i, 2) = 1 THEN 'key-' || i END
FROM generate_series(CAST(%(start)s AS integer), %(end)s - 1) i
CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01 00:00Z' + i * interval '1 s') t (at)
JOIN units_now n ON n.number = CASE WHEN mod(i, 10) < 3 THEN 0 ELSE mod(CAST(i AS bigint) * 7919, %(units)s) END
JOIN xzepr.units u ON u.key = n.key
JOIN xzepr.receivers r
    ON r.name = 'step-' || CASE WHEN mod(i, 2) = 0 THEN 0 ELSE mod(CAST(i AS bigint) * 31, %(receivers)s) END
ORDER BY i
"""
_COUNT: Final = """
UPDATE xzepr.units u SET n = e.n
FROM (SELECT unit_key, max(n) AS n FROM xzepr.events GROUP BY unit_key) e WHERE e.unit_key = u.key
"""
_TRANSITIONS: Final = """
INSERT INTO xzepr.transitions
SELECT g.id, e.unit_key, coalesce(t.number, 0) + row_number() OVER (PARTITION BY g.id, e.unit_key ORDER BY e.n), 1,
    e.id, e.recorded_at
FROM xzepr.events e
JOIN xzepr.groups g ON g.name = 'gate-' || CASE WHEN mod(e.n, 2) = 0 THEN 0 ELSE mod(e.n, %(groups)s) END
LEFT JOIN LATERAL (
    SELECT max(number) AS number FROM xzepr.transitions t WHERE t.group_id = g.id AND t.unit_key = e.unit_key
) t ON true
WHERE e.recorded_at >= timestamptz '2026-01-01 00:00Z' + %(start)s * interval '1 s'
"""
_STAGE: Final = """
INSERT INTO xzepr.staging (
    kind, recorded_at, actor_issuer, actor_subject, event_id, unit_key, receiver_id, group_id, revision, number, success
)
SELECT c.kind, e.recorded_at, 'local', 'system', e.id, e.unit_key, c.receiver_id, c.group_id, c.revision, c.number,
    c.success
FROM xzepr.events e
CROSS JOIN LATERAL (
    SELECT 1 AS kind, e.receiver_id, NULL::uuid AS group_id, NULL::integer AS revision, NULL::integer AS number,
        e.success
    UNION ALL
    SELECT 10 - mod(t.number, 2), NULL, t.group_id, t.group_revision, t.number, NULL
    FROM xzepr.transitions t WHERE t.event_id = e.id
) c
WHERE e.recorded_at >= timestamptz '2026-01-01 00:00Z' + %(start)s * interval '1 s'
ORDER BY e.recorded_at, c.group_id NULLS FIRST
"""
_SUBSCRIPTIONS: Final = """
INSERT INTO xzepr.subscriptions (owner_issuer, owner_subject, name, position, change_id)
SELECT 'local', 'system', 'reader-' || i, f.position, f.change_id
FROM generate_series(CAST(%(first)s AS integer), %(last)s) i JOIN xzepr.feed f ON f.position = i + 1
ON CONFLICT DO NOTHING
"""
_PARKED: Final = """
INSERT INTO xzepr.parked
SELECT 'local', 'system', 'reader-' || mod(i, 7), f.position, f.change_id, 5, 'ValueError', now()
FROM generate_series(CAST(%(first)s AS integer), %(last)s) i JOIN xzepr.feed f ON f.position = i + 1
ON CONFLICT DO NOTHING
"""


class Grown:
    """A registry that has grown.

    Args:
        url: The database.
        events: How many events it has.
    """

    def __init__(self, url: str, events: int) -> None:
        self.url = url
        self.events = events
        with open_registry(url) as registry:
            self.receivers = [_receiver(registry, number) for number in range(4)]
            self.groups = [_group(registry, number) for number in range(4)]
            self.head = registry.feed.head()
        self.middle = event_id(events // 2)


def event_id(number: int) -> Ulid:
    """Return the id of an event, as the statement below makes it."""
    rest = md5(str(number).encode(), usedforsecurity=False).hexdigest()[:20]
    return ulid_from_int(int(f"{number:012x}{rest}", 16))


def unit(number: int) -> Unit:
    """Return a unit."""
    return Unit(name=f"unit-{number}", version="1", release="1", platform_id="linux", package="oci")


def grow(url: str, start: int, end: int) -> None:
    """Let a registry grow from one number of events to another."""
    if start == 0:
        with open_registry(url) as registry:
            _define(registry)
    with psycopg.connect(url) as connection:
        _define_more(connection, start, end)
        _record(connection, start, end)
    with open_registry(url) as registry:
        registry.feed.head()
    with psycopg.connect(url) as connection:
        for statement in (_DELETED, _SUBSCRIPTIONS, _PARKED):
            connection.execute(statement, {"first": start // OTHERS, "last": end // OTHERS})


def keep_statistics(url: str) -> None:
    """Let no daemon collect statistics: the tests decide what the planner knows."""
    with psycopg.connect(url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'xzepr'").fetchall():
            connection.execute(f"ALTER TABLE xzepr.{table} SET (autovacuum_enabled = off)")


def forget_statistics(url: str) -> None:
    """Make the planner know as little as about tables that are new."""
    ours = "SELECT oid FROM pg_class WHERE relnamespace = 'xzepr'::regnamespace AND relkind = 'r'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DELETE FROM pg_statistic WHERE starelid IN ({ours})")
        connection.execute(f"UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid IN ({ours})")


def analyze(url: str) -> None:
    """Collect statistics."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _define(registry: Registry) -> None:
    for number in range(MADE):
        receiver = registry.receivers.create(name=f"step-{number}", type="ci.step", version="1", schema=True)
        receivers = {_receiver(registry, 0).id, receiver.id}
        registry.groups.create(name=f"gate-{number}", type="ci.gate", version="1", receivers=sorted(receivers))


def _define_more(connection: psycopg.Connection, start: int, end: int) -> None:
    for statement, share in ((_RECEIVERS, RECEIVERS), (_GROUPS, GROUPS)):
        numbers = {"first": max(start // share, MADE), "last": end // share - 1, "crowded": CROWDED}
        connection.execute(statement, numbers if share == GROUPS else {k: numbers[k] for k in ("first", "last")})
    connection.execute(_REVISIONS)


def _record(connection: psycopg.Connection, start: int, end: int) -> None:
    units = end // UNITS
    numbers = {"start": start, "end": end, "units": units, "receivers": end // RECEIVERS, "groups": end // GROUPS}
    connection.execute("CREATE TEMPORARY TABLE units_now (number integer PRIMARY KEY, key uuid) ON COMMIT DROP")
    with connection.cursor().copy("COPY units_now FROM STDIN") as copy:
        for number in range(units):
            copy.write_row((number, unit(number).key.hex()))
    for statement in (_UNITS, _EVENTS, _COUNT, _TRANSITIONS, _STAGE):
        connection.execute(statement, numbers)


def _receiver(registry: Registry, number: int) -> EventReceiver:
    found = registry.receivers.find(name=f"step-{number}", type="ci.step", version="1")
    assert found
    return found


def _group(registry: Registry, number: int) -> EventReceiverGroup:
    found = registry.groups.find(name=f"gate-{number}", type="ci.gate", version="1")
    assert found
    return found
