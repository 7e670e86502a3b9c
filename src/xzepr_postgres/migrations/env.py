"""How Alembic runs our migrations: on the connection that it is given, or as a script."""

from __future__ import annotations

from alembic import context

from xzepr_postgres.migrating import VERSION_TABLE
from xzepr_postgres.schema import Schema

schema: Schema = context.config.attributes["schema"]
connection = context.config.attributes.get("connection")

if connection is None:
    context.configure(
        dialect_name="postgresql",
        literal_binds=True,
        version_table=VERSION_TABLE,
        version_table_schema=schema.name,
        output_buffer=context.config.attributes["output"],
    )
else:
    context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=schema.name)

with context.begin_transaction():
    context.run_migrations()
