"""Canonical text: equal to RFC 8785, by vectors and by comparison with another implementation."""

from __future__ import annotations

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from xzepr.documents import JsonLimits, canonical, digest, ordered_text, parse, read_canonical
from xzepr.documents import canonical as canonical_function
from xzepr.documents.canonical import _surveyed
from xzepr.errors import Invalid

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6).filter(
    lambda text: not any(ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF for one in text)
)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | NAMES,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)

APPENDIX_B = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000", "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21", "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001", "41b3de4355555553": "333333333.3333332", "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip
"""Doubles by their bits, and their text: RFC 8785, appendix B."""


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B.items())
def test_numbers_are_written_as_the_rfc_lists_them(bits: str, text: str) -> None:
    """Every finite number of appendix B has the text that stands there."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical(number) == text


@given(DOCUMENTS)
@example({"\ue000": 1, "\U00010000": 2})
@example([0.0001, 9.999999999999999e15, 1e16, 0.00009999, 123456.789, -0.5])
def test_the_text_is_that_of_rfc_8785(value: Any) -> None:  # noqa: ANN401 - any document
    """Whichever writer is chosen, the text is the one that an independent implementation writes."""
    assert canonical(value).encode() == rfc8785.dumps(value)


@given(DOCUMENTS)
def test_what_is_written_reads_back(value: Any) -> None:  # noqa: ANN401
    """Reading gives an equal value, and writing that gives the same text."""
    text = canonical(value)

    assert read_canonical(text) == value
    assert canonical(read_canonical(text)) == text


@given(DOCUMENTS)
def test_ordered_text_keeps_value_and_order(value: Any) -> None:  # noqa: ANN401
    """The text in the given order reads back equal, names in their order, and has the same canonical text."""
    text = ordered_text(value)

    assert json.dumps(parse(text)) == json.dumps(value)
    assert canonical(parse(text)) == canonical(value)


def test_values_are_not_changed() -> None:
    """Writing leaves the caller's value as it was."""
    value = {"b": [1.0, {"a": -0.0}], "a": "x"}

    canonical(value)

    assert repr(value) == "{'b': [1.0, {'a': -0.0}], 'a': 'x'}"


def test_one_walk_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A right value is walked once: the walk that explains never runs."""
    calls: list[object] = []
    monkeypatch.setitem(_surveyed.__globals__, "violations", lambda *arguments: calls.append(arguments))

    canonical({"a": [1, "x", None]})

    assert calls == []


@pytest.mark.parametrize("error", [RuntimeError, ValueError, TypeError, RecursionError])
def test_a_value_that_changes_meanwhile_is_refused(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """Whatever the encoder meets in a value that was right a moment ago, the caller learns why."""

    def meet(*_: object) -> None:
        raise error

    monkeypatch.setitem(canonical_function.__globals__, "_sorted_text", meet)

    with pytest.raises(Invalid, match="payload: changed while it was read: give a copy"):
        canonical({"a": 1}, field="payload")


def test_a_value_that_becomes_right_meanwhile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the second look finds nothing, the value is not written either."""
    monkeypatch.setitem(_surveyed.__globals__, "violations", lambda *_: [])

    with pytest.raises(Invalid, match="changed while it was read"):
        canonical({1: 2})


def test_threads_that_write_do_not_meet() -> None:
    """Eight threads write at once, each gets its own text."""
    values: list[Any] = [{"n": number, "f": number + 0.5, "s": "x" * number} for number in range(200)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(canonical, values)) == [rfc8785.dumps(value).decode() for value in values]


def test_limits_are_the_callers() -> None:
    """A limit given is the limit used."""
    assert canonical([[1]], limits=JsonLimits(max_depth=2)) == "[[1]]"
    with pytest.raises(Invalid):
        canonical([[1]], limits=JsonLimits(max_depth=1))


def test_digests_depend_on_text_and_prefix() -> None:
    """SHA-256 over the prefix and the UTF-8 text."""
    assert digest("é").hex() == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert digest("é", prefix=b"salt") != digest("é")
