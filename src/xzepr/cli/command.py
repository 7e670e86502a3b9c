"""From the command line to a sub-command, and from what happens there to an exit code."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Final, NoReturn, Protocol, TextIO

from xzepr.cli import (
    asserting,
    check,
    demo,
    events,
    exporting,
    feed,
    groups,
    importing,
    migrate,
    receivers,
    show,
    verdict,
)
from xzepr.cli.output import Output, shown
from xzepr.errors import XzeprError

FAILED: Final = 2
"""It could not be done. (1 is an answer: it was done, and what was found is not as it should be.)"""

INTERRUPTED: Final = 130
"""What a shell makes of SIGINT: 128 + 2."""

READER_GONE: Final = 141
"""What a shell makes of SIGPIPE: 128 + 13."""

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/\S*")


class Command(Protocol):
    """What the module of a sub-command has."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare its arguments."""

    def run(self, options: argparse.Namespace, output: Output, /) -> int:
        """Do it, and return the exit code."""


COMMANDS: Final = MappingProxyType[str, Command](
    {
        "verdict": verdict,
        "assert": asserting,
        "show": show,
        "receivers": receivers,
        "groups": groups,
        "events": events,
        "feed": feed,
        "export": exporting,
        "import": importing,
        "migrate": migrate,
        "check": check,
        "demo": demo,
    }
)
"""The commands, in the order in which `--help` lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments, without the program's name; by default those of the process.

    Returns:
        The exit code: 0 when done, 1 when a check found what it should not, 2 when it could not be done, 130 when
        interrupted, 141 when the reader of stdout went away.

    Raises:
        SystemExit: With 2 when the arguments are wrong, and with 0 after ``--help`` and ``--version``.
    """
    try:
        try:
            return _run(argv)
        finally:
            # What cannot be written shows here, not when the interpreter has ended and nobody can answer.
            if sys.stdout is not None:
                sys.stdout.flush()
    except XzeprError as error:
        return _failed(str(error), FAILED)
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _drop_stdout()
        return READER_GONE
    except OSError as error:
        if error.filename is None:  # it is about stdout
            _drop_stdout()
        return _failed(_reason(error), FAILED)
    except Exception:  # noqa: BLE001 - the interpreter would make it 1, and 1 is an answer
        Output(sys.stderr).line(_hidden(traceback.format_exc().rstrip()))
        return _failed("this is a fault of xzepr or of a plugin: please report it", FAILED)


def _reason(error: OSError) -> str:
    """Say what the system refused, and for which file; a URL in its place may hold a password."""
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else _hidden(f"{shown(str(error.filename))}: {reason}")


def _hidden(text: str) -> str:
    return _URL.sub("(a URL)", text)


def _run(argv: Sequence[str] | None) -> int:
    _spell_out(sys.stdout)
    options = _parser().parse_args(argv)
    command: Command = options.command
    return command.run(options, Output.of(sys.stdout, os.environ))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="xzepr", description="An embeddable event provenance registry.", allow_abbrev=False)
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY, allow_abbrev=False)
        own.help_code = getattr(command, "HELP_CODE", 0)
        command.add_arguments(own)
        own.set_defaults(command=command)
    return parser


class _Parser(argparse.ArgumentParser):
    """Shows no URL that stands where none belongs: it may hold a password."""

    help_code: int = 0
    """What `--help` ends with."""

    def error(self, message: str) -> NoReturn:
        super().error(_hidden(message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(status or self.help_code, message)


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for: it costs more than the rest of the start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        Output(sys.stdout).line(f"{parser.prog} {version('xzepr')}")
        parser.exit()


def _spell_out(stream: TextIO | None) -> None:
    """Let what the encoding of a terminal lacks be escaped, not be an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _failed(reason: str, code: int) -> int:
    Output(sys.stderr).line(f"xzepr: {reason}")
    return code


def _drop_stdout() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain at its end."""
    try:
        place = sys.stdout.fileno()
    except (AttributeError, OSError):  # there is none, or it is no file
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, place)
    os.close(nowhere)
