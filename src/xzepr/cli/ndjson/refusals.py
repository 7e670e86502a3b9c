"""Where the lines go that were refused: a file beside the one that is imported, or stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from xzepr.cli.files import naming_file, permit, sync_folder
from xzepr.cli.ndjson.locking import lock_refused
from xzepr.cli.ndjson.places import check_replaceable, is_device
from xzepr.cli.ndjson.taking import Refused
from xzepr.cli.output import Output, json_text
from xzepr.errors import ConfigurationError

_PRIVATE: Final = 0o600

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL

_PIECE: Final = 1024 * 1024


class Refusals:
    """The lines that were refused.

    A file is open and locked from the beginning: whoever else would write there finds out before anything is recorded.

    Args:
        path: The file, which stays only if something stands in it; None for stderr.
        like: The file that is imported: who may read that may read its refused lines.
    """

    def __init__(self, path: Path | None, like: Path | None = None) -> None:
        self._path = path
        self._like = like
        self._file: BinaryIO | None = None
        self._counted = path is not None and not is_device(path)
        self._mine = False
        self._hash = sha256()
        self.size = 0
        """How many bytes were kept; of what is no regular file nobody counts them."""

    @property
    def digest(self) -> str:
        """Hex SHA-256 over all that was kept."""
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        if self._path is not None and self._counted:
            with naming_file(self._path):
                self._mine = not self._path.exists()
                self._file = _created(self._path, self._like) if self._mine else _locked(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            empty = self._mine and self._counted and not self.size
            _close(self._file, self._path if empty else None)

    def pass_over(self, size: int) -> None:
        """Read what an earlier run has confirmed, for its digest.

        Args:
            size: How many bytes it has.
        """
        while self._file is not None and (piece := self._file.read(min(_PIECE, size - self.size))):
            self._seen(piece)

    def begin(self) -> None:
        """Drop what stands behind that: nobody has confirmed it, and it is written anew.

        Raises:
            ConfigurationError: Nothing was confirmed, and what stands there was written by something else.
            OSError: The file cannot be written; the error names it.
        """
        if self._path is None or self._file is None:
            return
        if not self.size:
            check_replaceable(self._path)
        with naming_file(self._path):
            self._file.seek(self.size)
            self._file.truncate()
            if not self.size:
                permit(self._path, self._like)
        self._mine = True

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
            self._file = path.open("ab")
        self._file.write(data)
        self._file.flush()
        if self._counted:
            os.fsync(self._file.fileno())
            self._seen(data)

    def _seen(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)


def _created(path: Path, like: Path | None) -> BinaryIO:
    """Create the file; it must be new: one that was not there before is another import's."""
    os.close(os.open(path, _NEW, _PRIVATE))
    permit(path, like)
    sync_folder(path)
    return _locked(path)


def _locked(path: Path) -> BinaryIO:
    file = path.open("r+b")
    try:
        lock_refused(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _close(file: BinaryIO, unwanted: Path | None) -> None:
    """Close the file, and delete it first if it is unwanted: while it is locked, nobody else writes there."""
    open_ones_can_be_deleted = os.name != "nt"
    if unwanted is not None and open_ones_can_be_deleted:
        unwanted.unlink(missing_ok=True)
    with suppress(OSError):  # what could not be written was told when it was
        file.close()
    if unwanted is not None and not open_ones_can_be_deleted:
        with suppress(PermissionError):  # another import has opened it meanwhile: it is that one's now
            unwanted.unlink(missing_ok=True)


def _tell(lines: Iterable[str]) -> None:
    if sys.stderr is None:
        raise ConfigurationError("there is no stderr for the lines that are refused: name a file with --refused")
    output = Output(sys.stderr)
    with naming_file(Path("stderr")):
        for line in lines:
            output.line(line)
