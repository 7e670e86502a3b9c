"""Where the lines go that were refused: a file beside the one that is imported, or stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from xzepr.cli.files import naming_file
from xzepr.cli.ndjson.taking import Refused
from xzepr.cli.output import Output, json_text

SUFFIX: Final = ".refused"
"""What is added to the name of the file."""


class Refusals:
    """The lines that were refused.

    Args:
        path: The file, which is there as soon as there is one; None for stderr.
        size: How much of it an earlier run has confirmed; what stands behind that is written anew.
    """

    def __init__(self, path: Path | None, size: int = 0) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.size = size
        """How many bytes were written."""
        if path is not None:
            self._begin(path)

    def _begin(self, path: Path) -> None:
        """Keep what was confirmed, and no more; somebody may have moved the file away meanwhile."""
        with naming_file(path):
            self.size = min(self.size, path.stat().st_size) if path.is_file() else 0
            if self.size:
                os.truncate(path, self.size)
            elif path.is_file():
                path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be written was told when it was
                self._file.close()

    def write(self, refused: Iterable[Refused]) -> None:
        """Keep lines that were refused.

        Raises:
            OSError: They cannot be written; the error names the file.
        """
        for one in refused:
            if self._path is None:
                Output(sys.stderr).json(one.form())
            else:
                self._append(self._path, json_text(one.form()).encode() + b"\n")
        if self._path is not None and self._file is not None:
            with naming_file(self._path):
                self._file.flush()

    def _append(self, path: Path, data: bytes) -> None:
        with naming_file(path):
            if self._file is None:
                self._file = path.open("ab")
            self._file.write(data)
        self.size += len(data)
