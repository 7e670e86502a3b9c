"""How tests start the programs of :mod:`programs`, and look at the file that these leave behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import programs
from harness import behind
from xzepr import Registry
from xzepr.testing.checking import check_history

from xzepr_sqlite import SqliteStore

PATIENCE = 60.0
"""Seconds after which a program is taken to hang."""

Process = subprocess.Popen[str]


@contextmanager
def started(name: str, *arguments: object) -> Iterator[Process]:
    """Start a program, and kill it at the end if it still runs."""
    command = [sys.executable, programs.__file__, name, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: Process) -> None:
    """Give a process the word that it waits for."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def heard(process: Process) -> str:
    """Wait for the next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline()


def ran(name: str, *arguments: object) -> list[str]:
    """Run a program to its end and return the lines that it has printed."""
    with started(name, *arguments) as process:
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    return printed.splitlines()


def check_file(path: Path) -> Registry:
    """Check that a file is sound and that its feed explains everything; return a registry over it."""
    with behind(path) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    registry = Registry(SqliteStore(path))
    check_history(registry, every_position=False)
    return registry
