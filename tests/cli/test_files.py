"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from xzepr.cli.files import NamedSink, naming_file, replacing
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
