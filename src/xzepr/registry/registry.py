"""The registry itself: one store, seen by one principal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs

from xzepr.documents import JsonValue, SchemaCompiler
from xzepr.errors import ConfigurationError
from xzepr.model import SYSTEM, Clock, UlidGenerator, ask, utc_now
from xzepr.observe import Health, Telemetry, health_of
from xzepr.registry.context import Context, Lifetime, ReceiverCache
from xzepr.registry.events import Events
from xzepr.registry.feed import Feed
from xzepr.registry.groups import Groups
from xzepr.registry.limits import Limits
from xzepr.registry.receivers import Receivers
from xzepr.stores import Store, joining

if TYPE_CHECKING:
    from xzepr.plugins import StoreURL


class Registry:
    """Keeps the provenance of software in a store.

    It may be used from any number of threads. It is trusted code: it acts as ``system`` and may do everything.

    Args:
        store: Where everything is kept. It stays open when the registry is closed, because it was opened elsewhere.
        limits: The limits of payloads, groups and chunks.
        documents: JSON Schema documents by URI, to which the schemas of receivers may refer.
        telemetry: Where use cases are observed; by default the global OpenTelemetry providers.
        clock: Tells the time.

    Example:
        >>> with Registry.open("memory:") as registry:
        ...     build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema={"type": "object"})
        ...     build.accepts_anything
        False
    """

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits | None = None,
        documents: Mapping[str, JsonValue] | None = None,
        telemetry: Telemetry | None = None,
        clock: Clock = utc_now,
    ) -> None:
        _require_store(store)
        _require("limits", limits, Limits)
        _require("documents", documents, Mapping)
        _require("telemetry", telemetry, Telemetry)
        _require_clock(clock)
        limits = limits or Limits()
        tell = utc_now if clock is utc_now else partial(ask, clock)
        self._use(
            Context(
                store=store,
                principal=SYSTEM,
                clock=tell,
                new_id=UlidGenerator() if clock is utc_now else UlidGenerator(lambda: int(tell().timestamp() * 1_000)),
                limits=limits,
                schemas=SchemaCompiler(documents or {}),
                telemetry=(telemetry or Telemetry()).for_store(store.scheme),
            )
        )

    def _use(self, context: Context, close: Callable[[], None] | None = None) -> None:
        self._context = context
        self._close = close
        self._receivers = Receivers(context)
        self._groups = Groups(context)
        self._events = Events(context)
        self._feed = Feed(context)

    @classmethod
    def open(
        cls,
        url: str | StoreURL,
        *,
        limits: Limits | None = None,
        documents: Mapping[str, JsonValue] | None = None,
        telemetry: Telemetry | None = None,
        clock: Clock = utc_now,
    ) -> Self:
        """Open a store by its URL, and a registry over it; closing the registry closes the store.

        Args:
            url: ``memory:``, or the URL of any store whose plugin is installed.
            limits: See the class.
            documents: See the class.
            telemetry: See the class.
            clock: See the class.

        Raises:
            ConfigurationError: No plugin knows the scheme, or the URL has an option that the store does not know; the
                message says what to change.
        """
        from xzepr.plugins import default_plugins  # noqa: PLC0415 - a fifth of the time that importing xzepr takes

        store = default_plugins().open_store(url)
        try:
            registry = cls(store, limits=limits, documents=documents, telemetry=telemetry, clock=clock)
        except BaseException:
            store.close()
            raise
        registry._close = store.close
        return registry

    @property
    def receivers(self) -> Receivers:
        """Receivers: create, ensure, find, change, count."""
        return self._receivers

    @property
    def groups(self) -> Groups:
        """Groups: create, change, ask for verdicts."""
        return self._groups

    @property
    def events(self) -> Events:
        """Events: record, read, redact."""
        return self._events

    @property
    def feed(self) -> Feed:
        """The feed: read, follow, subscribe."""
        return self._feed

    @property
    def store(self) -> Store:
        """The store."""
        return self._context.store

    def joined(self, connection: object) -> Registry:
        """Return this registry inside a transaction of the caller: both are committed, or neither.

        Args:
            connection: A connection of a kind that the store knows.

        Raises:
            Unsupported: The store cannot join a transaction.
            ConfigurationError: The connection is of another kind, or in autocommit mode.
        """
        store = joining(self._context.store)
        joined = object.__new__(type(self))
        joined._use(
            attrs.evolve(
                self._context,
                store=store.join(connection),
                receivers=ReceiverCache(),  # what is not committed yet must not be remembered by others
                lifetime=Lifetime(self._context.lifetime),
            )
        )
        return joined

    def health(self) -> Health:
        """Say whether the registry can work: the store reachable and set up, the feed readable. It never raises."""
        return health_of(self._context.store)

    def close(self) -> None:
        """Close the registry, and its store if the registry opened it; closing it again does nothing."""
        self._context.lifetime.end()
        if self._close is not None:
            self._close()

    def __repr__(self) -> str:
        state = "closed" if self._context.lifetime.closed else "open"
        return f"<{type(self).__name__} over a {self._context.store.scheme} store, {state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _require_store(store: object) -> None:
    """Refuse what is no store, above all the URL of one."""
    if isinstance(store, str):
        raise ConfigurationError("this is the URL of a store, not a store: use Registry.open(url)")
    if not hasattr(store, "capabilities"):
        raise ConfigurationError(f"{type(store).__name__} is no store: give one, such as MemoryStore()")


def _require(name: str, value: object, wanted: type) -> None:
    if value is not None and not isinstance(value, wanted):
        raise ConfigurationError(f"{name} must be {wanted.__name__}, not {type(value).__name__}")


def _require_clock(clock: object) -> None:
    if not callable(clock):
        raise ConfigurationError(f"clock must be callable, not {type(clock).__name__}")
