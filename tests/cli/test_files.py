"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from xzepr.cli.files import NamedSink, naming_file, permit, replacing, sync_folder
from xzepr.errors import ConfigurationError


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """Until the end what stood under the name stands there still, and nothing else is left behind."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_after_an_error_nothing_has_changed(tmp_path: Path, error: BaseException) -> None:
    """Neither the name nor a part of the file is there."""

    def write() -> None:
        with replacing(tmp_path / "out") as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        write()

    assert list(tmp_path.iterdir()) == []


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return path.stat().st_mode & 0o777


def test_who_might_read_a_file_may_read_it_still(tmp_path: Path) -> None:
    """A new file is for its owner alone, one that stood there keeps what it allows, whatever is common here."""
    path = tmp_path / "out"
    with replacing(path) as file:
        file.write(b"secret")
    assert mode(path) == 0o600
    for kept in (0o640, 0o664, 0o400, 0o600):
        path.chmod(kept)
        with replacing(path) as file:
            file.write(b"secret")
        assert mode(path) == kept | 0o600


def test_c079_the_owner_may_go_on_writing(tmp_path: Path) -> None:
    """What is like a file that is only read is not: else an import that has written some of it could write no more."""
    model, path = tmp_path / "model", tmp_path / "out"
    model.touch()
    path.touch(0o600)
    for kept, expected in ((0o444, 0o644), (0o400, 0o600), (0o044, 0o644)):
        model.chmod(kept)
        permit(path, model)
        assert mode(path) == expected


def test_a_new_file_may_be_like_another_one(tmp_path: Path) -> None:
    """Only until it is there: then it is what its owner has made it."""
    model, path = tmp_path / "model", tmp_path / "out"
    model.touch()
    model.chmod(0o754)
    with replacing(path, like=model):
        pass
    assert mode(path) == 0o644
    path.chmod(0o600)
    with replacing(path, like=model):
        pass

    assert mode(path) == 0o600


def test_another_group_gets_nothing(tmp_path: Path) -> None:
    """What one group may do is not what another one may."""
    path = tmp_path / "out"
    path.touch(0o600)
    other = SimpleNamespace(st_mode=0o100664, st_gid=path.stat().st_gid + 1)
    permit(path, SimpleNamespace(stat=lambda: other))  # type: ignore[arg-type]

    assert mode(path) == 0o604


def test_two_writers_of_one_name_do_not_meet(tmp_path: Path) -> None:
    """Each writes a file of its own, also where process numbers are the same: the later one stays, whole."""
    path = tmp_path / "out"
    with replacing(path) as first:
        first.write(b"first")
        with replacing(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x" * 255, "\u6771" * 85, "\U0001f4e6" * 63])
def test_a_name_may_be_as_long_as_names_are(tmp_path: Path, name: str) -> None:
    """What the part has more than the name does not make it too long."""
    with replacing(tmp_path / name) as file:
        file.write(b"new")

    assert (tmp_path / name).read_bytes() == b"new"


def test_c079_content_and_name_are_on_the_disk_in_that_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut the name has the old content or all of the new one, and what was said is true."""
    path, done = tmp_path / "out", list[tuple[str, bool]]()
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        what = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        done.append((what, path.exists()))

    monkeypatch.setattr(os, "fsync", noted)
    with replacing(path) as file:
        file.write(b"new")

    assert done == [("file", False), ("folder", True)]


@pytest.mark.parametrize(("number", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_brought_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, fails: bool
) -> None:
    """Some file systems have no such thing; a disk that is broken is another matter."""

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) if fails else nullcontext():
        sync_folder(tmp_path / "out")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file become larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_c079_a_disk_that_is_full_at_the_end_is_named(tmp_path: Path) -> None:
    """Also when only the last bytes, which were held back, find no room; and once, not again at closing."""
    path = tmp_path / "out"
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught, room_for(10), replacing(path) as file:
        file.write(b"eleven more")

    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """What it points to is replaced."""
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    """Putting a file in its place would destroy it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(ConfigurationError, match="is no regular file"), replacing(path):
            pass

    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error has the name that the user gave."""
    path = tmp_path / "nowhere" / "out"
    with pytest.raises(FileNotFoundError) as caught, replacing(path):
        pass

    assert caught.value.filename == str(path)


def test_a_write_that_fails_names_the_file(tmp_path: Path) -> None:
    """The system's own error has no name."""
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left") as caught:  # noqa: PTH123
        NamedSink(full, tmp_path / "out").write(b"x")  # type: ignore[arg-type]

    assert caught.value.filename == str(tmp_path / "out")


def test_errors_of_others_keep_their_name(tmp_path: Path) -> None:
    """Only an error inside gets the name."""
    with pytest.raises(PermissionError) as caught, naming_file(tmp_path):
        raise OSError(errno.EACCES, "Permission denied")

    assert str(caught.value) == f"[Errno {errno.EACCES}] Permission denied: '{tmp_path}'"
