"""C77 and C78: clients and servers that are killed in the middle of what they do."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.postgres.faults.conftest import OpenStore
from tests.postgres.faults.test_backends import NAME, backends
from tests.postgres.faults.waiting import unit_held, until, waiters
from tests.postgres.faults.worlds import Ready, about, attempt, empty, make_ready, rows
from tests.postgres.faults.writing import BATCH
from xzepr import Event, EventReceiver, Registry
from xzepr.errors import CommitUnknown, Unavailable, XzeprError
from xzepr.testing.checking import check_history
from xzepr.testing.postgres import LocalServer, find_server
from xzepr.testing.world import new_id
from xzepr_postgres import migrate

HERE = Path(__file__).parent


def program(name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a program that lies beside this module."""
    command = [sys.executable, "-W", "error", HERE / f"{name}.py", *arguments]
    return subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_c078_ctrl_c_in_the_middle_of_a_statement(ready: Ready, database: str, connection: psycopg.Connection) -> None:
    """The statement is ended, its connection closed; a pool of one goes on, and the same id is harmless."""
    event_id = new_id()
    url = f"{database}?application_name={NAME}&pool_size=1"
    with program("interrupted", url, ready.scan.id, event_id) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with unit_held(database, about("web"), ready.scan):
            until(lambda: waiters(connection) == 1)
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == '"interrupted"\n'
            until(lambda: waiters(connection) == 0)
            until(lambda: not backends(connection))
        child.stdin.write("go on\n")
        child.stdin.flush()
        assert child.stdout.readline() == "false\n"
        assert child.stdout.readline() == f"{ready.registry.feed.head()}\n"
        assert child.communicate() == ("", "")
    assert ready.registry.events.get(event_id).success
    check_history(ready.registry)


@pytest.mark.slow
def test_c077_clients_that_are_killed_leave_whole_batches(
    ready: Ready, database: str, connection: psycopg.Connection
) -> None:
    """Four writers are killed at any moment: each batch is whole or absent, and all that were acknowledged."""
    acknowledged: set[str] = set()

    def run(number: int) -> None:
        with program("writing", f"{database}?application_name={NAME}", ready.build.id, f"w{number}") as child:
            assert child.stdout is not None
            for line in itertools.islice(child.stdout, 5 + 7 * number):
                acknowledged.add(line.strip())
            child.kill()
            acknowledged.update(line.strip() for line in child.stdout if line.endswith("\n"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    until(lambda: not backends(connection))
    keys = rows(database, "SELECT split_part(idempotency_key, '/', 1) FROM xzepr.events WHERE idempotency_key <> ''")
    sizes = Counter(batch for (batch,) in keys)
    assert set(sizes.values()) == {BATCH}
    assert len(acknowledged) >= 5 + 12 + 19 + 26
    assert acknowledged <= set(sizes)
    check_history(ready.registry, every_position=False)


# --- the server -------------------------------------------------------------------------------------------------------


@pytest.fixture
def durable() -> Iterator[LocalServer]:
    """A server of our own with PostgreSQL's own settings: those for fast tests would lose acknowledged commits."""
    with find_server(settings={}) as server:
        assert isinstance(server, LocalServer)
        yield server


@pytest.fixture
def safe(durable: LocalServer) -> str:
    """The URL of a database there with the newest tables."""
    url = durable.url(durable.create_database())
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    engine.dispose()
    return url


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"pool_size": 2}])
def test_c078_a_server_that_was_restarted_meanwhile_is_met_again(
    durable: LocalServer, safe: str, open_store: OpenStore, options: dict[str, int]
) -> None:
    """All connections of the pool died while nobody looked; the next calls, also at once, notice nothing."""
    ours = Registry.open(f"{safe}?pool_size=2")
    hosted = Registry(open_store(safe, **options))
    for registry in (ours, hosted):
        ready = make_ready(registry)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: registry.feed.head(), range(8)))  # noqa: B023 - at once
        durable.crash()
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(attempt, [ready.record, registry.feed.head, registry.store.check])) == [None] * 3
        empty(safe)
    ours.close()


def kill(url: str) -> None:
    """Kill a server and all its backends at once, as when the power fails."""
    [(text,)] = rows(url, "SELECT pg_read_file('postmaster.pid')")
    postmaster = int(text.split("\n")[0])
    os.kill(postmaster, signal.SIGSTOP)  # it shall not notice
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(postmaster):
                os.kill(int(path.parent.name), signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)


class Writers:
    """Threads that record until something fails, and what became of each event.

    Args:
        registry: Where.
        receivers: To which receivers, in turn.
    """

    def __init__(self, registry: Registry, receivers: list[EventReceiver]) -> None:
        self._registry = registry
        self._receivers = receivers
        self._enough = threading.Semaphore(0)
        self.stored: set[str] = set()
        self.errors: dict[str, tuple[int, XzeprError]] = {}

    def write(self, _: int) -> None:
        """Record until it fails."""
        for number in itertools.count():
            event_id = new_id()
            error = attempt(lambda: self.record(event_id, number))  # noqa: B023 - called at once
            if error is not None:
                self.errors[event_id] = number, error
                return
            self.stored.add(event_id)
            self._enough.release()

    def record(self, event_id: str, number: int) -> bool:
        """Record one event; say whether it was there before."""
        receiver = self._receivers[number % len(self._receivers)]
        unit = about(f"u{number % 5}")
        return self._registry.events.record(unit, receiver, success=number % 3 > 0, payload={}, id=event_id).replayed

    def wait_for(self, count: int) -> None:
        """Wait until so many more are stored."""
        for _ in range(count):
            assert self._enough.acquire(timeout=60)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_c077_a_killed_server_loses_nothing_that_was_acknowledged(durable: LocalServer, safe: str) -> None:
    """Thrice, under four writers: what was acknowledged is there, what was unavailable is not, the rest is settled."""
    with Registry.open(f"{safe}?pool_size=4&pool_timeout=1") as registry:
        build, scan = (registry.receivers.create(name=name, type="t", version="1", schema=True) for name in "ab")
        registry.groups.create(name="g", type="t", version="1", receivers=[build, scan])
        writers = Writers(registry, [build, scan])
        for _ in range(3):
            with ThreadPoolExecutor(4) as pool:
                working = pool.map(writers.write, range(4))
                writers.wait_for(100)
                kill(safe)
                list(working)
            durable.crash()
        stored = {event.id for page in pages(registry) for event in page}
        assert writers.stored <= stored
        assert len(writers.errors) == 12
        assert any(isinstance(error, CommitUnknown) for _, error in writers.errors.values())
        for event_id, (number, error) in writers.errors.items():
            if isinstance(error, CommitUnknown):
                assert error.ids == (event_id,)
                assert writers.record(event_id, number) == (event_id in stored)
            else:
                assert isinstance(error, Unavailable)
                assert event_id not in stored
        check_history(registry, every_position=False)


def pages(registry: Registry) -> Iterator[list[Event]]:
    """Return every event, page by page."""
    cursor = None
    while True:
        page = registry.events.list(limit=1_000, cursor=cursor, payloads=False)
        yield list(page)
        cursor = page.next
        if cursor is None:
            return
