"""What importing costs a host: no driver, no framework, no SDK, and nothing that only POSIX has."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGES = ("xzepr", "xzepr_memory", "xzepr_postgres")
HEAVY = {
    *("alembic", "asyncpg", "greenlet", "psycopg", "psycopg_binary", "psycopg_pool", "redis", "sqlalchemy"),
    *("django", "fastapi", "flask", "litestar", "starlette", "strawberry", "uvicorn"),
    *("argon2", "cryptography", "joserfc"),
    *("opentelemetry.sdk", "prometheus_client"),
    *("hypothesis", "pytest"),
    *("xzepr_memory", "xzepr_postgres"),
}
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after one statement."""
    program = f"{statement}; import sys; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    )


def test_import_loads_no_driver_no_framework_no_sdk() -> None:
    """`import xzepr` loads no driver, no web framework, no OpenTelemetry SDK, no test tool and no backend."""
    assert loaded_by("import xzepr") & HEAVY == set()


def test_the_memory_store_loads_no_driver() -> None:
    """Opening the memory store loads nothing heavy but itself."""
    opened = loaded_by("import xzepr; xzepr.Registry.open('memory:').close()")

    assert opened & HEAVY == {"xzepr_memory"}


def sources() -> list[Path]:
    """Every source file of the packages under test."""
    roots = [Path(str(spec.origin)).parent for spec in map(find_spec, PACKAGES) if spec]
    return [path for root in roots for path in sorted(root.rglob("*.py"))]


def imported_at_module_level(path: Path) -> Iterator[str]:
    """The top-level names of the modules that importing this file imports, whatever surrounds the statement."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("path", sources(), ids=lambda path: "/".join(path.parts[-3:]))
def test_no_module_needs_posix_to_be_imported(path: Path) -> None:
    """A module that only POSIX has is imported inside the function that needs it."""
    assert set(imported_at_module_level(path)) & POSIX_ONLY == set()


def test_posix_check_finds_a_planted_import(tmp_path: Path) -> None:
    """The check sees an import behind a condition, and leaves one inside a function alone."""
    planted = tmp_path / "planted.py"
    planted.write_text("if True:\n    import fcntl\ndef later():\n    import pwd\n", encoding="utf-8")

    assert set(imported_at_module_level(planted)) == {"fcntl"}
