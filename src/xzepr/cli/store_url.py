"""Which store a command works on: `--store`, or one of two variables of the environment.

The library itself reads no environment; here, in a command, somebody has to.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from xzepr.cli.arguments import Once
from xzepr.errors import ConfigurationError, Invalid
from xzepr.plugins import MAX_URL, StoreURL
from xzepr.plugins.urls import read_url

OPTION: Final = "--store"
"""Comes first. Everybody on the machine can read it, in the list of processes: not the place for a password."""

URL_VARIABLE: Final = "XZEPR_STORE_URL"
"""Comes second."""

FILE_VARIABLE: Final = "XZEPR_STORE_URL_FILE"
"""Comes last: a file, such as a mounted secret, whose first line is the URL."""

SETTING: Final = "XZEPR__STORE__URL"
"""How the settings of a service name the store."""


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    text = f"the store; without it {URL_VARIABLE} counts, or the first line of the file that {FILE_VARIABLE} names"
    parser.add_argument(OPTION, metavar="URL", action=Once, help=text)


def store_url(options: argparse.Namespace, environ: Mapping[str, str]) -> StoreURL:
    """Return the URL of the store.

    Args:
        options: The arguments.
        environ: The variables.

    Raises:
        ConfigurationError: There is none, or the file cannot be read.
        Invalid: It is no URL.
    """
    source, text = _given(options, environ)
    if not text.strip():
        raise ConfigurationError(f"{source} is empty: give the URL of the store")
    outcome = read_url(text.strip())
    if isinstance(outcome, Invalid):
        raise outcome
    return outcome


def _given(options: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the first source that is there, and what it says."""
    if options.store is not None:
        return OPTION, options.store
    if URL_VARIABLE in environ:
        return URL_VARIABLE, environ[URL_VARIABLE]
    if FILE_VARIABLE in environ:
        path = environ[FILE_VARIABLE]
        return (f"the first line of the file of {FILE_VARIABLE}", _first_line(path)) if path else (FILE_VARIABLE, "")
    hint = f" ({SETTING} is of services: commands do not read it)" if SETTING in environ else ""
    raise ConfigurationError(f"which store? Give {OPTION} URL, or set {URL_VARIABLE} or {FILE_VARIABLE}{hint}")


def _first_line(path: str) -> str:
    """Return the first line of a file. Its name is not told: by mistake it may be the URL."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:  # some editors begin with a byte order mark
            return file.readline(MAX_URL + 2)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    raise ConfigurationError(f"the file that {FILE_VARIABLE} names cannot be read ({reason}): see that it is there")
