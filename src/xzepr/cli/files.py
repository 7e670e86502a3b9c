"""Files that a command writes: whole or not at all, and named when something is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from xzepr.errors import ConfigurationError


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
        """Wait until what was written is on the disk, and close the file."""
        with naming_file(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


@contextmanager
def replacing(path: Path) -> Iterator[Sink]:
    """Write a file beside the one that is meant, and put it into its place at the end.

    Until then, and after an error, what stood under the name stands there still.

    Args:
        path: The file that is meant; of a symbolic link, what it points to.

    Yields:
        Where to write.

    Raises:
        ConfigurationError: Something that is no file stands there.
        OSError: It cannot be written; the error names the file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ConfigurationError(f"{path} is no regular file: write to - and redirect it")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with naming_file(path):
        file = part.open("wb")
    try:
        with file:
            sink = NamedSink(file, path)
            yield sink
            sink.settle()
        with naming_file(path):
            part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
