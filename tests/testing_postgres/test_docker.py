"""The probe for a Docker daemon, and the container it would start: with a fake daemon, see :mod:`.daemons`."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testing_postgres.daemons import fake_daemon
from xzepr.testing.postgres import docker, finding, search_server
from xzepr.testing.postgres.docker import ContainerServer, client_installed, daemon_answers


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket may be: pytest's own folders have paths too long for one."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "docker.sock")


@pytest.mark.parametrize(("status", "answers"), [(200, True), (500, False)])
def test_daemon_that_answers_is_seen(bare: pytest.MonkeyPatch, place: Path, status: int, answers: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A daemon counts when it answers the ping with 200, and not when it is broken."""
    with fake_daemon(place, status) as daemon:
        bare.setenv("DOCKER_HOST", daemon.url)

        assert (daemon_answers(), daemon.paths()) == (answers, ["/_ping"])


def test_usual_socket_is_asked_without_the_variable(bare: pytest.MonkeyPatch, place: Path) -> None:
    """Without ``DOCKER_HOST`` the daemon's usual socket is asked."""
    with fake_daemon(place) as daemon:
        bare.delenv("DOCKER_HOST")
        bare.setattr(docker, "DEFAULT_SOCKET", str(place))

        assert (daemon_answers(), daemon.paths()) == (True, ["/_ping"])


@pytest.mark.usefixtures("bare")
def test_daemon_that_is_not_there_is_none() -> None:
    """Where there is no socket there is no daemon."""
    assert not daemon_answers()


def test_daemon_elsewhere_is_not_asked(bare: pytest.MonkeyPatch) -> None:
    """A daemon of another machine is not looked for: its containers would not be on our loopback interface."""
    bare.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")

    assert not daemon_answers()


def test_silent_daemon_costs_less_than_a_second(bare: pytest.MonkeyPatch, place: Path) -> None:
    """A daemon that takes the connection and says nothing is given up."""
    bare.setenv("DOCKER_HOST", f"unix://{place}")
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place))
        silent.listen()

        assert not daemon_answers()
    assert 2 * docker.STEP_SECONDS <= 1
    assert time.monotonic() - begun < 5  # a machine may be busy


def test_probe_imports_nothing() -> None:
    """Looking for a daemon and for its client does not import the client, which takes more than a second."""
    search = "from xzepr.testing.postgres.docker import *; daemon_answers(); client_installed()"
    printed = subprocess.run(
        [sys.executable, "-c", f"{search}; import sys; print(*sys.modules)"], check=True, capture_output=True, text=True
    )

    assert {"testcontainers", "docker"} & set(printed.stdout.split()) == set()


def test_client_is_installed() -> None:
    """The tests have ``testcontainers``, so what follows is about the real one."""
    assert client_installed()


@pytest.mark.slow
def test_link_of_testcontainers_is_taken(bare: pytest.MonkeyPatch, place: Path) -> None:
    """With a FAKE daemon that answers the ping, testcontainers is told to create a container of the version asked for.

    The daemon is none: it refuses to create the container, and so the search goes on to the next link. What a real
    daemon would do with the request is not shown here.
    """
    bare.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    with fake_daemon(place) as daemon:
        bare.setenv("DOCKER_HOST", daemon.url)
        bare.setattr(finding, "LocalServer", lambda found, _: f"programs of {found.major}")
        found = search_server(16)

    (container,) = daemon.created()
    assert (container["Image"], container["Cmd"][:3]) == ("postgres:16", ["postgres", "-c", "fsync=off"])
    assert found == "programs of 16"


def test_daemon_without_the_client_is_passed_over(bare: pytest.MonkeyPatch, place: Path) -> None:
    """A daemon that answers is no help without ``testcontainers``: it is asked for nothing but the ping."""
    with fake_daemon(place) as daemon:
        bare.setenv("DOCKER_HOST", daemon.url)
        bare.setattr(docker, "find_spec", lambda _: None)

        assert search_server(1) is None
    assert daemon.paths() == ["/_ping"]


class PretendedContainer:
    """What is used of a container of testcontainers, without a daemon."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def start(self) -> PretendedContainer:
        """Start it."""
        self.happened.append("start")
        return self

    def stop(self) -> None:
        """Remove it."""
        self.happened.append("stop")

    def get_connection_url(self, *, driver: None) -> str:
        """Tell where the server in it is."""
        del driver
        return "postgresql://test:test@localhost:32768/test"


def test_container_is_stopped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in a container has the container's URL, and removes the container once (the container is pretended)."""
    container = PretendedContainer()
    monkeypatch.setattr(docker, "_container", lambda *_: container)
    with ContainerServer(17, {}) as server:
        url = server.url("other")
    server.stop()

    assert (url, container.happened) == ("postgresql://test:test@localhost:32768/other", ["start", "stop"])
