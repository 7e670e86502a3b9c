"""`xzepr check`: can a store be reached, how far is it set up, and what is to be done next?"""

from __future__ import annotations

import argparse
import os
from typing import Final

from xzepr.cli.output import Output
from xzepr.cli.store_url import add_store_argument, store_url
from xzepr.cli.telling import tell
from xzepr.plugins import StoreURL, Versions, default_plugins

SUMMARY: Final = "Say whether a store can be reached and is set up for this xzepr."

NOT_READY: Final = 1
"""It can be reached, and is not set up as this xzepr needs it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Look, and say what there is."""
    url = store_url(options, os.environ)
    migrations = default_plugins().migrations(url.scheme)
    versions = None if migrations is None else migrations.versions(url)
    if versions is None or versions.current:
        _open(url)
    tell(output, "store", str(url))
    tell(output, "reached", "yes")
    if versions is None:
        tell(output, "next", "nothing: it needs no migrations")
        return 0
    tell(output, "found", versions.found or "nothing")
    tell(output, "needed", versions.needed)
    tell(output, "next", _next(versions))
    return 0 if versions.current else NOT_READY


def _open(url: StoreURL) -> None:
    """Open the store as a service does: what stands in its way is an error of its own."""
    store = default_plugins().open_store(url)
    try:
        store.check()
    finally:
        store.close()


def _next(versions: Versions) -> str:
    if versions.current:
        return "nothing: it can be used"
    if versions.newer:
        return "upgrade xzepr: a later version has migrated this store"
    return "run `xzepr migrate`; where a store knows roles, add --grant ROLE for the application"
