"""What changes of receivers and groups have in common: one call of a function, whose answer is an outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NoReturn

import attrs

from xzepr.documents import JsonValue, canonical
from xzepr.errors import AlreadyExists, ConfigurationError, InUse, NotFound, RevisionConflict, TooLarge, Violation
from xzepr.model import Clock, EventReceiver, EventReceiverGroup, Principal, Ulid, ask, format_time
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.database import Database
from xzepr_postgres.rows import ulid_of
from xzepr_postgres.statements import moment

Given = dict[str, JsonValue]
"""What a function is given."""

_CALL: Final = (
    "SELECT outcome, CAST(detail AS text) FROM {{schema}}.{function}(CAST(CAST(:given AS text) AS json), "
    f"CAST(:issuer AS text), CAST(:subject AS text), {moment('told')})"
)


@attrs.frozen(kw_only=True)
class Change:
    """A change of one definition that was asked for.

    Args:
        kind: ``"receiver"`` or ``"group"``.
        id: Which one.
        naming: What its name, type and version are to be.
        revision: The revision that is expected to be stored.
        most: In how many enabled groups a receiver may stand.
    """

    kind: str
    id: Ulid
    naming: tuple[str, ...] = ()
    revision: int = 1
    most: int = 0

    def refuse(self, outcome: str, detail: str | None) -> NoReturn:
        """Raise what an outcome other than ``done`` means; the outcomes are listed in ``sql/definitions.sql``."""
        found = json.loads(detail) if detail else {}
        match outcome:
            case "missing":
                raise NotFound(self.kind, self.id)
            case "deleted":
                raise AlreadyExists(self.kind, self.id, self.id)
            case "taken":
                raise AlreadyExists(self.kind, "/".join(self.naming), ulid_of(found["id"]))
            case "stale":
                raise RevisionConflict(self.kind, self.id, self.revision, found["revision"])
            case "events" | "groups":
                raise InUse(self.kind, self.id, outcome)
            case "receiver":
                raise NotFound("receiver", ulid_of(found["id"]))
            case "crowded":
                reason = f"stands in {self.most} enabled groups already"
                raise TooLarge([Violation(f"receivers/{index}", reason, self.most) for index in found])
            case _:
                raise ConfigurationError(
                    "this needs READ COMMITTED: begin such a transaction, do it outside of yours, or let the "
                    "engine's connections default to it"
                )


def call(database: Database, function: str, given: Given, principal: Principal, **how: bool) -> tuple[str, str | None]:
    """Call a function that changes a definition.

    Args:
        database: Where.
        function: Its name.
        given: What it is given; ``id`` is one of it.
        principal: Who asks for it.
        how: What :meth:`~xzepr_postgres.sessions.Session.write` is told.

    Returns:
        The outcome, and what goes with it as JSON.
    """
    parameters = {"given": json.dumps(given), **actor(principal), "told": told(database.clock)}
    ids = [ulid_of(str(given["id"]))]
    [(outcome, detail)] = database.session.write(_CALL.format(function=function), parameters, ids=ids, **how)
    database.tell()
    return outcome, detail


def actor(principal: Principal) -> dict[str, str]:
    """Return who acts, as parameters."""
    return {"issuer": principal.identity.issuer, "subject": principal.identity.subject}


def told(clock: Clock | None) -> str | None:
    """Return the time that a clock tells, as a parameter; None leaves it to the database."""
    return None if clock is None else format_time(ask(clock))


def described(definition: EventReceiver | EventReceiverGroup) -> Given:
    """Return what receivers and groups have alike, as a function takes it."""
    return {
        "id": uuid_text(definition.id),
        "naming": naming_key(definition.naming),
        "name": definition.name,
        "type": definition.type,
        "version": definition.version,
        "description": definition.description,
        "owner_issuer": definition.owner.issuer,
        "owner_subject": definition.owner.subject,
        "revision": definition.revision,
    }


def naming_key(naming: Sequence[str]) -> str:
    """Return the hex SHA-256 by which a name, type and version are unique: long ones would not fit into an index."""
    return sha256(canonical(list(naming)).encode()).hexdigest()
