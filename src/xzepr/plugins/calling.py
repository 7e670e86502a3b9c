"""Calls what a backend offers, and turns whatever goes wrong there into an error that names it and tells no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar
from urllib.parse import unquote

import attrs

from xzepr.errors import ConfigurationError, XzeprError
from xzepr.plugins.hooks import StoreBackend
from xzepr.plugins.migrations import Migrations, Versions
from xzepr.plugins.offers import install_line
from xzepr.plugins.urls import StoreURL
from xzepr.secret import Secret

R = TypeVar("R")


def called(backend: StoreBackend, url: StoreURL, what: str, call: Callable[[], R]) -> R:
    """Return what a call into a backend returns.

    Args:
        backend: The backend.
        url: The URL that it works with.
        what: What it is to do, for messages.
        call: The call.

    Raises:
        XzeprError: The backend raised it.
        ConfigurationError: It raised something else, which is the cause unless it tells a secret of the URL.
    """
    outcome = _try(call)
    if isinstance(outcome, _Failed):
        error = outcome.error
        raise _failure(backend, what, error) from (None if _tells(error, url) else error)
    return outcome


@attrs.frozen
class GuardedMigrations:
    """The migrations of a backend, called like everything else of a plugin.

    Args:
        backend: Whose they are.
        own: What the backend offers.
    """

    backend: StoreBackend
    own: Migrations

    def versions(self, url: StoreURL) -> Versions:
        """Look how far a store is set up, and change nothing."""
        return called(self.backend, url, "look at the store", lambda: self.own.versions(url))

    def migrate(self, url: StoreURL, *, grant: str | None = None) -> Versions:
        """Bring a store to the newest version."""
        return called(self.backend, url, "migrate the store", lambda: self.own.migrate(url, grant=grant))

    def script(self, url: StoreURL, *, grant: str | None = None) -> str:
        """Return what would be done to an empty store, as text."""
        return called(self.backend, url, "write the script", lambda: self.own.script(url, grant=grant))


@attrs.frozen
class _Failed:
    error: Exception | SystemExit


def _try(call: Callable[[], R]) -> R | _Failed:
    """Return the failure instead of letting it pass: a raised error would take it along as its context."""
    try:
        return call()
    except XzeprError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a plugin raises
        return _Failed(error)


def _failure(backend: StoreBackend, what: str, error: BaseException) -> ConfigurationError:
    name = type(error).__name__
    if isinstance(error, ImportError):
        hint = install_line(backend.scheme) or ": install what it needs"
        return ConfigurationError(f"the {backend.scheme} store needs what is not installed ({name}){hint}")
    return ConfigurationError(f"the {backend.scheme} backend failed to {what} ({name})")


def _tells(error: BaseException, url: StoreURL) -> bool:
    """Say whether an error, or one that it came from, may hold a secret of the URL in its message."""
    secrets = [value.reveal() for value in (url.password, *url.options.values()) if isinstance(value, Secret)]
    wanted = [secret for secret in secrets if secret]
    return any(_holds(one, wanted) for one in _related(error)) if wanted else False


def _related(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, those that it came from, and the members of groups: each once, and in a ring too."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]


def _holds(error: BaseException, secrets: Iterable[str]) -> bool:
    try:
        text = " ".join([str(error), *map(str, error.args), *getattr(error, "__notes__", ())])
    except Exception:  # noqa: BLE001  # a plugin's code: nobody knows what it would tell another time
        return True
    return any(secret in text or secret in unquote(text) for secret in secrets)
