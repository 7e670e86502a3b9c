"""The reader, where the list of bad inputs says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.documents import JsonLimits, canonical, parse, read_canonical
from xzepr.documents.reading import _deeper
from xzepr.errors import Invalid, TooLarge


def test_all_kinds_of_sources_are_read_alike() -> None:
    """Bytes, their mutable kin, text and chunks give the same value; chunks may cut a character."""
    text = '{"é":[1,true,null]}'
    data = text.encode()

    def chunks() -> Iterator[bytes]:
        for byte in data:
            yield bytes([byte])

    for source in (text, data, bytearray(data), memoryview(data), chunks(), [data[:4], data[4:]]):
        assert parse(source) == {"é": [1, True, None]}


def test_wide_memory_is_counted_in_bytes() -> None:
    """A view of four-byte items counts them as four."""
    with pytest.raises(TooLarge):
        parse(memoryview(b"[1,2,3,]").cast("I"), limits=JsonLimits(max_bytes=7))


@pytest.mark.parametrize("source", [7, None, {"a": 1}, ["text"], [1], object()])
def test_other_sources_are_refused(source: object) -> None:
    """What is no JSON text is refused by its type."""
    with pytest.raises(Invalid, match="give its JSON text as bytes or str"):
        parse(source)  # type: ignore[arg-type]  # the wrong type is what is tested


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "payload: is not JSON: expecting value at character 0"),
        ("[1] 2", "payload: is not JSON: extra data at character 4"),
        ('["\\x"]', "payload: is not JSON: invalid \\escape at character 2"),
        ('["abc', "payload: is not JSON: unterminated string at character 1"),
        (b'["\xff"]', "payload: is not UTF-8 at byte 2"),
        (b"\xef\xbb\xbf[]", "payload: starts with a byte order mark: leave it out"),
    ],
)
def test_refusals_say_where(text: str | bytes, message: str) -> None:
    """The place in the text is named, the text is not repeated."""
    with pytest.raises(Invalid) as caught:
        parse(text, field="payload")

    assert str(caught.value) == message


@given(st.text('[]{}"\\a,:', max_size=60), st.integers(1, 5))
def test_depth_is_found_as_the_scanner_would(text: str, limit: int) -> None:
    """Brackets in strings do not count, escaped quotes end no string."""
    depth, deepest, quoted, escaped = 0, 0, False, False
    for character in text:
        if quoted:
            quoted, escaped = escaped or character != '"', character == "\\" and not escaped
        elif character == '"':
            quoted, escaped = True, False
        else:
            depth += (character in "[{") - (character in "]}")
            deepest = max(deepest, depth)

    assert _deeper(text, limit) == (deepest > limit)


def test_integral_floats_come_back_as_floats() -> None:
    """Beyond 2^53-1 only a float can have been written; up to there it is an integer."""
    values = read_canonical(canonical([1e20, -1e16, 2**53 - 1, 1.0, 9007199254740992.0]))

    assert values == [1e20, -1e16, 2**53 - 1, 1, 2.0**53]
    assert [type(value) for value in values] == [float, float, int, int, float]


@pytest.mark.parametrize("text", ["", "[", "NaN", '{"a":Infinity}', "[" * 100_000, "1 2", "[1234567890123456"])
def test_damaged_canonical_text_is_refused(text: str) -> None:
    """What no canonical text can be is Invalid, whatever a store gives back."""
    with pytest.raises(Invalid, match="is not the canonical text of a JSON value"):
        read_canonical(text)


def test_canonical_text_gives_fresh_values() -> None:
    """Two readers never share a value."""
    first = read_canonical('{"a":[]}')

    assert first is not read_canonical('{"a":[]}')
