"""How the tests look at a server from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from xzepr.testing.postgres import PostgresServer
from xzepr.testing.postgres.server import connect

GUARD_SECONDS = 30.0
"""How long something may take that takes a fraction of a second, on a machine that is busy."""


def ask(server: PostgresServer, question: str, database: str | None = None) -> str:
    """The single value that a query returns, as text."""
    with connect(server.url(database)) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def tell(server: PostgresServer, statement: str, database: str | None = None) -> None:
    """Execute a statement."""
    with connect(server.url(database)) as connection:
        connection.execute(statement.encode())


def encoding_of(server: PostgresServer, database: str) -> str | None:
    """The encoding of a database; none if there is no such database."""
    question = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s"
    with connect(server.url()) as connection:
        row = connection.execute(question, [database]).fetchone()
    return None if row is None else str(row[0])


def eventually(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within the guard."""
    deadline = time.monotonic() + GUARD_SECONDS
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def processes_in(folder: Path) -> set[int]:
    """The processes that name a folder in their command, their children, and who started them: the watchdog."""
    everybody = {int(place.name): place for place in Path("/proc").iterdir() if place.name.isdigit()}
    parents = {pid: _parent(place) for pid, place in everybody.items()}
    named = {pid for pid, place in everybody.items() if str(folder).encode() in _read(place / "cmdline")}
    children = {pid for pid, parent in parents.items() if parent in named}
    return named | children | {parents[pid] for pid in named}


def shared_files(pids: set[int]) -> list[str]:
    """The files of shared memory that processes have open: what stays when nobody removes it."""
    lines = [line for pid in pids for line in _read(Path("/proc", str(pid), "maps")).decode().splitlines()]
    return [line for line in lines if "/dev/shm" in line]  # noqa: S108 - where they would be


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that run; a dead one that nobody has waited for does not."""
    return {pid for pid in pids if _stat(Path("/proc", str(pid)))[:1] not in ([], ["Z"])}


def _parent(place: Path) -> int:
    return int(([*_stat(place), "0", "0"])[1])


def _stat(place: Path) -> list[str]:
    """State, parent and more, which stand behind the name of the program."""
    return _read(place / "stat").decode().rpartition(")")[2].split()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended in the meantime
        return b""
