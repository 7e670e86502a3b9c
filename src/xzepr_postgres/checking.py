"""Is the database set up for this package? Asked without Alembic, which takes a second to import."""

from __future__ import annotations

from typing import Final

from xzepr.errors import ConfigurationError
from xzepr_postgres.failures import MIGRATE
from xzepr_postgres.sessions import Session

NEEDED_VERSION: Final = "0001"
"""The version of the tables that this package works with: the newest migration."""

_VERSION: Final = "SELECT version_num FROM {schema}.version"


def check(session: Session) -> None:
    """Show that the tables can be reached and are of the right version.

    Raises:
        Unavailable: The database cannot be reached now.
        ConfigurationError: There are no tables, or they are older or newer; the message names what to do.
    """
    found = [row[0] for row in session.read(_VERSION, {})]
    if found == [NEEDED_VERSION]:
        return
    stands = found[0] if found else "none"
    advice = "upgrade xzepr" if stands > NEEDED_VERSION and found else MIGRATE
    raise ConfigurationError(
        f"the tables of the registry are at version {stands}, and this xzepr needs {NEEDED_VERSION}: {advice}"
    )
