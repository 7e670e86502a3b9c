"""Several processes on one file."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
from harness import behind, quick_folder
from processes import PATIENCE, check_file, heard, ran, started, tell
from xzepr.errors import Unavailable
from xzepr.model import SYSTEM
from xzepr.testing.world import unit

from xzepr_sqlite import SqliteStore, database
from xzepr_sqlite.schema import set_up

UNITS = 25


def race(path: Path, processes: int, units: int) -> list[int]:
    """Let processes start at one word; return how they ended."""
    with ExitStack() as stack:
        running = [stack.enter_context(started("race", path, number, units)) for number in range(processes)]
        for process in running:
            assert heard(process) == "ready\n"
        for process in running:
            tell(process)
        return [process.wait(PATIENCE) for process in running]


@pytest.mark.slow
def test_c073_two_processes_complete_each_unit_once(path: Path) -> None:
    """Of two processes that record the last two receivers, exactly one completes each unit."""
    assert race(path, 2, UNITS) == [0, 0]

    registry = check_file(path)
    both = registry.store.groups.find("both", "ci.gate", "1")
    assert both is not None
    assert [len(registry.groups.transitions(both, unit(number))) for number in range(UNITS)] == [1] * UNITS
    registry.store.close()


@pytest.mark.slow
def test_processes_that_open_a_new_file_at_once() -> None:
    """Of many processes that open a new file at one moment, one sets it up, and none fails."""
    with quick_folder() as folder:
        assert ran("open_at_once", folder, 6, 40) == ["0 0 0 0 0 0"] * 40
        check_file(folder / "0.db").store.close()


@pytest.mark.parametrize(("timeout", "opens"), [(60, True), (0, False)])
def test_opening_waits_for_others(path: Path, monkeypatch: pytest.MonkeyPatch, timeout: float, opens: bool) -> None:  # noqa: FBT001
    """While another process sets the same file up, opening it is tried again, for as long as the timeout says."""
    refusals = iter(range(3))

    def refuse_at_first(sql: sqlite3.Connection, place: Path) -> None:
        if next(refusals, None) is not None:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        set_up(sql, place)

    monkeypatch.setattr(database, "set_up", refuse_at_first)

    with nullcontext() if opens else pytest.raises(Unavailable):
        SqliteStore(path, timeout=timeout).close()
    assert (next(refusals, None) is None) == opens


def test_another_writer_makes_it_unavailable(path: Path) -> None:
    """While another process writes for longer than the timeout, a write is refused and a read is not."""
    store = SqliteStore(path, timeout=0)
    with behind(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            store.events.append([], SYSTEM)
        assert store.feed.head() == 0
        other.execute("ROLLBACK")
    store.check()
    store.close()


def test_c083_forked_child_is_refused(path: Path) -> None:
    """In a forked child the store refuses to work, and nothing that the child does harms the parent's."""
    refused, went_on = ran("use_after_fork", path)

    assert refused.startswith("ConfigurationError")
    assert went_on == "1 recorded in the parent"
    check_file(path).store.close()
