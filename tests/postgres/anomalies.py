"""What can be wrong with a feed: the anomalies of a log, found by comparing what writers did with what followers saw.

They are those of Jepsen's workload for logs: a read of what was rolled back or not yet committed, two values at one
position, a lost write, a duplicate, skips and reordering inside a page and between pages. And one more: a change that
was acknowledged before another was begun stands before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import attrs


class Fate(StrEnum):
    """What a writer knows about a write."""

    COMMITTED = "committed"
    UNDONE = "undone"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Write:
    """One event, as its writer knows it. Times are those of one monotonic clock.

    Args:
        fate: What became of it.
        begun: When it was about to be asked for.
        committing: When its commit was about to be asked for; None if it never was.
        ended: When its commit was acknowledged; None if it never was.
    """

    fate: Fate
    begun: float
    committing: float | None = None
    ended: float | None = None


@attrs.frozen
class Entry:
    """One change, as a follower saw it: its position, what makes it this change, and the id of its event, if any."""

    position: int
    value: str
    event_id: str | None


@attrs.frozen
class Read:
    """One page: behind which position it was asked for, what came, and when it had come."""

    after: int
    entries: tuple[Entry, ...]
    at: float


Chain = Sequence[Read]
"""The pages of one follower, each asked for behind the last entry of the one before."""


def find(writes: Mapping[str, Write], chains: Sequence[Chain], again: Iterable[Read] = ()) -> list[str]:
    """Return the anomalies, each as its name and what shows it.

    Args:
        writes: All writes by the ids of their events.
        chains: What the followers saw.
        again: Pages that were read once more behind a follower.
    """
    found = list(_two_values([*(read for chain in chains for read in chain), *again]))
    for chain in chains:
        found += _disorder(chain)
        found += _wrong_reads(writes, chain)
        found += _lost(writes, chain)
        found += _against_time(writes, chain)
    return found


def _two_values(reads: Iterable[Read]) -> Iterator[str]:
    known: dict[int, str] = {}
    for read in reads:
        for entry in read.entries:
            if known.setdefault(entry.position, entry.value) != entry.value:
                yield f"two values at one position: {entry.position}"


def _disorder(chain: Chain) -> Iterator[str]:
    for read in chain:
        last, where = read.after, "between pages"
        for entry in read.entries:
            if entry.position <= last:
                yield f"reordered {where}: {entry.position} behind {last}"
            elif entry.position > last + 1:
                yield f"skipped {where}: {entry.position} behind {last}"
            last, where = entry.position, "inside a page"


def _wrong_reads(writes: Mapping[str, Write], chain: Chain) -> Iterator[str]:
    seen: set[str] = set()
    for read in chain:
        for event_id in _ids([read]):
            if event_id in seen:
                yield f"duplicate: {event_id}"
            seen.add(event_id)
            write = writes.get(event_id)
            if write is None or write.fate is Fate.UNDONE:
                yield f"aborted read: {event_id}"
            elif write.committing is None or read.at < write.committing:
                yield f"precommitted read: {event_id}"


def _lost(writes: Mapping[str, Write], chain: Chain) -> Iterator[str]:
    seen = set(_ids(chain))
    for event_id, write in writes.items():
        if write.fate is Fate.COMMITTED and event_id not in seen:
            yield f"lost write: {event_id}"


def _against_time(writes: Mapping[str, Write], chain: Chain) -> Iterator[str]:
    latest = 0.0
    for event_id in _ids(chain):
        write = writes.get(event_id)
        if write is None:
            continue
        if write.ended is not None and write.ended < latest:
            yield f"against time: {event_id} was acknowledged before one that stands before it was begun"
        latest = max(latest, write.begun)


def _ids(chain: Chain) -> Iterator[str]:
    return (entry.event_id for read in chain for entry in read.entries if entry.event_id is not None)
