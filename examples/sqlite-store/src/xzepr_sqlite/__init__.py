"""A store for xzepr in one SQLite file: durable, no driver beside the standard library, several processes at once.

Start with :mod:`~xzepr_sqlite.plugin`, which is how it is found, and :mod:`~xzepr_sqlite.store`, which is the door.
:mod:`~xzepr_sqlite.database` is the file and its transactions, :mod:`~xzepr_sqlite.schema` the tables. The rest is one
module for each repository of the contract, over :mod:`~xzepr_sqlite.rows` (rows to values) and
:mod:`~xzepr_sqlite.lists` (pages).
"""

from xzepr_sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
