"""From the command line to a sub-command, and from what happens there to an exit code."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import islice
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
from xzepr.cli.hiding import without_secrets, without_urls
from xzepr.cli.output import Output, OutputLost, may_be_lost, say, shown, silence
from xzepr.errors import ConfigurationError, XzeprError
from xzepr.plugins.texts import did_you_mean, showable

FAILED: Final = 2
"""It could not be done. (1 is an answer: it was done, and what was found is not as it should be.)"""

INTERRUPTED: Final = 130
"""What a shell makes of SIGINT: 128 + 2."""

READER_GONE: Final = 141
"""What a shell makes of SIGPIPE: 128 + 13."""

_LONGEST_CAUSE: Final = 1_000
_NO_OPTION: Final = re.compile(r"-\d+|-\d*\.\d+|.* .*", re.ASCII | re.DOTALL)


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

SHOWING: Final = frozenset[Command]({verdict, show, receivers, groups, events, feed})
"""The commands that are for nothing but what they write to stdout."""


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
            _settle()
    except SystemExit:
        raise  # the parser's: see _run
    except BaseException as error:  # noqa: BLE001 - the interpreter would make it 1, and 1 is an answer
        return _told(error)


def _told(error: BaseException) -> int:
    """Tell what went wrong, and return its exit code, even if it cannot be told."""
    try:
        return _tell(error)
    except BaseException:  # noqa: BLE001 - an error of others that cannot even say what it is
        return FAILED


def _tell(error: BaseException) -> int:
    match error:
        case OutputLost():
            silence(sys.stdout)
            return READER_GONE if error.reader_gone else _failed(_reason(error), FAILED)
        case XzeprError():
            _tell_cause(error)
            return _failed(without_secrets(str(error)), FAILED)
        case KeyboardInterrupt():
            return _failed("interrupted", INTERRUPTED)
        case OSError():
            return _failed(_reason(error), FAILED)
        case _:
            for line in traceback.format_exception(error):
                say(without_urls(line.rstrip()))
            return _failed("this is a fault of xzepr or of a plugin: please report it", FAILED)


def _tell_cause(error: XzeprError) -> None:
    """Say what a plugin's failure came from, which the error only names; of what comes from us, it says all."""
    cause = error.__cause__
    if isinstance(error, ConfigurationError) and cause is not None and not type(cause).__module__.startswith("xzepr"):
        say(f"{type(cause).__name__}: {without_urls(str(cause))[:_LONGEST_CAUSE]}")


def _settle() -> None:
    """Write what is still held back now: when the interpreter has ended, nobody can answer for it."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        silence(sys.stderr)
    if sys.stdout is not None:
        with may_be_lost():
            sys.stdout.flush()


def _reason(error: OSError) -> str:
    """Say what the system refused, and for which file; a URL in its place may hold a password."""
    reason = error.strerror or type(error).__name__
    return reason if error.filename is None else without_urls(f"{error.filename}: {reason}")


def _run(argv: Sequence[str] | None) -> int:
    _spell_out(sys.stdout)
    arguments = sys.argv[1:] if argv is None else list(argv)
    options = _parser(alone=len(arguments) == 1).parse_args(arguments)
    command: Command = options.command
    if sys.stdout is None and command in SHOWING:
        raise ConfigurationError("there is no stdout: redirect it")
    try:
        return command.run(options, Output.of(sys.stdout, os.environ))
    except SystemExit as error:
        raise RuntimeError("something has tried to end the process, instead of telling what is wrong") from error


def _parser(*, alone: bool) -> argparse.ArgumentParser:
    """Make the parser; a request for help that does not stand alone may stand before ``assert`` by accident."""
    parser = _Parser(prog="xzepr", description="An embeddable event provenance registry.", allow_abbrev=False)
    parser.help_code = 0 if alone else FAILED
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY, allow_abbrev=False)
        own.help_code = getattr(command, "HELP_CODE", 0)
        command.add_arguments(own)
        own.set_defaults(command=command)
    return parser


class _Parser(argparse.ArgumentParser):
    """Names an option that is not known before anything else, and shows no URL: it may hold a password."""

    help_code: int = 0
    """What `--help` ends with."""

    def parse_known_args(  # type: ignore[override]  # theirs takes any namespace; nobody gives one here
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        own = sys.argv[1:] if args is None else list(args)
        found, others = super().parse_known_args(own if self._subparsers else self._in_order(own), namespace)
        if others:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return found, others

    def _in_order(self, args: Iterable[str]) -> list[str]:
        """Return the options first: an optional argument behind one is not found otherwise, in some Pythons."""
        options: list[str] = []
        others: list[str] = []
        waiting = iter(args)
        for one in waiting:
            if one == "--":
                others += [one, *waiting]
            elif self._is_option(one):
                options += [one, *self._values_of(one, waiting)]
            else:
                others.append(one)
        return options + others

    def _is_option(self, argument: str) -> bool:
        """Tell what argparse takes for an option: neither a number nor words that begin with a hyphen."""
        if argument.partition("=")[0] in self._option_string_actions:  # there is no public way to ask
            return True
        return argument.startswith("-") and argument != "-" and not _NO_OPTION.fullmatch(argument)

    def _values_of(self, option: str, behind: Iterator[str]) -> list[str]:
        """Return the arguments behind an option that are its own."""
        name, equals, _ = option.partition("=")
        action = self._option_string_actions.get(name)
        if action is None:
            near = did_you_mean(name, (one for one in self._option_string_actions if one.startswith("--")))
            self.error(f"there is no option {showable(name)}: {near}")
        wanted = int(action.nargs is None and not equals)
        values = list(islice(behind, wanted))
        if len(values) < wanted:
            self.error(f"argument {option}: expected one argument")
        return values

    def error(self, message: str) -> NoReturn:
        super().error(shown(without_urls(message)))

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
    say(reason)
    return code
