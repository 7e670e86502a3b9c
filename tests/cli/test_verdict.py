"""`xzepr verdict` and `xzepr assert`: what they show, and what they exit with."""

from __future__ import annotations

from asyncio import CancelledError

import pytest

from tests.cli.calling import UNIT, Call, Story, unit_arguments
from xzepr import json_form
from xzepr.cli import verdict as verdict_command
from xzepr.errors import Unavailable

COMMANDS = ("verdict", "assert")


def test_a_pending_verdict_gate_by_gate(story: Story, call: Call) -> None:
    """It says what is missing, and 0: a question was answered."""
    answer = call("verdict", "release", *unit_arguments())

    assert (answer.code, answer.err) == (0, "")
    assert "verdict  pending: scan is missing" in answer.out
    assert answer.words[-2][:4] == ["build", "ci.build", "1", "passed"]
    assert answer.words[-2][-1] == story.built.id
    assert answer.words[-1] == ["scan", "ci.scan", "1", "missing", "-", "-"]


def test_a_verdict_as_json(story: Story, call: Call) -> None:
    """One object, in the form of the library."""
    answer = call("verdict", story.release.id, *unit_arguments(), "--json")

    assert answer.code == 0
    assert answer.object == json_form(story.registry.groups.verdict(story.release, UNIT))


def test_a_verdict_for_the_past(story: Story, call: Call) -> None:
    """By what the feed had told up to a position."""
    before = story.registry.feed.head()
    story.scanned()

    now = call("verdict", "release", *unit_arguments())
    past = call("verdict", "release", *unit_arguments(), f"--as-of={before}")

    assert "complete" in now.out
    assert "pending: scan is missing" in past.out
    assert f"position {before}" in past.out


def test_assert_says_it_with_its_exit_code(story: Story, call: Call) -> None:
    """1 while something is missing or failed, 0 when all gates are passed."""
    codes = [call("assert", "release", *unit_arguments()).code]
    for success in (True, False, True):
        story.scanned(success=success)
        codes.append(call("assert", "release", *unit_arguments()).code)

    assert codes == [1, 0, 1, 0]


def test_assert_says_why(story: Story, call: Call) -> None:
    """In one line on stdout, or as the whole verdict."""
    answer = call("assert", "release", *unit_arguments())
    as_json = call("assert", "release", *unit_arguments(), "--json")

    assert (answer.out, answer.err) == ("pending: scan is missing\n", "")
    assert (as_json.code, as_json.object["complete"], as_json.object["blocking"]) == (1, False, ["scan"])
    assert story.registry.feed.head() == 4


def test_assert_for_the_past(story: Story, call: Call) -> None:
    """The exit code is that of then."""
    before = story.registry.feed.head()
    story.scanned()

    assert call("assert", "release", *unit_arguments(), f"--as-of={before}").code == 1
    assert call("assert", "release", *unit_arguments(), f"--as-of={before + 1}").code == 0


def test_a_disabled_group_is_pending(story: Story, call: Call) -> None:
    """A gate that was switched off is not open."""
    story.scanned()
    story.registry.groups.update(story.release, expected_revision=1, enabled=False)

    answer = call("assert", "release", *unit_arguments())

    assert (answer.code, answer.out) == (1, "pending: the group is disabled\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u2003"])
@pytest.mark.parametrize(
    "argument", ["GROUP", "--name", "--version", "--release", "--platform-id", "--package", "--as-of"]
)
def test_c016_an_unset_variable_is_never_a_verdict(
    story: Story, call: Call, command: str, blank: str, argument: str
) -> None:
    """Whatever is empty, nothing is asked: the argument is named, and the code is 2."""
    story.scanned()
    options = [one for one in unit_arguments() if not one.startswith(f"{argument}=")]
    group = blank if argument == "GROUP" else "release"
    answer = call(command, group, *options, *([] if argument == "GROUP" else [f"{argument}={blank}"]))

    assert (answer.code, answer.out) == (2, "")
    assert f"argument {argument}: is empty: was the variable set?" in answer.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "arguments", [[str(UNIT)], ["release"], ["release", "web//7/linux-amd64/oci"], ["", str(UNIT)]]
)
def test_c016_a_unit_of_unset_variables_is_never_a_verdict(
    story: Story, call: Call, command: str, arguments: list[str]
) -> None:
    """The same holds for a unit in one argument: what is left is 2, and says what is missing."""
    story.scanned()
    answer = call(command, *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert "which unit" in answer.err or "is empty: was the variable set?" in answer.err


def test_a_unit_in_one_argument(story: Story, call: Call) -> None:
    """As every table shows it, so that it can be copied."""
    assert call("assert", "release", str(UNIT)).code == 1
    story.scanned()
    assert call("assert", "release", str(UNIT), "--json").object["complete"] is True
    assert call("verdict", "release", str(UNIT)).words[1] == ["unit", str(UNIT)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "release", str(UNIT)],
        ["release", "--json", str(UNIT)],
        ["release", "--as-of", "5", str(UNIT), "--json"],
        ["release", "--json", "--", str(UNIT)],
        ["--json", "--", "release", str(UNIT)],
    ],
)
def test_options_stand_anywhere(story: Story, call: Call, arguments: list[str]) -> None:
    """Before, behind and between the group and the unit."""
    story.scanned()
    assert call("assert", *arguments).object["unit"] == UNIT.fields()


