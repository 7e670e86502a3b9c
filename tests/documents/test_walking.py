"""The walk over a value: that its two forms agree."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xzepr.documents import JsonLimits
from xzepr.documents.walking import Flaw, Repeated, Text, survey, violations

SMALL = JsonLimits(max_bytes=40, max_depth=3, max_nodes=12)

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.floats()
    | st.text(st.characters() | st.sampled_from("\0\ud800\uffff"), max_size=8)
    | st.sampled_from([b"", (), {1}, Flaw("is wrong"), Repeated(a=1)]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=5),
    max_leaves=20,
)


@given(ANYTHING)
def test_the_fast_and_the_slow_walk_agree(value: object) -> None:
    """A value has a violation exactly when the fast walk did not accept it."""
    assert (survey(value, SMALL) is None) == bool(violations(value, "payload", SMALL))


def test_violations_are_bounded() -> None:
    """One more than are listed is enough to know that there are more."""
    assert len(violations([math.nan] * 1000, "payload", JsonLimits())) == 101


def test_what_the_reader_left_is_explained() -> None:
    """Its substitutes carry the reason, also below one another."""
    found = violations(Repeated(a=Flaw("is wrong"), b=math.inf), "payload", JsonLimits())

    assert [(one.field, one.reason) for one in found] == [
        ("payload", "has a name twice"),
        ("payload/a", "is wrong"),
        ("payload/b", "is not a finite number"),
    ]


def test_plain_text_is_recognised() -> None:
    """Only integral, tiny or huge doubles and names outside the BMP need the slow writer."""
    limits = JsonLimits()

    assert [survey(value, limits) for value in (0.5, -123.25, {"é": 1}, "😀")] == [Text.PLAIN] * 4
    assert [survey(value, limits) for value in (1.0, 1e-5, 1e16, {"😀": 1})] == [Text.SPECIAL] * 4
