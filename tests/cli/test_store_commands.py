"""`xzepr migrate` and `xzepr check` as processes, against a real database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from xzepr import Registry
from xzepr.testing.postgres import PostgresServer
from xzepr_postgres import newest_version

pytestmark = pytest.mark.slow

NEWEST = newest_version()


def xzepr(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does, with these variables and none of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XZEPR_STORE_URL")}
    return subprocess.run(
        [sys.executable, "-m", "xzepr.cli", *arguments],
        env=kept | (environ or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def table(text: str) -> dict[str, str]:
    """Return the lines of an answer, value by word."""
    return {word: value for word, _, value in (line.partition(" ") for line in text.splitlines())} if text else {}


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return what a command that had nothing to complain of has found."""
    assert done.stderr == ""
    return {word: value.strip() for word, value in table(done.stdout).items()}


@pytest.fixture
def url(xzepr_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = xzepr_postgres_server.create_database()
    yield xzepr_postgres_server.url(name)
    xzepr_postgres_server.drop_database(name)


def test_a_database_on_its_way(url: str) -> None:
    """Nothing there: 1 and what to run; migrated: 0; by a later version: 1 and to upgrade. Then it can be opened."""
    before = xzepr("check", "--store", url)
    assert before.returncode == 1
    expected = {"store": url, "reached": "yes", "found": "nothing", "needed": NEWEST}
    assert answer(before) == expected | {
        "next": "run `xzepr migrate`; where a store knows roles, add --grant ROLE for the application"
    }

    migrated = xzepr("migrate", "--store", url)
    assert (migrated.returncode, answer(migrated)) == (0, {"store": url, "found": "nothing", "now": NEWEST})
    after = xzepr("check", "--store", url)
    assert after.returncode == 0
    assert answer(after) == expected | {"found": NEWEST, "next": "nothing: it can be used"}
    Registry.open(url).close()

    with psycopg.connect(url) as connection:
        connection.execute("UPDATE xzepr.version SET version_num = '9999'")
    later = xzepr("check", "--store", url)
    assert later.returncode == 1
    assert answer(later)["next"] == "upgrade xzepr: a later version has migrated this store"


def test_migrating_again_says_that_nothing_was_to_do(url: str) -> None:
    """The second run finds the newest version."""
    xzepr("migrate", "--store", url)
    again = xzepr("migrate", "--store", url)

    assert (again.returncode, answer(again)) == (0, {"store": url, "found": NEWEST, "now": NEWEST})


def test_the_environment_names_the_store(url: str, tmp_path: Path) -> None:
    """A variable, or a file that another one names, does as well as the argument."""
    secret = tmp_path / "url"
    secret.write_text(f"{url}\n", encoding="utf-8")

    assert xzepr("check", environ={"XZEPR_STORE_URL": url}).returncode == 1
    assert xzepr("migrate", environ={"XZEPR_STORE_URL_FILE": str(secret)}).returncode == 0
    assert xzepr("check", environ={"XZEPR_STORE_URL": url}).returncode == 0


@pytest.fixture
def role(url: str) -> Iterator[str]:
    """A role that may log in and nothing else."""
    name = f"app {token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" LOGIN')  # type: ignore[call-overload]
        yield name
        connection.execute(f'DROP OWNED BY "{name}" CASCADE')  # type: ignore[call-overload]
        connection.execute(f'DROP ROLE "{name}"')  # type: ignore[call-overload]


def test_a_role_is_granted_access(url: str, role: str) -> None:
    """With --grant the application's own role passes the check, and without it does not."""
    own = url.replace("//postgres@", f"//{role.replace(' ', '%20')}@")
    xzepr("migrate", "--store", url)

    refused = xzepr("check", "--store", own)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "run `xzepr migrate --grant ROLE` as the owner of the tables" in refused.stderr
    granted = xzepr("migrate", "--grant", role, "--store", url)
    assert (granted.returncode, answer(granted)["granted"]) == (0, role)
    assert xzepr("check", "--store", own).returncode == 0


def test_the_printed_sql_is_all_there_is_on_stdout(url: str, role: str) -> None:
    """`xzepr migrate --sql | psql` sets a database up."""
    printed = xzepr("migrate", "--sql", "--grant", role, "--store", url)
    assert (printed.returncode, printed.stderr) == (0, "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(printed.stdout)  # type: ignore[call-overload]  # a whole script, as psql runs it

    assert xzepr("check", "--store", url.replace("//postgres@", f"//{role.replace(' ', '%20')}@")).returncode == 0


@pytest.mark.parametrize("command", ["check", "migrate"])
@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("postgresql://ci:hunter2@127.0.0.1:1/shop", "no server answers at 127.0.0.1:1"),
        ("postgresql://ci:hunter2@127.0.0.1:port/shop", "url/port: must be a whole number"),
        ("postgresql://ci:hunter2@127.0.0.1/", "url/path: must name the database"),
        ("postgresql://ci:hunter2@db/shop?pool_sise=5", "did you mean pool_size?"),
        ("postgresql+asyncpg://ci:hunter2@db/shop", "leave the driver out and write postgresql://"),
        ("postgersql://ci:hunter2@db/shop", "did you mean postgresql?"),
        ("", "--store is empty"),
    ],
)
def test_c079_what_cannot_be_done_is_2_and_one_line(command: str, store: str, said: str) -> None:
    """Whatever is wrong with the URL or the server is told on stderr, without the password and without a traceback."""
    done = xzepr(command, f"--store={store}")

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_a_role_that_is_not_there_is_told(url: str) -> None:
    """A grant that cannot be given undoes the migration with it."""
    done = xzepr("migrate", "--grant", "nobody at all", "--store", url)

    assert (done.returncode, done.stdout) == (2, "")
    assert "the role to grant access to is not there: create it" in done.stderr
    assert answer(xzepr("check", "--store", url))["found"] == "nothing"


def test_the_memory_store_needs_nothing() -> None:
    """It is as well as a store can be; what would be done is nothing, and a role it does not know."""
    checked = xzepr("check", "--store", "memory:")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert table(checked.stdout)["next"].strip() == "nothing: it needs no migrations"
    for command in (["migrate"], ["migrate", "--sql"]):
        done = xzepr(*command, "--store", "memory:")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "xzepr: the memory store needs no migrations: there is nothing to do\n"
    granted = xzepr("migrate", "--grant", "app", "--store", "memory:")
    assert (granted.returncode, granted.stdout) == (2, "")
    assert "the memory store knows no roles: leave --grant out" in granted.stderr
