"""The registry as lines of JSON: what `xzepr export` writes and `xzepr import` reads.

:mod:`~xzepr.cli.ndjson.lines` reads lines of which nothing is known, :mod:`~xzepr.cli.ndjson.forms` says what a line
may hold, and :mod:`~xzepr.cli.ndjson.reading` makes one of the other. :mod:`~xzepr.cli.ndjson.definitions` and
:mod:`~xzepr.cli.ndjson.taking` put it into a registry. :mod:`~xzepr.cli.ndjson.work` is the import as a whole. It finds
its files through :mod:`~xzepr.cli.ndjson.places`, and keeps refused lines in :mod:`~xzepr.cli.ndjson.refusals`, the
place from which a later run goes on in :mod:`~xzepr.cli.ndjson.state`.
"""
