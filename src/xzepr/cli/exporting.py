"""`xzepr export`: the registry as lines of JSON, which `xzepr import` takes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from xzepr import Change, ChangeKind, Event, EventReceiver, EventReceiverGroup, Registry
from xzepr.cli.arguments import given_text
from xzepr.cli.files import Sink, replacing
from xzepr.cli.listing import INCOMPLETE, tell_altered, tell_damaged
from xzepr.cli.ndjson.forms import line_of
from xzepr.cli.opening import opened
from xzepr.cli.output import Output, may_be_lost, say
from xzepr.cli.progress import Progress
from xzepr.cli.store_url import add_store_argument
from xzepr.cli.tables import counted
from xzepr.cli.walking import pages, read_all
from xzepr.errors import ConfigurationError, Damaged, Invalid
from xzepr.model import MAX_LIMIT, receiver_fingerprint

SUMMARY: Final = "Write receivers, groups and events as lines of JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    text = "where to write; it is there when all is written, and not before. - is stdout, and the default"
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", type=given_text, help=text)
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Write everything."""
    done = _to_stdout(options, output) if options.file == "-" else _to_file(options)
    say(f"{done}")
    return INCOMPLETE if done.left_out else 0


def _to_stdout(options: argparse.Namespace, output: Output) -> _Done:
    """Write bytes: JSON is UTF-8, whatever the terminal is."""
    if output.stream is None:
        raise ConfigurationError("there is no stdout: name a file")
    with opened(options) as registry:
        return _write(registry, _Stdout(output.stream.buffer))


def _to_file(options: argparse.Namespace) -> _Done:
    with opened(options) as registry, replacing(Path(options.file)) as file:
        return _write(registry, file)


@attrs.frozen
class _Stdout:
    """stdout for bytes, told apart from other files when it takes nothing any more."""

    stream: BinaryIO

    def write(self, data: bytes, /) -> None:
        """Write bytes."""
        with may_be_lost():
            self.stream.write(data)

    def flush(self) -> None:
        """Hand what was written to the reader."""
        with may_be_lost():
            self.stream.flush()


@attrs.define
class _Done:
    """How many were written, and how many were not."""

    receivers: int = 0
    groups: int = 0
    events: int = 0
    damaged: int = 0
    altered: int = 0

    @property
    def left_out(self) -> bool:
        """Whether it is not all."""
        return bool(self.damaged or self.altered)

    def __str__(self) -> str:
        written = ("receiver", self.receivers), ("group", self.groups), ("event", self.events)
        faults = ("damaged row", self.damaged), ("altered row", self.altered)
        left_out = " and ".join(counted(number, what) for what, number in faults if number)
        exported = ", ".join(counted(number, what) for what, number in written)
        return f"{exported} exported" + (f"; {left_out} left out" if left_out else "")


def _write(registry: Registry, sink: Sink) -> _Done:
    done = _Done()
    # Events refer to what was there before them, groups to receivers: each is read before what it refers to.
    head = registry.feed.head()
    groups = list(_groups(registry, done))
    for receiver in _receivers(registry, done):
        sink.write(line_of(receiver))
        done.receivers += 1
    for group in groups:
        sink.write(line_of(group))
        done.groups += 1
    _write_events(registry, sink, done, head)
    sink.flush()
    return done


def _write_events(registry: Registry, sink: Sink, done: _Done, head: int) -> None:
    with Progress(Output.of(sys.stderr), "events", head) as progress:
        for change in read_all(registry, 0, payloads=True, until=head):
            if isinstance(change, Damaged):
                _tell([change], done)
                continue
            event = _event_of(change, done)
            if event is not None:
                sink.write(line_of(event))
                done.events += 1
            progress.show(change.position, done.events)


def _event_of(change: Change, done: _Done) -> Event | None:
    """Return the event that a change recorded, if it is what was recorded."""
    if change.kind is not ChangeKind.EVENT_RECORDED:
        return None
    if isinstance(change.subject, Damaged):
        _tell([change.subject], done)
    return change.subject if isinstance(change.subject, Event) and _is_sound(change.subject, done) else None


def _groups(registry: Registry, done: _Done) -> Iterator[EventReceiverGroup]:
    for page in pages(lambda cursor: registry.groups.list(limit=MAX_LIMIT, cursor=cursor, newest_first=False)):
        _tell(page.damaged, done)
        yield from page


def _receivers(registry: Registry, done: _Done) -> Iterator[EventReceiver]:
    for page in pages(lambda cursor: registry.receivers.list(limit=MAX_LIMIT, cursor=cursor, newest_first=False)):
        _tell(page.damaged, done)
        yield from (receiver for receiver in page if _is_sound(receiver, done))


def _tell(rows: Iterable[Damaged], done: _Done) -> None:
    for row in rows:
        tell_damaged(row)
        done.damaged += 1


def _is_sound(value: EventReceiver | Event, done: _Done) -> bool:
    """Say whether it is what was stored. What an import takes gets fresh digests: nothing would show it any more."""
    sound = value.verify() if isinstance(value, Event) else _is_defined_so(value)
    if not sound:
        tell_altered("event" if isinstance(value, Event) else "receiver", value.id)
        done.altered += 1
    return sound


def _is_defined_so(receiver: EventReceiver) -> bool:
    try:
        return receiver.fingerprint == receiver_fingerprint(*receiver.naming, receiver.schema)
    except Invalid:  # the schema is no JSON any more
        return False
