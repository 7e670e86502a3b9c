"""How much is measured."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Size:
    """How much is measured.

    Args:
        copied: How many events are recorded at once, against COPY.
        batches: Sizes of batches, against a peer.
        stored: How many events there are to read.
        grown: How many events the registries hold whose growth is measured, the smallest first.
    """

    copied: int
    batches: tuple[int, ...]
    stored: int
    grown: tuple[int, ...]

    def up_to(self, events: int) -> Size:
        """Return the same with a growth to so many events.

        Example:
            >>> FULL.up_to(10_000_000).grown
            (10000, 100000, 1000000, 10000000)
        """
        return attrs.evolve(self, grown=(*(size for size in self.grown if size < events), events))


FULL: Final = Size(copied=2_000, batches=(100, 1_000), stored=20_000, grown=(10_000, 100_000, 1_000_000))
QUICK: Final = Size(copied=100, batches=(20,), stored=2_000, grown=(1_000, 5_000))
"""Enough to see that everything runs."""
