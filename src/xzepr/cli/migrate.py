"""`xzepr migrate`: set a store up, bring it to the version that this xzepr needs, or print how."""

from __future__ import annotations

import argparse
import os
from typing import Final

from xzepr.cli.arguments import Once, given_text
from xzepr.cli.output import Output, say
from xzepr.cli.store_url import add_store_argument, store_url
from xzepr.cli.telling import tell
from xzepr.errors import ConfigurationError
from xzepr.plugins import Migrations, StoreURL, default_plugins

SUMMARY: Final = "Set a store up, or bring it to the version that this xzepr needs."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--sql", action="store_true", help="print what would be done to an empty store, and do nothing")
    text = "give this role what an application needs, and no more"
    parser.add_argument("--grant", metavar="ROLE", type=given_text, action=Once, help=text)
    add_store_argument(parser)


def run(options: argparse.Namespace, output: Output) -> int:
    """Do it, or print it."""
    url = store_url(options, os.environ)
    migrations = default_plugins().migrations(url.scheme)
    if migrations is None:
        return _need_nothing(url, options)
    if options.sql:
        output.line(migrations.script(url, grant=options.grant).rstrip())
    else:
        _migrate(migrations, url, options.grant, output)
    return 0


def _need_nothing(url: StoreURL, options: argparse.Namespace) -> int:
    if options.grant is not None:
        raise ConfigurationError(f"the {url.scheme} store knows no roles: leave --grant out")
    say(f"the {url.scheme} store needs no migrations: there is nothing to do")
    return 0


def _migrate(migrations: Migrations, url: StoreURL, grant: str | None, output: Output) -> None:
    versions = migrations.migrate(url, grant=grant)
    tell(output, "store", str(url))
    tell(output, "found", versions.found or "nothing")
    tell(output, "now", versions.needed)
    if grant is not None:
        tell(output, "granted", grant)
