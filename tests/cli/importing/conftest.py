"""What the tests of imports share: another store, and an import that was broken off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import Call, Story, plain_event, write_lines
from tests.cli.importing.cases import Failing, files
from xzepr import Registry
from xzepr.errors import Unavailable
from xzepr_memory import MemoryStore


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Registry]:
    """Lets commands work on another, empty store from now on."""

    def change() -> Registry:
        store = MemoryStore()
        monkeypatch.setattr(Registry, "open", lambda _url: Registry(store))
        return Registry(store)

    return change


@pytest.fixture
def broken_off(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of seven lines, one of them wrong, of which four were taken when the store failed."""
    lines = [plain_event(1), {"kind": "nothing"}, *map(plain_event, range(3, 8))]
    path = write_lines(tmp_path / "some", *lines)
    failing = Failing(monkeypatch, 3, Unavailable("the store is away"))
    answer = call("import", str(path))
    failing.mend()

    assert (answer.code, answer.out) == (2, "")
    assert f"the same command goes on from there ({path}.progress)" in answer.err
    assert answer.err.endswith("xzepr: the store is away\n")
    assert len(story.registry.events.list()) == 1 + 3
    assert files(tmp_path) == {"some", "some.refused", "some.progress"}
    return path
