"""How far the import of a file has come."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from tests.cli.calling import Story
from xzepr import Registry
from xzepr.cli.ndjson.state import BEGINNING, drop_state, head_of, read_state, write_state


def test_the_place_in_the_feed_is_its_head(story: Story) -> None:
    """An earlier place would be that of an older copy of the store, too."""
    assert head_of(story.registry) == str(list(story.registry.feed.read())[-1].cursor)


def test_an_empty_feed_has_no_place(kept: Registry) -> None:
    """Its beginning is that of every store."""
    assert head_of(kept) is None


@pytest.mark.parametrize("refused", [None, "some.refused"])
def test_a_state_is_kept(story: Story, tmp_path: Path, refused: str | None) -> None:
    """It comes back as it was, and is gone when the import has ended."""
    source = tmp_path / "some"
    source.touch(mode=0o640)
    state = attrs.evolve(
        BEGINNING, line=3, refused=refused, feed=head_of(story.registry) or "", receivers={"theirs": "ours"}
    )
    write_state(source, state)
    mode = (tmp_path / "some.progress").stat().st_mode & 0o777

    assert (read_state(source), mode) == (state, 0o640)
    drop_state(source)
    assert read_state(source) is None
