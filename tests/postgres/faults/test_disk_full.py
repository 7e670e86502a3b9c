"""C79: there is no space left on the disk that the tables are on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import create_engine

from tests.postgres.faults.conftest import OpenRegistry
from tests.postgres.faults.proxy import Proxy
from tests.postgres.faults.worlds import Ready, about, attempt, check_clean, make_ready, picture
from xzepr import Registry
from xzepr.errors import StorageFull
from xzepr.testing.checking import check_history
from xzepr.testing.postgres import LocalServer, find_server
from xzepr.testing.postgres.accounts import find_account
from xzepr_postgres import migrate

pytestmark = pytest.mark.slow

FULL = "the database has no space left: make room, then retry"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 24 MB that the server may write to; only root can make one, so others skip this and say so."""
    account = find_account()
    options = "size=24m,mode=700" + (f",uid={account['user']},gid={account['group']}" if account else "")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)  # the server is another account
        if not _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder):
            pytest.skip("a disk of its own cannot be mounted here: run this as root, where mounting is permitted")
        yield place
        assert _run("umount", "-l", folder)


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def full_place(small_disk: Path) -> Iterator[str]:
    """The URL of a database on that disk, on a server of its own."""
    with find_server(settings={"fsync": "off"}) as server:
        assert isinstance(server, LocalServer)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")  # type: ignore[call-overload]
        url = server.url(server.create_database(options="TABLESPACE small"))
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(engine)
        engine.dispose()
        yield url


def fill(connection: psycopg.Connection) -> None:
    """Fill the disk to the last page, but in a table that is nobody's."""
    connection.execute("CREATE TABLE filler (text text)")
    for size in (1_000, 100, 10):
        try:
            while True:
                connection.execute("INSERT INTO filler SELECT repeat('x', 8000) FROM generate_series(1, %s)", (size,))
        except psycopg.errors.DiskFull:
            continue


def test_c079_a_full_disk_is_told_and_not_tried_again(full_place: str, open_registry: OpenRegistry) -> None:
    """Nothing is stored by halves, what is there can be read, and once there is room again all goes on."""
    ready = make_ready(open_registry(full_place))
    ready.registry.feed.head()
    with Proxy(full_place) as proxy, psycopg.connect(full_place, autocommit=True) as connection:
        registry = open_registry(proxy.url, attempts=5)
        registry.receivers.get(ready.scan.id)
        fill(connection)
        before = picture(full_place)
        told = record_until_full(registry, ready, proxy)
        assert told == FULL
        assert {event.unit.name for event in registry.events.list()} >= {"web", "api"}
        assert registry.groups.verdict(ready.group, about("api")).enabled
        stored = picture(full_place)
        assert all(not rows - stored[name] for name, rows in before.items() if name != "units")
        connection.execute("DROP TABLE filler")
        assert attempt(ready.through(registry).record) is None
        assert attempt(lambda: registry.events.redact(registry.events.list().items[0].id, "asked for")) is None
    check_history(ready.registry, every_position=False)


def record_until_full(registry: Registry, ready: Ready, proxy: Proxy) -> str:
    """Record ever more until the last free bytes of the tables are used; return what is told then."""
    for number in range(10_000):
        proxy.plan(None)
        error = attempt(
            partial(registry.events.record, about(f"u{number}"), ready.scan, success=True, payload="x" * 5_000)
        )
        if error is not None:
            assert isinstance(error, StorageFull)
            check_clean(error)
            assert proxy.requests == 1
            return str(error)
    raise AssertionError("the disk does not get full")
