"""Django's connection, which only a host that uses Django has: so Django is never imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xzepr.errors import ConfigurationError, XzeprError
from xzepr_postgres.joined.hosts import failed_before, gone, in_autocommit, kind, meaning_of, not_postgresql
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter, Statement

_POSTGRESQL: Final = "postgresql"


class DjangoHost:
    """Implements :class:`~xzepr_postgres.joined.hosts.Host` by ``connection.cursor()``.

    Args:
        wrapper: A ``DatabaseWrapper``: that of one thread, not the proxy for whichever thread asks.
    """

    def __init__(self, wrapper: Any) -> None:  # noqa: ANN401 - a class of Django
        self._wrapper = wrapper

    def check(self) -> XzeprError | None:
        """Say what keeps the connection from being used now."""
        wrapper = self._wrapper
        if wrapper.vendor != _POSTGRESQL:
            return not_postgresql(wrapper.vendor)
        if wrapper.closed_in_transaction:
            return gone()
        if wrapper.needs_rollback:
            return failed_before()
        return self._check_place()

    def run(self, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | XzeprError:
        """Run a statement."""
        try:
            with self._wrapper.cursor() as cursor:
                cursor.execute(statement.pyformat, parameters)
                rows: list[Row] = cursor.fetchall()
                return rows
        except kind("django.db", "Error") as error:
            return meaning_of(error, lost=self._lost)

    @property
    def _lost(self) -> bool:
        driver = self._wrapper.connection
        return driver is None or bool(driver.closed)

    def _check_place(self) -> XzeprError | None:
        """Look whether this is the place to use it: the thread that opened it, inside a transaction."""
        try:
            self._wrapper.validate_thread_sharing()
        except kind("django.db", "DatabaseError"):
            return ConfigurationError("the connection belongs to another thread: join the one of this thread")
        try:
            return in_autocommit() if self._wrapper.get_autocommit() else None
        except kind("django.core.exceptions", "SynchronousOnlyOperation"):
            return ConfigurationError("Django's connections do not work on an event loop: call it by sync_to_async")
        except kind("django.db", "Error") as error:
            return meaning_of(error, lost=True)


def wrapper_of(connection: object) -> object | None:
    """Return the ``DatabaseWrapper`` behind Django's connection; None if it is nothing of Django's."""
    wrapper = getattr(getattr(connection, "get_autocommit", None), "__self__", None)
    return wrapper if isinstance(wrapper, kind("django.db.backends.base.base", "BaseDatabaseWrapper")) else None
