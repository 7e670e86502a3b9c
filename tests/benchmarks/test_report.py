"""What is measured is printed as it comes, and held to its budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Report
from benchmarks.timing import Comparison

TWICE = Comparison(ours_us=200.0, theirs_us=100.0, ratio=0.5, low=0.4, high=0.8, rounds=11)
"""Ours takes twice the time."""


@pytest.mark.parametrize(("budget", "word"), [(2.2, "ok"), (2.0, "ok"), (1.9, "MISSED")])
def test_a_slower_call_is_held_to_its_budget(budget: float, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A budget of time is kept up to its figure and missed beyond it."""
    Report().slower("record", TWICE, "INSERT", at_most=budget)

    assert capsys.readouterr().out.endswith(f"times 2.00 (1.25..2.50, 11 rounds)  BUDGET <= {budget:g}: {word}\n")


@pytest.mark.parametrize(("budget", "word"), [(0.5, "ok"), (0.51, "MISSED")])
def test_a_throughput_is_held_to_its_budget(budget: float, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A budget of throughput is kept from its figure on."""
    Report().compared("record", TWICE, "by hand", at_least=budget)

    assert capsys.readouterr().out.endswith(f"BUDGET >= {budget:g}: {word}\n")


def test_the_sum_names_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    """The last lines say how many budgets were kept, and which were not."""
    report = Report()
    report.slower("record", TWICE, "INSERT", at_most=2.2)
    report.slower("verdict", TWICE, "SELECT", at_most=1.3)
    report.slower("get", TWICE, "SELECT")
    capsys.readouterr()

    report.sum_up()

    assert capsys.readouterr().out == "\n1 of 2 budgets kept\n  missed: verdict\n"


def test_machines_get_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds what was printed."""
    report = Report()
    report.slower("record", TWICE, "INSERT", at_most=1.9)
    capsys.readouterr()

    report.write(tmp_path / "figures.json")

    [figure] = json.loads((tmp_path / "figures.json").read_text())["figures"]
    assert (figure["name"], figure["times"], figure["budget"], figure["kept"]) == ("record", 2.0, 1.9, False)
