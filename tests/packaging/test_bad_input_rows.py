"""Each bad input that is due has a test that bears its number: ``test_c019_…``."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DUE = {*range(1, 30), *range(56, 85)}


def rows_with_a_test() -> set[int]:
    """The numbers in the names of our own tests and of the contract, which our stores run."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "src" / "xzepr" / "testing").rglob("*.py")]
    return {int(row) for path in files for row in re.findall(r"def test_c(\d{3})_", path.read_text(encoding="utf-8"))}


def test_every_row_that_is_due_has_a_test() -> None:
    """No numbered bad input that is due is without a test."""
    assert sorted(DUE - rows_with_a_test()) == []
