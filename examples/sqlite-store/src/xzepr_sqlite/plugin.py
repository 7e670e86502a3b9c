"""How the store is found: ``Registry.open("sqlite:///var/lib/provenance.db")``."""

from __future__ import annotations

from pathlib import Path

import attrs
from xzepr.errors import ConfigurationError, Invalid, Violation
from xzepr.plugins import StoreBackend, StoreURL, Versions, hookimpl
from xzepr.stores import Store

from xzepr_sqlite.capabilities import CAPABILITIES, DEFAULT_TIMEOUT, SCHEME, check_timeout


@attrs.frozen
class SqliteOptions:
    """What may stand behind the question mark of a URL.

    Args:
        timeout: Seconds to wait for another process that is writing.
        create: Whether a file that is not there is made.
    """

    timeout: float = DEFAULT_TIMEOUT
    create: bool = True

    def __attrs_post_init__(self) -> None:
        check_timeout(self.timeout)


class SqliteMigrations:
    """Lets ``xzepr check`` look for a file without making it, and ``xzepr migrate`` make it."""

    def versions(self, url: StoreURL) -> Versions:
        """Say whether the file is there; of one that is, opening it shows that it is as it should be."""
        from xzepr_sqlite.schema import VERSION  # noqa: PLC0415 - as below

        _options(url)
        there = _is_there(url)
        if there:
            _open(url).close()
        return Versions(found=str(VERSION) if there else None, needed=str(VERSION))

    def migrate(self, url: StoreURL, *, grant: str | None = None) -> Versions:
        """Set the file up, as opening it does."""
        _refuse_grant(grant)
        before = self.versions(url)
        _open(url).close()
        return before

    def script(self, url: StoreURL, *, grant: str | None = None) -> str:
        """Return the statements that set a file up."""
        from xzepr_sqlite.schema import TABLES  # noqa: PLC0415 - as below

        _options(url)
        _refuse_grant(grant)
        return ";\n".join((*TABLES, ""))


def _open(url: StoreURL) -> Store:
    from xzepr_sqlite.store import SqliteStore  # noqa: PLC0415 - whoever only asks what there is need not load SQLite

    options = _options(url)
    if not options.create and not _is_there(url):
        raise ConfigurationError(f"{url.path} is not there, and the URL says create=false: is it the right file?")
    return SqliteStore(url.path, timeout=options.timeout)


def _options(url: StoreURL) -> SqliteOptions:
    options = url.options_as(SqliteOptions, parts=("path",))
    if not url.path:
        raise Invalid([Violation("url/path", "must name a file: sqlite:///var/lib/provenance.db, or sqlite:here.db")])
    return options


def _is_there(url: StoreURL) -> bool:
    """Say whether there is a file with something in it; who may not look hears why when it is opened."""
    try:
        return Path(url.path).stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _refuse_grant(grant: str | None) -> None:
    if grant is not None:
        raise ConfigurationError("a file knows no roles: leave the grant out, and give its user the right to write it")


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
            migrations=SqliteMigrations(),
        )
    ]
