"""Plain text for people: aligned columns, and colour where it helps and is wanted; JSON for programs."""

from __future__ import annotations

import errno
import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, TextIO

import attrs

from xzepr.documents import JsonValue

_GAP: Final = "  "
_RESET: Final = "\x1b[0m"
_CONTROLS: Final = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""What JSON leaves as it stands, and some terminals obey."""

_JOINERS: Final = "\u200c\u200d"
_WITHOUT_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})
_VIRAMA: Final = 9


class Style(StrEnum):
    """How a cell looks, as the SGR sequence of ECMA-48 that makes it so."""

    PLAIN = ""
    GOOD = "\x1b[32m"
    BAD = "\x1b[31m"
    STRONG_GOOD = "\x1b[1;32m"
    STRONG_BAD = "\x1b[1;31m"
    FAINT = "\x1b[2m"
    STRONG = "\x1b[1m"


@attrs.frozen
class Cell:
    """A text, and how it looks.

    Args:
        text: The text; one line.
        style: How it looks, where colours are shown.
    """

    text: str
    style: Style = Style.PLAIN


@attrs.frozen
class Column:
    """A column of a table.

    Args:
        title: What stands above it.
        width: How many characters its cells have at most; longer ones push the rest of their line to the right.
        right: Whether its cells stand at the right edge.
    """

    title: str
    width: int
    right: bool = False


class OutputLost(OSError):
    """A stream takes nothing any more: it is full, or whoever read it went away.

    It is told apart from what else the system refuses, such as a connection to a store.
    """

    @property
    def reader_gone(self) -> bool:
        """Whether nobody reads it any more."""
        return self.errno == errno.EPIPE


@contextmanager
def may_be_lost() -> Iterator[None]:
    """Tell what goes wrong with a stream apart.

    Raises:
        OutputLost: It takes nothing any more.
    """
    try:
        yield
    except OSError as error:
        raise OutputLost(error.errno, error.strerror) from error


@attrs.frozen
class Output:
    """Where a command writes its data.

    Args:
        stream: Where the text goes.
        coloured: Whether it is coloured.

    Example:
        >>> import sys
        >>> output = Output(sys.stdout)
        >>> columns = (Column("unit", 6), Column("events", 6, right=True))
        >>> output.head(columns)
        unit    events
        ------  ------
        >>> output.row(columns, [Cell("web"), Cell("12", Style.GOOD)])
        web         12
    """

    stream: TextIO | None
    coloured: bool = False

    @classmethod
    def of(cls, stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> Output:
        """Return the output to a stream: coloured on a terminal, unless the user says no (https://no-color.org)."""
        refused = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
        return cls(stream, stream is not None and stream.isatty() and not refused)

    def line(self, text: str = "", style: Style = Style.PLAIN) -> None:
        """Write a line, at once: a reader sees things as they happen."""
        if self.stream is not None:
            with may_be_lost():
                self.stream.write(self._styled(text, style) + "\n")
                self.stream.flush()

    def json(self, value: JsonValue, *, indent: int | None = None) -> None:
        """Write a value as JSON: on one line, unless it is indented for people.

        What the stream cannot encode is written as an escape; the value stays the same.
        """
        if self.stream is not None:
            self.line(json_text(value, ascii_only=not _is_utf8(self.stream), indent=indent))

    def head(self, columns: Sequence[Column]) -> None:
        """Write the titles of a table."""
        self.row(columns, [Cell(column.title, Style.STRONG) for column in columns])
        self.line(_GAP.join("-" * column.width for column in columns), Style.FAINT)

    def row(self, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
        """Write a row of a table; no blanks are left at its end."""
        pieces = [self._fitted(column, cell) for column, cell in zip(columns, cells, strict=True)]
        self.line(_GAP.join(pieces).rstrip())

    def _fitted(self, column: Column, cell: Cell) -> str:
        blanks = " " * (column.width - width_of(cell.text))
        text = self._styled(cell.text, cell.style)
        return blanks + text if column.right else text + blanks

    def _styled(self, text: str, style: Style) -> str:
        return f"{style}{text}{_RESET}" if self.coloured and style and text else text


def say(text: str) -> None:
    """Write a line to stderr, with escapes for what a terminal would obey.

    A stderr that takes nothing is left alone from then on: it changes no answer.

    Args:
        text: What goes on, or went wrong.
    """
    try:
        Output(sys.stderr).line(shown(f"xzepr: {text}"))
    except (OSError, ValueError):
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain at its end.

    Args:
        stream: stdout or stderr.
    """
    try:
        place = stream.fileno()
    except (AttributeError, OSError, ValueError):  # there is none, or it is no file
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, place)
    os.close(nowhere)


def json_text(value: JsonValue, *, ascii_only: bool = False, indent: int | None = None) -> str:
    """Return the JSON text of a value.

    Example:
        >>> json_text({"name": "Zürich", "ok": True})
        '{"name":"Zürich","ok":true}'
    """
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, indent=indent, separators=separators)
    return text if text.isascii() and "\x7f" not in text else text.translate(_CONTROLS)


def shown(text: str) -> str:
    r"""Return a text with escapes for what a terminal would obey or not show.

    Joiners stay where words need them (RFC 5892, appendix A: behind a virama, between Arabic letters), and in emoji.

    Example:
        >>> print(shown("web\u202e"))
        web\u202e
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or _joins(text, place) else one.encode("unicode_escape").decode()
        for place, one in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands there that those who write with joiners would put there."""
    if text[place] not in _JOINERS or not 0 < place < len(text) - 1:
        return False
    before, after = text[place - 1], text[place + 1]
    if unicodedata.combining(before) == _VIRAMA or (_is_arabic(before) and _is_arabic(after)):
        return True
    return unicodedata.category(after) == "So" and (unicodedata.category(before) in {"So", "Sk"} or before == "\ufe0f")


def _is_arabic(letter: str) -> bool:
    return unicodedata.bidirectional(letter) == "AL"


def width_of(text: str) -> int:
    """Return how many columns a text takes on a terminal.

    Example:
        >>> width_of("web"), width_of("東京")
        (3, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(one) in _WITHOUT_WIDTH else 1 + (unicodedata.east_asian_width(one) in "FW")
        for one in text
    )


def _is_utf8(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
