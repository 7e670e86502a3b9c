"""Changes: the entries of the registry's feed."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from xzepr.documents import JsonValue
from xzepr.errors import BadCursor, Damaged
from xzepr.model.checks import MAX_WHOLE, Checks
from xzepr.model.events import Event
from xzepr.model.gates import Transition, TransitionKind
from xzepr.model.groups import EventReceiverGroup
from xzepr.model.principals import Identity
from xzepr.model.receivers import EventReceiver
from xzepr.model.ulids import Ulid, is_ulid

CLOUDEVENT_SOURCE: Final = "/xzepr"
"""The ``source`` of a CloudEvent when none is given: enough where there is one registry."""

_POSITION: Final = re.compile("[1-9][0-9]{0,18}")


class ChangeKind(StrEnum):
    """What can happen in a registry."""

    EVENT_RECORDED = "event.recorded"
    EVENT_REDACTED = "event.redacted"
    RECEIVER_CREATED = "receiver.created"
    RECEIVER_UPDATED = "receiver.updated"
    RECEIVER_DELETED = "receiver.deleted"
    GROUP_CREATED = "group.created"
    GROUP_UPDATED = "group.updated"
    GROUP_DELETED = "group.deleted"
    GROUP_COMPLETED = "group.completed"
    GROUP_REOPENED = "group.reopened"


KIND_OF_TRANSITION: Final = {
    TransitionKind.COMPLETED: ChangeKind.GROUP_COMPLETED,
    TransitionKind.REOPENED: ChangeKind.GROUP_REOPENED,
}
"""How a transition is called in the feed."""


@attrs.frozen(kw_only=True)
class Redaction:
    """That a payload was erased, by whom and why.

    Args:
        event_id: The event that lost its payload.
        reason: Why.
    """

    event_id: Ulid
    reason: str


@attrs.frozen
class FeedCursor:
    """A place in the feed that can be saved: a position and the id of the change there.

    A bare position cannot tell that a database was restored; the id can.

    Args:
        position: The position of the last change seen; 0 before the first.
        change_id: Its id; None at position 0.

    Raises:
        Invalid: A field is wrong.

    Example:
        >>> cursor = FeedCursor(7, Ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
        >>> FeedCursor.parse(str(cursor)) == cursor
        True
    """

    position: int = 0
    change_id: Ulid | None = None

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.whole("position", self.position, least=0)
        if checks.found or self.position:
            checks.ulid("change_id", self.change_id)
        elif self.change_id is not None:
            checks.add("change_id", "must be None at position 0")
        checks.done()

    @classmethod
    def parse(cls, text: str) -> FeedCursor:
        """Read what ``str()`` wrote.

        Raises:
            BadCursor: It is not such a text.
        """
        position, _, change_id = text.partition("-") if type(text) is str else ("", "", "")
        if text == "0":
            return cls()
        if not (_POSITION.fullmatch(position) and int(position) <= MAX_WHOLE and is_ulid(change_id)):
            raise BadCursor("this is no feed cursor")
        return cls(int(position), change_id)

    def __str__(self) -> str:
        return f"{self.position}-{self.change_id}" if self.position else "0"


def check_position(checks: Checks, field: str, position: object) -> None:
    """Check a bare position in the feed: a whole number of at least 0.

    Raises:
        BadCursor: No feed is that long.
    """
    if type(position) is int and position > MAX_WHOLE:
        raise BadCursor("the position is beyond the head of the feed")
    checks.whole(field, position, least=0)


@attrs.frozen(kw_only=True)
class Change:
    """One entry of the feed.

    Args:
        position: Its place: 1, 2, 3 … without gaps; it never changes.
        id: Its id, other in every history of a store.
        kind: What happened.
        recorded_at: When.
        actor: Who did it; for a transition, who recorded the event or asked for the re-evaluation.
        subject: What it happened to, as it was then. An event comes as it is now: without its payload once redacted.
            The error, where the stored row cannot be decoded.
    """

    position: int
    id: Ulid
    kind: ChangeKind
    recorded_at: datetime
    actor: Identity
    subject: Event | Redaction | EventReceiver | EventReceiverGroup | Transition | Damaged

    @property
    def cursor(self) -> FeedCursor:
        """The place after this change: what a reader saves when it has handled it."""
        return FeedCursor(self.position, self.id)

    def to_cloudevent(self, source: str = CLOUDEVENT_SOURCE) -> dict[str, JsonValue]:
        """Write the change as a CloudEvent 1.0 in its JSON form: ``json.dumps`` makes a structured-mode message of it.

        ``id`` is the id of the change, so that a change that is passed on twice is seen as one event; ``sequence`` is
        its position; ``data`` is what :func:`~xzepr.model.forms.json_form` makes of its subject.

        Args:
            source: Which registry this is: a URI, or a reference to one. Give each registry its own.

        Returns:
            The event: a fresh object, which the caller may change.

        Raises:
            Invalid: ``source`` is no URI reference.
            TooLarge: ``source`` is too long.
        """
        from xzepr.model.cloudevents import cloudevent  # noqa: PLC0415 - it imports this module

        return cloudevent(self, source)
