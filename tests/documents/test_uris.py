"""References between documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.documents.uris import document_uri, resolve, shown

BASE = "http://a/b/c/d;p?q"

RFC_3986 = {
    "g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g",
    "//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", ";x": "http://a/b/c/;x", "": BASE,
    ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g",
    "../..": "http://a/", "../../g": "http://a/g", "../../../g": "http://a/g", "/./g": "http://a/g",
    "/../g": "http://a/g", "g.": "http://a/b/c/g.", "..g": "http://a/b/c/..g", "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
}  # fmt: skip
"""RFC 3986, sections 5.4.1 and 5.4.2."""


@pytest.mark.parametrize(("reference", "uri"), RFC_3986.items())
def test_references_resolve_as_the_rfc_lists_them(reference: str, uri: str) -> None:
    """Every example of RFC 3986 resolves to the URI that stands there."""
    assert resolve(BASE, reference) == (uri, "")


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        (BASE, "#s", (BASE, "s")),
        (BASE, "g?y#s", ("http://a/b/c/g?y", "s")),
        ("urn:example:a", "#b", ("urn:example:a", "b")),
        ("urn:example:a", "b", ("urn:b", "")),
        ("json-schema:///", "common/a.json", ("json-schema:///common/a.json", "")),
        ("http://a", "b", ("http://a/b", "")),
        ("", "a.json", ("a.json", "")),
    ],
)
def test_other_references_resolve(base: str, reference: str, expected: tuple[str, str]) -> None:
    """Fragments are split off, also where the base has no path or is a name."""
    assert resolve(base, reference) == expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_resolves(base: str, reference: str) -> None:
    """No text is too strange: what it means is known or not."""
    uri, fragment = resolve(base, reference)

    assert isinstance(uri, str)
    assert isinstance(fragment, str)


def test_a_document_has_one_name() -> None:
    """With an empty fragment or without, relative or written out."""
    assert document_uri("http://a.test/b#") == "http://a.test/b"
    assert document_uri("common/a.json") == "json-schema:///common/a.json"


def test_passwords_are_not_shown() -> None:
    """Nor are long addresses, or what would break a line."""
    assert shown("http://me:secret@a.test/b") == "http://a.test/b"
    assert shown("//me@a.test") == "//a.test"
    assert shown("urn:\n") == "urn:\\n"
    assert len(shown("x" * 1000)) == 101
