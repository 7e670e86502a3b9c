"""Bad documents, by their number in the list of bad inputs: each is refused by name, and none takes long."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from xzepr.documents import JsonLimits, JsonValue, SchemaCompiler, canonical, digest, parse, read_canonical
from xzepr.errors import Invalid, TooLarge


def refusal(value: object) -> Invalid:
    """How a Python value is refused."""
    with pytest.raises(Invalid) as caught:
        canonical(value, field="payload")
    return caught.value


def text_refusal(text: str | bytes) -> Invalid:
    """How a JSON text is refused."""
    with pytest.raises(Invalid) as caught:
        parse(text, field="payload")
    return caught.value


def run_apart(program: str) -> str:
    """Run a program that might hang or die in a process of its own, and return what it prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


class Words(str):
    """A str that lies about its length."""

    __slots__ = ()

    def __len__(self) -> int:
        """Say that there is nothing."""
        return 0


class Colour(enum.IntEnum):
    """An int with a name."""

    RED = 1


def test_c001_bytes_over_the_limit_are_refused_before_they_are_parsed() -> None:
    """The size is counted on the encoded bytes, so text that is no JSON at all is just too large."""
    for text in ("é" * 6, "é".encode() * 6, bytearray(b"x" * 12), memoryview(b"x" * 12)):
        with pytest.raises(TooLarge) as caught:
            parse(text, limits=JsonLimits(max_bytes=11))
        assert caught.value.violations[0].limit == 11


def test_c001_a_generator_is_not_read_further_than_the_limit() -> None:
    """Of endless chunks no more are taken than are needed to see that there are too many."""
    taken = []

    def chunks() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b" " * 1000

    with pytest.raises(TooLarge):
        parse(chunks(), limits=JsonLimits(max_bytes=5000))

    assert len(taken) == 6


def test_c001_a_str_subclass_is_refused() -> None:
    """A str that counts itself otherwise is not counted at all."""
    with pytest.raises(Invalid, match="is a Python Words: convert it to a str"):
        parse(Words("x" * 100), limits=JsonLimits(max_bytes=10))

    assert refusal(Words("x")).fields == ("payload",)


def test_c001_a_value_over_the_limit_is_refused_before_it_is_written() -> None:
    """One long string that stands in many places counts in each of them."""
    with pytest.raises(TooLarge):
        canonical(["x" * 1000] * 1000, limits=JsonLimits(max_bytes=10_000))


def test_c001_the_canonical_text_itself_is_limited() -> None:
    """Escapes and multi-byte characters count as the bytes that they take."""
    for value in ("\x01" * 5, "é" * 5):
        assert len(canonical(value).encode()) > 10
        with pytest.raises(TooLarge):
            canonical(value, limits=JsonLimits(max_bytes=10))


@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_c002_deep_text_is_too_large(depth: int, opening: str, closing: str) -> None:
    """Depth is found before the scanner recurses, whether or not the text is ever closed."""
    for text in (opening * depth + "1" + closing * depth, opening * depth):
        with pytest.raises(TooLarge):
            parse(text)


@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
def test_c002_deep_values_are_too_large(depth: int) -> None:
    """A value that was built deep is walked without recursion."""
    value: object = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}

    with pytest.raises(TooLarge):
        canonical(value)


def test_c002_the_greatest_depth_is_accepted() -> None:
    """Exactly 64 levels pass, and brackets inside strings are no levels."""
    text = "[" * 64 + '"[[[["' + "]" * 64

    assert canonical(parse(text)) == text


def test_c003_too_many_values_are_too_large() -> None:
    """A million items or members are refused by their number."""
    for value in ([0] * 1_000_000, dict.fromkeys(map(str, range(1_000_000))), [""] * 1_000_000):
        with pytest.raises(TooLarge, match="has more than 100000 values"):
            canonical(value, limits=JsonLimits(max_bytes=2**30))
    with pytest.raises(TooLarge, match="has more than 100000 values"):
        parse("[" + "0," * 999_999 + "0]")


def test_c003_shared_values_count_in_each_place() -> None:
    """A thousand places for one list of a thousand are a million values, and none of them is copied."""
    with pytest.raises(TooLarge):
        canonical([[0] * 1000] * 1000)


def test_c005_an_escaped_backslash_is_no_escape() -> None:
    r"""The six characters of \u0000 are legal text, and stay what they are."""
    value = parse(b'["\\\\u0000"]')

    assert value == ["\\u0000"]
    assert read_canonical(canonical(value)) == value


@pytest.mark.parametrize(
    "bad",
    [
        "\0",
        chr(0xD800),
        chr(0xDFFF),
        os.fsdecode(b"\xff"),
        "\ufdd0",
        "\ufdef",
        "\ufffe",
        "\uffff",
        "\U0001fffe",
        "\U0010ffff",
    ],
)
def test_c006_surrogates_and_noncharacters_are_refused(bad: str) -> None:
    """In values and in names, as Python text and as escapes, what Unicode does not allow names its place."""
    assert refusal({"a": ["x" + bad]}).fields == ("payload/a/0",)
    assert refusal({"a": {"é" + bad: 1}}).fields == ("payload/a",)
    assert text_refusal(json.dumps({"a": ["é" + bad]})).fields == ("payload/a/0",)
    assert text_refusal(json.dumps({"a": {bad: 1}})).fields == ("payload/a",)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_c007_not_a_number_is_refused(name: str) -> None:
    """What is no number is refused as text, as a float, and as a Decimal."""
    assert text_refusal(f'{{"a": [{name}]}}').fields == ("payload/a/0",)
    assert refusal({"a": [float(name)]}).fields == ("payload/a/0",)
    assert refusal([decimal.Decimal(name)]).fields == ("payload/0",)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e5000", "1e131071"])
