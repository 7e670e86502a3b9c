"""A server of our own: started in a second, gone with us."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from xzepr.errors import ConfigurationError
from xzepr.testing.postgres import watchdog
from xzepr.testing.postgres.accounts import find_account, readable
from xzepr.testing.postgres.binaries import Binaries
from xzepr.testing.postgres.server import PostgresServer

FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for ordinary tests. A crash test needs the defaults: with these, a crash loses acknowledged commits."""

SOCKET_BYTES: Final = 103
"""The longest path of a socket that every platform takes: 104 with its end on macOS, 108 on Linux (``sun_path``)."""

INITDB: Final = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
ATTEMPTS: Final = 3
_TAKEN: Final = "Address already in use"


class LocalServer(PostgresServer):
    """A server from programs of this machine, on a free port of the loopback interface.

    Whoever is on this machine can connect to it, as its superuser: put nothing in it that is not for everybody.

    Args:
        binaries: Its programs.
        settings: Its settings, each a ``-c`` of ``postgres``: ``{"max_connections": "10"}``.

    Raises:
        ConfigurationError: It did not start; the message has the last lines of its log. Nothing is left of it.
    """

    def __init__(self, binaries: Binaries, settings: Mapping[str, str] = FAST) -> None:
        for attempt in range(ATTEMPTS):
            port = free_port()
            super().__init__(f"postgresql://postgres@127.0.0.1:{port}/postgres", binaries.major)
            try:
                self._start(binaries, {"port": str(port), **settings})
            except ConfigurationError as error:
                # Somebody took the port between our look and the start.
                if _TAKEN not in str(error) or attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    def stop(self) -> None:
        """Stop the server and remove its folder; stopping it again does nothing."""
        with self._dog:  # closes the pipes, which ends it, and waits
            pass

    def crash(self) -> None:
        """End the server without a checkpoint, as a crash does, and start it again, which recovers it.

        Raises:
            ConfigurationError: It did not come back.
        """
        self._tell("crash")
        self._expect_ready()

    def _start(self, binaries: Binaries, settings: Mapping[str, str]) -> None:
        self._dog = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-IS", watchdog.__file__, str(os.getpid())],
            cwd="/",
            bufsize=0,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._tell(json.dumps(_orders(binaries, settings, Path(self._hear() or ""))))
            self._expect_ready()
        except BaseException:
            self.stop()
            raise

    def _expect_ready(self) -> None:
        if reason := self._hear():
            raise ConfigurationError(reason)

    def _tell(self, line: str) -> None:
        assert self._dog.stdin is not None, "it was asked for"
        with suppress(BrokenPipeError):  # it ended: that there is no answer will tell
            self._dog.stdin.write(f"{line}\n".encode())

    def _hear(self) -> str | None:
        assert self._dog.stdout is not None, "it was asked for"
        line = self._dog.stdout.readline()
        if not line:
            raise ConfigurationError("the watchdog of the PostgreSQL server ended: start another server")
        answer: str | None = json.loads(line)
        return answer


def _orders(binaries: Binaries, settings: Mapping[str, str], folder: Path) -> watchdog.Orders:
    """Make the folder ready, and say what to run in it."""
    account = find_account()
    folder.chmod(0o755)
    for name in ("data", "socket"):
        (folder / name).mkdir(mode=0o700)
        if account:
            shutil.chown(folder / name, account["user"], account["group"])
    programs = readable(binaries, folder / "programs", account)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": _sockets(folder),
        "max_connections": "200",
        # In the data folder: elsewhere, that of a server that is killed would stay.
        "dynamic_shared_memory_type": "mmap",
    }
    return {
        "initdb": [str(programs / "initdb"), *INITDB, "-D", str(folder / "data")],
        "postgres": [str(programs / "postgres"), "-D", str(folder / "data"), *_flags({**options, **settings})],
        "account": account,
    }


def _flags(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _sockets(folder: Path) -> str:
    """Return the folder for the server's socket; none if its path would be too long."""
    longest = folder / "socket" / ".s.PGSQL.65535"
    return str(longest.parent) if len(os.fsencode(longest)) <= SOCKET_BYTES else ""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
