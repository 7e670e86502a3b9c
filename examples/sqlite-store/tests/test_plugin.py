"""The store by its URL, as the installed plugin."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from harness import behind
from xzepr import Registry
from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import Migrations, PluginManager, StoreURL

from xzepr_sqlite import SqliteStore


def migrations() -> Migrations:
    """What ``xzepr check`` and ``xzepr migrate`` ask."""
    found = PluginManager().migrations("sqlite")
    assert found is not None
    return found


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
        ("sqlite:here.db?timeout=2592000", "url/options/timeout"),
        ("sqlite:here.db?create=no", "url/options/create"),
    ],
)
def test_wrong_urls(url: str, field: str) -> None:
    """A URL that means nothing is refused, and the error names the part."""
    with pytest.raises(Invalid) as caught:
        Registry.open(url)
    assert caught.value.fields == (field,)
    with pytest.raises(Invalid) as caught:
        migrations().versions(StoreURL.parse(url))
    assert caught.value.fields == (field,)


def test_file_that_shall_be_there(path: Path) -> None:
    """A URL can say that its file is there already: a misspelt name is an error then, and leaves nothing behind."""
    url = f"sqlite://{path}?create=false"

    with pytest.raises(ConfigurationError, match="is not there"):
        Registry.open(url)
    assert not path.exists()

    Registry.open(f"sqlite://{path}").close()
    Registry.open(url).close()


@pytest.mark.parametrize("empty", [False, True])
def test_looking_makes_no_file(path: Path, empty: bool) -> None:  # noqa: FBT001 - a parameter
    """How far a file is set up is found out without making it."""
    if empty:
        path.touch()

    versions = migrations().versions(StoreURL.parse(f"sqlite://{path}"))

    assert (versions.found, versions.needed, versions.current) == (None, "1", False)
    assert path.exists() == empty
    assert not empty or path.stat().st_size == 0


def test_migrating_makes_the_file(path: Path) -> None:
    """A file can be set up ahead, and again, which changes nothing; what was found before is told."""
    url = StoreURL.parse(f"sqlite://{path}")

    told = [migrations().migrate(url).found for _ in range(2)]

    assert told == [None, "1"]
    assert migrations().versions(url).current


def test_looking_at_something_else(path: Path) -> None:
    """A file of something else is refused by a look at it."""
    path.write_text("this is no database\n" * 100, encoding="utf-8")

    with pytest.raises(ConfigurationError, match="is no SQLite database"):
        migrations().versions(StoreURL.parse(f"sqlite://{path}"))


def test_looking_where_nothing_can_be(path: Path) -> None:
    """Where no file can be, a look says so, and not that there is none yet."""
    path.touch()

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        migrations().versions(StoreURL.parse(f"sqlite://{path}/below.db"))


def test_script_sets_a_file_up(path: Path) -> None:
    """The statements that are printed make the tables that opening a file makes."""
    url = StoreURL.parse(f"sqlite://{path}")
    with behind(path) as sql:
        sql.executescript(migrations().script(url))

    with Registry.open(url) as registry:
        assert registry.feed.head() == 0


def test_file_knows_no_roles(path: Path) -> None:
    """Nothing can be granted to a role, and the attempt leaves no file behind."""
    url = StoreURL.parse(f"sqlite://{path}")

    for ask in (migrations().migrate, migrations().script):
        with pytest.raises(ConfigurationError, match="no roles"):
            ask(url, grant="application")
    assert not path.exists()
