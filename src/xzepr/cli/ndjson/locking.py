"""One import of a file at a time: a lock that ends with the process that holds it."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

from xzepr.cli.output import say
from xzepr.errors import ConfigurationError

_TAKEN: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
"""What the systems say when another process has the lock."""

_WRITING: Final = "; on NFS that takes a file that is open for writing"

_NEEDS: Final = {errno.EBADF: _WRITING, errno.EINVAL: _WRITING}
"""What else is to be said about an error."""

_PLACE: Final = 2**31 - 2
"""The byte that is locked where a lock is on bytes: as far behind as that system's call can tell."""


def lock(file: BinaryIO, path: Path) -> None:
    """Lock a file that is read, until it is closed.

    Args:
        file: The file, at its beginning.
        path: How it is named.

    Raises:
        ConfigurationError: Another process imports it.
    """
    if not _is_free(file, path, "see that no other import of it is running"):
        raise ConfigurationError(f"another import of {path} is running: wait for its end")


def lock_refused(file: BinaryIO, path: Path) -> None:
    """Lock a file of refused lines, until it is closed.

    Args:
        file: The file, at its beginning.
        path: How it is named.

    Raises:
        ConfigurationError: Another process writes refused lines there, or has just deleted it.
    """
    free = _is_free(file, path, "see that no other import writes its refused lines there")
    if not free or not (path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())):
        raise ConfigurationError(
            f"another import writes its refused lines to {path}: wait for its end, or name another file with --refused"
        )


def _is_free(file: BinaryIO, path: Path, advice: str) -> bool:
    """Lock a file, and return whether it was free; where that cannot be told, give advice."""
    try:
        _lock(file.fileno())
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        say(f"{path} cannot be locked ({error.strerror}{_NEEDS.get(error.errno or 0, '')}): {advice}")
    return True


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - not everywhere

        os.lseek(descriptor, _PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl  # noqa: PLC0415 - not everywhere

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
