"""`xzepr import`: lines of JSON into a registry, from where an earlier run has stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from xzepr import Registry
from xzepr.cli.arguments import Once, add_json_argument, given_text
from xzepr.cli.files import naming_file
from xzepr.cli.ndjson import refusals, state
from xzepr.cli.ndjson.lines import Lines
from xzepr.cli.ndjson.refusals import Refusals
from xzepr.cli.ndjson.state import Counts, State
from xzepr.cli.ndjson.taking import Taker, batches
from xzepr.cli.opening import opened
from xzepr.cli.output import Output
from xzepr.cli.progress import Progress
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import counted, write_fields
from xzepr.errors import ConfigurationError

SUMMARY: Final = "Take receivers, groups and events from lines of JSON; go on where an earlier run has stopped."

REFUSED: Final = 1
"""It was done, and some lines were refused."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", type=given_text, help="what to read; - is stdin")
    text = "where the lines go that are refused; else to FILE.refused, and those of stdin to stderr"
    parser.add_argument("--refused", metavar="FILE", type=given_text, action=Once, help=text)
    add_json_argument(parser, "write the result as one JSON object")
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Take everything, and say what became of it."""
    with opened(options) as registry, _source(options.file) as (file, path):
        beside = None if path is None else path.with_name(path.name + refusals.SUFFIX)
        refused = beside if options.refused is None else Path(options.refused)
        work = _Import(registry, file, path, refused)
        done = work.run()
    _tell(output, done, refused, as_json=options.json)
    return REFUSED if done.counts.refused else 0


@contextmanager
def _source(name: str) -> Iterator[tuple[BinaryIO, Path | None]]:
    """Open what is to be read. What can be read only once has no path: nothing is kept about it."""
    if name == "-":
        if sys.stdin is None:
            raise ConfigurationError("there is no stdin: name a file")
        yield sys.stdin.buffer, None
        return
    path = Path(name)
    with naming_file(path):
        file = path.open("rb")
    with file:
        yield file, path if path.is_file() else None


@attrs.frozen
class _Done:
    """What became of it."""

    lines: int
    counts: Counts


class _Import:
    """One run."""

    def __init__(self, registry: Registry, file: BinaryIO, path: Path | None, refused: Path | None) -> None:
        self._registry = registry
        self._path = path
        self._refused = refused
        self._lines = Lines(file)
        self._before = None if path is None else state.read_state(path)

    def run(self) -> _Done:
        """Do it."""
        before, path = self._before, self._path
        if path is not None and before is not None:
            state.go_on(path, before, self._lines, self._registry)
            _say(f"going on behind line {before.line:,} of {path}")
        taker = Taker(
            self._registry, Counts() if before is None else before.counts, {} if before is None else before.receivers
        )
        try:
            self._take(taker)
        except BaseException:
            if path is not None and state.state_path(path).exists():
                _say(f"it was not finished; the same command goes on from there ({state.state_path(path)})")
            raise
        if path is not None:
            state.drop_state(path)
        if taker.counts == Counts():
            raise ConfigurationError(f"there is nothing in {path or 'it'}: what should have written it has failed")
        return _Done(self._lines.number, taker.counts)

    def _take(self, taker: Taker) -> None:
        total = 0 if self._path is None else self._path.stat().st_size
        with (
            Refusals(self._refused, 0 if self._before is None else self._before.refused_bytes) as refused,
            Progress(Output.of(sys.stderr), "lines", total, before=self._lines.number) as progress,
        ):
            for batch in batches(self._lines):
                refused.write(taker.take(batch))
                self._note(taker, refused)
                progress.show(self._lines.offset, self._lines.number)

    def _note(self, taker: Taker, refused: Refusals) -> None:
        """Keep how far it has come."""
        if self._path is None:
            return
        lines = self._lines
        state.write_state(
            self._path,
            State(
                line=lines.number,
                offset=lines.offset,
                digest=lines.digest,
                refused_bytes=refused.size,
                feed=state.head_of(self._registry),
                counts=taker.counts,
                receivers=taker.receivers,
            ),
        )


def _tell(output: Output, done: _Done, refused: Path | None, *, as_json: bool) -> None:
    if as_json:
        output.json({"lines": done.lines, **attrs.asdict(done.counts)})
    else:
        counts = attrs.asdict(done.counts).items()
        write_fields(output, [("lines", f"{done.lines:,}"), *((name, f"{number:,}") for name, number in counts)])
    if done.counts.refused:
        where = "" if refused is None else f": see {refused}"
        _say(f"{counted(done.counts.refused, 'line')} refused{where}")


def _say(text: str) -> None:
    Output(sys.stderr).line(f"xzepr: {text}")