@pytest.mark.parametrize("option", ["--as-of", "--store", "--name"])
def test_c016_an_option_at_the_end_whose_variable_vanished(story: Story, call: Call, option: str) -> None:
    """It takes none of the other arguments for its value."""
    story.scanned()
    answer = call("assert", "release", str(UNIT), option)

    assert (answer.code, answer.out) == (2, "")
    assert f"argument {option}: expected one argument" in answer.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", range(6))
def test_a_variable_that_vanishes_is_never_a_verdict(story: Story, call: Call, command: str, place: int) -> None:
    """Unquoted, an unset variable leaves nothing behind: the argument is missing, or an option has no value."""
    story.scanned()
    words = [word for one in unit_arguments() for word in one.split("=")]
    arguments = ["release", *words]
    del arguments[2 * place]
    answer = call(command, *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("usage: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "there is no group nope"),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV"], "there is no group 01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (["release", "--as-of=1000"], "beyond the head"),
        (["release", "--as-of=0"], "there was no group release/ci.gate/1 at 0 yet"),
        (["release", "--as-of=99999999999999999999"], "whole number"),
        (["release", "--name=web"], "--name: is given twice"),
        (["release", "--frobnicate"], "there is no option --frobnicate: known are"),
        (["release", "release"], "argument UNIT: must be name/version/release/platform_id/package"),
        (["release", str(UNIT)], "the unit is given twice: as UNIT, and by --name"),
        (["release", str(UNIT), str(UNIT)], "unrecognized arguments"),
        (["--help"], ""),
        (["release", "--help"], ""),
        (["release", "-h"], ""),
    ],
)
def test_assert_answers_nothing_but_the_question(story: Story, call: Call, arguments: list[str], said: str) -> None:
    """What is no answer is 2, even a request for help: in a script it comes from a variable, and must open no gate."""
    story.scanned()
    answer = call("assert", *unit_arguments(), *arguments)

    assert answer.code == 2
    assert said in answer.err


@pytest.mark.usefixtures("story")
def test_a_name_that_a_unit_cannot_have_is_named(call: Call) -> None:
    """The field and the reason, before anything is asked."""
    answer = call("assert", "release", *unit_arguments()[1:], "--name=a\x07b")

    assert (answer.code, answer.out) == (2, "")
    assert "name: must hold no control characters" in answer.err


@pytest.mark.usefixtures("story")
def test_a_unit_that_nobody_knows_is_pending(call: Call) -> None:
    """Nothing was recorded about it, so its gates are missing."""
    answer = call("assert", "release", *unit_arguments()[1:], "--name=unknown")

    assert (answer.code, answer.out) == (1, "pending: build is missing, scan is missing\n")


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the store is away"),
        ValueError("a fault"),
        RecursionError(),
        OSError(),
        SystemExit(0),
        SystemExit("ended"),
        GeneratorExit(),
        CancelledError(),
        BaseExceptionGroup("two", [SystemExit(0), ValueError()]),
    ],
    ids=repr,
)
def test_a_failure_of_any_kind_is_2(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The interpreter's own code for an error is 1, which here means pending: it never comes out."""

    def fail(*_: object) -> object:
        raise error

    monkeypatch.setattr(verdict_command, "group_of", fail)
    answer = call("assert", story.release.id, *unit_arguments())

    assert (answer.code, answer.out) == (2, "")
    assert answer.err


def test_c092_assert_shows_nothing_that_a_terminal_obeys(call: Call, story: Story) -> None:
    """A receiver may be called anything; a build's log takes a line that begins with colons for a command."""
    odd = story.registry.receivers.ensure(name="\u202egnissim\u2028::set-output", type="t", version="1", schema=True)
    story.registry.groups.ensure(name="odd", type="t", version="1", receivers=[odd])
    answer = call("assert", "odd", str(UNIT))

    assert answer.out == "pending: \\u202egnissim\\u2028::set-output is missing\n"


def test_c094_a_fault_shows_no_url(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the traceback of a fault repeats one: it may hold a password."""

    def fail(*_: object) -> object:
        raise ValueError("postgresql://ci:hunter2@db/x")

    monkeypatch.setattr(verdict_command, "group_of", fail)
    answer = call("verdict", story.release.id, *unit_arguments())

    assert "ValueError: (a URL)" in answer.err
    assert "hunter2" not in answer.err
