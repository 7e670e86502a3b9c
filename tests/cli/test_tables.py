"""Tables as wide as what stands in them."""

from __future__ import annotations

from io import StringIO

from xzepr.cli.output import Cell, Output, Style, json_text, shown, width_of
from xzepr.cli.tables import LOOK_AHEAD, write_document, write_fields, write_table


def written(*rows: tuple[str | Cell, ...]) -> list[str]:
    """The lines of a table with two columns."""
    stream = StringIO()
    write_table(Output(stream), ("name", "state"), rows)
    return stream.getvalue().splitlines()


def test_columns_fit_the_cells() -> None:
    """The widest cell decides, or the title."""
    assert written(("unit-tests", "ok"), ("a", "failed")) == [
        "name        state",
        "----------  ------",
        "unit-tests  ok",
        "a           failed",
    ]


def test_an_empty_table_has_its_titles() -> None:
    """Nothing found is seen as such."""
    assert written() == ["name  state", "----  -----"]


def test_wide_characters_keep_the_columns() -> None:
    """A terminal gives them two columns, and a combining accent none."""
    assert written(("東京", "ok"), ("e\u0301cole", "ok"))[2:] == ["東京   ok", "e\u0301cole  ok"]


def test_what_a_terminal_would_obey_is_escaped() -> None:
    """An escape sequence or a right-to-left override in a name does nothing."""
    assert written(("a\x1b[2Jb", "\u202ex"))[2:] == ["a\\x1b[2Jb  \\u202ex"]
    assert shown("plain, Zürich") == "plain, Zürich"


def test_nothing_is_a_dash() -> None:
    """Every row has the same number of words."""
    assert written(("", "ok"))[2] == "-     ok"


def test_rows_beyond_the_first_are_written_as_they_come() -> None:
    """A list of any length takes the memory of its first rows; a wider cell later pushes its line."""
    lines = written(*[("a", "ok")] * LOOK_AHEAD, ("later-and-wider", "ok"))

    assert lines[-2:] == ["a     ok", "later-and-wider  ok"]


def test_fields_are_aligned_and_coloured() -> None:
    """A word and a value on each line."""
    stream = StringIO()
    write_fields(Output(stream, coloured=True), [("id", "1"), ("result", Cell("ok", Style.GOOD))])

    assert stream.getvalue() == "\x1b[2mid\x1b[0m      1\n\x1b[2mresult\x1b[0m  \x1b[32mok\x1b[0m\n"


def test_a_document_stands_below() -> None:
    """After a blank line, indented for people."""
    stream = StringIO()
    write_document(Output(stream), {"a": [1]})

    assert stream.getvalue() == '\n{\n  "a": [\n    1\n  ]\n}\n'


def test_json_keeps_text_and_escapes_what_terminals_obey() -> None:
    """The value is the same however it is written."""
    assert json_text({"a": "é\x7f\x9b\x1b"}) == '{"a":"é\\u007f\\u009b\\u001b"}'
    assert json_text({"a": "é"}, ascii_only=True) == '{"a":"\\u00e9"}'


def test_json_on_a_terminal_of_another_encoding() -> None:
    """What the stream cannot encode is escaped, so that nothing is lost."""

    class Latin(StringIO):
        encoding = "iso-8859-1"

    stream = Latin()
    Output(stream).json({"a": "€"})

    assert stream.getvalue() == '{"a":"\\u20ac"}\n'


def test_width_of_what_is_not_ascii() -> None:
    """An accent of its own has no width."""
    assert width_of("e\u0301") == 1
