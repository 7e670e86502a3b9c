"""`xzepr import`: lines of JSON into a registry, from where an earlier run has stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from xzepr.cli.arguments import Once, add_json_argument, given_text
from xzepr.cli.files import naming_file
from xzepr.cli.ndjson.places import STREAM, places_of
from xzepr.cli.ndjson.state import Counts
from xzepr.cli.ndjson.work import Done, Import
from xzepr.cli.opening import opened
from xzepr.cli.output import Output, say
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import counted, write_fields

SUMMARY: Final = "Take receivers, groups and events from lines of JSON; go on where an earlier run has stopped."

REFUSED: Final = 1
"""It was done, and some lines were refused."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", type=given_text, help="what to read; - is stdin")
    text = "where the lines go that are refused, - is stderr; else to FILE.refused, and those of stdin to stderr"
    parser.add_argument("--refused", metavar="FILE", type=given_text, action=Once, help=text)
    add_json_argument(parser, "write the result as one JSON object")
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Take everything, and say what became of it."""
    places = places_of(options.file, options.refused)
    with opened(options) as registry, _source(options.file) as file:
        done = Import(registry, file, places).run()
    _tell(output, done, places.refused, as_json=options.json)
    return REFUSED if done.counts.refused else 0


@contextmanager
def _source(name: str) -> Iterator[BinaryIO]:
    if name == STREAM:
        yield sys.stdin.buffer
        return
    path = Path(name)
    with naming_file(path):
        file = path.open("rb")
    with file:
        yield file


def _tell(output: Output, done: Done, refused: Path | None, *, as_json: bool) -> None:
    counts = attrs.asdict(done.counts)
    if as_json:
        output.json({"lines": done.lines, **counts})
    else:
        write_fields(output, [(name, f"{number:,}") for name, number in {"lines": done.lines, **counts}.items()])
    if done.counts.refused:
        where = "" if refused is None else f": see {refused}"
        say(f"{counted(done.counts.refused, 'line')} refused{where}")
        if attrs.evolve(done.counts, refused=0) == Counts():
            say("not one line was taken: it should be lines of JSON, in UTF-8 and not compressed")
