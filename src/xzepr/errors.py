"""Every error that leaves the library, by the decision that its caller has to make.

::

    XzeprError
    ├── Invalid                 the input is wrong: every field, every reason
    │   └── TooLarge            the input is beyond a limit
    ├── NotFound                no such thing
    │   └── PayloadAbsent       the event is there, its payload is not
    ├── Conflict                the input is right, what is stored says otherwise
    │   ├── AlreadyExists       the identity is taken
    │   ├── RevisionConflict    somebody changed it first: read again
    │   ├── IdempotencyConflict same id or key, other content
    │   ├── InUse               something still refers to it
    │   └── LeaseLost           another process took the subscription over
    ├── Unauthenticated         who are you?
    ├── Forbidden               known, but not allowed
    ├── RateLimited             later
    ├── BadCursor               the cursor is not ours, not for this query, or from another history
    ├── Unavailable             nothing was done: safe to retry
    ├── CommitUnknown           it may have been stored: append again with the same ids
    ├── StorageFull             no space: retrying does not help
    ├── Damaged                 a stored row cannot be decoded
    ├── Unsupported             this store cannot do that
    ├── ConfigurationError      the program is set up wrongly
    └── Closed                  used after close

Each class has a stable ``code`` and typed attributes, so that no caller has to parse a message. Messages and
attributes never hold SQL, a password, a token or a payload.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import attrs

MAX_VIOLATIONS = 100
"""How many violations one error lists; ``truncated`` says when there were more."""


@attrs.frozen
class Violation:
    """One reason why an input was refused.

    Args:
        field: The field, and the JSON Pointer (RFC 6901) of the place inside it: ``"name"``, ``"payload/items/0"``.
        reason: What is wrong and what would be right, without the offending value.
        limit: The limit that was passed, if that is what is wrong.
    """

    field: str
    reason: str
    limit: int | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class XzeprError(Exception):
    """The root of every error that this library raises.

    Example:
        >>> try:
        ...     raise NotFound("event", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        ... except XzeprError as error:
        ...     error.code
        'not_found'
    """

    code: ClassVar[str] = "error"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by attributes: the initialisers take more than the message."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[XzeprError], args: tuple[object, ...], attributes: dict[str, object]) -> XzeprError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class Invalid(XzeprError):
    """The input is wrong; retrying it unchanged never helps.

    Attributes:
        violations: Every violation found, at most :data:`MAX_VIOLATIONS`.
        truncated: Whether there were more than are listed.
    """

    code = "invalid"

    def __init__(self, violations: Iterable[Violation]) -> None:
        found = tuple(violations)
        self.violations = found[:MAX_VIOLATIONS]
        self.truncated = len(found) > MAX_VIOLATIONS
        super().__init__("; ".join(map(str, self.violations)) + ("; and more" if self.truncated else ""))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that were refused, in the order found."""
        return tuple(violation.field for violation in self.violations)


class TooLarge(Invalid):
    """The input is beyond a limit; a smaller one may be right."""

    code = "too_large"


class NotFound(XzeprError):
    """There is no such thing.

    Attributes:
        kind: What was looked for: ``"event"``, ``"receiver"``, ``"group"``, ``"store"`` …
        key: The id or name that was looked for.
    """

    code = "not_found"

    def __init__(self, kind: str, key: str) -> None:
        self.kind = kind
        self.key = key
        super().__init__(f"there is no {kind} {key}")


class PayloadAbsent(NotFound):
    """The event exists, but its payload was redacted, or left out of the list it came from.

    Attributes:
        reason: ``"redacted"`` (gone for good) or ``"left_out"`` (get the event by its id).
    """

    code = "payload_absent"

    def __init__(self, event_id: str, reason: str) -> None:
        super().__init__("payload of event", event_id)
        self.reason = reason
        hint = "it was redacted" if reason == "redacted" else "it was left out of this list: get the event by its id"
        self.args = (f"event {event_id} has no payload here: {hint}",)


class Conflict(XzeprError):
    """The input is right in itself, but what is stored says otherwise."""

    code = "conflict"


class AlreadyExists(Conflict):
    """A receiver or group with this identity exists already.

    Attributes:
        kind: ``"receiver"`` or ``"group"``.
        key: The identity that is taken.
        existing_id: The id of the one that has it.
        differs: The fields in which the existing one differs from the one asked for (empty if not compared).
    """

    code = "already_exists"

    def __init__(self, kind: str, key: str, existing_id: str, differs: Iterable[str] = ()) -> None:
        self.kind = kind
        self.key = key
        self.existing_id = existing_id
        self.differs = tuple(differs)
        differing = f" and differs in {', '.join(self.differs)}: " if self.differs else ": use it, or "
        super().__init__(f"{kind} {key} exists as {existing_id}{differing}choose another version")


class RevisionConflict(Conflict):
    """It was changed since it was read: read it again, and decide again.

    Attributes:
        kind: ``"receiver"`` or ``"group"``.
        key: Its id.
        expected: The revision that the caller had.
        actual: The revision that is stored.
    """

    code = "revision_conflict"

    def __init__(self, kind: str, key: str, expected: int, actual: int) -> None:
        self.kind = kind
        self.key = key
        self.expected = expected
        self.actual = actual
        super().__init__(f"{kind} {key} is at revision {actual}, not {expected}: read it again")


class IdempotencyConflict(Conflict):
    """The id or the idempotency key was used before, with other content.

    Attributes:
        event_id: The event that is stored under it.
        differs: The fields in which the two differ.
    """

    code = "idempotency_conflict"

    def __init__(self, event_id: str, differs: Iterable[str]) -> None:
        self.event_id = event_id
        self.differs = tuple(differs)
        super().__init__(f"stored as event {event_id} with another {', '.join(self.differs)}: use a new id or key")


class InUse(Conflict):
    """It cannot be changed or deleted while something refers to it.

    Attributes:
        kind: ``"receiver"`` or ``"group"``.
        key: Its id.
        by: What refers to it: ``"events"`` or ``"groups"``.
    """

    code = "in_use"

    def __init__(self, kind: str, key: str, by: str) -> None:
        self.kind = kind
        self.key = key
        self.by = by
        super().__init__(f"{kind} {key} is in use by {by}: create another version instead")


class LeaseLost(Conflict):
    """Another process took the subscription over; stop, it goes on there.

    Attributes:
        name: The subscription.
    """

    code = "lease_lost"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"subscription {name} is held by another process: leave it to that one")


