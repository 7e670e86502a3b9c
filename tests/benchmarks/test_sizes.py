"""How much the benchmarks measure."""

from __future__ import annotations

from benchmarks.postgres.sizes import FULL


def test_growth_ends_where_it_is_told_to() -> None:
    """The smaller steps stay, the larger ones go."""
    assert FULL.up_to(10_000_000).grown == (10_000, 100_000, 1_000_000, 10_000_000)
    assert FULL.up_to(50_000).grown == (10_000, 50_000)
