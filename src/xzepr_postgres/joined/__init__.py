"""Working inside a transaction that a host began and will end."""

from xzepr_postgres.joined.session import session_of

__all__ = ["session_of"]
