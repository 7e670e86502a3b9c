"""A container, where a Docker daemon answers."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, Self, cast

from xzepr.testing.postgres.server import PostgresServer

DEFAULT_SOCKET: Final = "/var/run/docker.sock"
STEP_SECONDS: Final = 0.5
"""How long each of the two waits of the probe may take: a daemon answers within 11 ms, measured."""

NEWEST: Final = 18
"""The major version of a container, if none is asked for."""


class ContainerServer(PostgresServer):
    """A server in a container, which `testcontainers` removes also when this process is killed.

    Args:
        major: The major version.
        settings: Its settings.
    """

    def __init__(self, major: int, settings: Mapping[str, str]) -> None:
        self._container = _container(f"postgres:{major}", settings)
        try:
            self._container.start()
        except BaseException:
            self._container.stop()
            raise
        super().__init__(self._container.get_connection_url(driver=None), major)
        self._running = True

    def stop(self) -> None:
        """Remove the container."""
        if self._running:
            self._running = False
            self._container.stop()


def daemon_answers() -> bool:
    """Whether a Docker daemon answers at its unix socket, ``DOCKER_HOST`` or the usual one, within a second."""
    host = os.environ.get("DOCKER_HOST") or f"unix://{DEFAULT_SOCKET}"
    return host.startswith("unix://") and _ping(host.removeprefix("unix://"))


def client_installed() -> bool:
    """Whether ``testcontainers`` is there; importing it takes more than a second, so that is not tried."""
    return find_spec("testcontainers") is not None


def _ping(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(STEP_SECONDS)
        try:
            probe.connect(path)
            probe.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            answer = probe.recv(64)
        except OSError:
            return False
    return answer.startswith(b"HTTP/1.") and answer[8:12] == b" 200"


class _Container(Protocol):
    """What is used of a container of testcontainers."""

    def start(self) -> Self: ...
    def stop(self) -> None: ...
    def get_connection_url(self, *, driver: None) -> str: ...
    def with_command(self, command: list[str]) -> Self: ...
    def with_env(self, key: str, value: str) -> Self: ...


def _container(image: str, settings: Mapping[str, str]) -> _Container:
    # The package of this name: the shorter one is deprecated, which warns.
    made = import_module("testcontainers.community.postgres").PostgresContainer(image, driver=None)
    flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return cast("_Container", made).with_command(["postgres", *flags]).with_env("POSTGRES_INITDB_ARGS", "--no-locale")
