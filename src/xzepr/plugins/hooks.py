"""The hooks that a plugin implements, and the descriptor by which it offers a store.

A plugin is a module, named by an entry point of the group ``xzepr`` whose name is the scheme::

    [project.entry-points.xzepr]
    shelf = "xzepr_shelf.plugin"

It is imported to be asked what it offers, so it imports its driver in ``open`` and not at its top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs
import pluggy

from xzepr.model import Checks
from xzepr.plugins.migrations import Migrations
from xzepr.plugins.urls import StoreURL, check_scheme
from xzepr.secret import Options
from xzepr.stores import Capabilities, Store
from xzepr.tokens import TokenService

PROJECT: Final = "xzepr"
"""The name of pluggy's project, and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook that has its name."""


@attrs.frozen(kw_only=True)
class StoreBackend:
    """How a plugin describes a store.

    Args:
        scheme: The scheme of its URLs; also the name of the plugin's entry point.
        summary: What it is, in one line.
        open: Opens one; imports the driver, refuses options that it does not know
            (:meth:`StoreURL.take_options`).
        capabilities: What its stores can do.
        contract_version: The :data:`~xzepr.stores.CONTRACT_VERSION` that it was written for: a number, not the
            constant, which would always be the newest.
        aliases: Other schemes for the same.
        migrations: What sets its stores up; None if they need nothing of the kind.

    Raises:
        Invalid: A field is not what it has to be.
    """

    scheme: str
    summary: str
    open: Callable[[StoreURL], Store]
    capabilities: Capabilities
    contract_version: int
    aliases: tuple[str, ...] = ()
    migrations: Migrations | None = None

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        check_scheme(checks, "scheme", self.scheme)
        for alias in self.aliases:
            check_scheme(checks, "aliases", alias)
        checks.text("summary", self.summary)
        _check_callable(checks, self.open)
        if self.migrations is not None:
            _check_migrations(checks, self.migrations)
        checks.kind("capabilities", self.capabilities, Capabilities)
        checks.whole("contract_version", self.contract_version, least=1)
        checks.done()


@attrs.frozen(kw_only=True)
class TokenServiceBackend:
    """How a plugin describes a token service; light to import, like a :class:`StoreBackend`.

    Args:
        name: Under which name it is configured; also the name of the plugin's entry point.
        summary: What it is, in one line.
        open: Makes one from the options of a configuration; imports there what it needs.
        contract_version: The :data:`~xzepr.tokens.TOKEN_CONTRACT_VERSION` that it was written for.

    Raises:
        Invalid: A field is not what it has to be.
    """

    name: str
    summary: str
    open: Callable[[Options], TokenService]
    contract_version: int

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.text("name", self.name)
        checks.text("summary", self.summary)
        _check_callable(checks, self.open)
        checks.whole("contract_version", self.contract_version, least=1)
        checks.done()


def _check_callable(checks: Checks, value: object) -> None:
    if not callable(value):
        checks.add("open", f"must be callable, not {type(value).__name__}")


def _check_migrations(checks: Checks, value: object) -> None:
    for name in ("versions", "migrate", "script"):
        if not callable(getattr(value, name, None)):
            checks.add("migrations", f"must have a method {name}")


@hookspec
def xzepr_store_backends() -> Iterable[StoreBackend]:  # type: ignore[empty-body]  # a specification has none
    """Return the stores that the plugin offers."""


@hookspec
def xzepr_token_services() -> Iterable[TokenServiceBackend]:  # type: ignore[empty-body]  # a specification has none
    """Return the token services that the plugin offers."""
