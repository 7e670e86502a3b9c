"""Where the files of an import are: what is read, how far it has come, and the lines that were refused."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

import attrs

from xzepr.cli.files import naming_file
from xzepr.errors import ConfigurationError

PROGRESS: Final = ".progress"
"""What is added to the name of a file for the one that tells how far its import has come."""

REFUSED: Final = ".refused"
"""What is added to the name of a file for that of its refused lines."""

_OPENING: Final = b'{"line":'
_REFUSED_LINE: Final = re.compile(rb'\{\s*"line":\s*\d+,\s*"code":\s*"')
"""How a refused line begins."""

_HEAD: Final = 64
"""Bytes that are enough to tell."""

_STDERR: Final = 2

STREAM: Final = "-"
"""How stdin and stderr are called."""


@attrs.frozen
class Places:
    """Where the files of an import are.

    Args:
        source: The file that is read; None for what can be read only once, of which nothing is kept.
        refused: Where refused lines go; None for stderr.
    """

    source: Path | None
    refused: Path | None

    @property
    def refused_name(self) -> str | None:
        """How the state names the file of refused lines; what stands beside the source may be moved with it."""
        if self.refused is None:
            return None
        if is_device(self.refused):
            return str(self.refused)  # what a name such as /dev/stderr stands for is another pipe each time
        real = Path(os.path.realpath(self.refused))
        beside = self.source is not None and Path(os.path.realpath(self.source)).parent == real.parent
        return real.name if beside else str(real)

    def check_writable(self) -> None:
        """See that files can be written there, before anything is recorded that could not be noted then.

        Raises:
            ConfigurationError: Nothing can be kept beside the source; the message says what to do.
            OSError: The file of refused lines cannot be written; the error names it.
        """
        if self.source is not None:
            _check_beside(self.source)
        if self.refused is not None:
            with naming_file(self.refused):
                _check_refused(self.refused)


def progress_path(source: Path) -> Path:
    """Return where it is kept how far a file's import has come."""
    return source.with_name(source.name + PROGRESS)


def is_device(path: Path) -> bool:
    """Return whether something that is no regular file stands there, such as a pipe."""
    return path.exists() and not path.is_file()


def places_of(file: str, refused: str | None) -> Places:
    """Find out where the files of an import are. Nothing is changed.

    Args:
        file: What the user wants to read; ``-`` is stdin.
        refused: Where the user wants refused lines, if anything was said; ``-`` is stderr.

    Raises:
        ConfigurationError: Refused lines would be written over another file of the import, or over one that holds
            something else; or there is no stdin.
        OSError: There is no such file.
    """
    present = _stat_of(file)
    source = _source(file)
    places = Places(source, _refused(source, refused))
    if places.refused is not None:
        _check_apart(places.refused, present, file, source)
        if refused is not None:
            check_replaceable(places.refused)
    return places


def check_replaceable(refused: Path) -> None:
    """See that a file holds nothing but refused lines, such as those of an earlier import; it may be absent or empty.

    Args:
        refused: Where refused lines will be written.

    Raises:
        ConfigurationError: It holds something else.
        OSError: It cannot be read; the error names it.
    """
    if refused.is_file() and not _is_refused(_head_of(refused)):
        raise ConfigurationError(
            f"{refused} holds something else than the refused lines of an import, and would be written over: name "
            "another file with --refused, or move this one away"
        )


def _stat_of(file: str) -> os.stat_result:
    if file != STREAM:
        with naming_file(path := Path(file)):
            return path.stat()
    if sys.stdin is None:
        raise ConfigurationError("there is no stdin: name a file")
    return os.fstat(sys.stdin.fileno())


def _source(file: str) -> Path | None:
    if file == STREAM:
        return None
    path = _followed(Path(file))
    return path if path.is_file() else None


def _refused(source: Path | None, refused: str | None) -> Path | None:
    if refused == STREAM or (refused is None and source is None):
        return None
    path = source.with_name(source.name + REFUSED) if source is not None and refused is None else Path(refused or "")
    if _is_stderr(path):
        return None
    return path if is_device(path) else _followed(path)


def _is_stderr(path: Path) -> bool:
    """Return whether a path is stderr by another name: what is written to both would be mixed up in a file."""
    return sys.stderr is not None and path.exists() and os.path.samestat(path.stat(), os.fstat(_STDERR))


def _followed(path: Path) -> Path:
    """Return what a link points to: ``/dev/stdin`` is one, and beside it nothing can be kept."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _check_apart(refused: Path, present: os.stat_result, file: str, source: Path | None) -> None:
    """See that no refused line is written over what is read, or over the state."""
    taken = {progress_path(source)} if source is not None else set()
    if _is_same(refused, present) or any(_same_place(refused, one) for one in taken):
        what = "stdin" if file == STREAM else file
        raise ConfigurationError(f"refused lines cannot go to {refused}: it is needed for the import of {what} itself")


def _is_same(path: Path, present: os.stat_result) -> bool:
    """Return whether a path is what is read, under whatever name; a terminal may well be both."""
    return path.exists() and os.path.samestat(path.stat(), present) and not stat.S_ISCHR(present.st_mode)


def _same_place(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _head_of(refused: Path) -> bytes:
    with naming_file(refused), refused.open("rb") as file:
        return file.read(_HEAD)


def _is_refused(head: bytes) -> bool:
    """Return whether a file of refused lines begins so; where a full disk has cut the first one, with less of it."""
    if len(head) < _HEAD and b"\n" not in head:
        return head.startswith(_OPENING) or _OPENING.startswith(head)
    return _REFUSED_LINE.match(head) is not None


def _check_beside(source: Path) -> None:
    try:
        _try(source.parent)
    except OSError as error:
        raise ConfigurationError(
            f"beside {source} nothing can be written ({error.strerror}), so it could not be kept how far its import "
            f"has come: `xzepr import - < {source}` does without that, and tells refused lines on stderr"
        ) from None


def _check_refused(refused: Path) -> None:
    if refused.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not is_device(refused):
        _try(refused.parent)


def _try(folder: Path) -> None:
    """Write something that is gone at once."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\n")
        file.flush()
