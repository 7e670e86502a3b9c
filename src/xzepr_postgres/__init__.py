"""The PostgreSQL store, as far as it is built: the tables and functions in the database, and their migrations.

What a registry asks of a store comes next; until then :func:`migrate` prepares a database and nothing more.
"""

from xzepr_postgres.migrating import current_version, migrate, migration_sql, newest_version
from xzepr_postgres.schema import Schema

__all__ = ["Schema", "current_version", "migrate", "migration_sql", "newest_version"]
