"""Runs a PostgreSQL server for as long as its owner lives, then removes everything.

This is a program of its own, with nothing of this library in it, so that it starts at once. Its owner, named by its
process id in the only argument, holds the other end of standard input and output. The conversation, one line of JSON
each:

1. It makes a folder and tells its path.
2. The owner puts into the folder what it likes, and sends its :class:`Orders`.
3. It makes the data folder and starts the server, and tells ``null``, or why the server is not ready.
4. Any further line makes it end the server as a crash does and start it again, which it answers as in 3.

When the input ends or the owner is gone, at whatever point, it ends the server and removes the folder.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TypedDict

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.01
IDLE_SECONDS = 0.5
LOG_BYTES = 1000
IPC_RMID = 0
"""Of ``sys/ipc.h``, the same on Linux and macOS."""


class Account(TypedDict, total=False):
    """The arguments of ``Popen`` that name the account to run as."""

    user: int
    group: int
    extra_groups: list[int]


class Orders(TypedDict):
    """What to run."""

    initdb: list[str]
    postgres: list[str]
    account: Account


class Failed(Exception):
    """The server is not ready."""


class Owner:
    """Who the server is for.

    Args:
        pid: Its process id.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._heard = b""

    def tell(self, answer: str | None) -> None:
        """Tell it something."""
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    def listen(self) -> str:
        """Wait for its next line."""
        while b"\n" not in self._heard:
            self.watch(IDLE_SECONDS)
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()

    def watch(self, seconds: float) -> None:
        """Wait for some time, or until it says something.

        Raises:
            EOFError: It is gone. A process that it forked may still hold the pipe, so the pipe alone does not tell.
        """
        if select.select([0], [], [], seconds)[0]:
            read = os.read(0, 65536)
            if not read:
                raise EOFError
            self._heard += read
        if os.getppid() != self._pid:
            raise EOFError


class Server:
    """The server and its folder.

    Args:
        folder: The folder.
        owner: Whom to listen to meanwhile.
    """

    def __init__(self, folder: str, owner: Owner) -> None:
        self._folder = folder
        self._owner = owner
        self._child: subprocess.Popen[bytes] | None = None

    def initialise(self, orders: Orders) -> None:
        """Make the data folder."""
        child = self._run(orders["initdb"], orders["account"])
        self._until(lambda: child.poll() is not None, "did not end")
        if child.returncode:
            raise Failed(f"initdb failed: {self._log()}")

    def start(self, orders: Orders) -> None:
        """Start the server, and wait until it takes connections."""
        child = self._run(orders["postgres"], orders["account"])
        self._until(lambda: child.poll() is not None or self._ready(child.pid), "was not ready")
        if child.returncode is not None:
            raise Failed(f"PostgreSQL did not start: {self._log()}")

    def end(self) -> None:
        """End it at once, without a checkpoint; it ends its own children."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGQUIT)
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.returncode < 0:
            self._free()

    def remove(self) -> None:
        """Remove the folder, also when children of a server that was killed still write into it for a moment."""
        deadline = time.monotonic() + STOP_SECONDS
        while os.path.exists(self._folder) and time.monotonic() < deadline:  # noqa: PTH110 - starts faster without pathlib
            shutil.rmtree(self._folder, ignore_errors=True)
            time.sleep(POLL_SECONDS)

    def _run(self, command: list[str], account: Account) -> subprocess.Popen[bytes]:
        with open(f"{self._folder}/log", "ab") as log:  # noqa: PTH123 - starts faster without pathlib
            try:
                self._child = subprocess.Popen(  # noqa: S603 - a program that the owner found
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **account
                )
            except OSError as error:
                raise Failed(f"{command[0]} cannot be run: {error.strerror}") from error
        return self._child

    def _until(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise Failed(f"PostgreSQL {otherwise} within {START_SECONDS:.0f} s: {self._log()}")
            self._owner.watch(POLL_SECONDS)

    def _ready(self, pid: int) -> bool:
        """Whether the server says so in its pid file, the way pg_ctl learns it: id in line 1, status in line 8."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() in {"ready", "standby"}

    def _free(self) -> None:
        """Free the segment of System V memory that a server leaves when it is killed: key and id are in line 7."""
        lines = self._pid_file()
        if len(lines) > 6:
            import ctypes  # noqa: PLC0415 - takes time, and is seldom needed

            ctypes.CDLL(None).shmctl(int(lines[6].split()[1]), IPC_RMID, None)

    def _pid_file(self) -> list[str]:
        try:
            with open(f"{self._folder}/data/postmaster.pid", encoding="utf-8") as file:  # noqa: PTH123 - as above
                return file.read().splitlines()
        except OSError:
            return []

    def _log(self) -> str:
        with open(f"{self._folder}/log", errors="replace", encoding="utf-8") as log:  # noqa: PTH123 - as above
            return log.read()[-LOG_BYTES:].strip()


def main() -> None:
    """Serve the owner until it is gone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    owner = Owner(int(sys.argv[1]))
    folder = tempfile.mkdtemp(prefix="xzpg")
    server = Server(folder, owner)
    try:
        owner.tell(folder)
        serve(owner, server)
    except (EOFError, BrokenPipeError):
        pass  # the owner is gone
    finally:
        server.end()
        server.remove()


def serve(owner: Owner, server: Server) -> None:
    """Follow the orders, and then do what each further line asks for."""
    orders: Orders = json.loads(owner.listen())
    owner.tell(outcome(server.initialise, orders) or outcome(server.start, orders))
    while owner.listen():
        server.end()
        owner.tell(outcome(server.start, orders))


def outcome(step: Callable[[Orders], None], orders: Orders) -> str | None:
    """Do something, and return why it failed."""
    try:
        step(orders)
    except Failed as error:
        return str(error)
    return None


if __name__ == "__main__":
    main()