class Unauthenticated(XzeprError):
    """The caller is not known; one message for every cause."""

    code = "unauthenticated"

    def __init__(self) -> None:
        super().__init__("authentication failed")


class Forbidden(XzeprError):
    """The caller is known and may not do this.

    Attributes:
        permission: What would be needed, e.g. ``"event:create"``.
    """

    code = "forbidden"

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__(f"this needs {permission}")


class RateLimited(XzeprError):
    """Too many requests.

    Attributes:
        retry_after: Seconds until the next one may succeed.
    """

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"too many requests: retry in {retry_after:.3g} s")


class BadCursor(XzeprError):
    """The cursor is not one of ours, belongs to another query, or to another history of this store."""

    code = "bad_cursor"

    def __init__(self, reason: str, advice: str = "start again without a cursor") -> None:
        super().__init__(f"{reason}: {advice}")


class Unavailable(XzeprError):
    """The store cannot answer now. Nothing was done: the same call is safe to retry."""

    code = "unavailable"


class CommitUnknown(XzeprError):
    """The store was asked to commit and gave no answer.

    Appending again with the same ids resolves it: what was stored comes back as a replay.

    Attributes:
        ids: The ids of the events in question; none if it was about something else.
    """

    code = "commit_unknown"

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(
            f"the answer to a commit of {len(self.ids)} events was lost: record them again with their ids"
            if self.ids
            else "the answer to a commit was lost: look whether it is stored before you try again"
        )


class StorageFull(XzeprError):
    """The store has no space left; retrying does not help."""

    code = "storage_full"


class Damaged(XzeprError):
    """A stored row cannot be decoded; its neighbours can.

    Attributes:
        kind: ``"event"``, ``"receiver"``, ``"group"``, ``"change"`` or ``"subscription"``.
        key: Its id; the name of a subscription, and of a change that is gone the position.
        reason: What is wrong with it.
    """

    code = "damaged"

    def __init__(self, kind: str, key: str, reason: str) -> None:
        self.kind = kind
        self.key = key
        self.reason = reason
        super().__init__(f"the stored {kind} {key} is damaged: {reason}")


class Unsupported(XzeprError):
    """This store cannot do that.

    Attributes:
        feature: The capability that is missing.
        store: The scheme of the store that lacks it.
    """

    code = "unsupported"

    def __init__(self, feature: str, store: str) -> None:
        self.feature = feature
        self.store = store
        super().__init__(f"the {store} store does not support {feature}: choose one that does")


class ConfigurationError(XzeprError):
    """The program is set up wrongly; the message says what to change."""

    code = "configuration"


class Closed(XzeprError):
    """It was used after it had been closed.

    Attributes:
        what: ``"registry"`` or ``"store"``.
    """

    code = "closed"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the {what} is closed: open a new one")


def refuse(violations: Iterable[Violation]) -> None:
    """Raise what the violations amount to; return if there are none.

    Args:
        violations: Everything that was found wrong with one input.

    Raises:
        TooLarge: One of them is a limit that was passed.
        Invalid: There are violations, none of them a limit.

    Example:
        >>> refuse([])
        >>> refuse([Violation("name", "is blank")])
        Traceback (most recent call last):
        xzepr.errors.Invalid: name: is blank
    """
    found = tuple(violations)
    if found:
        raise (TooLarge if any(violation.limit is not None for violation in found) else Invalid)(found)
