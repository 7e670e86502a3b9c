"""Where the files of an import are."""

from __future__ import annotations

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
