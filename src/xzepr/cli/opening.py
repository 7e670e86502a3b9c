"""Opening the registry that a command works on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

from xzepr import Registry
from xzepr.cli.store_url import store_url


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Registry]:
    """Open the registry over the chosen store, see that the store is set up, and close both at the end.

    Args:
        options: The arguments, with those of :func:`~xzepr.cli.store_url.add_store_argument` among them.

    Yields:
        The registry.

    Raises:
        ConfigurationError: No store is chosen, or it is not set up; the message says what to do.
        Invalid: The URL is none.
        Unavailable: The store does not answer.
    """
    with Registry.open(store_url(options, os.environ)) as registry:
        registry.store.check()
        yield registry
