"""Which files are opened, and what is said of the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import behind, quick_folder
from processes import ran
from xzepr import Registry
from xzepr.errors import Closed, ConfigurationError, Unavailable
from xzepr.model import SYSTEM

from xzepr_sqlite import SqliteStore


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

    with pytest.raises(ConfigurationError, match="tables of something else"):
        opened(path)
    with behind(path) as sql:
        assert sql.execute("SELECT name FROM sqlite_schema").fetchall() == [("songs",)]
        assert sql.execute("PRAGMA journal_mode").fetchone() == ("delete",)


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
