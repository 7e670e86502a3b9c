"""The import itself: batch after batch, each noted when it is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import BinaryIO

import attrs

from xzepr import Registry
from xzepr.cli.ndjson.lines import Line, Lines
from xzepr.cli.ndjson.locking import lock
from xzepr.cli.ndjson.places import Places, progress_path
from xzepr.cli.ndjson.refusals import Refusals
from xzepr.cli.ndjson.state import (
    BEGINNING,
    Counts,
    State,
    check_kept,
    check_refused,
    drop_state,
    go_on,
    head_of,
    read_state,
    write_state,
)
from xzepr.cli.ndjson.taking import Taker, batches
from xzepr.cli.output import Output, say
from xzepr.cli.progress import Progress
from xzepr.errors import ConfigurationError


@attrs.frozen
class Done:
    """What became of it.

    Args:
        lines: How many lines there were.
        counts: What became of them.
    """

    lines: int
    counts: Counts


class Import:
    """One run.

    Args:
        registry: Where the lines go.
        file: What is read, at its beginning.
        places: Where its files are.
    """

    def __init__(self, registry: Registry, file: BinaryIO, places: Places) -> None:
        self._registry = registry
        self._file = file
        self._places = places
        self._lines = Lines(file)

    def run(self) -> Done:
        """Do it.

        Raises:
            ConfigurationError: It is imported already, cannot be gone on with, or there is nothing in it.
            XzeprError: The store failed. The same import goes on from there.
            OSError: A file cannot be read or written; the error names it.
        """
        before = self._begun()
        taker = Taker(self._registry, before.counts, before.receivers)
        with Refusals(self._places.refused, like=self._places.source) as refusals:
            self._go_on(before, refusals)
            try:
                self._take(taker, refusals)
            except BaseException:
                self._say_where_it_stands()
                raise
        return self._ended(taker.counts)

    def _begun(self) -> State:
        """Return where it stands."""
        source = self._places.source
        if source is not None:
            lock(self._file, source)
        self._places.check_writable()
        before = None if source is None else read_state(source)
        if source is None or before is None:
            return BEGINNING
        check_refused(source, before, self._places)
        return before

    def _go_on(self, before: State, refusals: Refusals) -> None:
        """Bring the lines, and those that were refused, to where it stands."""
        source = self._places.source
        if source is not None and before is not BEGINNING:
            refusals.pass_over(before.refused_bytes)
            check_kept(source, before, self._places, (refusals.size, refusals.digest))
            go_on(source, before, self._lines, self._registry)
            say(f"going on behind line {before.line:,} of {source}")
        refusals.begin()

    def _take(self, taker: Taker, refusals: Refusals) -> None:
        with self._progress() as progress:
            for batch in batches(self._lines):
                refused = taker.take(batch)
                if refused:
                    progress.wipe()
                refusals.write(refused)
                self._note(batch, taker, refusals)
                progress.show(self._lines.offset, self._lines.number)

    def _progress(self) -> Progress:
        total = 0 if self._places.source is None else os.fstat(self._file.fileno()).st_size
        return Progress(Output.of(sys.stderr), "lines", total, before=self._lines.number)

    def _note(self, batch: Sequence[Line], taker: Taker, refusals: Refusals) -> None:
        """Keep how far it has come; never behind a line without an end, which may still grow."""
        source = self._places.source
        if source is None or not batch[-1].ended:
            return
        feed = head_of(self._registry)
        if feed is not None:
            write_state(source, self._state(feed, taker, refusals))

    def _state(self, feed: str, taker: Taker, refusals: Refusals) -> State:
        return State(
            line=self._lines.number,
            offset=self._lines.offset,
            digest=self._lines.digest,
            refused=self._places.refused_name,
            refused_bytes=refusals.size,
            refused_digest=refusals.digest,
            feed=feed,
            counts=taker.counts,
            receivers=taker.receivers,
        )

    def _say_where_it_stands(self) -> None:
        source = self._places.source
        if source is not None and progress_path(source).exists():
            say(f"it was not finished; the same command goes on from there ({progress_path(source)})")

    def _ended(self, counts: Counts) -> Done:
        source = self._places.source
        if source is not None:
            drop_state(source)
        if counts == Counts():
            raise ConfigurationError(f"there is nothing in {source or 'it'}: what should have written it has failed")
        return Done(self._lines.number, counts)
