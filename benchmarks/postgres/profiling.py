"""Where the time of a record and of a page of the feed goes: the database, psycopg, our Python.

The database is measured by calls through psycopg, each with a little more in it than the one before, and by a loop
inside the server, which has neither round trips nor commits. Python is measured with clocks around its parts; tables of
functions are cProfile's, whose own cost is in them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Final

from benchmarks.postgres import byhand, inside
from benchmarks.postgres.filling import fill
from benchmarks.postgres.functions import print_functions
from benchmarks.postgres.places import Place, Prepare, place, preparation
from benchmarks.postgres.reads import Reads
from benchmarks.postgres.sending import append_call
from benchmarks.samples import Sample, samples
from xzepr import EventReceiver, Unit
from xzepr.model import NewEvent
from xzepr.testing.postgres import PostgresServer

Parts = dict[str, Callable[[], object]]

RECORDS: Final = 2_000
PAGES: Final = 10
PAGE: Final = 1_000
STORED: Final = 12_000


def profile(server: PostgresServer, *, seconds: float) -> None:
    """Print it.

    Args:
        server: Where.
        seconds: For about how long each table is measured.
    """
    print((__doc__ or "").strip())
    sample = samples()[0]
    with place(server, sample.schema) as here:
        for name, receivers in (("no group", (here.lone,)), ("group of 3", here.gated)):
            _profile_record(here, sample, name, _Supply(receivers, sample), seconds)
    with place(server, sample.schema) as here:
        reads = Reads(here, fill(here, sample, STORED))
        print_functions(
            f"feed.read, page of {PAGE:,}, by function", partial(_read_pages, reads), PAGES * PAGE, "change"
        )


class _Supply:
    """Events that nobody has recorded yet."""

    def __init__(self, receivers: tuple[EventReceiver, ...], sample: Sample) -> None:
        self.prepare: Prepare = preparation()
        self._sample = sample
        self._about = self._units(receivers)

    def about(self) -> tuple[Unit, EventReceiver]:
        """Return what the next one is about."""
        return next(self._about)

    def event(self) -> NewEvent:
        """Return the next one."""
        return self.prepare(*self.about(), self._sample.payload)

    @staticmethod
    def _units(receivers: tuple[EventReceiver, ...]) -> Iterator[tuple[Unit, EventReceiver]]:
        for number in itertools.count():
            unit = Unit(
                name=receivers[0].name, version="2", release=str(number), platform_id="linux-amd64", package="oci"
            )
            for receiver in receivers:
                yield unit, receiver


def _profile_record(here: Place, sample: Sample, name: str, supply: _Supply, seconds: float) -> None:
    def record() -> None:
        here.registry.events.record(*supply.about(), success=True, payload=sample.payload)

    with ExitStack() as stack:
        durable, quick = (stack.enter_context(here.connect()) for _ in range(2))
        quick.execute("SET synchronous_commit = off")
        byhand.make_table(quick)
        print_parts(f"The database, {name}", _database(durable, quick, supply), seconds)
        inside.print_loop(quick, [append_call([supply.event()]) for _ in range(RECORDS)])
        print_parts(f"Python, {name}", {"record, the whole": record, **_python(durable, supply, sample)}, seconds)
    print_functions(f"record, {name}, by function", partial(_repeat, record, RECORDS), RECORDS, "record")


def _database(durable: byhand.Connection, quick: byhand.Connection, supply: _Supply) -> Parts:
    inside.make_empty(quick)
    calls = {"waiting for the disk": durable, "not waiting": quick}
    return {
        "a round trip: SELECT 1": lambda: quick.execute("SELECT 1", prepare=True).fetchall(),
        "an empty function with the arguments of append_v1": lambda: inside.call_empty(quick, "plain"),
        "the same with the clauses of append_v1": lambda: inside.call_empty(quick, "full"),
        "a commit of 1 KB, not waiting for the disk": lambda: inside.commit(quick),
        "the same, waiting for the disk": lambda: inside.commit(durable),
        **{f"INSERT by hand, {how}": partial(_insert, connection, supply) for how, connection in calls.items()},
        **{f"the store's statement, {how}": partial(_append, connection, supply) for how, connection in calls.items()},
    }


def _python(connection: byhand.Connection, supply: _Supply, sample: Sample) -> Parts:
    event = supply.event()
    about = supply.about()
    return {
        "preparing the event": lambda: supply.prepare(*about, sample.payload),
        "writing the statement's parameters": lambda: append_call([event]),
        "the statement alone, through psycopg": partial(_append, connection, supply),
    }


def _repeat(do: Callable[[], None], count: int) -> None:
    for _ in range(count):
        do()


def _insert(connection: byhand.Connection, supply: _Supply) -> Callable[[], object]:
    return partial(byhand.insert, connection, byhand.row_of(supply.event()))


def _append(connection: byhand.Connection, supply: _Supply) -> Callable[[], object]:
    return partial(append_call([supply.event()]).run, connection)


def _read_pages(reads: Reads) -> None:
    for number in range(PAGES):
        reads.changes(number * PAGE, limit=PAGE)


def print_parts(title: str, parts: Parts, seconds: float) -> None:
    """Print the median times of some calls, made in turns.

    Args:
        title: What to write above them.
        parts: The calls. One that returns a call is there to make it ready: only that other one is measured.
        seconds: For about how long.
    """
    times: dict[str, list[float]] = {name: [] for name in parts}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, part in parts.items():
            times[name].append(_time_of(part))
    print(f"\n{title}")
    for name, taken in times.items():
        print(f"  {name:<60} {median(taken) * 1e6:>9,.1f} us", flush=True)


def _time_of(part: Callable[[], object]) -> float:
    start = time.perf_counter()
    ready = part()
    if not callable(ready):
        return time.perf_counter() - start
    start = time.perf_counter()
    ready()
    return time.perf_counter() - start
