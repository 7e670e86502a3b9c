"""What sets a store up, as a backend offers it and as a command calls it."""

from __future__ import annotations

import traceback
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.test_manager import a_backend, having
from xzepr.errors import ConfigurationError, Invalid, Unavailable
from xzepr.plugins import Migrations, StoreURL, Versions

URL = StoreURL.parse("shelf://ci:hunter2@host/x")


class Carpenter:
    """Migrations that do what a test wants."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.heard: list[StoreURL] = []
        self.granted: list[str | None] = []

    def versions(self, url: StoreURL) -> Versions:
        """Return that nothing is there."""
        self._hear(url)
        return Versions(found=None, needed="7")

    def migrate(self, url: StoreURL, *, grant: str | None = None) -> Versions:
        """Remember whom access was granted to."""
        self._hear(url)
        self.granted.append(grant)
        return Versions(found="6", needed="7")

    def script(self, url: StoreURL, *, grant: str | None = None) -> str:
        """Return the role."""
        self._hear(url)
        return f"for {grant}"

    def _hear(self, url: StoreURL) -> None:
        self.heard.append(url)
        if self.error is not None:
            raise self.error


def guarded(migrations: object) -> Migrations:
    """Return the migrations of a shelf as a command gets them."""
    found = having(a_backend(migrations=migrations)).migrations("shelf")
    assert found is not None
    return found


def test_a_backend_without_migrations_has_none() -> None:
    """A store that needs no setting up is told by the absence of them."""
    assert having(a_backend()).migrations("shelf") is None


def test_migrations_are_called_with_what_was_asked_for() -> None:
    """URL and role reach the backend, and its answers come back."""
    carpenter = Carpenter()
    found = guarded(carpenter)

    assert found.versions(URL) == Versions(found=None, needed="7")
    assert found.migrate(URL, grant="app") == Versions(found="6", needed="7")
    assert found.script(URL, grant="app") == "for app"
    assert (carpenter.granted, carpenter.heard) == (["app"], [URL] * 3)


def test_a_version_is_current_only_if_it_is_the_one_needed() -> None:
    """Nothing, an older and a newer version are not."""
    found = {version: Versions(found=version, needed="7").current for version in (None, "6", "7", "8")}

    assert found == {None: False, "6": False, "7": True, "8": False}


@pytest.mark.parametrize("method", ["versions", "migrate", "script"])
def test_an_error_of_ours_passes(method: str) -> None:
    """What a backend says in our own words is not wrapped."""
    with pytest.raises(Unavailable, match="out of reach"):
        getattr(guarded(Carpenter(Unavailable("out of reach"))), method)(URL)


@pytest.mark.parametrize(
    ("method", "what"), [("versions", "look at the store"), ("migrate", "migrate the store"), ("script", "script")]
)
def test_c094_another_error_is_named_without_its_secret(method: str, what: str) -> None:
    """Whatever else a backend raises becomes our error; its words are left out where they hold the password."""
    found = guarded(Carpenter(OSError("no such host: hunter2")))

    with pytest.raises(ConfigurationError, match=rf"shelf backend failed to .*{what} \(OSError\)") as caught:
        getattr(found, method)(URL)

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_driver_that_is_not_installed_is_told() -> None:
    """Migrations may import their driver as late as they are called."""
    found = having(a_backend("postgresql", migrations=Carpenter(ModuleNotFoundError()))).migrations("postgresql")
    assert found is not None

    with pytest.raises(ConfigurationError, match=r'needs what is not installed .*: pip install "xzepr\[postgres\]"'):
        found.versions(StoreURL.parse("postgresql://host/x"))


def test_a_descriptor_with_half_of_them_is_refused() -> None:
    """Each method that is missing is named when the descriptor is made."""
    half: Any = SimpleNamespace(versions=print, script="no function")

    with pytest.raises(Invalid) as caught:
        a_backend(migrations=half)

    assert [str(found) for found in caught.value.violations] == [
        "migrations: must have a method migrate",
        "migrations: must have a method script",
    ]
