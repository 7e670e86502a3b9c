"""`xzepr export`: the registry as lines of JSON, which `xzepr import` takes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from xzepr import ChangeKind, Event, EventReceiver, EventReceiverGroup, Registry
from xzepr.cli.arguments import given_text
from xzepr.cli.feed import read_all
from xzepr.cli.files import Sink, replacing
from xzepr.cli.listing import INCOMPLETE, tell_damaged
from xzepr.cli.naming import pages
from xzepr.cli.ndjson.forms import line_of
from xzepr.cli.opening import opened
from xzepr.cli.output import Output
from xzepr.cli.progress import Progress
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import counted
from xzepr.errors import Damaged
from xzepr.model import MAX_LIMIT

SUMMARY: Final = "Write receivers, groups and events as lines of JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    text = "where to write; it is there when all is written, and not before. - is stdout, and the default"
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", type=given_text, help=text)
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Write everything."""
    with opened(options) as registry:
        if options.file == "-":
            done = _write(registry, _binary(output))
        else:
            with replacing(Path(options.file)) as file:
                done = _write(registry, file)
    Output(sys.stderr).line(f"xzepr: {done}")
    return INCOMPLETE if done.damaged else 0


class _Nowhere:
    """Takes everything: there is no stdout."""

    def write(self, data: bytes, /) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Do nothing."""


def _binary(output: Output) -> Sink:
    """Return stdout for bytes: JSON is UTF-8, whatever the terminal is."""
    return _Nowhere() if output.stream is None else output.stream.buffer


@attrs.define
class _Done:
    """How many were written."""

    receivers: int = 0
    groups: int = 0
    events: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        counts = ", ".join(
            (counted(self.receivers, "receiver"), counted(self.groups, "group"), counted(self.events, "event"))
        )
        left_out = f"; {counted(self.damaged, 'damaged row')} left out" if self.damaged else ""
        return f"{counts} exported{left_out}"


def _write(registry: Registry, sink: Sink) -> _Done:
    done = _Done()
    # The groups are read first, so that the receivers they need are among those read afterwards.
    groups = list(_groups(registry, done))
    for receiver in _receivers(registry, done):
        sink.write(line_of(receiver))
        done.receivers += 1
    for group in groups:
        sink.write(line_of(group))
        done.groups += 1
    with Progress(Output.of(sys.stderr), "events", registry.feed.head()) as progress:
        for position, event in _events(registry, done):
            if event is not None:
                sink.write(line_of(event))
                done.events += 1
            progress.show(position, done.events)
    sink.flush()
    return done


def _groups(registry: Registry, done: _Done) -> Iterator[EventReceiverGroup]:
    for page in pages(lambda cursor: registry.groups.list(limit=MAX_LIMIT, cursor=cursor, newest_first=False)):
        _tell(page.damaged, done)
        yield from page


def _receivers(registry: Registry, done: _Done) -> Iterator[EventReceiver]:
    for page in pages(lambda cursor: registry.receivers.list(limit=MAX_LIMIT, cursor=cursor, newest_first=False)):
        _tell(page.damaged, done)
        yield from page


def _events(registry: Registry, done: _Done) -> Iterator[tuple[int, Event | None]]:
    """Yield the positions of the feed, and the events that were recorded there."""
    for change in read_all(registry, 0, payloads=True):
        event = None
        if change.kind is ChangeKind.EVENT_RECORDED and isinstance(change.subject, Damaged):
            _tell([change.subject], done)
        elif change.kind is ChangeKind.EVENT_RECORDED and isinstance(change.subject, Event):
            event = change.subject
        yield change.position, event


def _tell(rows: Iterator[Damaged] | list[Damaged] | tuple[Damaged, ...], done: _Done) -> None:
    for row in rows:
        tell_damaged(row)
        done.damaged += 1
