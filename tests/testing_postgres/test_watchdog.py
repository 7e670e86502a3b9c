"""Nothing is left of a server, whatever becomes of the process that it is for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.testing_postgres.asking import alive, eventually, processes_in, shared_files

START = "from xzepr.testing.postgres import LocalServer, find_binaries; server = LocalServer(find_binaries())"
SAY = "print('up', flush=True)"
WAIT = "import time; time.sleep(600)"

pytestmark = pytest.mark.slow


@contextmanager
def running(*statements: str) -> Iterator[subprocess.Popen[str]]:
    """A process that executes statements."""
    command = [sys.executable, "-c", "\n".join(statements)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """What it says first."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_files_and_processes_are_seen(temporary: Path) -> None:
    """The check is one that can fail: while a server runs, its folder and its processes are seen."""
    with running(START, SAY, WAIT) as process:
        first_line(process)

        assert len(list(temporary.iterdir())) == 1
        pids = processes_in(temporary)
        assert len(alive(pids)) >= 7
        assert shared_files(pids) == []
        process.kill()
        assert eventually(lambda: not list(temporary.iterdir()))


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_signal_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    """After a signal that ended its owner, neither a process nor a file of the server remains."""
    with running(START, SAY, WAIT) as process:
        first_line(process)
        pids = processes_in(temporary)
        process.send_signal(number)

        assert eventually(lambda: not alive(pids) and not list(temporary.iterdir()))


@pytest.mark.parametrize("last", ["raise ValueError", "import os; os._exit(3)"])
def test_end_without_a_stop_leaves_nothing(temporary: Path, last: str) -> None:
    """An owner that ends without stopping the server, whether Python clears up or not, leaves nothing."""
    with running(START, SAY, last) as process:
        first_line(process)

        assert eventually(lambda: not list(temporary.iterdir()) and not alive(processes_in(temporary)))


def test_kill_during_the_start_leaves_nothing(temporary: Path) -> None:
    """An owner that is killed while the data folder is being made leaves nothing."""
    with running(START, WAIT) as process:
        assert eventually(lambda: list(temporary.glob("*/data/*")) != [])
        pids = processes_in(temporary)
        process.kill()

        assert eventually(lambda: not alive(pids) and not list(temporary.iterdir()))


def test_child_that_outlives_its_owner_keeps_nothing(temporary: Path) -> None:
    """A process forked by the owner holds the pipe open, and yet the server goes when the owner does."""
    fork = "import os; child = os.fork(); child and print(child, flush=True)"
    with running(START, fork, WAIT) as process:
        child = int(first_line(process))
        pids = processes_in(temporary)
        process.kill()
        try:
            assert eventually(lambda: not alive(pids) and not list(temporary.iterdir()))
            assert alive({child}) == {child}
        finally:
            os.kill(child, signal.SIGKILL)


def test_server_that_was_killed_leaves_nothing(temporary: Path) -> None:
    """A server that somebody killed is cleared away when its owner ends, with its shared memory."""
    with running(START, SAY, WAIT) as process:
        first_line(process)
        pids = processes_in(temporary)
        (pid_file,) = temporary.glob("*/data/postmaster.pid")
        lines = pid_file.read_text(encoding="utf-8").splitlines()
        memory = lines[6].split()[1]
        assert memory in memories()
        os.kill(int(lines[0]), signal.SIGKILL)
        process.kill()

        assert eventually(lambda: not alive(pids) and not list(temporary.iterdir()))
        assert eventually(lambda: memory not in memories())


def memories() -> list[str]:
    """The ids of the machine's segments of shared memory."""
    return [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()]
