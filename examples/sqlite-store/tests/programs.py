"""Programs that tests run as processes of their own: ``python programs.py NAME FILE …``."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from xzepr import Registry
from xzepr.errors import XzeprError
from xzepr.model import SYSTEM, EventReceiver, Recorded, UlidGenerator, Unit
from xzepr.stores import Outcome
from xzepr.testing.world import new_event, unit

from xzepr_sqlite import SqliteStore

BATCH = 5
new_id = UlidGenerator()


def receivers(registry: Registry) -> list[EventReceiver]:
    """Ensure that there are two receivers, a group of the first and a group of both."""
    names = ("build", "scan")
    both = [registry.receivers.ensure(name=name, type="ci.step", version="1", schema=True) for name in names]
    for name, members in (("alone", both[:1]), ("both", both)):
        registry.groups.ensure(name=name, type="ci.gate", version="1", receivers=members)
    return both


def append(store: SqliteStore, receiver: EventReceiver, units: list[Unit], *, size: int = 1) -> list[Outcome]:
    """Append one success for each unit in one step, with payloads of some size."""
    events = [new_event(each, receiver, id=new_id(), payload="x" * size) for each in units]
    return list(store.events.append(events, SYSTEM))


def write_for_ever(path: str) -> None:
    """Append batches, and say which of them have returned."""
    store = SqliteStore(path)
    build, scan = receivers(Registry(store))
    number = 0
    while True:
        units = [unit(number + place) for place in range(BATCH)]
        for receiver in (build, scan):
            outcomes = append(store, receiver, units)
            print(*(outcome.event.id for outcome in outcomes if isinstance(outcome, Recorded)), flush=True)
        number += BATCH


def die_at_each_statement(path: str) -> None:
    """Append one batch in a child that is killed before its first statement, then its second, and so on.

    Prints what is stored after each death, and last after the child that has survived.
    """
    with Registry(SqliteStore(path)) as registry:
        build, _ = receivers(registry)
        registry.store.close()
    survived = False
    fatal = 0
    while not survived:
        fatal += 1
        child = os.fork()
        if not child:
            _append_and_die(path, build, fatal)
            os._exit(0)
        survived = os.waitpid(child, 0)[1] == 0
        store = SqliteStore(path)
        print(len(store.feed.read(0, limit=1_000, payloads=True).changes), flush=True)
        store.close()


def _append_and_die(path: str, receiver: EventReceiver, fatal: int) -> None:
    store = SqliteStore(path)
    left = [fatal]

    def count(_: str) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    store._database._connection.set_trace_callback(count)  # type: ignore[union-attr]  # noqa: SLF001 - to die in it
    append(store, receiver, [unit(number) for number in range(BATCH)])


def race(path: str, number: str, units: str) -> None:
    """Say that it is ready, wait for a word, open the file, and record one of two receivers about many units."""
    print("ready", flush=True)
    sys.stdin.readline()
    store = SqliteStore(path, timeout=60)
    registry = Registry(store)
    mine = receivers(registry)[int(number) % 2]
    for place in range(int(units)):
        registry.events.record(unit(place), mine, success=True, payload=None)
    store.close()


def open_as_nobody(path: str) -> None:
    """Give up all privileges, open the file and say how it went."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        SqliteStore(path).close()
    except XzeprError as error:
        print(type(error).__name__, error)
    else:
        print("opened")


def meet_a_limit(path: str) -> None:
    """Append while the log may not grow any more, and again when it may; say what came of both, and what is there."""
    store = SqliteStore(path)
    build, _ = receivers(Registry(store))
    events = [new_event(unit(number), build, id=new_id(), payload="x" * 10_000) for number in range(BATCH)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size, hard))
    try:
        store.events.append(events, SYSTEM)
    except XzeprError as error:
        print(type(error).__name__, *getattr(error, "ids", ()), flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(*(new.id for new in events))
    print(store.feed.head())
    print(*(type(outcome).__name__ for outcome in store.events.append(events, SYSTEM)))
    print(store.feed.head())


def use_after_fork(path: str) -> None:
    """Use a store in a forked child, and close it there; say what happened there, and that the parent goes on."""
    store = SqliteStore(path)
    build, _ = receivers(Registry(store))
    child = os.fork()
    if not child:
        try:
            append(store, build, [unit(1)])
        except XzeprError as error:
            print(type(error).__name__, error, flush=True)
        store.close()
        os._exit(0)
    os.waitpid(child, 0)
    print(len(append(store, build, [unit(1)])), "recorded in the parent")


def open_at_once(folder: str, processes: str, files: str) -> None:
    """Let children open the same new file at one moment, file after file; say how each of them ended."""
    for number in range(int(files)):
        waiting, word = os.pipe()
        children = [_opening_child(waiting, word, f"{folder}/{number}.db") for _ in range(int(processes))]
        os.close(waiting)
        os.close(word)
        print(*(os.waitpid(child, 0)[1] for child in children))


def _opening_child(waiting: int, word: int, path: str) -> int:
    child = os.fork()
    if not child:
        os.close(word)
        os.read(waiting, 1)  # returns when the parent has closed its end
        SqliteStore(path, timeout=60).close()
        os._exit(0)
    return child


def read_until_told(path: str) -> None:
    """Look at a file, say so, and keep looking at the same moment until there is a word."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute("BEGIN")
        sql.execute("SELECT count(*) FROM events").fetchone()
        print("reading", flush=True)
        sys.stdin.readline()
        sql.execute("COMMIT")


PROGRAMS = (
    write_for_ever,
    die_at_each_statement,
    race,
    open_as_nobody,
    meet_a_limit,
    use_after_fork,
    open_at_once,
    read_until_told,
)

if __name__ == "__main__":
    {program.__name__: program for program in PROGRAMS}[sys.argv[1]](*sys.argv[2:])
