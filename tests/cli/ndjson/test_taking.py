"""Lines in batches."""

from __future__ import annotations

import pytest

from xzepr.cli.ndjson import taking
from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.taking import batches


def lines(*sizes: int | None) -> list[Line]:
    """Lines of so many bytes; None for one that is too long."""
    texts = [None if size is None else b"x" * size for size in sizes]
    return [Line(number=place, size=1, raw=text, ended=True) for place, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1, 1, 1, 1], [[1, 2, 3], [4]]),
        ([1, 1, 1], [[1, 2, 3]]),
        ([10, 1, 9, 1], [[1], [2, 3], [4]]),
        ([None, 0, 20, 1], [[1, 2, 3], [4]]),
    ],
)
def test_a_batch_is_bounded(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int | None], expected: list[list[int]]
) -> None:
    """In lines, and in the bytes that are held at once."""
    monkeypatch.setattr(taking, "BATCH_LINES", 3)
    monkeypatch.setattr(taking, "BATCH_BYTES", 10)

    assert [[line.number for line in batch] for batch in batches(lines(*sizes))] == expected
