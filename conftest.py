"""The code blocks of README and of the documentation are tests: tests/packaging holds that none is left out."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import sysconfig
import tomllib
from doctest import ELLIPSIS
from pathlib import Path

from sybil import Example, Sybil
from sybil.parsers.myst import ClearNamespaceParser, CodeBlockParser, PythonCodeBlockParser

ELSEWHERE = ("python -m pip install ", "nox -s ", "pip install ")
"""Commands that a page may show and CI runs elsewhere: they make the environment that the blocks run in."""


def run_console(example: Example) -> None:
    """Run each ``$ command`` of a block, and compare what it prints with the lines below it, if there are any."""
    for command, expected in _commands(example.parsed):
        if not command.startswith(ELSEWHERE):
            printed = _run(command)
            if expected:
                assert expected.split() == printed.split(), f"$ {command}\n{printed}"


def _commands(block: str) -> list[tuple[str, str]]:
    before, *entered = ("\n" + block).split("\n$ ")
    if before.strip():
        message = "a console block starts with a line `$ command`"
        raise ValueError(message)
    return [(command, output) for command, _, output in (entry.partition("\n") for entry in entered)]


def _run(command: str) -> str:
    program, *arguments = shlex.split(command)
    path = sys.executable if program == "python" else str(Path(sysconfig.get_path("scripts"), program))
    ended = subprocess.run([path, *arguments], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, f"$ {command}\n{ended.stderr}"
    return ended.stdout


def run_sql(example: Example) -> None:
    """Run the statements of a block over the connection of psycopg that the page has made: ``psql``."""
    example.namespace["psql"].execute(example.parsed)


def parse_json(example: Example) -> None:
    """A block that says JSON is JSON."""
    json.loads(example.parsed)


def parse_toml(example: Example) -> None:
    """A block that says TOML is TOML."""
    tomllib.loads(example.parsed)


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS),
        CodeBlockParser("console", run_console),
        CodeBlockParser("sql", run_sql),
        CodeBlockParser("json", parse_json),
        CodeBlockParser("toml", parse_toml),
        ClearNamespaceParser(),
    ],
    pattern="*.md",
).pytest()
