"""What every behaviour of the contract stands on: one harness class, one fresh world per test."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from typing import ClassVar

import pytest

from xzepr.model import GateState
from xzepr.testing.harness import StoreHarness
from xzepr.testing.world import World, open_world

PASSED, FAILED, MISSING = GateState.PASSED, GateState.FAILED, GateState.MISSING


class Contract:
    """The base of every behaviour.

    Attributes:
        harness_class: The harness of the store under test.
        needs: The capability without which a behaviour does not apply; None for the core.
    """

    harness_class: ClassVar[type[StoreHarness]]
    needs: ClassVar[str | None] = None

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """A registry over a fresh store."""
        with open_world(self.harness_class) as world:
            yield world


def spoil(answer: object) -> None:
    """Empty what a store has returned, if that can be done: it belongs to the caller."""
    if isinstance(answer, MutableSequence):
        answer.clear()
