"""Lines of a file of which nothing is known."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO, RawIOBase

import pytest

from xzepr.cli.ndjson import lines as lines_module
from xzepr.cli.ndjson.lines import MAX_LINE, Lines


def read(data: bytes) -> list[tuple[int, bytes | None, int, bool]]:
    """Number, text, size and end of each line."""
    return [(line.number, line.text, line.size, line.ended) for line in Lines(BytesIO(data))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [(1, b"a", 2, True), (2, b"b", 2, True)]),
        (b"a\r\n\r\n", [(1, b"a", 3, True), (2, b"", 2, True)]),
        (b"a", [(1, b"a", 1, False)]),
        (b"\n \t\n", [(1, b"", 1, True), (2, b"", 3, True)]),
        (b"\x0b\n", [(1, b"\x0b", 2, True)]),
        (b"\xff\x00\n", [(1, b"\xff\x00", 3, True)]),
    ],
)
def test_lines_and_their_ends(data: bytes, expected: list[tuple[int, bytes | None, int, bool]]) -> None:
    """Every end that files have; white space of JSON around a line does not count; other bytes stay."""
    assert read(data) == expected


def test_place_and_digest_are_those_of_what_was_read() -> None:
    """After each line they are known, so that a later run can see that the file is still the same."""
    data = b"one\ntwo\r\nthree"
    lines = Lines(BytesIO(data))

    for line in lines:
        assert lines.digest == sha256(data[: lines.offset]).hexdigest()
        assert lines.number == line.number
    assert lines.offset == len(data)


def test_a_later_run_goes_on_behind_a_place() -> None:
    """Numbers, place and digest are as if one run had read everything."""
    data = b"one\ntwo\nthree\n"
    whole, later = Lines(BytesIO(data)), Lines(BytesIO(data))
    expected = list(whole)
    later.pass_over(1, 4)

    assert list(later) == expected[1:]
    assert (later.number, later.offset, later.digest) == (whole.number, whole.offset, whole.digest)


def test_passing_over_more_than_there_is() -> None:
    """A file that has become shorter is read to its end."""
    lines = Lines(BytesIO(b"one\n"))
    lines.pass_over(7, 400)

    assert lines.offset == 4


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_c001_a_line_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch, ending: bytes) -> None:
    """It has no text, but a number and a size; the next line is the next line."""
    monkeypatch.setattr(lines_module, "MAX_LINE", 8)
    monkeypatch.setattr(lines_module, "_PIECE", 4)
    found = read(b"123456789\n" + b"x" * 21 + ending)

    assert found == [(1, None, 10, True), (2, None, 21 + len(ending), bool(ending))]
    assert read(b"123456789\nab\n")[1] == (2, b"ab", 3, True)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_the_end_of_a_line_does_not_count(monkeypatch: pytest.MonkeyPatch, ending: bytes) -> None:
    """A line may be as long as it is said, however it ends."""
    monkeypatch.setattr(lines_module, "MAX_LINE", 8)

    assert [line[1] for line in read(b"12345678" + ending)] == [b"12345678"]
    assert [line[1] for line in read(b"123456789" + ending)] == [None]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("size", [11, 12, 13, 14, 50])
def test_an_empty_line_may_have_any_length(monkeypatch: pytest.MonkeyPatch, size: int, ending: bytes) -> None:
    """It is passed over like every other one; one in which something stands at last is not."""
    monkeypatch.setattr(lines_module, "MAX_LINE", 8)
    monkeypatch.setattr(lines_module, "_PIECE", 4)

    assert read(b" " * size + ending) == [(1, b"", size + len(ending), bool(ending))]
    assert read(b" " * size + b"x" + ending)[0][1] is None


def test_the_bytes_of_a_line_are_kept_as_they_are() -> None:
    """All but the newline: what is around its text is part of what was sent."""
    [line] = Lines(BytesIO(b" a\t\r\n"))  # type: ignore[arg-type]

    assert (line.raw, line.text) == (b" a\t\r", b"a")


class _Growing(BytesIO):
    """A file that gets its next part whenever its end was reached."""

    def __init__(self, *parts: bytes) -> None:
        super().__init__(parts[0])
        self._parts = list(parts[1:])

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line; at the end let the file grow."""
        data = super().readline(size)
        if not data.endswith(b"\n") and self._parts:
            place = self.tell()
            self.write(self._parts.pop(0))
            self.seek(place)
        return data


@pytest.mark.parametrize("rest", [b"\nthree\n", b"o and more\n", b"\n"])
def test_a_line_without_an_end_is_the_last_one(rest: bytes) -> None:
    """What comes behind it while it is read belongs to it: counted as a line, it would shift all that follow."""
    lines = Lines(_Growing(b"one\ntw", rest))

    assert [(line.number, line.raw, line.ended) for line in lines] == [(1, b"one", True), (2, b"tw", False)]
    assert lines.offset == 6


class _Endless(RawIOBase):
    """A line of a given length, made as it is read."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next piece of the one line."""
        piece = min(self._left, size if size and size > 0 else self._left)
        self._left -= piece
        return b"x" * piece


def test_c001_a_line_of_any_length_takes_bounded_memory() -> None:
    """A line of 500 MB is refused without ever being held."""
    tracemalloc.start()
    try:
        found: Iterator[object] = iter(Lines(_Endless(500_000_000)))  # type: ignore[arg-type]
        assert [(line.size, line.text) for line in found] == [(500_000_000, None)]  # type: ignore[attr-defined]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * MAX_LINE
