"""The `xzepr` command as a process: exit codes, streams, a reader that goes away."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from xzepr.cli import demo as demo_command
from xzepr.cli import main
from xzepr.cli.command import COMMANDS
from xzepr.errors import ConfigurationError

MODULE = (sys.executable, "-m", "xzepr.cli")


def xzepr(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, away from any terminal."""
    return subprocess.run([*MODULE, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_demo_ends_well_and_says_nothing_on_stderr() -> None:
    """Data goes to stdout, and stderr is empty when there is nothing to report."""
    done = xzepr("demo")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_help_lists_the_commands() -> None:
    """`--help` names every command, and is a success."""
    done = xzepr("--help")

    assert done.returncode == 0
    assert set(COMMANDS) <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def test_version_names_the_program() -> None:
    """`--version` says which version is installed."""
    done = xzepr("--version")

    assert done.returncode == 0
    assert done.stdout.startswith("xzepr ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dmeo"],
        ["demo", "--units", "0"],
        ["demo", "--units", "1001"],
        ["demo", "--units", "٣"],
        ["demo", "--seed", "1_0"],
        ["demo", "--pace", "1e1"],
        ["demo", "--pace", "61"],
        ["demo", "--units", "many"],
        ["demo", "--seed", "1.5"],
        ["demo", "--pace", "nan"],
        ["demo", "--pace", "-1"],
        ["migrate", "--grant"],
        ["check", "--sql"],
    ],
)
def test_wrong_usage_is_2_and_goes_to_stderr(arguments: Sequence[str]) -> None:
    """Wrong arguments give exit code 2, a usage on stderr and nothing on stdout."""
    done = xzepr(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: xzepr")


@pytest.mark.parametrize("option", ["--help", "-h", "--version"])
def test_a_request_for_help_before_a_command_is_no_success(option: str) -> None:
    """From a script's variable it may stand before `assert`, and must open no gate."""
    assert [xzepr(option).returncode, xzepr(option, "assert", "release", "x").returncode] == [0, 2]


@pytest.mark.parametrize("arguments", [["-1", "x"], ["x", "-1"], ["- a b", "x"], ["-x", "x"], ["--", "-x", "--json"]])
def test_what_begins_with_a_hyphen(arguments: Sequence[str]) -> None:
    """A number, words, or what stands behind `--` keep their places; anything else is an option that is named."""
    said = xzepr("verdict", *arguments, "--store=memory:").stderr.splitlines()[-1]

    assert ("there is no option -x" in said) == (arguments[0] == "-x")
    assert "argument UNIT" in said or arguments[0] == "-x"


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize("error", [Mute(), ConfigurationError("broken")], ids=["itself", "its cause"])
def test_what_cannot_be_told_is_2_all_the_same(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """An error of others that fails when it is asked for its words."""

    def broken(*_: object) -> int:
        raise error from Mute()

    monkeypatch.setattr(demo_command, "run", broken)

    assert main(["demo"]) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_misspelt_option_is_named(command: str) -> None:
    """Before anything else that may be wrong because of it, with the right one beside it."""
    done = xzepr(command, "x", "--stroe=memory:" if command != "demo" else "--unit=1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: xzepr {command} ")
    assert f"there is no option --{'stroe' if command != 'demo' else 'unit'}: did you mean --" in done.stderr


@pytest.mark.parametrize("command", ["check", "groups", "export", "import", "verdict", "dmeo"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ci:hunter2@db/shop",
        "postgresql:ci:hunter2@db",
        "//ci:hunter2@db/shop",
        "postgresql//ci:hunter2@db",
        "ci:hunter2@db",
    ],
)
def test_c094_wrong_usage_repeats_no_url(command: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A URL that stands where none belongs, whole or in part, may hold a password: it is not echoed into a log."""
    for arguments in ([command, url, "more", "even more"], [url], [command, f"--stroe={url}"], ["assert", url, url]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)

        assert caught.value.code == 2
        assert "hunter2" not in capsys.readouterr().err


def test_c092_wrong_usage_shows_nothing_that_a_terminal_obeys() -> None:
    """What is repeated of the arguments is escaped."""
    done = xzepr("check", "\x1b[31mx\n::add-mask::hi")

    assert done.stderr.splitlines()[-1].endswith(r"unrecognized arguments: \x1b[31mx\n::add-mask::hi")


def without_reader(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command into a pipe that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        return subprocess.run([*MODULE, *arguments], stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(write_end)


def test_reader_that_goes_away_ends_it_quietly() -> None:
    """`xzepr demo | head -1` ends with the code of a broken pipe and without a traceback."""
    done = without_reader("demo")

    assert (done.returncode, done.stderr) == (141, b"")


def test_help_that_nobody_reads_is_quiet_too() -> None:
    """`xzepr --help | true` leaves no traceback either."""
    assert without_reader("--help").stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110 - a device
def test_full_disk_is_told() -> None:
    """Output that cannot be written is an error with its reason, not a traceback."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*MODULE, "demo"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (2, b"xzepr: No space left on device\n")


@pytest.mark.parametrize("arguments", [["check", "--store=nope:"], ["check", "--frobnicate"], ["groups"]])
def test_a_stderr_that_takes_nothing_changes_no_code(arguments: Sequence[str]) -> None:
    """Full or without a reader: what could not be done is 2 all the same, and never 1."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(os.devnull if not os.path.exists("/dev/full") else "/dev/full", "wb") as full:  # noqa: PTH110, PTH123
        codes = [
            subprocess.run([*MODULE, *arguments], stdout=full, stderr=stream, timeout=60, check=False).returncode
            for stream in (full, write_end)
        ]
    os.close(write_end)

    assert codes == [2, 2]


def test_what_is_for_its_output_needs_one() -> None:
    """Without a stdout, a list is an error: nobody can have seen it."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *MODULE, "groups", "--store=memory:"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (2, "xzepr: there is no stdout: redirect it\n")


def test_closed_stdout_does_no_harm() -> None:
    """A process without a stdout does its work, and shows it to nobody."""
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *MODULE, "demo"],
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.usefixtures("interruptible")
def test_interrupt_is_130() -> None:
    """Ctrl-C ends a paced demo with the shell's code for it and one word."""
    with subprocess.Popen(
        [*MODULE, "demo", "--pace", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # The first event's row has come: from then on it waits.
        while not process.stdout.readline().startswith("   1"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == "xzepr: interrupted\n"


def test_error_of_the_library_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What the library refuses is told in its own words, without a traceback."""

    def broken(*_: object) -> int:
        raise ConfigurationError("set it right")

    monkeypatch.setattr(demo_command, "run", broken)

    assert main(["demo"]) == 2
    assert capsys.readouterr() == ("", "xzepr: set it right\n")


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "Broken pipe"), ConnectionResetError(104, "reset")])
def test_a_lost_connection_is_no_lost_reader(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError
) -> None:
    """What the store's connection does is told; only stdout can have lost its reader."""

    def broken(*_: object) -> int:
        raise error

    monkeypatch.setattr(demo_command, "run", broken)

    assert main(["demo"]) == 2
    assert capsys.readouterr().err == f"xzepr: {error.strerror}\n"


def test_what_a_plugins_failure_came_from_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the plugin; what it raised stands before it, without the URL that it may hold."""

    def broken(*_: object) -> int:
        raise ConfigurationError("the backend failed") from KeyError("no driver for shelf://ci:hunter2@host")

    monkeypatch.setattr(demo_command, "run", broken)

    assert main(["demo"]) == 2
    assert capsys.readouterr().err == "xzepr: KeyError: 'no driver for (a URL)\nxzepr: the backend failed\n"


def test_main_returns_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """`main` takes arguments and returns what the process shall end with."""
    assert main(["demo", "--units", "1"]) == 0
    assert "feed head" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` describes a command and its options; for `assert` that is no success, for it would open a gate."""
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])

    assert caught.value.code == (2 if command == "assert" else 0)
    assert capsys.readouterr().out.startswith(f"usage: xzepr {command} ")


def test_a_terminal_of_another_encoding_loses_nothing() -> None:
    """What it cannot show is escaped; the command does not fail."""
    program = "from xzepr.cli.command import main, _spell_out; import sys; _spell_out(sys.stdout); print(chr(8364))"
    environ = {**os.environ, "PYTHONIOENCODING": "iso-8859-1"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, timeout=60, check=True)

    assert done.stdout == b"\\u20ac\n"
