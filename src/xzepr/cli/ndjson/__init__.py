"""The registry as lines of JSON: what `xzepr export` writes and `xzepr import` reads.

:mod:`~xzepr.cli.ndjson.lines` reads lines of which nothing is known, :mod:`~xzepr.cli.ndjson.forms` says what a line
may hold, :mod:`~xzepr.cli.ndjson.definitions` and :mod:`~xzepr.cli.ndjson.taking` put it into a registry, and
:mod:`~xzepr.cli.ndjson.state` keeps the place from which a later run goes on.
"""
