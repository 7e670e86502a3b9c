"""What the hosts' kinds of connection have in common: a small protocol, and what their errors mean.

An error is returned, not raised: raised while the driver's is handled, it would carry that one, with SQL and payload.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr_postgres.failures import failure_of
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import Parameter, Statement

UTF8: Final = "utf-8"
"""The only encoding that has every character of a registry, as Python names it."""

_FAILED_BEFORE: Final = "25P02"
_READ_ONLY: Final = "25006"


class Host(Protocol):
    """A connection of a host, with the one transaction in which everything is done."""

    def check(self) -> XzeprError | None:
        """Say what keeps it from being used now; None if nothing does."""

    def run(self, statement: Statement, parameters: Mapping[str, Parameter]) -> Sequence[Row] | XzeprError:
        """Run a statement by the host's own means; return its rows, or why there are none."""


def kind(module: str, name: str) -> tuple[type[Any], ...]:
    """Return a class for ``isinstance``, or nothing if the host has not even imported it.

    Args:
        module: The module that the host would have imported.
        name: The class in it.

    Example:
        >>> isinstance(1, kind("builtins", "int")), isinstance(1, kind("no.such.module", "int"))
        (True, False)
    """
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def in_autocommit() -> XzeprError:
    """Return the refusal of a connection on which each statement is committed at once."""
    return ConfigurationError("the connection is in autocommit mode: begin a transaction on it, and join that")


def not_postgresql(product: str) -> XzeprError:
    """Return the refusal of another database."""
    return ConfigurationError(
        f"the connection leads to {product}, not to PostgreSQL: give one to the database where the registry is"
    )


def other_encoding() -> XzeprError:
    """Return the refusal of a connection that cannot carry every character."""
    return ConfigurationError("the connection's encoding cannot carry every text: set its client_encoding to UTF8")


def failed_before() -> XzeprError:
    """Return what is to be said of a transaction in which nothing can be done any more."""
    return Unavailable("the transaction has failed before: roll it back and retry")


def gone() -> XzeprError:
    """Return what is to be said of a connection that is closed, whoever closed it."""
    return Unavailable("the connection is closed, and its transaction over: begin again on another")


def busy() -> XzeprError:
    """Return what is to be said of a connection that is in the middle of something, such as a COPY."""
    return ConfigurationError("the connection is busy with something else: end that first, then call again")


def not_sent(error: BaseException) -> XzeprError:
    """Return what is to be said of a statement that the driver itself refuses, mostly since it is busy."""
    refusal = type(error).__name__
    return ConfigurationError(f"the driver refuses it ({refusal}): end what else the connection does, then call again")


def read_only() -> XzeprError:
    """Return what is to be said of a transaction in which nothing can be written."""
    return ConfigurationError("the transaction only reads: begin one that may write, on the primary")


def meaning_of(error: BaseException, *, lost: bool) -> XzeprError:
    """Return what a driver's error means to whoever began the transaction.

    Args:
        error: The error, perhaps wrapped.
        lost: Whether the connection is gone, by all that its driver knows.
    """
    failure = failure_of(error)
    if failure.sqlstate is None and not lost:
        return not_sent(error)
    if failure.sqlstate == _FAILED_BEFORE:
        return failed_before()
    meaning = read_only() if failure.sqlstate == _READ_ONLY else failure.error()
    return _to_be_rolled_back(meaning) if isinstance(meaning, Unavailable) else meaning


def _to_be_rolled_back(meaning: Unavailable) -> Unavailable:
    said = Unavailable(f"{meaning}; roll your transaction back before")
    said.__cause__ = meaning.__cause__
    return said
