"""From JSON to typed values, strictly."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from xzepr.cli.ndjson import strict
from xzepr.cli.ndjson.strict import structured
from xzepr.errors import MAX_VIOLATIONS, Invalid


@attrs.frozen
class Inner:
    """A class inside another."""

    a: str
    b: str = ""


@attrs.frozen
class Outer:
    """One field of each kind."""

    number: int
    flag: bool
    text: str | None = None
    inner: Inner | None = None
    words: list[str] = attrs.field(factory=list)
    names: dict[str, str] = attrs.field(factory=dict)
    anything: Any = None


RIGHT = {"number": 1, "flag": True}


def test_everything_right() -> None:
    """Each kind of field is taken as it is."""
    value = RIGHT | {
        "text": "t",
        "inner": {"a": "x"},
        "words": ["w"],
        "names": {"n": "m"},
        "anything": {"deep": [1, None]},
    }

    assert structured(Outer, value) == Outer(  # type: ignore[arg-type]
        number=1, flag=True, text="t", inner=Inner("x"), words=["w"], names={"n": "m"}, anything={"deep": [1, None]}
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {"number": "is missing", "flag": "is missing"}),
        ([], {"": "must be an object, not a list"}),
        (None, {"": "must be an object, not null"}),
        ("x", {"": "must be an object, not text"}),
        (RIGHT | {"number": "1"}, {"number": "must be a whole number, not text"}),
        (RIGHT | {"number": True}, {"number": "must be a whole number, not true or false"}),
        (RIGHT | {"number": 1.0}, {"number": "must be a whole number, not a number"}),
        (RIGHT | {"number": None}, {"number": "must be a whole number, not null"}),
        (RIGHT | {"flag": 1}, {"flag": "must be true or false, not a whole number"}),
        (RIGHT | {"flag": "true"}, {"flag": "must be true or false, not text"}),
        (RIGHT | {"text": 5}, {"text": "must be text, not a whole number"}),
        (RIGHT | {"words": "abc"}, {"words": "must be a list, not text"}),
        (RIGHT | {"words": {"a": 1}}, {"words": "must be a list, not an object"}),
        (RIGHT | {"words": ["a", 1, None]}, {"words/1": "not a whole number", "words/2": "not null"}),
        (RIGHT | {"names": [1]}, {"names": "must be an object, not a list"}),
        (RIGHT | {"names": {"n": 1}}, {"names/n": "must be text, not a whole number"}),
        (RIGHT | {"inner": {"b": 1}}, {"inner/a": "is missing", "inner/b": "not a whole number"}),
        (RIGHT | {"inner": {"a": "", "c": 1}}, {"inner/c": "is unknown"}),
        (RIGHT | {"inner": "x"}, {"inner": "must be an object, not text"}),
        (RIGHT | {"txet": "x"}, {"txet": "did you mean text?"}),
        (RIGHT | {"\x1b[2J": "x"}, {"(a name that is too long or has odd characters)": "is unknown"}),
        (
            {"number": "1", "flag": 0, "inner": {"a": 1}, "words": [1], "extra": 1},
            {"number": "", "flag": "", "inner/a": "", "words/0": "", "extra": ""},
        ),
    ],
)
def test_everything_wrong_is_named(value: Any, expected: dict[str, str]) -> None:  # noqa: ANN401 - any JSON value
    """Nothing is converted or passed over, and all of it is told by its place."""
    with pytest.raises(Invalid) as caught:
        structured(Outer, value)

    reasons = {violation.field: violation.reason for violation in caught.value.violations}
    assert reasons.keys() == expected.keys()
    assert all(reason in reasons[field] for field, reason in expected.items())


def test_c028_a_value_is_never_repeated() -> None:
    """It may be a secret, or a megabyte."""
    with pytest.raises(Invalid) as caught:
        structured(Outer, RIGHT | {"number": "hunter2", "words": "hunter2"})  # type: ignore[arg-type]

    assert "hunter2" not in str(caught.value)


def test_c028_what_is_not_listed_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any number of unknown keys only those are looked at that are told."""
    asked: list[str] = []

    def near(name: str, _: object) -> str:
        asked.append(name)
        return "?"

    monkeypatch.setattr(strict, "did_you_mean", near)
    with pytest.raises(Invalid) as caught:
        structured(Outer, RIGHT | {f"key{number}": 1 for number in range(10_000)})  # type: ignore[arg-type]

    assert caught.value.truncated
    assert len(asked) == MAX_VIOLATIONS + 1


@attrs.frozen
class Picky:
    """A class that refuses its own values."""

    text: str

    def __attrs_post_init__(self) -> None:
        """Refuse everything, and repeat it."""
        raise ValueError(self.text)


def test_c028_what_a_class_says_is_not_repeated_either() -> None:
    """Its message may hold the value."""
    with pytest.raises(Invalid) as caught:
        structured(Picky, {"text": "hunter2"})

    assert [violation.reason for violation in caught.value.violations] == ["is refused"]
