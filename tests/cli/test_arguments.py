"""Arguments that several commands have."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.cli.calling import UNIT, unit_arguments
from xzepr import FeedCursor
from xzepr.cli.arguments import (
    add_unit_arguments,
    add_unit_filter,
    given_text,
    moment,
    place,
    positive_number,
    unit_fields,
    unit_of,
    unit_text,
    whole_number,
)
from xzepr.errors import ConfigurationError
from xzepr.model import UNIT_FIELDS, Ulid

CURSOR = FeedCursor(42, Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"))


@pytest.mark.parametrize("read", [given_text, whole_number, positive_number, moment, place])
@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u2003"])
def test_what_is_blank_comes_from_a_variable_that_nobody_has_set(read: Callable[[str], object], blank: str) -> None:
    """Whatever an argument may be, an empty one is refused, and the message says how that happens."""
    with pytest.raises(ArgumentTypeError, match="is empty: was the variable set"):
        read(blank)


def test_text_is_taken_as_it_is() -> None:
    """Blanks at its ends are part of it."""
    assert given_text(" web ") == " web "


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("9223372036854775807", 2**63 - 1)])
def test_whole_numbers(text: str, number: int) -> None:
    """Plain digits are a number."""
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.0", "1e3", "1_000", "٣", "9223372036854775808", "1" * 5_000, "x", " 1"]
)
def test_c060_what_is_no_whole_number(text: str) -> None:
    """Signs, fractions, other digits and numbers that nothing can count to are refused."""
    with pytest.raises(ArgumentTypeError, match="whole number"):
        whole_number(text)


def test_c060_a_limit_of_nothing() -> None:
    """A limit is at least 1."""
    with pytest.raises(ArgumentTypeError, match="at least 1"):
        positive_number("0")


def test_times() -> None:
    """A time has a zone."""
    assert moment("2026-11-23T04:05:06Z") == datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
    with pytest.raises(ArgumentTypeError, match="RFC 3339"):
        moment("2026-11-23")


def test_places_in_the_feed() -> None:
    """A position, or a cursor as it was saved."""
    assert (place("42"), place(str(CURSOR)), place("0")) == (42, CURSOR, 0)


@pytest.mark.parametrize("text", ["-1", "42-", "42-01arz3ndektsv4rrffq69g5fav", "x", "²"])
def test_c058_what_is_no_place(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ArgumentTypeError):
        place(text)


def parsed(*arguments: str) -> Namespace:
    """What a parser with the arguments of a unit reads."""
    parser = ArgumentParser()
    add_unit_arguments(parser)
    return parser.parse_args(arguments)


def test_a_unit_in_one_argument() -> None:
    """As every table shows it."""
    assert unit_of(parsed(str(UNIT))) == UNIT


def test_a_unit_from_its_options() -> None:
    """Each field has an option of its own, so that any of them may hold slashes."""
    assert unit_of(parsed(*unit_arguments())) == UNIT


@pytest.mark.parametrize(
    "text", ["web", "web/1/7/linux", "web/1/7/linux/oci/x", "a/b/1/7/linux/oci", "/web/1/7/linux/oci"]
)
def test_c016_what_is_no_unit(text: str) -> None:
    """With more or fewer slashes, nobody knows which field is which."""
    with pytest.raises(ArgumentTypeError, match="must be name/version/release/platform_id/package; if one of"):
        unit_text(text)


@pytest.mark.parametrize("field", UNIT_FIELDS)
@pytest.mark.parametrize("blank", ["", " "])
def test_c016_a_field_of_an_unset_variable_is_named(field: str, blank: str) -> None:
    """The slashes are there, and nothing between two of them."""
    with pytest.raises(ArgumentTypeError, match=f"^{field} is empty: was the variable set"):
        unit_text("/".join((UNIT.fields() | {field: blank}).values()))


def test_a_unit_that_is_given_twice() -> None:
    """Of two units, nobody knows which one is meant."""
    with pytest.raises(ConfigurationError, match="given twice: as UNIT, and by --release"):
        unit_of(parsed(str(UNIT), "--release=8"))


@pytest.mark.parametrize("missing", ["name", "version", "release", "platform-id", "package"])
def test_a_missing_field_is_named(missing: str) -> None:
    """All five are needed."""
    options = parsed(*[one for one in unit_arguments() if not one.startswith(f"--{missing}=")])
    with pytest.raises(ConfigurationError, match=f"which unit.* by its options: --{missing}$"):
        unit_of(options)


def test_an_option_that_comes_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Of two names nobody knows which one is meant."""
    with pytest.raises(SystemExit):
        parsed(*unit_arguments(), "--name=api")

    assert "argument --name: is given twice" in capsys.readouterr().err


def test_fields_that_narrow_a_list() -> None:
    """Only those that were given."""
    parser = ArgumentParser()
    add_unit_filter(parser)
    assert unit_fields(parser.parse_args(["--name=web", "--platform-id=linux"])) == {
        "name": "web",
        "platform_id": "linux",
    }
