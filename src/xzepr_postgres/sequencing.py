"""The sequencer: run by whoever reads, it gives positions to what was committed."""

from __future__ import annotations

from typing import Final

from xzepr.errors import ConfigurationError
from xzepr_postgres.failures import DatabaseRefusal
from xzepr_postgres.sessions import Session

MOST: Final = 1_000
"""Changes that one call moves: one small transaction, so that a backlog holds nobody up."""

_SEQUENCE: Final = "SELECT {schema}.sequence_v1(CAST(:most AS integer))"
_READ_ONLY: Final = "25006"


class Sequencer:
    """Moves what is staged into the feed.

    Args:
        session: Where. Inside a transaction of a host nothing is moved: its end would decide about the positions.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, wanted: int | None = None) -> int:
        """Move what is staged.

        Args:
            wanted: Stop when so many changes have been moved; None moves all.

        Returns:
            How many were moved. None on a standby: it serves what the primary has sequenced.
        """
        if self._session.joined:
            return 0
        moved = 0
        while wanted is None or moved < wanted:
            step = self._step()
            moved += step
            if step < MOST:
                break
        return moved

    def _step(self) -> int:
        try:
            [(moved,)] = self._session.write(_SEQUENCE, {"most": MOST})
        except ConfigurationError as error:
            if isinstance(error.__cause__, DatabaseRefusal) and error.__cause__.sqlstate == _READ_ONLY:
                return 0
            raise
        return int(moved)
