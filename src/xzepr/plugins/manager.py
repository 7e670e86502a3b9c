"""Finds the backend for a name, and opens a store with it.

A name is looked up among the plugins registered by hand, then as the name of an entry point, and then in the other
plugins, one by one: a plugin may offer more schemes than the one it is named after. So what is not wanted is not
imported, as long as the wanted one is there.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from threading import Lock, RLock
from typing import Final

from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins.calling import GuardedMigrations, called
from xzepr.plugins.hooks import PROJECT, StoreBackend, TokenServiceBackend
from xzepr.plugins.migrations import Migrations
from xzepr.plugins.offers import B, Offer, distribution_of, install_line, load_offer, plugin_name, read_offer
from xzepr.plugins.texts import did_you_mean, showable
from xzepr.plugins.urls import StoreURL, read_url
from xzepr.stores import Store

_logger = logging.getLogger(__name__)
_STORE_MEMBERS: Final = ("scheme", "capabilities", "receivers", "groups", "events", "feed", "check", "close")


class PluginManager:
    """Knows the plugins. Use one from any number of threads.

    Args:
        discover: Whether to look for the entry points of installed distributions; if not, only what is registered
            by hand exists.

    Example:
        >>> PluginManager(discover=False).store_schemes()
        ()
    """

    def __init__(self, *, discover: bool = True) -> None:
        self._discover = discover
        self._lock = RLock()  # re-entrant: a plugin may ask for another one while it is imported
        self._registered: list[Offer] = []
        self._entry_points: list[EntryPoint] | None = None
        self._loaded: dict[tuple[str, str], Offer] = {}

    def register(self, plugin: object) -> None:
        """Add a plugin by hand. It goes before every installed one.

        Args:
            plugin: A module or an object with hook implementations.

        Raises:
            ConfigurationError: It is no right plugin, or offers what another registered one offers.
        """
        offer = read_offer(plugin, f"registered plugin {plugin_name(plugin)}")
        with self._lock:
            for other in self._registered:
                for name in sorted({*offer.stores, *offer.tokens} & {*other.stores, *other.tokens}):
                    raise ConfigurationError(f"the {other.source} and the {offer.source} both offer {name}")
            self._registered.append(offer)

    def store_backend(self, scheme: str) -> StoreBackend:
        """Return the backend for a scheme.

        Raises:
            ConfigurationError: There is none, there are two, or it is broken.
        """
        return self._find(scheme, _stores, "store backend")

    def token_service(self, name: str) -> TokenServiceBackend:
        """Return the token service of this name.

        Raises:
            ConfigurationError: There is none, there are two, or it is broken.
        """
        return self._find(name, _tokens, "token service")

    def store_schemes(self) -> tuple[str, ...]:
        """Return every scheme that can be opened, sorted. It imports all plugins; broken ones are logged."""
        return self._names(_stores)

    def token_service_names(self) -> tuple[str, ...]:
        """Return the name of every token service, sorted. It imports all plugins; broken ones are logged."""
        return self._names(_tokens)

    def open_store(self, url: str | StoreURL) -> Store:
        """Open the store that a URL names.

        Raises:
            Invalid: The URL is not right, or the backend does not know one of its options.
            ConfigurationError: There is no such backend, or it is broken, or its driver is not installed.
        """
        outcome = url if isinstance(url, StoreURL) else read_url(url)
        del url  # or it would be among the locals of a traceback
        if isinstance(outcome, Invalid):
            raise outcome
        return _open(self.store_backend(outcome.scheme), outcome)

    def migrations(self, scheme: str) -> Migrations | None:
        """Return what sets up the stores of a scheme; None if they need nothing of the kind.

        Raises:
            ConfigurationError: There is no such backend, or it is broken.
        """
        backend = self.store_backend(scheme)
        return None if backend.migrations is None else GuardedMigrations(backend, backend.migrations)

    def _find(self, name: str, offered: Callable[[Offer], Mapping[str, B]], what: str) -> B:
        with self._lock:
            for offer in self._registered:
                if name in offered(offer):
                    return offered(offer)[name]
            named = [point for point in self._points() if point.name == name]
            _refuse_two(name, [f"distribution {distribution_of(point)}" for point in named])
            for point in named:
                if name in offered(self._load(point)):
                    return offered(self._load(point))[name]
            return self._search(name, offered, what)

    def _search(self, name: str, offered: Callable[[Offer], Mapping[str, B]], what: str) -> B:
        """Look through every plugin; the errors of the broken ones matter only if none has it."""
        offers, failures = self._load_all()
        having = [offer for offer in offers if name in offered(offer)]
        _refuse_two(name, [offer.source for offer in having])
        for offer in having:
            return offered(offer)[name]
        known = {each for offer in (*self._registered, *offers) for each in offered(offer)}
        broken = "".join(f"; {failure}" for failure in failures)
        hint = install_line(name) or _driver_hint(name, known)
        message = f"there is no {what} {showable(name)}{hint or ': ' + did_you_mean(name, known)}{broken}"
        raise ConfigurationError(message) from _causes(failures)

    def _names(self, offered: Callable[[Offer], Mapping[str, B]]) -> tuple[str, ...]:
        with self._lock:
            offers, failures = self._load_all()
            for failure in failures:
                _logger.warning("left out: %s", failure)
            return tuple(sorted({name for offer in (*self._registered, *offers) for name in offered(offer)}))

    def _points(self) -> list[EntryPoint]:
        """Return the entry points, each once, also where a distribution stands on the path twice."""
        if self._entry_points is None:
            found = entry_points(group=PROJECT) if self._discover else ()
            self._entry_points = list({(distribution_of(each), each.name, each.value): each for each in found}.values())
        return self._entry_points

    def _load(self, point: EntryPoint) -> Offer:
        key = (distribution_of(point), point.value)
        if key not in self._loaded:
            self._loaded[key] = load_offer(point)
        return self._loaded[key]

    def _load_all(self) -> tuple[list[Offer], list[ConfigurationError]]:
        offers: dict[str, Offer] = {}
        failures: list[ConfigurationError] = []
        for point in self._points():
            try:
                offer = self._load(point)
                offers[offer.source] = offer
            except ConfigurationError as error:
                failures.append(error)
        return list(offers.values()), failures


@cache
def _build() -> PluginManager:
    return PluginManager()


_building = Lock()


def default_plugins() -> PluginManager:
    """Return the plugins of this process: those of the installed distributions.

    It is made when first asked for, once. Code that wants others makes a :class:`PluginManager` of its own.
    """
    with _building:
        return _build()


def _stores(offer: Offer) -> Mapping[str, StoreBackend]:
    return offer.stores


def _tokens(offer: Offer) -> Mapping[str, TokenServiceBackend]:
    return offer.tokens


def _refuse_two(name: str, claims: list[str]) -> None:
    if len(claims) > 1:
        raise ConfigurationError(f"{' and '.join(claims)} both offer {showable(name)}: uninstall one of them")


def _causes(failures: list[ConfigurationError]) -> BaseException | None:
    return ExceptionGroup("plugins that could not be loaded", failures) if failures else None


def _open(backend: StoreBackend, url: StoreURL) -> Store:
    store = called(backend, url, "open the store", lambda: backend.open(url))
    missing = [name for name in _STORE_MEMBERS if inspect.getattr_static(store, name, None) is None]
    if missing:
        raise ConfigurationError(f"the {backend.scheme} backend is broken: what it opened has no {', '.join(missing)}")
    return store


def _driver_hint(name: str, known: Collection[str]) -> str:
    """Say what to write in place of a scheme that names another driver, as SQLAlchemy has them."""
    base, plus, _ = name.partition("+")
    return f": leave the driver out and write {base}://" if plus and base in known else ""
