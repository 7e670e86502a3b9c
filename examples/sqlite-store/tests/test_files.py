"""Which files are opened, and what is said of the others."""

from __future__ import annotations

import math
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from harness import behind, quick_folder
from processes import ran
from xzepr import Registry
from xzepr.errors import Closed, ConfigurationError, Invalid, Unavailable
from xzepr.model import SYSTEM

from xzepr_sqlite import SqliteStore
from xzepr_sqlite.schema import set_up


def opened(path: Path) -> None:
    """Open a file and close it again."""
    SqliteStore(path).close()


def test_new_file_is_set_up(path: Path) -> None:
    """A file that is not there is made, with the tables of the present version and a log that is synced."""
    opened(path)

    with behind(path) as sql:
        assert sql.execute("PRAGMA user_version").fetchone() == (1,)
        assert sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_commits_are_synced(path: Path) -> None:
    """A commit waits for the disk."""
    store = SqliteStore(path)

    with store._database.reading() as sql:  # noqa: SLF001 - a setting of the connection
        assert tuple(sql.execute("PRAGMA synchronous").fetchone()) == (2,)
    store.close()


def test_empty_file_is_set_up(path: Path) -> None:
    """An empty file, as mktemp makes one, is taken for a new one."""
    path.touch()

    opened(path)

    assert path.stat().st_size > 0


def test_file_that_is_no_database(path: Path) -> None:
    """A file of something else is refused, and left as it is."""
    text = "this is no database\n" * 100
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match="is no SQLite database"):
        opened(path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("version", [0, 1])
def test_database_of_something_else(path: Path, version: int) -> None:
    """A database with other tables is refused, whatever version it says, and left as it is."""
    with behind(path) as sql:
        sql.execute("CREATE TABLE songs (title TEXT)")
        sql.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(ConfigurationError, match="a database of something else"):
        opened(path)
    with behind(path) as sql:
        assert sql.execute("SELECT name FROM sqlite_schema").fetchall() == [("songs",)]
        assert sql.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize("mark", ["application_id = 123", "user_version = 9", "user_version = -1"])
def test_empty_database_of_something_else(path: Path, mark: str) -> None:
    """A database without tables that something else has marked as its own is refused, and left as it is."""
    with behind(path) as sql:
        sql.execute(f"PRAGMA {mark}")
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match="a database of something else"):
        opened(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, -3])
def test_version_that_never_was(path: Path, version: int) -> None:
    """A file of ours with a version that never was is damaged: no upgrade helps."""
    opened(path)
    with behind(path) as sql:
        sql.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(ConfigurationError, match=f"tables of version {version}, not 1: .*restore a backup"):
        opened(path)


def test_newer_version(path: Path) -> None:
    """A file of a newer version is refused, when it is opened and by a check of an open store."""
    store = SqliteStore(path)
    with behind(path) as sql:
        sql.execute("PRAGMA user_version = 2")

    with pytest.raises(ConfigurationError, match="tables of version 2, not 1: upgrade"):
        opened(path)
    with pytest.raises(ConfigurationError, match="upgrade"):
        store.check()
    store.close()


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_c079_file_that_may_not_be_written(locked: str) -> None:
    """A file that this user may not write, or whose log he may not write beside it, is refused."""
    with quick_folder() as folder:
        path = folder / "provenance.db"
        opened(path)
        path.chmod(0o444 if locked == "file" else 0o666)
        folder.chmod(0o777 if locked == "file" else 0o555)

        [said] = ran("open_as_nobody", path)

        folder.chmod(0o700)
    assert said.startswith(f"ConfigurationError {path}")
    assert "may not be written" in said


def test_file_that_may_be_written_by_anybody() -> None:
    """The refusal above is of the rights alone: with them, nobody may open the file."""
    with quick_folder() as folder:
        path = folder / "provenance.db"
        opened(path)
        path.chmod(0o666)
        folder.chmod(0o777)

        assert ran("open_as_nobody", path) == ["opened"]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """A file in a folder that is not there cannot be opened, and the error says so."""
    with pytest.raises(ConfigurationError, match="does its folder exist"):
        opened(tmp_path / "nowhere" / "provenance.db")


def test_folder_in_its_place(tmp_path: Path) -> None:
    """A folder is no file."""
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "\ud800"], ids=["long", "zero", "surrogate"])
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    """What no file can be called is refused like any other file that cannot be opened."""
    with pytest.raises(ConfigurationError):
        opened(tmp_path / name)


def test_place_without_a_log() -> None:
    """Where SQLite can keep no write-ahead log, the file is refused: its commits would be less than promised."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as sql:
        sql.row_factory = sqlite3.Row
        with pytest.raises(ConfigurationError, match="put it on a local disk"):
            set_up(sql, Path("provenance.db"))


@pytest.mark.parametrize("timeout", [-1, 2_147_484, math.inf, math.nan, "5", True])
def test_what_is_no_timeout(path: Path, timeout: Any) -> None:  # noqa: ANN401 - wrong on purpose
    """A timeout that SQLite would take for another one is refused, and no file is made."""
    with pytest.raises(Invalid) as caught:
        SqliteStore(path, timeout=timeout)
    assert caught.value.fields == ("timeout",)
    assert not path.exists()


@pytest.mark.parametrize("timeout", [0, 0.25, 2_147_483])
def test_timeout_is_what_sqlite_waits(path: Path, timeout: float) -> None:
    """SQLite waits as long as it was told to."""
    store = SqliteStore(path, timeout=timeout)

    with store._database.reading() as sql:  # noqa: SLF001 - a setting of the connection
        assert tuple(sql.execute("PRAGMA busy_timeout").fetchone()) == (timeout * 1_000,)
    store.close()


def test_memory_is_no_file() -> None:
    """SQLite's name for a database in memory is refused: it would be gone with the store."""
    with pytest.raises(ConfigurationError, match="memory:"):
        SqliteStore(":memory:")


def test_relative_path_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder in which the store was opened, wherever the process goes."""
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("here.db")
    monkeypatch.chdir(os.sep)

    store.check()

    store.close()
    assert (tmp_path / "here.db").exists()


def test_removed_file(path: Path) -> None:
    """Once its file is gone, a store says so: what it wrote would be gone too."""
    store = SqliteStore(path)
    path.unlink()

    with pytest.raises(Unavailable, match="removed or replaced"):
        store.check()
    with pytest.raises(Unavailable):
        store.events.append([], SYSTEM)
    store.close()


def test_closing_ends_the_log(path: Path) -> None:
    """A closed store leaves one file: everything is in it."""
    with Registry(SqliteStore(path)) as registry:
        registry.receivers.create(name="build", type="ci.step", version="1", schema=True)
        registry.store.close()

    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(Closed):
        registry.store.check()
