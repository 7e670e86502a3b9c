"""Markup that no text can break."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from xzepr.cli.output import shown
from xzepr.cli.picture.markup import Markup, joined, number, tag, text


@given(st.text())
def test_any_text_stays_text(value: str) -> None:
    """As content and as an attribute it is read back as it is shown, and is no element."""
    element = ET.fromstring(tag("p", value, title=value))  # noqa: S314 - we made it

    assert (element.text or "", element.get("title"), len(element)) == (shown(value), shown(value), 0)


def test_what_cannot_be_seen_is_spelt_out() -> None:
    """Switches of direction, blanks without width, control characters."""
    assert text("a\u202e\u200b\x00b") == "a\\u202e\\u200b\\x00b"


def test_markup_is_not_escaped_again() -> None:
    """Text beside it is."""
    assert joined(tag("b", "x"), "<i>") == "<b>x</b>&lt;i&gt;"
    assert text(Markup("<b>")) == "<b>"


def test_elements_without_content_are_closed() -> None:
    """Others are closed too, even if they are empty."""
    assert tag("br") + tag("td") == "<br/><td></td>"


def test_attributes() -> None:
    """A word that Python keeps for itself, a dash, a number, and one that is left out."""
    assert tag("p", class_="a", aria_label="b", x=1.25, y=None) == '<p class="a" aria-label="b" x="1.2"></p>'


def test_numbers_are_short() -> None:
    """One digit behind the point, if it is needed; never a negative zero."""
    assert [number(value) for value in (0, -0.01, 7.0, 7.96, 1e3)] == ["0", "0", "7", "8", "1000"]
