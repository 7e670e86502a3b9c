"""The `xzepr` command.

``main`` is what the console script and ``python -m xzepr.cli`` call (:mod:`~xzepr.cli.command`). Each sub-command is a
module with a summary, its arguments and a ``run``; it writes data to stdout through :mod:`~xzepr.cli.output`.
"""

from xzepr.cli.command import main

__all__ = ["main"]
