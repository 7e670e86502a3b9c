"""What is left of a process that is killed: all that it was told is stored, and nothing half done."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from processes import check_file, ran, started
from programs import BATCH
from xzepr.model import MAX_LIMIT, Event, EventFilter, Ulid
from xzepr.testing.world import read_feed

ROUNDS = 5
ACKNOWLEDGED = 8
DEFINITIONS = 4
"""Changes that the programs make before the first event: two receivers, two groups."""


@pytest.mark.slow
def test_c077_what_was_returned_is_there_after_a_kill(path: Path) -> None:
    """After each kill -9, every event that an append has returned is there, and only whole appends are."""
    for _ in range(ROUNDS):
        with started("write_for_ever", path) as process:
            assert process.stdout is not None
            acknowledged = [process.stdout.readline() for _ in range(ACKNOWLEDGED)]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.readlines()

        registry = check_file(path)
        # A line that was cut is no answer.
        ids = [Ulid(word) for line in acknowledged if line.endswith("\n") for word in line.split()]
        found = registry.events.list(EventFilter(ids=tuple(ids)), limit=MAX_LIMIT)
        stored = [change for change in read_feed(registry) if isinstance(change.subject, Event)]
        registry.store.close()

        assert len(ids) >= BATCH * ACKNOWLEDGED
        assert {event.id for event in found} == set(ids)
        assert len(stored) % BATCH == 0


@pytest.mark.slow
def test_c077_killed_at_every_statement(path: Path) -> None:
    """An append that is killed at any of its statements leaves nothing; the one that survives leaves everything."""
    *killed, survived = ran("die_at_each_statement", path)

    check_file(path).store.close()
    assert len(killed) > BATCH
    assert set(killed) == {str(DEFINITIONS)}
    assert int(survived) == DEFINITIONS + 2 * BATCH
