"""Files that a command writes: whole or not at all, and named when something is wrong with them."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from xzepr.errors import ConfigurationError

_PREFIX: Final = 50
"""Characters of a file's name that its part has too: in any alphabet few enough for every file system."""

_OWNER: Final = stat.S_IRUSR | stat.S_IWUSR
"""What the owner may do with a new file: go on writing it, also when it is like one that is only read."""

_NO_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""What file systems say that sync no folders, and folders that may be written and not read."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take some."""

    def flush(self) -> object:
        """Hand over what is still held back."""


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Give an error of the system the name of the file, which that of a write lacks."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or type(error).__name__, str(path)) from error


class NamedSink:
    """A file whose errors name it.

    Args:
        file: The open file.
        path: How it is named.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    def write(self, data: bytes) -> None:
        """Write bytes."""
        with naming_file(self._path):
            self._file.write(data)

    def flush(self) -> None:
        """Hand what was written to the system."""
        with naming_file(self._path):
            self._file.flush()

    def settle(self) -> None:
        """Wait until what was written is on the disk."""
        with naming_file(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        with naming_file(self._path):
            self._file.close()


@contextmanager
def replacing(path: Path, *, like: Path | None = None) -> Iterator[Sink]:
    """Write a file beside the one that is meant, and put it into its place at the end.

    Until then, and after an error, what stood under the name stands there still; whoever may read that may read the new
    one, which its owner may write too.

    Args:
        path: The file that is meant; of a symbolic link, what it points to.
        like: If nothing stands there yet, whoever may read this one may read the new one; else its owner alone.

    Yields:
        Where to write.

    Raises:
        ConfigurationError: Something that is no file stands there.
        OSError: It cannot be written; the error names the file.
    """
    target = _target(path)
    with naming_file(path):
        part, file = _part_of(target)
    sink = NamedSink(file, path)
    try:
        yield sink
        sink.settle()
        sink.close()
        with naming_file(path):
            _put(part, target, like)
    except BaseException:
        _drop(sink, part)
        raise


def permit(path: Path, like: Path | None) -> None:
    """Let those read and write a new file who may do so with another one, and its owner in any case.

    Args:
        path: The new file.
        like: The other one. What its group may do holds for the same group only.
    """
    if like is None:
        return
    model, own = like.stat(), path.stat()
    mode = (model.st_mode & 0o666) | _OWNER
    if model.st_gid != own.st_gid:
        mode &= ~stat.S_IRWXG
    if mode != own.st_mode & 0o666:
        path.chmod(mode)


def sync_folder(path: Path) -> None:
    """Wait until the name of a file is on the disk.

    Args:
        path: The file, which was created or renamed.
    """
    if os.name == "nt":  # there a folder cannot be opened
        return
    try:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _target(path: Path) -> Path:
    if path.exists() and not path.is_file():  # asked first: a pipe has no path that it could be followed to
        raise ConfigurationError(f"{path} is no regular file: write to - and redirect it")
    return Path(os.path.realpath(path))


def _part_of(target: Path) -> tuple[Path, BinaryIO]:
    """Create a file that nobody can have foreseen, for its owner alone."""
    prefix = f".{target.name[:_PREFIX]}."
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=target.parent)
    return Path(name), os.fdopen(descriptor, "wb")


def _put(part: Path, target: Path, like: Path | None) -> None:
    permit(part, target if target.exists() else like)
    part.replace(target)
    sync_folder(target)


def _drop(sink: NamedSink, part: Path) -> None:
    """Leave nothing behind; that something is wrong was told by what led here."""
    with suppress(OSError):
        sink.close()
    with suppress(OSError):
        part.unlink()
