"""Asks one plugin what it offers, and turns whatever goes wrong into an error that names it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Final, TypeVar

import attrs
import pluggy

from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import hooks
from xzepr.plugins.hooks import PROJECT, StoreBackend, TokenServiceBackend
from xzepr.plugins.texts import did_you_mean
from xzepr.stores import CONTRACT_VERSION
from xzepr.tokens import TOKEN_CONTRACT_VERSION

_EXTRAS: Final = dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg"), "postgres")
_HOOKS: Final = ("xzepr_store_backends", "xzepr_token_services")

B = TypeVar("B", bound=StoreBackend | TokenServiceBackend)


@attrs.frozen(kw_only=True)
class Offer:
    """What one plugin offers.

    Args:
        source: Who it is, for messages.
        stores: Its stores by scheme, aliases included.
        tokens: Its token services by name.
    """

    source: str
    stores: dict[str, StoreBackend]
    tokens: dict[str, TokenServiceBackend]


def install_line(name: str) -> str:
    """Return the command that installs what a scheme needs, as the end of a message; nothing if it is not ours.

    Example:
        >>> install_line("postgresql")
        ': pip install "xzepr[postgres]"'
    """
    return f': pip install "xzepr[{_EXTRAS[name]}]"' if name in _EXTRAS else ""


def distribution_of(entry_point: EntryPoint) -> str:
    """Return the name of the distribution that an entry point belongs to."""
    return entry_point.dist.name if entry_point.dist is not None else "(unknown)"


def load_offer(entry_point: EntryPoint) -> Offer:
    """Import the plugin of an entry point and ask it.

    Raises:
        ConfigurationError: It cannot be imported, or is no right plugin; the cause says more.
    """
    source = f"plugin {entry_point.name} of distribution {distribution_of(entry_point)}"
    try:
        plugin = entry_point.load()
    except ImportError as error:
        hint = install_line(entry_point.name) or ": install what it needs"
        raise ConfigurationError(f"the {source} cannot be imported, {_missing(error)}{hint}") from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(f"the {source} cannot be imported ({type(error).__name__}): see the cause") from error
    offer = read_offer(plugin, source)
    names = {*offer.stores, *offer.tokens}
    if entry_point.name not in names:
        offered = ", ".join(sorted(names))
        raise ConfigurationError(f"the {source} offers {offered}: name its entry point like that")
    return offer


def read_offer(plugin: object, source: str) -> Offer:
    """Ask a plugin what it offers.

    Raises:
        ConfigurationError: It has a hook that does not exist, one that fails or returns something else, or none.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    try:
        manager.register(plugin, name=source)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise ConfigurationError(f"the {source} {_wrong_hooks(manager)}") from error
    _check_marks(plugin, source)
    offer = Offer(source=source, stores={}, tokens={})
    for store in _ask(manager, source, "xzepr_store_backends", StoreBackend, CONTRACT_VERSION):
        for scheme in (store.scheme, *store.aliases):
            _add(offer.stores, scheme, store, source)
    for service in _ask(manager, source, "xzepr_token_services", TokenServiceBackend, TOKEN_CONTRACT_VERSION):
        _add(offer.tokens, service.name, service, source)
    if not offer.stores and not offer.tokens:
        raise ConfigurationError(f"the {source} offers nothing: mark {' or '.join(_HOOKS)} with xzepr.plugins.hookimpl")
    return offer


def plugin_name(plugin: object) -> str:
    """Return what a plugin registered by hand is called in messages."""
    return plugin.__name__ if isinstance(plugin, ModuleType | type) else type(plugin).__name__


def _missing(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"as there is no module {error.name}"
    return f"as it misses a name in {error.name}" if error.name else "as an import of it failed"


def _wrong_hooks(manager: pluggy.PluginManager) -> str:
    """Say which hooks do not exist; where all do, one of them asks for arguments that it does not get."""
    unknown = sorted(
        name for name in vars(manager.hook) if not name.startswith("_") and not getattr(manager.hook, name).has_spec()
    )
    if not unknown:
        return "has a hook with arguments: the hooks take none"
    return "; ".join(f"implements {name}, which is no hook: {did_you_mean(name, _HOOKS)}" for name in unknown)


def _check_marks(plugin: object, source: str) -> None:
    """Refuse what looks like a hook and has no mark: pluggy would pass it over in silence."""
    for name in dir(plugin):
        value = inspect.getattr_static(plugin, name, None)
        if not name.startswith(f"{PROJECT}_") or not inspect.isroutine(value) or _is_marked(value):
            continue
        if name in _HOOKS:
            raise ConfigurationError(f"the {source} does not mark {name}: decorate it with xzepr.plugins.hookimpl")
        raise ConfigurationError(f"the {source} has {name}, which is no hook: {did_you_mean(name, _HOOKS)}")


def _is_marked(function: object) -> bool:
    return hasattr(function, f"{PROJECT}_impl") or hasattr(function, f"{PROJECT}_spec")


def _ask(manager: pluggy.PluginManager, source: str, hook: str, kind: type[B], newest: int) -> Iterator[B]:
    for backend in _answers(manager, source, hook):
        if not isinstance(backend, kind):
            name = type(backend).__name__
            raise ConfigurationError(f"{hook} of the {source} must return {kind.__name__}, not {name}")
        if backend.contract_version > newest:
            raise ConfigurationError(
                f"the {source} was written for version {backend.contract_version} of the contract, "
                f"this xzepr has version {newest}: upgrade xzepr"
            )
        yield backend


def _answers(manager: pluggy.PluginManager, source: str, hook: str) -> list[object]:
    try:
        answers: list[object] = getattr(manager.hook, hook)()
        return [backend for answer in answers for backend in _listed(answer, source, hook)]
    except ConfigurationError:
        raise
    except Invalid as error:
        raise ConfigurationError(f"{hook} of the {source} describes wrongly what it offers: {error}") from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(f"{hook} of the {source} failed ({type(error).__name__}): see the cause") from error


def _listed(answer: object, source: str, hook: str) -> Iterable[object]:
    if not isinstance(answer, Iterable):
        raise ConfigurationError(f"{hook} of the {source} must return an iterable, not {type(answer).__name__}")
    return answer


def _add(found: dict[str, B], name: str, backend: B, source: str) -> None:
    if name in found:
        raise ConfigurationError(f"the {source} offers {name} twice")
    found[name] = backend
