"""Filling a registry quickly, through the statement that the store appends with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import attrs

from benchmarks.postgres.byhand import Connection
from benchmarks.postgres.places import Place, preparation
from benchmarks.postgres.sending import append_call
from benchmarks.samples import Sample
from xzepr import Unit
from xzepr.model import NewEvent, Ulid

BATCH: Final = 1_000
PER_UNIT: Final = 10
"""Events of a unit, on average."""

KEPT: Final = 2_000
"""Ids that are kept, to be read later."""

_SEQUENCED: Final = 10_000
_SEQUENCE: Final = "SELECT xzepr.sequence_v1(%s)"
_TABLES: Final = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'xzepr'"


@attrs.frozen(kw_only=True)
class Filled:
    """What a registry was filled with.

    Args:
        events: How many events there are.
        units: How many units there may be, by :func:`unit`.
        ids: Ids of some of the events, from all over.
    """

    events: int
    units: int
    ids: tuple[Ulid, ...]


def unit(number: int) -> Unit:
    """Return a unit by its number."""
    return Unit(name=f"web-{number % 50}", version="1", release=str(number), platform_id="linux-amd64", package="oci")


def fill(here: Place, sample: Sample, events: int, *, seed: int = 1) -> Filled:
    """Record events of chance units, place them in the feed, and tidy up as the autovacuum would have meanwhile.

    Args:
        here: The registry.
        sample: Their payload.
        events: How many.
        seed: Of the chance.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    units = max(1, events // PER_UNIT)
    kept: list[Ulid] = []
    with here.connect() as connection:
        connection.execute("SET synchronous_commit = off")
        for batch in _batches(here, sample, events, units, chance):
            append_call(batch).run(connection)
            kept.extend(event.id for event in batch if chance.random() < KEPT / events)
        moved = _SEQUENCED
        while moved >= _SEQUENCED:
            [(moved,)] = connection.execute(_SEQUENCE, (_SEQUENCED,)).fetchall()
        _tidy(connection)
    return Filled(events=events, units=units, ids=tuple(kept))


def _batches(here: Place, sample: Sample, events: int, units: int, chance: random.Random) -> Iterator[list[NewEvent]]:
    prepare = preparation()
    receivers = (here.lone, *here.gated)
    for begun in range(0, events, BATCH):
        yield [
            prepare(unit(chance.randrange(units)), receivers[number % len(receivers)], sample.payload)
            for number in range(begun, min(begun + BATCH, events))
        ]


def _tidy(connection: Connection) -> None:
    for (table,) in connection.execute(_TABLES).fetchall():
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())
    connection.execute("CHECKPOINT")