def test_c008_numbers_beyond_a_double_are_refused(number: str) -> None:
    """Once or many times, they never reach a store."""
    assert text_refusal(f"[{number}]").fields == ("payload/0",)

    many = text_refusal(f"[{','.join([number] * 500)}]")
    assert len(many.violations) == 100
    assert many.truncated


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, 2**63, 2**64, 10**4301, -(2**53)], ids=int.bit_length)
def test_c009_integers_beyond_the_exact_ones_are_refused(number: int) -> None:
    """An integer that some reader would round is refused, however it comes."""
    sys.set_int_max_str_digits(0)
    try:
        text = str(number)
    finally:
        sys.set_int_max_str_digits(sys.int_info.default_max_str_digits)

    assert refusal([number]).fields == ("payload/0",)
    assert text_refusal(f"[{text}]").fields == ("payload/0",)


def test_c009_exact_integers_stay_exact() -> None:
    """Up to 2^53-1 nothing is lost."""
    assert parse(canonical([2**53 - 1, -(2**53) + 1])) == [9007199254740991, -9007199254740991]


def test_c009_a_million_digits_are_never_converted() -> None:
    """The digits are counted first, also where the host has lifted Python's own limit."""
    program = """
import sys
sys.set_int_max_str_digits(0)
from xzepr.documents import parse
from xzepr.errors import Invalid
try:
    parse("[" + "1" * 1_900_000 + "]")
except Invalid as error:
    print(error)
"""
    assert run_apart(program).startswith("document/0: is an integer beyond")


def test_c010_repeated_names_are_refused() -> None:
    """A name that comes twice in one object is refused, with the place of the object."""
    assert text_refusal('{"a": [{"b": 1, "b": 1}], "c": {"d": 1, "d": 2}}').fields == ("payload/a/0", "payload/c")


def test_c010_names_that_only_look_alike_are_two() -> None:
    """Composed and decomposed letters are different names."""
    assert len(json.loads(canonical(parse('{"\\u00e9": 1, "e\\u0301": 2}')))) == 2


@pytest.mark.parametrize(
    ("text", "written"),
    [("-0", "0"), ("-0.0", "0"), ("1.0", "1"), ("1E2", "100"), ('{"b":1,"a":2}', '{"a":2,"b":1}'), ("1e21", "1e+21")],
)
def test_c011_one_value_has_one_text(text: str, written: str) -> None:
    """However a value was written, its digest is that of its one canonical text."""
    assert canonical(parse(text)) == written
    assert digest(canonical(read_canonical(written))) == digest(written)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff", b'"\xc3"', b"\xef\xbb\xbf1", "1".encode("utf-16"), "1".encode("utf-32"), "[1]".encode("utf-16-le"),
        b"1 2", b"{} {}", b"[1],", b"", b" ", "\ufeff1", b'"\xed\xa0\x80"', b"[1,]", b"'a'", b"[01]", b'"\t"',
    ],
)  # fmt: skip
def test_c012_text_that_is_not_one_document_in_utf8_is_refused(text: str | bytes) -> None:
    """Other encodings, a byte order mark, something behind the document: all of it is Invalid."""
    assert text_refusal(text).fields == ("payload",)


@pytest.mark.parametrize(
    "value",
    [
        {1}, (1,), dt.datetime.now(tz=dt.UTC), decimal.Decimal(1), uuid.UUID(int=1), b"x", Colour.RED,
        type("Number", (int,), {})(1), type("Fraction", (float,), {})(0.5), type("Record", (dict,), {})(),
        type("Row", (list,), {})(), object(), 1j, range(3),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_c013_other_types_are_refused(value: object) -> None:
    """Nothing is converted, and the place and the type are named."""
    error = refusal({"a": [value]})

    assert error.fields == ("payload/a/0",)
    assert type(value).__name__ in str(error)


@pytest.mark.parametrize("name", [1, None, True, 1.5, b"a", Words("a")])
def test_c013_names_are_never_converted(name: object) -> None:
    """A name that is no str is refused, not made one that another name might already be."""
    assert refusal({"a": {name: 1, "1": 2}}).fields == ("payload/a",)


def test_c013_values_that_hold_themselves_are_refused() -> None:
    """A cycle ends at the limit, also one that doubles on every turn."""
    for twice in (1, 2):
        value: list[object] = []
        value.extend([value] * twice)
        with pytest.raises(TooLarge):
            canonical(value)


def test_c013_every_bad_place_is_named_at_once() -> None:
    """One refusal lists all that is wrong, in document order."""
    error = refusal({"a": math.nan, "b": [{1}, "\0"], 3: 0, "c": 2**60})

    assert error.fields == ("payload", "payload/a", "payload/b/0", "payload/b/1", "payload/c")


@pytest.mark.parametrize(("value", "type_"), [(None, "null"), ([], "array"), ("x", "string"), (False, "boolean")])
def test_c015_the_schema_decides_about_the_top_level(value: JsonValue, type_: str) -> None:
    """A document need not be an object, and null is a document."""
    compiler = SchemaCompiler()

    assert parse(canonical(value)) == value
    compiler.compile(f'{{"type": "{type_}"}}').check(value)
    with pytest.raises(Invalid, match="payload: is not of type object"):
        compiler.compile('{"type": "object"}').check(value)
