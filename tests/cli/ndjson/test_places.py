"""Where the files of an import are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xzepr.cli.ndjson.places import Places, places_of
from xzepr.errors import ConfigurationError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "some"
    path.touch()
    return path


def test_refused_lines_stand_beside_the_file(source: Path) -> None:
    """Unless somebody says otherwise."""
    assert places_of(str(source), None) == Places(source, source.with_name("some.refused"))
    assert places_of(str(source), "bad") == Places(source, Path("bad"))
    assert places_of(str(source), "-") == Places(source, None)


def test_of_a_device_nothing_is_kept() -> None:
    """It can be read only once; and lines may well go to where they come from, if that is a terminal."""
    assert places_of("/dev/null", None) == Places(None, None)
    assert places_of("/dev/null", "/dev/null") == Places(None, Path("/dev/null"))


def test_a_state_names_a_device_as_the_user_does(source: Path) -> None:
    """What stands behind such a name is another pipe each time."""
    pipe, link = source.with_name("pipe"), source.with_name("link")
    os.mkfifo(pipe)
    link.symlink_to(pipe)

    assert places_of(str(source), str(link)).refused_name == str(link)


@pytest.mark.parametrize(
    "data",
    [
        b"SQLite format 3\x00" + b"\x00" * 100,
        b"notes\n",
        b"{}\n",
        b'{"line": 1}\n',
        b'{"line":1,"text":"a"}\n',
        b'{"code":"x","line":1}\n',
        b"x",
        b"\n",
        b"[" + b" " * 100,
        b'{"line":' + b"1" * 100,
    ],
)
def test_what_others_have_written_is_not_written_over(source: Path, data: bytes) -> None:
    """A name that was mistaken costs nobody his file."""
    bad = source.with_name("bad")
    bad.write_bytes(data)
    with pytest.raises(ConfigurationError, match="bad holds something else than the refused lines of an import"):
        places_of(str(source), str(bad))

    assert bad.read_bytes() == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"line":1,"code":"invalid","message":"m","text":"t"}\n',
        b'{ "line": 12, "code": "invalid"}\n',
        b'{"li',
        b'{"line":12,"co',
    ],
)
def test_refused_lines_of_an_earlier_run_may_be_written_over(source: Path, data: bytes) -> None:
    """Also where a full disk has cut the first one of them: nobody should have to clean up behind an import."""
    bad = source.with_name("bad")
    bad.write_bytes(data)

    assert places_of(str(source), str(bad)).refused == bad


def test_a_file_is_not_two_files(source: Path) -> None:
    """The message names both, as the user does."""
    with pytest.raises(ConfigurationError) as caught:
        places_of(str(source), str(source))

    assert str(caught.value).startswith(f"refused lines cannot go to {source}: it is needed for the import of {source}")


@pytest.mark.parametrize(
    ("refused", "expected"), [(None, None), ("some.refused", "some.refused"), ("deep/bad", "{folder}/deep/bad")]
)
def test_how_a_state_names_the_refused_lines(source: Path, refused: str | None, expected: str | None) -> None:
    """By the name alone beside the file: both may be moved; else by the whole path."""
    folder = source.parent
    places = Places(source, None if refused is None else folder / refused)

    assert places.refused_name == (None if expected is None else expected.format(folder=folder))
