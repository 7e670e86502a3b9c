"""Where refused lines go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.refusals import Refusals
from xzepr.cli.ndjson.taking import Refused
from xzepr.errors import NotFound


def refused(number: int = 1) -> Refused:
    """A line that was refused."""
    line = Line(number=number, size=5, raw='["\u00e9"]'.encode(), ended=True)
    return Refused(line, NotFound("receiver", "build"))


def test_a_file_is_there_when_there_is_something(tmp_path: Path) -> None:
    """And not before: no file means that nothing was refused."""
    path = tmp_path / "bad"
    with Refusals(path) as refusals:
        refusals.write([])
        assert not path.exists()
        refusals.write([refused(1), refused(2)])
        refusals.write([refused(3)])
        assert refusals.size == path.stat().st_size

    assert [json.loads(line)["line"] for line in path.read_bytes().splitlines()] == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_confirmed_stays(tmp_path: Path) -> None:
    """What stands behind it is written anew."""
    path = tmp_path / "bad"
    path.write_bytes(b"{}\n{half")
    with Refusals(path, 3) as refusals:
        refusals.write([refused(7)])

    first, second = path.read_bytes().splitlines()
    assert (first, json.loads(second)["line"]) == (b"{}", 7)


def test_what_nobody_has_confirmed_goes(tmp_path: Path) -> None:
    """Of a link, what it points to."""
    path = tmp_path / "bad"
    path.write_bytes(b"{}\n")
    with Refusals(path) as refusals:
        assert (path.exists(), refusals.size) == (False, 0)


def test_a_file_that_has_come_meanwhile_is_another_imports(tmp_path: Path) -> None:
    """Two imports that were told the same name do not write into one file."""
    path = tmp_path / "bad"
    with Refusals(path) as refusals:
        path.write_bytes(b"theirs")
        with pytest.raises(FileExistsError) as caught:
            refusals.write([refused()])

    assert (caught.value.filename, path.read_bytes()) == (str(path), b"theirs")


def test_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on each line, readable on every terminal."""
    with Refusals(None) as refusals:
        refusals.write([refused(1), refused(2)])

    err = capsys.readouterr().err
    assert [json.loads(line)["line"] for line in err.splitlines()] == [1, 2]
    assert err.isascii()
