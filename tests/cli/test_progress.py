"""How far a long command has come."""

from __future__ import annotations

from io import StringIO

import pytest

from xzepr.cli.output import Output
from xzepr.cli.progress import BAR_SECONDS, LINE_SECONDS, Progress


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_a_bar_on_a_terminal_is_drawn_and_wiped() -> None:
    """It is drawn over itself, and gone at the end."""
    stream, clock = Terminal(), Clock()
    with Progress(Output.of(stream, {}), "lines", 200, clock=clock) as progress:
        progress.show(10, 10)
        clock.now = 2.0
        progress.show(100, 1_000)

    drawn = "[###############...............]  50%, 1,000 lines, 500 a second"
    assert stream.getvalue() == f"\r{drawn}\x1b[K\r\x1b[K"


def test_a_bar_is_not_drawn_all_the_time() -> None:
    """Drawing must cost nothing."""
    stream, clock = Terminal(), Clock()
    with Progress(Output.of(stream, {}), "lines", 200, clock=clock) as progress:
        for count in range(1_000):
            clock.now += BAR_SECONDS / 100
            progress.show(count, count)

    assert 5 <= stream.getvalue().count("lines") <= 11


def test_elsewhere_it_is_a_line_now_and_then() -> None:
    """A log gets whole lines, and few of them."""
    stream, clock = StringIO(), Clock()
    with Progress(Output.of(stream, {}), "events", 200, clock=clock) as progress:
        for count in range(1, 101):
            clock.now += LINE_SECONDS / 40
            progress.show(count, count)

    assert stream.getvalue().splitlines() == [
        "xzepr:  20%, 40 events, 4 a second",
        "xzepr:  40%, 80 events, 4 a second",
    ]


def test_without_an_end_there_is_no_share() -> None:
    """Of stdin nobody knows how long it is."""
    stream, clock = Terminal(), Clock()
    with Progress(Output.of(stream, {}), "lines", 0, clock=clock) as progress:
        clock.now = 1.0
        progress.show(50, 5)

    assert stream.getvalue().startswith("\r5 lines, 5 a second")


def test_what_an_earlier_run_did_is_not_the_speed_of_this_one() -> None:
    """Only what was counted since counts."""
    stream, clock = StringIO(), Clock()
    with Progress(Output.of(stream, {}), "lines", 200, before=100, clock=clock) as progress:
        clock.now = LINE_SECONDS
        progress.show(120, 120)

    assert stream.getvalue() == "xzepr:  60%, 120 lines, 2 a second\n"


def test_a_bar_makes_room_for_a_line() -> None:
    """It is wiped once, and drawn again with the next news."""
    stream, clock = Terminal(), Clock()
    with Progress(Output.of(stream, {}), "lines", 0, clock=clock) as progress:
        clock.now = 1.0
        progress.show(5, 5)
        progress.wipe()
        progress.wipe()
        stream.write("{}\n")
        clock.now = 2.0
        progress.show(6, 6)

    wiped = "\r\x1b[K"
    drawn = "\r5 lines, 5 a second\x1b[K", "\r6 lines, 3 a second\x1b[K"
    assert stream.getvalue() == f"{drawn[0]}{wiped}{{}}\n{drawn[1]}{wiped}"


@pytest.mark.parametrize("kind", [StringIO, Terminal])
def test_a_stream_that_takes_nothing_stops_no_work(kind: type[StringIO]) -> None:
    """Whoever looked on has gone: it is tried once, and the work goes on."""
    stream, clock, tried = kind(), Clock(), list[str]()

    def refuse(text: str) -> int:
        tried.append(text)
        raise BrokenPipeError

    stream.write = refuse  # type: ignore[method-assign]
    with Progress(Output.of(stream, {}), "lines", 10, clock=clock) as progress:
        for _ in range(3):
            clock.now += LINE_SECONDS
            progress.show(5, 5)

    assert len(tried) == 1


def test_no_stderr_takes_everything() -> None:
    """Where there is none, nothing is shown."""
    clock = Clock()
    with Progress(Output.of(None, {}), "lines", 1, clock=clock) as progress:
        clock.now = 100.0
        progress.show(1, 1)
        assert clock.now == 100.0
