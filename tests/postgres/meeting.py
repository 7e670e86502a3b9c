"""Which statements there are, in the modules and in the functions, and which of them were never met.

A module's statement is one of its constants, or a text that a function of it puts together. A function's statements are
known by the tables that they touch: from each such place, some text goes on as it does in the function.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import chain
from typing import Final

import psycopg

from tests.postgres.explaining import ExplainedSession

_VERB: Final = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
_OPEN: Final = re.compile(r"\{(?!schema\})\w*\}")
"""What is filled in later."""

_ENDS: Final = re.compile(r"[;']| THEN\b| LOOP\b| INTO\b")
_LONG: Final = 70
"""So many characters tell a place from others."""

_INTO: Final = re.compile(r"(?<!INSERT) INTO \w+(, \w+)*")
_TABLES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = 'xzepr'::regnamespace AND relkind IN ('r', 'S')
"""
_FUNCTIONS: Final = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'xzepr'::regnamespace"


def modules() -> Iterator[tuple[str, str]]:
    """Yield the modules of the store, each with its source."""
    for file in files("xzepr_postgres").iterdir():
        if file.name.endswith(".py"):
            yield file.name.removesuffix(".py"), file.read_text(encoding="utf-8")


def statements_of(name: str, source: str, values: dict[str, object]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the statements of a module, each with the pattern of what is issued.

    Args:
        name: The module.
        source: Its source.
        values: Its constants.
    """
    tree = ast.parse(source)
    constants = {target: values.get(target) for target in _targets(tree)}
    written = [
        node for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in _texts(function)
    ]
    for where, text in [*constants.items(), *((f"line {node.lineno}", _text(node)) for node in written)]:
        if isinstance(text, str) and "{schema}" in text and _VERB.match(text):
            yield f"{name}: {where}", _pattern(text)


def unmet_in_modules(sessions: Iterable[ExplainedSession]) -> list[str]:
    """Name the statements of the modules that no session has issued."""
    found = (
        statements_of(name, source, vars(importlib.import_module(f"xzepr_postgres.{name}")))
        for name, source in modules()
    )
    return unmet(chain.from_iterable(found), sessions)


def unmet(statements: Iterable[tuple[str, re.Pattern[str]]], sessions: Iterable[ExplainedSession]) -> list[str]:
    """Name the statements that no session has issued."""
    issued = {_plain(sql) for session in sessions for sql in session.statements}
    return [where for where, pattern in statements if not any(map(pattern.fullmatch, issued))]


def unmet_in_functions(connection: psycopg.Connection, sessions: Iterable[ExplainedSession]) -> list[str]:
    """Name the places in functions where a table is touched that no session has come to."""
    met: dict[str | None, list[str]] = {}
    for function, query in {place for session in sessions for place in session.met}:
        met.setdefault(function, []).append(_plain(query))
    tables = "|".join(name for (name,) in connection.execute(_TABLES))
    return [
        f"{function}: {place}"
        for function, source in connection.execute(_FUNCTIONS)
        for place in places_of(source, tables)
        if not any(place in query for query in met.get(function, ()))
    ]


def places_of(source: str, tables: str) -> Iterator[str]:
    """Yield the places in a function's source where a table is touched: what stands there."""
    plain = _INTO.sub("", _plain(source))
    for found in re.finditer(rf"\b(?:FROM|JOIN|UPDATE|INTO) (?:{tables})\b", plain):
        rest = _ENDS.split(plain[found.end() : found.start() + _LONG])[0]
        yield (found[0] + rest).rstrip()


def _targets(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _texts(function: ast.FunctionDef) -> Iterator[ast.Constant | ast.JoinedStr]:
    joined = [node for node in ast.walk(function) if isinstance(node, ast.JoinedStr)]
    parts = {part for text in joined for part in ast.walk(text) if part is not text}
    constants = [node for node in ast.walk(function) if isinstance(node, ast.Constant)]
    yield from (node for node in [*joined, *constants] if node not in parts)


def _text(node: ast.Constant | ast.JoinedStr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def _pattern(text: str) -> re.Pattern[str]:
    parts = _OPEN.split(_plain(text.replace("{{schema}}", "{schema}")))
    return re.compile(".*".join(map(re.escape, parts)))


def _plain(sql: str) -> str:
    """Return a statement without comments, in one line."""
    return " ".join(re.sub(r"--[^\n]*", "", sql).split())
