"""The first version: tables, the feed and its sequencer, appending, an append-only history."""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import DDL

from xzepr_postgres.schema import Schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    schema: Schema = context.config.attributes["schema"]
    for name in ("tables", "feed", "append", "append_one", "definitions", "lists", "subscriptions", "history"):
        for statement in schema.statements(f"{name}.sql"):
            _execute(statement)
    # PostgreSQL lets everybody call a new function.
    _execute(f"REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA {schema.quoted} FROM PUBLIC")


def _execute(statement: str) -> None:
    op.execute(DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]  # as SQLAlchemy left it
