"""The store by its URL, as the installed plugin."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from xzepr import Registry
from xzepr.errors import Invalid
from xzepr.plugins import PluginManager

from xzepr_sqlite import SqliteStore


def test_it_is_found_by_its_entry_point() -> None:
    """Whoever has installed it can name it."""
    [point] = entry_points(group="xzepr", name="sqlite")

    assert (point.value, point.dist and point.dist.name) == ("xzepr_sqlite.plugin", "xzepr-sqlite")
    assert "sqlite" in PluginManager().store_schemes()


def test_descriptor_is_true() -> None:
    """What the plugin says of its stores is what they say of themselves."""
    backend = PluginManager().store_backend("sqlite")

    assert (backend.scheme, backend.capabilities) == (SqliteStore.scheme, SqliteStore.capabilities)


@pytest.mark.parametrize("slashes", ["sqlite://{0}", "sqlite:{0}", "sqlite:///{0}", "sqlite://{0}?timeout=0.5"])
def test_absolute_path(path: Path, slashes: str) -> None:
    """A path that begins with a slash is absolute, however many slashes there are."""
    with Registry.open(slashes.format(path)) as registry:
        registry.receivers.create(name="build", type="ci.step", version="1", schema=True)

    assert path.exists()


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path without a slash in front begins at the working directory."""
    monkeypatch.chdir(tmp_path)

    Registry.open("sqlite:sub.db").close()

    assert (tmp_path / "sub.db").exists()


def test_odd_names(tmp_path: Path) -> None:
    """A name with characters that mean something in a URL is written in percent signs."""
    Registry.open(f"sqlite://{tmp_path}/a%20b%3Fc%23d.db").close()

    assert (tmp_path / "a b?c#d.db").exists()


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("sqlite:", "url/path"),
        ("sqlite://provenance.db", "url/host"),
        ("sqlite:here.db?timeuot=1", "url/options/timeuot"),
        ("sqlite:here.db?timeout=-1", "url/options/timeout"),
        ("sqlite:here.db?timeout=soon", "url/options/timeout"),
    ],
)
def test_wrong_urls(url: str, field: str) -> None:
    """A URL that means nothing is refused, and the error names the part."""
    with pytest.raises(Invalid) as caught:
        Registry.open(url)
    assert caught.value.fields == (field,)
