"""The database, as the repositories see it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from xzepr.model import Clock
from xzepr_postgres.sequencing import Sequencer
from xzepr_postgres.sessions import Session


@attrs.frozen(kw_only=True)
class Database:
    """What the repositories share.

    Args:
        session: Runs their statements.
        clock: Tells the time in place of the database; None for the database's own.
        tell: Called after something was committed.
        sequencer: Moves what is staged into the feed.
    """

    session: Session
    clock: Clock | None
    tell: Callable[[], None]
    sequencer: Sequencer = attrs.field(init=False)

    @sequencer.default
    def _sequencer(self) -> Sequencer:
        return Sequencer(self.session)
