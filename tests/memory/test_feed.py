"""The feed in memory."""

from __future__ import annotations

import pytest

import xzepr_memory.feed
from tests.memory.worlds import make_world


def test_a_page_of_the_feed_reads_a_bounded_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change that passes the bound still belongs to the page; without payloads there is nothing to bound."""
    world = make_world()
    world.record(*[True] * 5)
    monkeypatch.setattr(xzepr_memory.feed, "MAX_EXAMINED_BYTES", len('{"n":1}') + 1)
    assert [change.position for change in world.registry.feed.read(payloads=True)] == [1, 2, 3, 4, 5]
    assert [change.position for change in world.registry.feed.read(5, payloads=True)] == [6, 7]
    assert len(world.registry.feed.read()) == 8
