"""Aligned columns and colours."""

from __future__ import annotations

from io import StringIO

import pytest

from xzepr.cli.output import Cell, Column, Output, Style, shown, width_of

COLUMNS = (Column("unit", 6), Column("events", 6, right=True))


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


def test_cells_stand_under_their_titles() -> None:
    """Text is aligned left, numbers right where the column says so."""
    stream = StringIO()
    output = Output(stream)
    output.head(COLUMNS)
    output.row(COLUMNS, [Cell("web"), Cell("12")])

    assert stream.getvalue() == "unit    events\n------  ------\nweb         12\n"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f\u200d\U0001f525",
        "\u0915\u094d\u200d\u0937",
    ],
)
def test_joiners_stay_where_they_belong(text: str) -> None:
    """A Persian word, a family, a heart on fire, a conjunct in Hindi: as they are written."""
    assert shown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("a\u200db", "caf\u00e9\u200d\u00e9", "\u0442\u0435\u200c\u0441\u0442", "\u2764\u200da"),
        *("\u200d\u0645", "\u0645\u200c", "\u0645\u200db", "\u0645\u200d\u200d\u0645", "\u0645\u200b\u0645"),
    ],
)
def test_joiners_elsewhere_are_spelt_out(text: str) -> None:
    """Where nobody would write them, they only make two names look alike."""
    assert "\\u200" in shown(text)


def test_what_has_no_width_moves_no_column() -> None:
    """Joiners, variation selectors and combining marks."""
    assert [width_of(text) for text in ("e\u0301", "\u2764\ufe0f", "\u0645\u200c\u062e")] == [1, 1, 2]


def test_colours_do_not_move_columns() -> None:
    """The width of a cell is that of its text."""
    stream = StringIO()
    Output(stream, coloured=True).row(COLUMNS, [Cell("web", Style.GOOD), Cell("12", Style.BAD)])

    assert stream.getvalue() == "\x1b[32mweb\x1b[0m         \x1b[31m12\x1b[0m\n"


def test_long_cell_is_shown_whole() -> None:
    """What does not fit is not cut: a reader needs it more than the alignment."""
    stream = StringIO()
    Output(stream).row(COLUMNS, [Cell("a-long-name"), Cell("1")])

    assert stream.getvalue() == "a-long-name       1\n"


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_terminal_is_coloured_unless_refused(environ: dict[str, str], *, coloured: bool) -> None:
    """A terminal is coloured; a NO_COLOR that is not empty, or a dumb terminal, forbids it."""
    assert Output.of(Terminal(), environ).coloured is coloured


def test_file_is_never_coloured() -> None:
    """What is no terminal is not coloured."""
    assert not Output.of(StringIO(), {}).coloured


def test_no_stream_takes_everything() -> None:
    """Where there is no stdout, writing does nothing."""
    Output.of(None, {}).line("unheard")
