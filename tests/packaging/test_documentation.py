"""No example goes untested: those in docstrings run here, those on pages run through the conftest beside README."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import xzepr
import xzepr_memory
import xzepr_postgres

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TESTED = {"python", "console", "sql", "json", "toml", "text"}
"""The languages of blocks that run or are parsed, and `text`, which promises nothing."""


RUN = ("__main__", "migrations.env")
"""Modules that are programs: Python runs the one, Alembic the other."""


def modules() -> list[str]:
    """The names of all modules under test: those that can be imported, not those that are run."""
    packages = (xzepr, xzepr_memory, xzepr_postgres)
    inner = (
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    )
    return [*(package.__name__ for package in packages), *(name for name in inner if not name.endswith(RUN))]


def examples() -> list[doctest.DocTest]:
    """The docstrings that hold an example."""
    finder = doctest.DocTestFinder()
    return [found for name in modules() for found in finder.find(importlib.import_module(name)) if found.examples]


@pytest.mark.parametrize("docstring", examples(), ids=lambda docstring: docstring.name)
def test_example_in_a_docstring_holds(docstring: doctest.DocTest, request: pytest.FixtureRequest) -> None:
    """Every example in a docstring runs and prints what it says; `getfixture` gives it what it starts from."""
    docstring.globs["getfixture"] = request.getfixturevalue
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(docstring, out=said.append)

    assert not said, "".join(said)


def languages(page: str) -> set[str]:
    """The languages of the code blocks of a page; MyST's directives, in braces, are none."""
    opening = re.findall(r"^ *(?:```+|~~~+|:::+)(.*)\n(?:.*\n)*?^ *(?:```+|~~~+|:::+) *$", page, re.MULTILINE)
    return {info.strip() for info in opening if not info.startswith("{")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_is_one_that_is_tested(page: Path) -> None:
    """No page has a code block in a language that nothing runs."""
    assert languages(page.read_text(encoding="utf-8")) <= TESTED


def test_block_check_finds_a_planted_block() -> None:
    """A block in another language, or in none, is seen; a directive is not."""
    assert languages("```{note}\nx\n```\n```bash\nx\n```\n\n```\nx\n```\n") == {"bash", ""}
