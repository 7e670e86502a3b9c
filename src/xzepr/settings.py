"""The environment, read once and strictly: ``XZEPR__SECTION__KEY`` to typed settings.

For programs; the library itself reads no environment and nothing else in it uses this module. The spellings of values
are those of :mod:`xzepr.plugins.texts`.

======================================== =====================================================================
variable                                 meaning
======================================== =====================================================================
``XZEPR__STORE__URL``                    the store, as :class:`~xzepr.plugins.StoreURL` reads it; needed
``XZEPR__LIMITS__MAX_PAYLOAD_BYTES``     bytes of a payload
``XZEPR__LIMITS__MAX_PAYLOAD_DEPTH``     arrays and objects inside each other
``XZEPR__LIMITS__MAX_PAYLOAD_NODES``     values in a payload
``XZEPR__LIMITS__MAX_ENABLED_GROUPS``    in how many enabled groups one receiver may stand
``XZEPR__LIMITS__CHUNK_EVENTS``          how many events ``record_many`` hands to the store at once
======================================== =====================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final, Self

import attrs

from xzepr.documents import JsonLimits
from xzepr.documents.values import MAX_DEPTH
from xzepr.errors import Invalid, Violation, refuse
from xzepr.model import MAX_WHOLE, Checks
from xzepr.plugins import StoreURL
from xzepr.plugins.texts import T, did_you_mean, read_texts, showable
from xzepr.registry.limits import Limits
from xzepr.secret import Options, Secret

PREFIX: Final = "XZEPR__"
"""How the names of our variables begin; every name that begins so must be known."""

_DEFAULTS: Final = Limits()


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The section ``STORE``.

    Args:
        url: Where everything is kept.
    """

    url: StoreURL


@attrs.frozen(kw_only=True)
class _LimitTexts:
    """The section ``LIMITS`` as its variables are called; :class:`~xzepr.registry.Limits` is what it means."""

    max_payload_bytes: int = _DEFAULTS.documents.max_bytes
    max_payload_depth: int = _DEFAULTS.documents.max_depth
    max_payload_nodes: int = _DEFAULTS.documents.max_nodes
    max_enabled_groups: int = _DEFAULTS.max_enabled_groups
    chunk_events: int = _DEFAULTS.chunk_events

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        for name in attrs.fields_dict(type(self)):
            most = MAX_DEPTH if name == "max_payload_depth" else MAX_WHOLE
            checks.whole(name, getattr(self, name), least=1, most=most)
        checks.done()

    def limits(self) -> Limits:
        """Return what the texts mean."""
        return Limits(
            documents=JsonLimits(
                max_bytes=self.max_payload_bytes, max_depth=self.max_payload_depth, max_nodes=self.max_payload_nodes
            ),
            max_enabled_groups=self.max_enabled_groups,
            chunk_events=self.chunk_events,
        )


@attrs.frozen(kw_only=True)
class Settings:
    """What a program was configured with.

    Args:
        store: Where everything is kept.
        limits: The limits of the registry.

    Example:
        >>> settings = Settings.from_environ(
        ...     {"XZEPR__STORE__URL": "postgresql://ci:hunter2@db/x", "XZEPR__LIMITS__CHUNK_EVENTS": "200"}
        ... )
        >>> settings.store
        StoreSettings(url=StoreURL('postgresql://ci:***@db/x'))
        >>> settings.limits.chunk_events
        200
    """

    store: StoreSettings
    limits: Limits = _DEFAULTS

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings.

        Args:
            environ: The variables; by default those of the process. Names that do not begin with :data:`PREFIX` are
                not looked at.

        Raises:
            Invalid: Variables are unknown, missing or misspelt: all of them, by name, without their values.

        Example:
            >>> Settings.from_environ({"XZEPR__STORE__URL": "memory:", "XZEPR__LIMITS__CHUNK_EVENTS": "1e3"})
            Traceback (most recent call last):
            xzepr.errors.Invalid: XZEPR__LIMITS__CHUNK_EVENTS: must be a whole number: digits only, at most 18
        """
        given = _ours(os.environ if environ is None else environ)
        del environ  # or it would be among the locals of a traceback
        refuse([*_unknown(given), *_problems(given, StoreSettings), *_problems(given, _LimitTexts)])
        return cls(store=_read(given, StoreSettings), limits=_read(given, _LimitTexts).limits())


_SECTIONS: Final[dict[type, str]] = {StoreSettings: "STORE", _LimitTexts: "LIMITS"}


def _ours(environ: Mapping[str, str]) -> Mapping[str, str | Secret]:
    return Options((name, Secret(text)) for name, text in environ.items() if name.startswith(PREFIX))


def _variable(kind: type, field: str) -> str:
    return f"{PREFIX}{_SECTIONS[kind]}__{field.upper()}"


def _variables(kind: type[attrs.AttrsInstance]) -> dict[str, str]:
    """Return the fields of a section by the names of their variables."""
    return {_variable(kind, field): field for field in attrs.fields_dict(kind)}


def _unknown(given: Mapping[str, str | Secret]) -> Iterator[Violation]:
    known = [name for kind in _SECTIONS for name in _variables(kind)]
    for name in sorted(given):
        if name not in known:
            yield Violation(showable(name), f"is unknown: {did_you_mean(name, known)}")


def _problems(given: Mapping[str, str | Secret], kind: type[T]) -> tuple[Violation, ...]:
    try:
        _read(given, kind)
    except Invalid as error:
        return error.violations
    return ()


def _read(given: Mapping[str, str | Secret], kind: type[T]) -> T:
    texts = {field: given[name] for name, field in _variables(kind).items() if name in given}
    return read_texts(kind, texts, field=lambda field: _variable(kind, field))
