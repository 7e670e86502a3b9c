"""Messages that repeat no password."""

from __future__ import annotations

import pytest

from xzepr.cli.hiding import without_secrets, without_urls


@pytest.mark.parametrize(
    "text",
    [
        *("postgresql://ci:hunter2@db/x", "postgresql://ci:hun hunter2@db/x", "postgresql:ci:hunter2@db"),
        *("postgresql:ci:hun hunter2@db", "//ci:hunter2@db", "ci:hunter2@db", "host=db password=hunter2"),
    ],
)
def test_c094_what_may_hold_a_password_is_hidden(text: str) -> None:
    """Whole or in part, with blanks in it or not."""
    assert "hunter2" not in without_secrets(f"cannot open {text}")
    assert "hunter2" not in without_urls(f"cannot open {text}")


def test_other_urls_are_help() -> None:
    """A message may show how one is written; wrong usage repeats none at all."""
    assert without_secrets("such as sqlite:///here.db") == "such as sqlite:///here.db"
    assert without_urls("such as sqlite:///here.db") == "such as (a URL)"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no group postgresql://ci:a b@c@db/x here", "no group (a URL) here"),
        ("ask ci@example.com", "ask ci@example.com"),
        ("error: no such thing: a:b", "error: no such thing: a:b"),
        ("first ci:x@db\nsecond", "first (a URL)\nsecond"),
        ("PASSWORD=x y", "(a URL) y"),
    ],
)
def test_the_rest_of_a_message_stays(text: str, left: str) -> None:
    """From where it begins to the last at sign of the line, and its word: no more, as far as can be told."""
    assert without_secrets(text) == left


@pytest.mark.parametrize("piece", ["x", "a:", "/", "a:b ", "x ", "a:@", "@ a:b "])
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    """An argument may have as many characters as a system lets through: nothing hangs, whatever they are."""
    text = piece * (400_000 // len(piece))

    assert (without_urls(text) == text) == ("@" not in piece)
