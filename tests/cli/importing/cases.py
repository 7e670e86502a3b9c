"""What the tests of imports share: how they look at what became of one, and a store that fails."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Answer, plain_event
from xzepr import BulkReport
from xzepr.cli.ndjson import taking
from xzepr.registry.events import Events

LINE = json.dumps(plain_event()).encode()


def counts(answer: Answer) -> dict[str, int]:
    """What an import has counted, without what is 0."""
    return {name: number for name, number in answer.object.items() if number}


def refused(path: Path) -> list[dict[str, Any]]:
    """The lines that were refused."""
    kept = Path(f"{path}.refused")
    return [json.loads(line) for line in kept.read_bytes().splitlines()] if kept.exists() else []


def files(folder: Path) -> set[str]:
    """The names in a folder."""
    return {path.name for path in folder.iterdir()}


class Failing:
    """A store that fails at one batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self._recorded = Events.record_many
        self._left = at
        self._error = error
        self._patch = monkeypatch
        monkeypatch.setattr(taking, "BATCH_LINES", 2)
        monkeypatch.setattr(Events, "record_many", self._record_or_fail())

    def _record_or_fail(self) -> Callable[..., BulkReport]:
        def record(*arguments: Any, **options: Any) -> BulkReport:  # noqa: ANN401 - what it hands on
            self._left -= 1
            if self._left == 0:
                raise self._error
            return self._recorded(*arguments, **options)

        return record

    def mend(self) -> None:
        """Let it fail no more."""
        self._patch.setattr(Events, "record_many", self._recorded)


class Synced:
    """What was brought to the disk, in its order: names, with a star for what nobody can foresee."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        fsync = os.fsync

        def noted(descriptor: int) -> None:
            fsync(descriptor)
            name = Path(f"/proc/self/fd/{descriptor}").readlink().name
            self.names.append(re.sub(r"\.[^.]{8}\.part$", ".*.part", name))

        monkeypatch.setattr(os, "fsync", noted)
