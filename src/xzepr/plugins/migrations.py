"""What a store that has to be set up first does for its operator: ``xzepr migrate`` and ``xzepr check`` ask for it.

A backend names it in :attr:`StoreBackend.migrations`; one whose stores need nothing of the kind names none. It works by
URL and without an open store: a store that is not set up yet cannot be opened. It is as light to import as the plugin.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from xzepr.plugins.urls import StoreURL


@attrs.frozen(kw_only=True)
class Versions:
    """How far a store is set up.

    Args:
        found: The version that was found; None if there was nothing.
        needed: The version that the installed package needs.
        newer: Whether the version found is none that the installed package knows: a later one has left it.

    Example:
        >>> Versions(found="0001", needed="0002").current
        False
    """

    found: str | None
    needed: str
    newer: bool = False

    @property
    def current(self) -> bool:
        """Whether the version found is the one needed."""
        return self.found == self.needed


class Migrations(Protocol):
    """The power to be set up, and brought from one version to the next."""

    def versions(self, url: StoreURL) -> Versions:
        """Look how far a store is set up, and change nothing.

        Raises:
            Unavailable: It cannot be reached.
            ConfigurationError: It can, and refuses to be looked at.
        """

    def migrate(self, url: StoreURL, *, grant: str | None = None) -> Versions:
        """Bring a store to the newest version, in one step: all of it is done, or nothing. Again, it does nothing.

        Args:
            url: Where it is, as who owns its tables.
            grant: The role that applications work as: it gets what they need, and loses what they do not.

        Returns:
            The version that it was at before, and the one that it is at now.

        Raises:
            Unavailable: It cannot be reached.
            ConfigurationError: It is newer than this package, there is no such role, or a right is missing.
        """

    def script(self, url: StoreURL, *, grant: str | None = None) -> str:
        """Return what :meth:`migrate` would do to an empty store, as text for those who want to read it or run it.

        It connects to nothing: of the URL, only the options count.
        """
