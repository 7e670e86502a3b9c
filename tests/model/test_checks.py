"""The rules for text, numbers and times."""

# ruff: noqa: RUF001 - look-alikes are the point
from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import IntEnum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.errors import Invalid, TooLarge
from xzepr.model import MAX_TEXT, Checks, fold
from xzepr.model.checks import only_known, text_problem


class Text(str):
    """A text that could behave in its own way."""

    __slots__ = ()


class Number(IntEnum):
    """An integer that has a name."""

    ONE = 1


class OddlyZoned(tzinfo):
    """A zone that knows no offset, tells what is none, or fails to tell one."""

    def __init__(self, offset: object) -> None:
        self._offset = offset

    def utcoffset(self, _moment: datetime | None) -> timedelta | None:
        """Tell anything, or raise it."""
        if isinstance(self._offset, Exception):
            raise self._offset
        return self._offset  # type: ignore[return-value]  # the fault


CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
NONCHARACTERS = [chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)] + [
    chr(code) for code in range(0xFDD0, 0xFDF0)
]


def reason(value: object, **rules: object) -> str | None:
    """Return what is wrong with a text."""
    problem = text_problem(value, **rules)  # type: ignore[arg-type]  # each test gives what fits
    return None if problem is None else problem.reason


@pytest.mark.parametrize("character", CONTROLS + NONCHARACTERS + ["\ud800", "\udfff"], ids=ascii)
def test_c004_what_no_text_may_hold_is_refused_wherever_it_stands(character: str) -> None:
    """Control characters, NUL among them, lone surrogates and noncharacters are refused and not stripped."""
    for text in (f"a{character}", f"{character}a", f"a{character}a"):
        assert reason(text) == "must hold no control characters, lone surrogates or noncharacters"


@pytest.mark.parametrize(
    "text", ["ÿ", "a\u202eb", "\u200b", "\ue000", " a ", "a\u2028b", "e\u0301", "\U0001f600", "a\u00adb"]
)
def test_c016_other_characters_are_text(text: str) -> None:
    """U+00FF, RTL override, zero width, private use, and spaces at the ends are kept as they are."""
    assert reason(text) is None


@pytest.mark.parametrize("text", ["", " ", "\u3000\u2003", "\u2028"])
def test_c016_blank_text_is_refused_where_it_is_required(text: str) -> None:
    """Empty text and white space only are blank, unless a field may be blank."""
    assert reason(text) == "must not be blank"
    assert reason(text, blank=True) is None


def test_c016_the_limit_counts_characters() -> None:
    """255 characters pass, whatever bytes they take; 256 are too many."""
    assert reason("\U0001f600" * MAX_TEXT) is None
    problem = text_problem("a" * (MAX_TEXT + 1))
    assert problem is not None
    assert (problem.reason, problem.limit) == ("must have at most 255 characters", 255)


def test_c016_a_megabyte_of_text_is_refused_for_its_length() -> None:
    """The length comes first, so that nothing else looks at a megabyte."""
    problem = text_problem("\0" * 1_000_000)
    assert problem is not None
    assert problem.limit == MAX_TEXT


@pytest.mark.parametrize("value", [None, 1, True, b"a", ["a"], Text("a"), object()])
def test_only_str_is_text(value: object) -> None:
    """Bytes, subclasses and everything else are refused by the name of their type."""
    assert reason(value) == f"must be text (str), not {type(value).__name__}"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=40))
def test_text_is_refused_only_for_a_stated_reason(text: str) -> None:
    """Whatever holds no control character, surrogate or unassigned one and is not blank passes."""
    assert (reason(text) is None) == bool(text.strip())


