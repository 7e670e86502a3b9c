"""The feed in the database: nothing lost, nothing twice, no gap, and a checker that would see it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.postgres.appending import append, event, receiver, sequence, unit
from xzepr.model import Ulid
from xzepr_postgres.batches import uuid_text


def ids(connection: psycopg.Connection, query: str) -> list[UUID]:
    """Return the first column of a query."""
    return [row[0] for row in connection.execute(query)]


def test_a_late_commit_is_delivered(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """A change that was staged first and committed last comes last, at the next position."""
    known = receiver(connection)
    late, early = event(unit("late"), known), event(unit("early"), known)
    with psycopg.connect(xzepr_postgres_database) as slow:
        append(slow, [late])
        append(connection, [early])
        for _ in range(3):
            sequence(connection)
        slow.commit()
    sequence(connection)
    assert ids(connection, "SELECT event_id FROM xzepr.feed ORDER BY position") == [
        UUID(uuid_text(each.id)) for each in (early, late)
    ]


def test_the_low_water_mark_waits_for_whoever_is_still_writing(
    connection: psycopg.Connection, xzepr_postgres_database: str
) -> None:
    """It rises once nobody can commit below it, and never before."""
    known = receiver(connection)
    with psycopg.connect(xzepr_postgres_database) as slow:
        append(slow, [event(unit("slow"), known)])
        append(connection, [event(unit("quick"), known)])
        for _ in range(6):
            sequence(connection)
        assert ids(connection, "SELECT low FROM xzepr.feed_head") == [0]
        slow.commit()
    for _ in range(6):
        sequence(connection)
    assert ids(connection, "SELECT low FROM xzepr.feed_head") == [2]
    assert ids(connection, "SELECT position FROM xzepr.feed ORDER BY position") == [1, 2]


def test_a_rollback_leaves_no_hole(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """Positions stay dense, whatever numbers were burnt."""
    known = receiver(connection)
    with psycopg.connect(xzepr_postgres_database) as other:
        append(other, [event(unit("undone"), known)])
        other.rollback()
    append(connection, [event(unit("done"), known)])
    sequence(connection)
    assert ids(connection, "SELECT position FROM xzepr.feed") == [1]


def run_writers(url: str, known: Ulid, seconds_of_work: int) -> None:
    """Let eight writers commit, roll back, and hold transactions open now and then."""

    def write(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same every time
        pause = Event()
        with psycopg.connect(url) as own:
            for number in range(seconds_of_work):
                append(own, [event(unit(f"{seed}-{number}-{place}"), known) for place in range(chance.randint(1, 3))])
                if chance.random() < 0.02:
                    pause.wait(0.05)
                if chance.random() < 0.2:
                    own.rollback()
                else:
                    own.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))


def follow(url: str, query: str, done: Event, start: Any) -> list[UUID]:  # noqa: ANN401 - what the query compares with
    """Read "everything behind my cursor" until the writers are done and nothing is left."""
    seen: list[UUID] = []
    cursor = start
    with psycopg.connect(url, autocommit=True) as own:
        while True:
            last_round = done.is_set()
            if "feed" in query:
                sequence(own, 50)
            rows = own.execute(query, (cursor,)).fetchall()
            for place, event_id in rows:
                cursor = place
                seen.append(event_id)
            if last_round and not rows:
                return seen


@pytest.mark.slow
@pytest.mark.parametrize("followers", [1, 2])
def test_a_follower_meets_every_change_once(
    connection: psycopg.Connection, xzepr_postgres_database: str, followers: int
) -> None:
    """Eight writers, rollbacks, open transactions; each follower sequences and reads as it goes."""
    known = receiver(connection)
    done = Event()
    query = "SELECT position, event_id FROM xzepr.feed WHERE position > %s ORDER BY position LIMIT 200"
    with ThreadPoolExecutor(followers) as pool:
        readers = [pool.submit(follow, xzepr_postgres_database, query, done, 0) for _ in range(followers)]
        run_writers(xzepr_postgres_database, known, 150)
        done.set()
        seen = [reader.result() for reader in readers]
    committed = ids(connection, "SELECT id FROM xzepr.events")
    assert len(committed) > 1_000
    assert all(sorted(each) == sorted(committed) for each in seen)
    assert all(each == seen[0] for each in seen)
    assert ids(connection, "SELECT position FROM xzepr.feed ORDER BY position") == list(range(1, len(committed) + 1))


@pytest.mark.slow
def test_the_checker_would_see_a_feed_that_loses(connection: psycopg.Connection, xzepr_postgres_database: str) -> None:
    """The negative control: a follower of the sequence number, as in a plain outbox, loses changes."""
    known = receiver(connection)
    done = Event()
    query = "SELECT seq, event_id FROM xzepr.staging WHERE seq > %s ORDER BY seq LIMIT 200"
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(follow, xzepr_postgres_database, query, done, 0)
        run_writers(xzepr_postgres_database, known, 150)
        done.set()
        seen = reader.result()
    committed = ids(connection, "SELECT id FROM xzepr.events")
    assert 0 < len(seen) < len(committed)
