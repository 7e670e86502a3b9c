"""What `xzepr demo` shows."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from xzepr.cli import main, story
from xzepr.documents import SchemaCompiler, ordered_text

COMMAND = (sys.executable, "-m", "xzepr.cli", "demo")


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """What the demo prints when nobody asks for anything."""
    assert main(["demo"]) == 0
    return capsys.readouterr().out


def tables(text: str) -> list[list[str]]:
    """The lines of each table."""
    return [block.splitlines() for block in text.strip().split("\n\n")]


def test_output_fits_into_100_columns_of_ascii(shown: str) -> None:
    """The tables are readable on any terminal."""
    assert max(map(len, shown.splitlines())) <= 100
    assert shown.isascii()


def test_columns_are_aligned(shown: str) -> None:
    """In the table of events every cell begins where its title does."""
    head, _, *rows = tables(shown)[1]
    starts = [found.start() for found in re.finditer(r"\S+", head)][1:]
    events = [row for row in rows if "|" not in row]

    assert events
    assert all(row[start - 2 : start] == "  " and row[start] != " " for row in events for start in starts)


def test_no_line_ends_with_blanks(shown: str) -> None:
    """The text can be compared and pasted."""
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []


def test_a_gate_reopens_and_completes_again(shown: str) -> None:
    """A failure reopens a complete gate, a fix completes it again: both are seen as they happen."""
    web = [line.split()[-1] for line in tables(shown)[1] if " web " in line]

    assert [cell for cell in web if cell.isupper()] == ["COMPLETED", "REOPENED", "COMPLETED"]


def test_one_event_moves_two_gates(shown: str) -> None:
    """The gates share receivers, so one event can move both."""
    assert [line for line in shown.splitlines() if line.count("REOPENED") == 2]


def test_a_refused_payload_shows_field_and_reason(shown: str) -> None:
    """A refusal is a row of its own, followed by the field and why."""
    lines = shown.splitlines()
    [place] = [number for number, line in enumerate(lines) if "REFUSED" in line]

    assert lines[place + 1].strip() == "| payload/coverage: is not of type number"


def test_final_table_has_every_unit_and_gate(shown: str) -> None:
    """At the end stands the verdict of each unit for each gate, with its reason."""
    _, _, *rows = tables(shown)[2]

    assert len(rows) == 4 * len(story.GROUPS)
    assert [row for row in rows if row.endswith("pending: approval is missing")]


def test_feed_head_counts_every_entry(shown: str) -> None:
    """The feed holds what was created, recorded and moved, and nothing of what was refused."""
    head, *kinds = tables(shown)[3]
    counts = {line.split()[1]: int(line.split()[0]) for line in kinds}
    [recorded] = [count for kind, count in counts.items() if kind == "event.recorded"]
    results = [line for line in tables(shown)[1] if re.search(r"passed|FAILED", line) and "|" not in line]

    assert head == f"feed head: {sum(counts.values())}"
    assert recorded == len(results)


def test_same_seed_tells_the_same_story(capsys: pytest.CaptureFixture[str]) -> None:
    """The order comes from the seed alone."""
    stories = []
    for seed in ("7", "7", "8"):
        assert main(["demo", "--seed", seed]) == 0
        stories.append(capsys.readouterr().out)

    assert stories[0] == stories[1] != stories[2]


def test_each_unit_keeps_its_own_order() -> None:
    """However the units are mixed, what happens to one of them happens in its order."""
    units = story.units(8)
    alone = {unit: list(story.steps([unit], seed=0)) for unit in units[:1]}
    mixed = list(story.steps(units, seed=3))

    assert all([step for step in mixed if step.unit == unit] == expected for unit, expected in alone.items())


def test_units_are_distinct() -> None:
    """As many units as are asked for."""
    assert len(set(story.units(1_000))) == 1_000


@pytest.mark.parametrize("name", story.SCHEMAS)
def test_schemas_ask_for_something(name: str) -> None:
    """No receiver of the story accepts just anything."""
    schema = SchemaCompiler().compile(ordered_text(story.SCHEMAS[name]))

    assert not schema.accepts_anything


def on_a_terminal(**environ: str) -> str:
    """What the demo writes to a terminal."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    try:
        with subprocess.Popen(COMMAND, stdout=theirs, env={**kept, "TERM": "xterm", **environ}) as process:
            os.close(theirs)
            text = b"".join(_read(ours)).decode()
        assert process.returncode == 0
    finally:
        os.close(ours)
    return text


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux tells that the other end is closed
            return
        if not piece:
            return
        yield piece


def test_terminal_gets_colours() -> None:
    """On a terminal what moved a gate stands out."""
    assert "\x1b[1;32mCOMPLETED\x1b[0m" in on_a_terminal()


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminal_without_colours(environ: dict[str, str]) -> None:
    """NO_COLOR and a dumb terminal are respected."""
    assert "\x1b" not in on_a_terminal(**environ)


def test_pipe_gets_no_colours() -> None:
    """What is not a terminal gets plain text."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, check=True)

    assert "\x1b" not in done.stdout