@given(st.text(max_size=60))
def test_the_rule_is_the_one_in_words(text: str) -> None:
    """Refused is exactly Cc, surrogates and noncharacters; the fast path changes no answer."""
    bad = any(unicodedata.category(c) in {"Cc", "Cs"} or c in NONCHARACTERS for c in text)
    assert (reason(text, blank=True) is not None) == bad


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    """The fold is a normal form."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Web", "wEB"), ("Ｗｅｂ", "web"), ("STRASSE", "straße"), ("ﬁ", "FI"), ("é", "e\u0301"), ("K", "k")],
)
def test_c017_case_width_and_composition_fold_alike(one: str, other: str) -> None:
    """Look-alikes by case, width and composition are one for a search."""
    assert fold(one) == fold(other)


def test_c017_look_alikes_of_other_scripts_do_not_fold_alike() -> None:
    """A Cyrillic letter is another letter: nothing is guessed."""
    assert fold("а") != fold("a")


def found(check: str, value: object, **rules: object) -> list[tuple[str, int | None]]:
    """Return what one check finds."""
    checks = Checks()
    getattr(checks, check)("field", value, **rules)
    assert {violation.field for violation in checks.found} <= {"field"}
    return [(violation.reason, violation.limit) for violation in checks.found]


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, float("nan"), "١", "1_000", Number.ONE, b"1"])
def test_c060_only_int_is_a_whole_number(value: object) -> None:
    """Booleans, floats, digits of any script and enums are not whole numbers."""
    assert found("whole", value, least=0) == [(f"must be a whole number (int), not {type(value).__name__}", None)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, [("must be at least 1", None)]),
        (-(2**63), [("must be at least 1", None)]),
        (1, []),
        (10, []),
        (11, [("must be at most 10", 10)]),
        (2**63, [("must be at most 10", 10)]),
    ],
)
def test_c060_whole_numbers_have_bounds(value: int, expected: list[tuple[str, int | None]]) -> None:
    """Both bounds belong to the range; passing the upper one is a limit."""
    assert expected == found("whole", value, least=1, most=10)


@pytest.mark.parametrize("value", [2**63, 10**5_000], ids=["one more", "5,001 digits"])
def test_c060_no_whole_number_is_larger_than_a_database_counts(value: int) -> None:
    """2**63 - 1 is the largest; what has more digits than Python writes out is refused like any other."""
    assert found("whole", 2**63 - 1, least=1) == []
    assert found("whole", value, least=1) == [("must be at most 9,223,372,036,854,775,807", 2**63 - 1)]


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), -float("inf"), -0.1, 10**400, 1e300])
def test_c060_seconds_are_finite_and_not_negative(value: object) -> None:
    """Neither booleans, NaN and infinity, nor more seconds than a clock can count are a duration."""
    assert len(found("seconds", value)) == 1


@pytest.mark.parametrize("value", [0, 0.0, 1, 0.5, 3600])
def test_seconds_may_be_int_or_float(value: float) -> None:
    """A duration of 0 or more is taken."""
    assert found("seconds", value) == []


def test_seconds_may_have_to_be_above_a_bound() -> None:
    """A lease of no time is none."""
    assert found("seconds", 0, above=0) == [("must be finite and above 0", None)]
    assert found("seconds", 0.1, above=0) == []


@pytest.mark.parametrize("value", [None, "2026-11-23T00:00:00Z", 0, 1.0, float("nan")])
def test_c065_only_datetime_is_a_time(value: object) -> None:
    """Text and numbers are not times."""
    assert found("time", value) == [(f"must be a datetime, not {type(value).__name__}", None)]


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=OddlyZoned(None))])  # noqa: DTZ001 - the fault
def test_c065_a_time_without_an_offset_is_refused(value: datetime) -> None:
    """Naive is also what has a zone that knows no offset."""
    assert found("time", value) == [("must have a time zone", None)]


@pytest.mark.parametrize("offset", [timedelta(hours=24), timedelta(days=-1), 5, "+24:00", LookupError("secret")])
def test_c065_a_zone_that_tells_no_offset_is_refused(offset: object) -> None:
    """An offset of a day, none at all, and the zone's own failure are Invalid, without the zone's words."""
    [(reason, limit)] = found("time", datetime(2026, 1, 1, tzinfo=OddlyZoned(offset)))
    assert reason.startswith("must have a zone that tells an offset of less than a day (")
    assert (limit, "secret" in reason) == (None, False)


@pytest.mark.parametrize(
    "value",
    [
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone(timedelta(minutes=-1))),
        datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo")),
    ],
)
def test_c065_a_time_that_leaves_the_calendar_in_utc_is_refused(value: datetime) -> None:
    """What has no year from 1 to 9999 in UTC is Invalid, and no OverflowError."""
    assert found("time", value) == [("must lie in the years 1 to 9999 in UTC", None)]


@pytest.mark.parametrize(
    "value",
    [
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
)
def test_c065_the_ends_of_the_calendar_and_folds_are_times(value: datetime) -> None:
    """The first and last moment, an hour that comes twice and one that never comes are taken."""
    assert found("time", value) == []


def test_a_callback_may_be_left_out() -> None:
    """What is given instead has to be callable."""
    assert found("callback", None) == found("callback", print) == []
    assert found("callback", "print") == [("must be callable, not str", None)]


def test_an_id_is_checked_by_its_form() -> None:
    """A wrong id names the form that would be right."""
    assert found("ulid", "x")[0][0].startswith("must be a ULID")
    assert found("ulid", "01ARZ3NDEKTSV4RRFFQ69G5FAV") == []


@pytest.mark.parametrize(("value", "wanted"), [(True, int), (1, bool), ("a", int), (None, str)])
def test_a_value_of_another_class_is_refused(value: object, wanted: type) -> None:
    """A boolean is no integer, and an integer no boolean."""
    assert found("kind", value, wanted=wanted) == [(f"must be {wanted.__name__}, not {type(value).__name__}", None)]


@pytest.mark.parametrize(("value", "wanted"), [(True, bool), (1, int), ("a", str)])
def test_a_value_of_its_class_is_taken(value: object, wanted: type) -> None:
    """The class asked for is right."""
    assert found("kind", value, wanted=wanted) == []


def test_everything_found_is_raised_at_once() -> None:
    """One error names every field, in the order of the checks."""
    checks = Checks()
    checks.text("name", "")
    checks.ulid("id", "x")
    checks.whole("limit", 0, least=1)
    with pytest.raises(Invalid) as caught:
        checks.done()
    assert caught.value.fields == ("name", "id", "limit")
    assert type(caught.value) is Invalid


def test_one_passed_limit_makes_the_error_too_large() -> None:
    """A limit among the violations decides the kind of the error."""
    checks = Checks()
    checks.text("name", "")
    checks.text("version", "a" * 256)
    with pytest.raises(TooLarge) as caught:
        checks.done()
    assert caught.value.fields == ("name", "version")


def test_nothing_found_is_no_error() -> None:
    """A value in order passes."""
    Checks().done()


def test_unknown_names_are_refused_each_by_name() -> None:
    """A misspelt name is shown beside the known ones."""
    known = frozenset({"enabled", "name"})
    only_known({"name": 1}, known)
    with pytest.raises(Invalid) as caught:
        only_known({"enabeld": 1, "name": 2, "nmae": 3}, known)
    assert (
        str(caught.value) == "enabeld: is unknown; known are enabled, name; nmae: is unknown; known are enabled, name"
    )
