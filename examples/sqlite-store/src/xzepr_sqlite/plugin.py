"""How the store is found: ``Registry.open("sqlite:///var/lib/provenance.db")``."""

from __future__ import annotations

import attrs
from xzepr.errors import Invalid, Violation
from xzepr.plugins import StoreBackend, StoreURL, hookimpl
from xzepr.stores import Store

from xzepr_sqlite.capabilities import CAPABILITIES, DEFAULT_TIMEOUT, SCHEME


@attrs.frozen
class SqliteOptions:
    """What may stand behind the question mark of a URL.

    Args:
        timeout: Seconds to wait for another process that is writing.
    """

    timeout: float = DEFAULT_TIMEOUT

    def __attrs_post_init__(self) -> None:
        if self.timeout < 0:
            raise Invalid([Violation("timeout", "must not be negative")])


def _open(url: StoreURL) -> Store:
    from xzepr_sqlite.store import SqliteStore  # noqa: PLC0415 - whoever only asks what there is need not load SQLite

    options = url.options_as(SqliteOptions, parts=("path",))
    if not url.path:
        raise Invalid([Violation("url/path", "must name a file: sqlite:///var/lib/provenance.db, or sqlite:here.db")])
    return SqliteStore(url.path, timeout=options.timeout)


@hookimpl
def xzepr_store_backends() -> list[StoreBackend]:
    """Describe the SQLite store."""
    return [
        StoreBackend(
            scheme=SCHEME,
            summary="keeps everything in one SQLite file",
            open=_open,
            capabilities=CAPABILITIES,
            contract_version=1,
        )
    ]
