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
    try:
        _lock(file.fileno())
    except OSError as error:
        if error.errno in _TAKEN:
            raise ConfigurationError(f"another import of {path} is running: wait for its end") from None
        say(f"{path} cannot be locked ({error.strerror}): see that no other import of it is running")


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - not everywhere

        os.lseek(descriptor, _PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl  # noqa: PLC0415 - not everywhere

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
