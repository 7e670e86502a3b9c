"""Strategies for single values: text, ids, units, payloads."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from xzepr.documents import JsonValue
from xzepr.model import MAX_DESCRIPTION, MAX_TEXT, Ulid, Unit, ulid_from_int

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer of I-JSON (RFC 7493, section 2.2)."""

_ULIDS_UNTIL_MS: Final = 1_767_225_600_000
_ULID_RANDOM_BITS: Final = 80
_NONCHARACTERS: Final = "".join(
    [chr(code) for code in range(0xFDD0, 0xFDF0)]
    + [chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)]
)
_CHARACTERS: Final = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=_NONCHARACTERS)
_JSON_TEXT: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=f"\0{_NONCHARACTERS}"), max_size=20
)


def texts(max_size: int = MAX_TEXT) -> st.SearchStrategy[str]:
    """Make text as names, types and versions are: not blank, no control characters, no noncharacters.

    Args:
        max_size: The most characters.
    """
    return st.text(_CHARACTERS, min_size=1, max_size=max_size).filter(str.strip)


def descriptions(max_size: int = MAX_DESCRIPTION) -> st.SearchStrategy[str]:
    """Make text as descriptions are: it may be empty or blank.

    Args:
        max_size: The most characters.
    """
    return st.text(_CHARACTERS, max_size=max_size)


def ulids() -> st.SearchStrategy[Ulid]:
    """Make ids, of any time up to 2026: a registry refuses what was made more than a day ahead of its clock."""
    return st.integers(0, (_ULIDS_UNTIL_MS << _ULID_RANDOM_BITS) - 1).map(ulid_from_int)


def units() -> st.SearchStrategy[Unit]:
    """Make units."""
    short = texts(30)
    return st.builds(Unit, name=short, version=short, release=short, platform_id=short, package=short)


def payloads(max_leaves: int = 20) -> st.SearchStrategy[JsonValue]:
    """Make payloads: any I-JSON value (RFC 7493) without U+0000.

    Args:
        max_leaves: About how many numbers, texts and so on one holds.
    """
    leaves: st.SearchStrategy[JsonValue] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-MAX_INTEGER, MAX_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False),
        _JSON_TEXT,
    )
    return st.recursive(leaves, _containers, max_leaves=max_leaves)


def _containers(children: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.one_of(
        st.lists(children, max_size=5).map(list[JsonValue]),
        st.dictionaries(_JSON_TEXT, children, max_size=5).map(dict[str, JsonValue]),
    )
