"""The reference about store plugins says what is in the code: its tables are compared with it."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from xzepr import errors
from xzepr.plugins import StoreBackend
from xzepr.stores import CONTRACT_VERSION, Capabilities
from xzepr.testing.contract import BEHAVIOURS, name_of
from xzepr.testing.harness import StoreHarness

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "store-plugins.md"
Table = list[list[str]]


def tables(page: str) -> dict[str, Table]:
    """Return the rows of each table by the first cell of its head."""
    found = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found[head[0]] = rows
    return found


TABLES = tables(PAGE.read_text(encoding="utf-8"))


def names(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`(\w+)`", cell)


def shown(field: attrs.Attribute[object]) -> str:
    """Return the default of a field as a table shows it."""
    return "" if field.default is attrs.NOTHING else f"`{field.default!r}`"


def test_descriptor() -> None:
    """Every field of a descriptor is there, with its default."""
    fields = {field.name: shown(field) for field in attrs.fields(StoreBackend)}

    assert {names(name)[0]: default for name, default, _ in TABLES["field"]} == fields


def test_capabilities() -> None:
    """Every capability is there, with its default and the classes that it adds."""
    fields = {field.name: shown(field) for field in attrs.fields(Capabilities)}
    needed = {name: [name_of(each) for each in BEHAVIOURS if each.needs == name] for name in fields}

    assert {names(name)[0]: default for name, default, *_ in TABLES["capability"]} == fields
    assert {names(row[0])[0]: names(row[3]) for row in TABLES["capability"]} == needed


def test_core() -> None:
    """Every class of the core is there, and no other."""
    listed = [name for classes, _ in TABLES["class of the core"] for name in names(classes)]

    assert sorted(listed) == sorted(name_of(each) for each in BEHAVIOURS if each.needs is None)


def test_harness() -> None:
    """Every member of the harness is there."""
    members = {name for name in vars(StoreHarness) if not name.startswith("_")} | {"capabilities"}

    assert {name.strip("`").partition("(")[0] for name, _ in TABLES["member"]} == members


def test_errors() -> None:
    """Every error that is listed exists, and those that the promises allow are listed."""
    promises = (PAGE.parent / "store-promises.md").read_text(encoding="utf-8")
    [allowed] = re.findall(r"A store raises only (.*?)\.\n\n", promises, re.DOTALL)
    kinds = {kind.__name__ for kind in errors.Conflict.__subclasses__()} - {"IdempotencyConflict"}
    listed = {names(name)[0] for name, *_ in TABLES["error"]}

    assert all(issubclass(getattr(errors, name), errors.XzeprError) for name in listed)
    assert listed == (set(names(allowed)) - {"Conflict"}) | kinds


def test_version() -> None:
    """The page names the present version of the contract."""
    assert f"The present version of the contract is {CONTRACT_VERSION}." in PAGE.read_text(encoding="utf-8")


def test_tables_are_found() -> None:
    """The reader of tables can see a difference."""
    assert tables("| a | b |\n|---|---|\n| `x` | y |\n\ntext\n") == {"a": [["`x`", "y"]]}
