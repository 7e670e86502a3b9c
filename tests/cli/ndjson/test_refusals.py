"""Where refused lines go."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from xzepr.cli.ndjson import refusals as refusals_module
from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.locking import lock_refused
from xzepr.cli.ndjson.refusals import Refusals
from xzepr.cli.ndjson.taking import Refused
from xzepr.errors import ConfigurationError, NotFound

LINE: Final = b'{"line":9,"code":"invalid","message":"m","text":"t"}\n'


def refused(number: int = 1) -> Refused:
    """A line that was refused."""
    line = Line(number=number, size=5, raw='["\u00e9"]'.encode(), ended=True)
    return Refused(line, NotFound("receiver", "build"))


def test_a_file_stays_when_there_is_something(tmp_path: Path) -> None:
    """Else it is gone at the end: no file means that nothing was refused."""
    path = tmp_path / "bad"
    with Refusals(path) as refusals:
        refusals.begin()
        refusals.write([])
    assert not path.exists()
    with Refusals(path) as refusals:
        refusals.begin()
        refusals.write([refused(1), refused(2)])
        refusals.write([refused(3)])
        assert (refusals.size, refusals.digest) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())

    assert [json.loads(line)["line"] for line in path.read_bytes().splitlines()] == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_confirmed_stays(tmp_path: Path) -> None:
    """What stands behind it is written anew."""
    path = tmp_path / "bad"
    path.write_bytes(b"{}\n{half")
    with Refusals(path) as refusals:
        refusals.pass_over(3)
        assert (refusals.size, refusals.digest) == (3, sha256(b"{}\n").hexdigest())
        refusals.begin()
        refusals.write([refused(7)])
        assert refusals.digest == sha256(path.read_bytes()).hexdigest()

    first, second = path.read_bytes().splitlines()
    assert (first, json.loads(second)["line"]) == (b"{}", 7)


def test_what_nobody_has_confirmed_goes(tmp_path: Path) -> None:
    """The refused lines of another run are not those of this one."""
    path = tmp_path / "bad"
    path.write_bytes(LINE)
    with Refusals(path) as refusals:
        refusals.begin()
        assert (path.read_bytes(), refusals.size) == (b"", 0)

    assert not path.exists()


def test_what_others_have_written_stays(tmp_path: Path) -> None:
    """Nothing is changed until it is known what stands there."""
    path = tmp_path / "bad"
    path.write_bytes(b"theirs")
    with Refusals(path) as refusals, pytest.raises(ConfigurationError, match="holds something else"):
        refusals.begin()

    assert path.read_bytes() == b"theirs"


@pytest.mark.parametrize("data", [None, b"", LINE])
def test_two_imports_do_not_write_into_one_file(tmp_path: Path, data: bytes | None) -> None:
    """The second one learns it before it has done anything, and leaves the file to the first one."""
    path = tmp_path / "bad"
    if data is not None:
        path.write_bytes(data)
    with Refusals(path) as first:
        with pytest.raises(ConfigurationError, match="another import writes its refused lines to"), Refusals(path):
            pass
        first.begin()
        first.write([refused()])

    assert json.loads(path.read_bytes())["line"] == 1


def test_where_no_open_file_can_be_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed first; one that another import has opened by then is left to that one."""
    path, deleted = tmp_path / "bad", list[bool]()

    def unlink(_: Path, *, missing_ok: bool) -> None:
        deleted.append(missing_ok)
        raise PermissionError

    with Refusals(path) as refusals:
        refusals.begin()
        monkeypatch.setattr(refusals_module, "os", SimpleNamespace(name="nt"))
        monkeypatch.setattr(type(path), "unlink", unlink)

    assert deleted == [True]
    with path.open("r+b") as file:
        lock_refused(file, path)


def test_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """One object on each line, readable on every terminal."""
    with Refusals(None) as refusals:
        refusals.write([refused(1), refused(2)])

    err = capsys.readouterr().err
    assert [json.loads(line)["line"] for line in err.splitlines()] == [1, 2]
    assert err.isascii()
