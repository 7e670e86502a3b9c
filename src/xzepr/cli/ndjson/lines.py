"""Lines of a file of which nothing is known: numbered, bounded, and hashed as they pass."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO, Final

import attrs

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line without its end. A payload of 2 MiB has at most three times as many when everything is escaped."""

_PIECE: Final = 1024 * 1024

_ENDS: Final = b"\r\n"

_BLANKS: Final = b" \t\r\n"
"""What JSON takes for white space."""


@attrs.frozen(kw_only=True)
class Line:
    """One line.

    Args:
        number: 1, 2, 3 …
        size: How many bytes it has, its end included.
        raw: Its bytes, all but the newline at the end; None if there are too many.
        ended: Whether it has an end; the last line of a file that was cut has none.
    """

    number: int
    size: int
    raw: bytes | None = attrs.field(repr=False)
    ended: bool
    text: bytes | None = attrs.field(init=False, repr=False)
    """Its bytes without white space around; None if there are too many."""

    @text.default
    def _(self) -> bytes | None:
        return None if self.raw is None else self.raw.strip(_BLANKS)

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return self.text == b""


class Lines:
    """The lines of a file, up to the first one without an end.

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
        before = self.offset
        while data := self._read(MAX_LINE + len(_ENDS)):
            self.number += 1
            ended = data.endswith(b"\n")
            raw: bytes | None = data.removesuffix(b"\n")
            if len(data.removesuffix(b"\n").removesuffix(b"\r")) > MAX_LINE:
                raw, ended = self._rest(data)
            yield Line(number=self.number, size=self.offset - before, raw=raw, ended=ended)
            if not ended:
                return  # what has come behind it since is the rest of this line, not another one
            before = self.offset

    def _rest(self, data: bytes) -> tuple[bytes | None, bool]:
        """Read a line that is too long to its end, and say what is kept and whether there is one."""
        blank = not data.strip(_BLANKS)
        while not data.endswith(b"\n") and (more := self._read(_PIECE)):
            blank = blank and not more.strip(_BLANKS)
            data = more
        return (b"" if blank else None), data.endswith(b"\n")

    def _read(self, most: int) -> bytes:
        data = self._file.readline(most)
        self._seen(data)
        return data

    def _seen(self, data: bytes) -> None:
        self._hash.update(data)
        self.offset += len(data)
