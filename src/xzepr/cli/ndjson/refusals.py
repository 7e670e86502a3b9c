"""Where the lines go that were refused: a file beside the one that is imported, or stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from xzepr.cli.files import naming_file, permit, sync_folder
from xzepr.cli.ndjson.places import is_device
from xzepr.cli.ndjson.taking import Refused
from xzepr.cli.output import Output, json_text
from xzepr.errors import ConfigurationError

_PRIVATE: Final = 0o600


class Refusals:
    """The lines that were refused.

    Args:
        path: The file, which is there as soon as there is one; None for stderr.
        size: How much of it an earlier run has confirmed; what stands behind that is written anew.
        like: The file that is imported: who may read that may read its refused lines.
    """

    def __init__(self, path: Path | None, size: int = 0, like: Path | None = None) -> None:
        self._path = path
        self._like = like
        self._file: BinaryIO | None = None
        self._device = path is not None and is_device(path)
        self.size = size
        """How many bytes were written; of what is no regular file nobody counts them."""
        if path is not None and not self._device:
            self._begin(path)

    def _begin(self, path: Path) -> None:
        """Keep what was confirmed, and no more."""
        with naming_file(path):
            if self.size:
                os.truncate(path, self.size)
            else:
                path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be written was told when it was
                self._file.close()

    def write(self, refused: Iterable[Refused]) -> None:
        """Keep lines that were refused: when it returns, they are on the disk.

        Raises:
            ConfigurationError: They are for stderr, and there is none.
            OSError: They cannot be written; the error names the file.
        """
        lines = [json_text(one.form(), ascii_only=self._path is None) for one in refused]
        if not lines:
            return
        if self._path is None:
            _tell(lines)
        else:
            with naming_file(self._path):
                self._append(self._path, "".join(f"{line}\n" for line in lines).encode())

    def _append(self, path: Path, data: bytes) -> None:
        if self._file is None:
            self._file = self._opened(path)
        self._file.write(data)
        self._file.flush()
        if not self._device:
            os.fsync(self._file.fileno())
            self.size += len(data)

    def _opened(self, path: Path) -> BinaryIO:
        """Open the file; a new one must be new: one that was not there before is another import's."""
        if self._device or self.size:
            return path.open("ab")
        descriptor = os.open(path, _NEW, _PRIVATE)
        file = os.fdopen(descriptor, "wb")
        permit(path, self._like)
        sync_folder(path)
        return file


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def _tell(lines: Iterable[str]) -> None:
    if sys.stderr is None:
        raise ConfigurationError("there is no stderr for the lines that are refused: name a file with --refused")
    output = Output(sys.stderr)
    with naming_file(Path("stderr")):
        for line in lines:
            output.line(line)
