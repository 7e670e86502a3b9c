"""A standby of a server: a copy that follows it, and only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

import psycopg

from tests.postgres.faults.waiting import until
from xzepr.testing.postgres import LocalServer, find_binaries, local, watchdog
from xzepr.testing.postgres.binaries import Binaries

FOLLOWING: Final = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


@contextmanager
def standby_of(primary: LocalServer) -> Iterator[LocalServer]:
    """Start a standby of a server; it is gone as any other server of the tests is."""
    binaries = find_binaries(primary.major)
    assert binaries is not None
    make_orders = local._orders  # noqa: SLF001 - the one step that is another one here

    def orders(binaries: Binaries, settings: Mapping[str, str], folder: Path) -> watchdog.Orders:
        made = make_orders(binaries, settings, folder)
        copy = Path(made["initdb"][0]).with_name("pg_basebackup")
        made["initdb"] = [str(copy), "-R", "-c", "fast", "-d", primary.url(), "-D", str(folder / "data")]
        return made

    with patch.object(local, "_orders", orders), LocalServer(binaries) as server:
        yield server


def catch_up(primary: str, standby: str) -> None:
    """Wait until a standby shows what its primary has committed.

    Args:
        primary: The URL of a database of the one.
        standby: The URL of a database of the other.
    """
    with psycopg.connect(primary, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
    with psycopg.connect(standby, autocommit=True) as connection:
        until(lambda: connection.execute(FOLLOWING, row).fetchone() == (True,))
