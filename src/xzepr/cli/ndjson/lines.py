"""Lines of a file of which nothing is known: numbered, bounded, and hashed as they pass."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

import attrs

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line. A payload of 2 MiB has at most three times as many when everything in it is escaped."""

_PIECE: Final = 1024 * 1024


@attrs.frozen(kw_only=True)
class Line:
    """One line.

    Args:
        number: 1, 2, 3 …
        size: How many bytes it has, its end included.
        text: Its bytes without its end; None if there are too many.
        ended: Whether it has an end; the last line of a file that was cut has none.
    """

    number: int
    size: int
    text: bytes | None = attrs.field(repr=False)
    ended: bool

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return self.text == b""


class Lines:
    """The lines of a file.

    Args:
        file: The file, at its beginning.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = sha256()
        self.number = 0
        """How many lines were read."""
        self.offset = 0
        """How many bytes were read."""

    @property
    def digest(self) -> str:
        """Hex SHA-256 over all that was read."""
        return self._hash.hexdigest()

    def pass_over(self, number: int, offset: int) -> None:
        """Read the part that was dealt with before, for its digest.

        Args:
            number: How many lines it has.
            offset: How many bytes it has.
        """
        while self.offset < offset:
            piece = self._file.read(min(_PIECE, offset - self.offset))
            if not piece:
                break
            self._seen(piece)
        self.number = number

    def __iter__(self) -> Iterator[Line]:
        while data := self._file.readline(MAX_LINE + 1):
            before = self.offset
            self._seen(data)
            self.number += 1
            too_long = len(data) > MAX_LINE
            last = data
            while too_long and not last.endswith(b"\n") and (more := self._file.readline(_PIECE)):
                self._seen(more)
                last = more
            yield Line(
                number=self.number,
                size=self.offset - before,
                text=None if too_long else data.strip(b" \t\r\n"),
                ended=last.endswith(b"\n"),
            )

    def _seen(self, data: bytes) -> None:
        self._hash.update(data)
        self.offset += len(data)
