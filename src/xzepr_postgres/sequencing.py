"""The sequencer: run by whoever reads, it gives positions to what was committed."""

from __future__ import annotations

from typing import Final

from xzepr.errors import ConfigurationError, Unavailable, XzeprError
from xzepr_postgres.failures import DatabaseRefusal
from xzepr_postgres.sessions import Session

MOST: Final = 1_000
"""Changes that one call moves: one small transaction, so that a backlog holds nobody up."""

_SEQUENCE: Final = "SELECT {schema}.sequence_v1(CAST(:most AS integer))"
_READ_ONLY: Final = "25006"
_OVERTAKEN: Final = "40001"
ATTEMPTS: Final = 5
"""How often a step is tried, each time with the attempts of the session: at the levels above READ COMMITTED, to which a
host's engine may default, everybody else who sequences at the same time is in the way."""


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
        for _ in range(ATTEMPTS - 1):
            try:
                return self._once()
            except Unavailable as error:
                if _state(error) != _OVERTAKEN:
                    raise
        return self._once()

    def _once(self) -> int:
        try:
            [(moved,)] = self._session.write(_SEQUENCE, {"most": MOST})
        except ConfigurationError as error:
            if _state(error) == _READ_ONLY:
                return 0
            raise
        return int(moved)


def _state(error: XzeprError) -> str | None:
    return error.__cause__.sqlstate if isinstance(error.__cause__, DatabaseRefusal) else None
