"""Distributions that are installed for one test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

Install = Callable[..., None]

HEADER = """
from types import SimpleNamespace
from xzepr.plugins import StoreBackend, TokenServiceBackend, hookimpl
from xzepr.stores import Capabilities

MEMBERS = ("scheme", "capabilities", "receivers", "groups", "events", "feed", "check", "close")

def store(url):
    return SimpleNamespace(**dict.fromkeys(MEMBERS, url))

def backend(scheme, open=store, **more):
    fields = {"summary": "a shelf", "capabilities": Capabilities(), "contract_version": 1, **more}
    return StoreBackend(scheme=scheme, open=open, **fields)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution with one module and entry points that name it."""
    before = set(sys.modules)

    def installed(name: str, source: str, *entry_points: str) -> None:
        site = tmp_path / name
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        module = f"plugin_of_{name}"
        (site / f"{module}.py").write_text(HEADER + dedent(source), encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines = ["[xzepr]", *(f"{point} = {module}" for point in entry_points)]
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.syspath_prepend(site)

    yield installed
    for added in [module for module in sys.modules if module.startswith("plugin_of_") and module not in before]:
        del sys.modules[added]


SHELF = """
@hookimpl
def xzepr_store_backends():
    return [backend("shelf", aliases=("rack",))]
"""
