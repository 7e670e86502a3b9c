"""One import of a file at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from xzepr.cli.ndjson.locking import lock, lock_refused
from xzepr.errors import ConfigurationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "some"
    path.write_bytes(b"first")
    return path


def test_a_lock_ends_with_its_file(path: Path) -> None:
    """Closed by hand, or by the system when a process dies."""
    with path.open("rb") as first, path.open("rb") as second:
        lock(first, path)
        with pytest.raises(ConfigurationError, match=r"another import of .*some is running"):
            lock(second, path)
        first.close()
        lock(second, path)
        assert second.read() == b"first"


def test_where_nothing_can_be_locked_it_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some file systems have no locks: the import goes on, and the user knows what to see to."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with path.open("rb") as file:
        lock(file, path)

    told = f"xzepr: {path} cannot be locked (No locks available): see that no other import of it is running\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("number", [errno.EBADF, errno.EINVAL])
def test_where_only_what_is_written_can_be_locked_it_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """On NFS a file that is only read has no lock: the system's reason says nothing of that."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with path.open("rb") as file:
        lock(file, path)

    assert "; on NFS that takes a file that is open for writing): see that" in capsys.readouterr().err


def test_refused_lines_have_a_lock_too(path: Path) -> None:
    """The second import learns whose lines stand there, and what it can do."""
    with path.open("r+b") as first, path.open("r+b") as second:
        lock_refused(first, path)
        with pytest.raises(ConfigurationError, match=r"another import writes its refused lines to .*some: wait"):
            lock_refused(second, path)


@pytest.mark.parametrize("again", [False, True])
def test_a_file_that_was_deleted_meanwhile_is_not_written(path: Path, *, again: bool) -> None:
    """An import that ends without refused lines deletes it: lines that went there would be nowhere."""
    with path.open("r+b") as file:
        path.rename(path.with_name("gone"))
        if again:
            path.touch()
        with pytest.raises(ConfigurationError, match="another import writes"):
            lock_refused(file, path)


def test_where_locks_are_on_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One far behind is locked, so that others can read the file, and reading begins at the beginning."""
    locked: list[tuple[int, int, int]] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        locked.append((mode, count, os.lseek(descriptor, 0, os.SEEK_CUR)))

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    monkeypatch.setattr(sys, "platform", "win32")
    with path.open("rb") as file:
        lock(file, path)
        assert file.read() == b"first"

    assert locked == [(2, 1, 2**31 - 2)]
