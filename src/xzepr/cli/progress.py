"""How far a long command has come: a bar on a terminal, elsewhere a line every now and then. On stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from xzepr.cli.output import Output, silence

BAR_SECONDS: Final = 0.1
"""How often a bar is drawn."""

LINE_SECONDS: Final = 10.0
"""How often a line is written where there is no terminal."""

_WIDTH: Final = 30


class Progress:
    """How far a command has come.

    Args:
        output: Where it is shown.
        what: What is counted, such as ``events``.
        total: Where it ends; 0 if nobody knows.
        before: How many were counted by an earlier run.
        clock: Tells seconds.
    """

    def __init__(
        self, output: Output, what: str, total: int, *, before: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._output = output
        self._what = what
        self._total = total
        self._before = before
        self._clock = clock
        self._terminal = output.stream is not None and output.stream.isatty()
        self._begun = self._shown = clock()
        self._drawn = False
        self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.wipe()
        if self._lost and self._output.stream is not None:
            silence(self._output.stream)

    def wipe(self) -> None:
        """Make room on the terminal for a line that is written there."""
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def show(self, place: int, count: int) -> None:
        """Show it, if that was not done just now.

        Args:
            place: How far it has come, on the way to the total.
            count: How many were counted.
        """
        now = self._clock()
        if now - self._shown < (BAR_SECONDS if self._terminal else LINE_SECONDS):
            return
        self._shown = now
        text = self._text(place, count, now - self._begun)
        if self._terminal:
            self._write(f"\r{self._bar(place)}{text}\x1b[K")
            self._drawn = True
        else:
            self._write(f"xzepr: {text}\n")

    def _text(self, place: int, count: int, seconds: float) -> str:
        share = f"{self._share(place):4.0%}, " if self._total else ""
        return f"{share}{count:,} {self._what}, {(count - self._before) / seconds:,.0f} a second"

    def _share(self, place: int) -> float:
        return min(place / self._total, 1.0)

    def _bar(self, place: int) -> str:
        if not self._total:
            return ""
        full = round(self._share(place) * _WIDTH)
        return f"[{'#' * full}{'.' * (_WIDTH - full)}] "

    def _write(self, text: str) -> None:
        """Write, unless it failed before: nobody looks on then, and the work goes on."""
        stream = self._output.stream
        if stream is None or self._lost:
            return
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            self._lost = True
