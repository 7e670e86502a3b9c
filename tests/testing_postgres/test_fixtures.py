"""The fixtures, as a user's tests ask for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing_postgres.asking import processes_in
from xzepr.testing.postgres import PostgresServer
from xzepr.testing.postgres.server import connect

USER_TESTS = """
import os
import psycopg
import pytest
from xzepr.errors import ConfigurationError
from xzepr.testing.postgres.server import connect

urls = []


@pytest.fixture(scope="session")
def xzepr_postgres_template(xzepr_postgres_server):
    name = xzepr_postgres_server.create_database()
    with psycopg.connect(xzepr_postgres_server.url(name)) as connection:
        connection.execute("CREATE TABLE migrated (n int)")
    return name


def test_template_is_copied(xzepr_postgres_database, xzepr_postgres_server, pytestconfig):
    with psycopg.connect(xzepr_postgres_database) as connection:
        connection.execute("INSERT INTO migrated VALUES (1)")
    urls.append(xzepr_postgres_database)
    worker = os.environ["PYTEST_XDIST_WORKER"]
    (pytestconfig.rootpath / f"server-{worker}").write_text(xzepr_postgres_server.url())


def test_database_was_dropped(xzepr_postgres_server):
    with pytest.raises(ConfigurationError):
        connect(urls[0])
"""


@pytest.mark.parametrize("time", [1, 2])
def test_database_is_fresh(xzepr_postgres_database: str, time: int) -> None:
    """Every test has a database of its own."""
    with connect(xzepr_postgres_database) as connection:
        connection.execute("CREATE TABLE mine (n integer)")

    assert time


def test_database_is_on_the_server(xzepr_postgres_database: str, xzepr_postgres_server: PostgresServer) -> None:
    """The fixture is the URL of a database on the server of the run."""
    assert xzepr_postgres_database.startswith(xzepr_postgres_server.url().rpartition("/")[0])


@pytest.mark.slow
def test_every_worker_has_a_server(tmp_path: Path, temporary: Path) -> None:
    """Two workers of pytest-xdist run a user's tests on a server and a template each, and leave nothing behind."""
    (tmp_path / "test_user.py").write_text(USER_TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "each", "-p", "no:cacheprovider"]
    ended = subprocess.run([*command, str(tmp_path)], cwd=tmp_path, check=False, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout
    assert len({place.read_text(encoding="utf-8") for place in tmp_path.glob("server-*")}) == 2
    assert (list(temporary.glob("xzpg*")), processes_in(temporary)) == ([], set())


def test_plugin_loads_no_driver() -> None:
    """Having the fixtures costs nothing: the plugin imports neither psycopg nor what finds a server."""
    program = "import xzepr.testing.plugin, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert {"psycopg", "testcontainers", "xzepr.testing.postgres"} & set(loaded) == set()
