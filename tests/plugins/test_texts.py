"""From texts to typed values, and no other spellings."""

from __future__ import annotations

from enum import StrEnum

import attrs
import pytest

from xzepr.errors import Invalid, Violation
from xzepr.plugins.texts import did_you_mean, read_texts, showable
from xzepr.secret import Secret


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Everything:
    """A class with every type."""

    flag: bool = False
    whole: int = 0
    number: float = 0.0
    text: str = ""
    secret: Secret | None = None
    colour: Colour = Colour.RED

    def __attrs_post_init__(self) -> None:
        if self.whole < 0:
            raise Invalid([Violation("whole", "must not be negative")])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("flag", "true", True),
        ("flag", "false", False),
        ("whole", "007", 7),
        ("number", "1", 1.0),
        ("number", "-0.5", -0.5),
        ("text", " as it stands ", " as it stands "),
        ("text", Secret("x"), "x"),
        ("secret", "x", Secret("x")),
        ("colour", "blue", Colour.BLUE),
    ],
)
def test_documented_spellings_are_read(name: str, text: str | Secret, expected: object) -> None:
    """Each type has its spellings."""
    assert getattr(read_texts(Everything, {name: text}), name) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("flag", text) for text in ("yes", "no", "1", "0", "True", "TRUE", "on", "", " true")),
        *(("whole", text) for text in ("1.0", "1_000", "+1", " 1", "1\n", "\u0661", "1e3", "", "0x1", "9" * 19)),
        *(("number", text) for text in ("nan", "inf", "1e3", ".5", "1.", "1_0.0", "", "\u0661.0")),
        *(("colour", text) for text in ("RED", "Red", "green", "")),
    ],
)
def test_other_spellings_are_refused(name: str, text: str) -> None:
    """Nothing is coerced; the refusal names the field and not the text."""
    with pytest.raises(Invalid) as caught:
        read_texts(Everything, {name: text})

    assert caught.value.fields == (name,)
    assert caught.value.__context__ is None


def test_the_class_may_refuse() -> None:
    """The rules of the class itself are told in the same way."""
    with pytest.raises(Invalid, match="the whole: must not be negative"):
        read_texts(Everything, {"whole": "-1"}, field="the {}".format)


def test_missing_and_unknown_names_are_told_together() -> None:
    """All violations come at once."""

    @attrs.frozen
    class Needy:
        size: int

    with pytest.raises(Invalid) as caught:
        read_texts(Needy, {"sise": "1", "b\n": "2"})

    assert {str(found) for found in caught.value.violations} == {
        "size: is missing",
        "sise: is unknown: did you mean size? Known are size",
        "(a name that is too long or has odd characters): is unknown: known are size",
    }


def test_a_class_that_fails_in_its_own_way_is_told_by_type() -> None:
    """An error that is none of ours is told without its words."""

    @attrs.frozen
    class Failing:
        size: int

        def __attrs_post_init__(self) -> None:
            raise RuntimeError("hunter2")

    with pytest.raises(Invalid, match=r"is refused \(RuntimeError\)") as caught:
        read_texts(Failing, {"size": "1"})

    assert "hunter2" not in str(caught.value)


def test_a_field_that_fails_in_its_own_way_is_told_by_type() -> None:
    """The same for the parser of one field."""

    class Parsed:
        @classmethod
        def parse(cls, _: str) -> None:
            raise RuntimeError("hunter2")

    @attrs.frozen
    class Holder:
        part: Parsed

    Holder.__annotations__["part"] = Parsed
    attrs.resolve_types(Holder, localns={"Parsed": Parsed})

    with pytest.raises(Invalid, match=r"part: is refused \(RuntimeError\)"):
        read_texts(Holder, {"part": "1"})


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("sise", ["size", "label"], "did you mean size? Known are label, size"),
        ("zzz", ["size", "label"], "known are label, size"),
        ("zzz", [], "none are known"),
    ],
)
def test_an_unknown_name_comes_with_the_known_ones(name: str, known: list[str], expected: str) -> None:
    """The nearest first, if there is one near."""
    assert did_you_mean(name, known) == expected


def test_an_odd_name_is_not_shown() -> None:
    """A name that could break a log line is described instead."""
    assert showable("a\x1b[31m") == "(a name that is too long or has odd characters)"
