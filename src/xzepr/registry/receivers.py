"""What one can do with receivers."""

from __future__ import annotations

from enum import Enum

import attrs

from xzepr.documents import JsonValue, ordered_text, parse
from xzepr.errors import AlreadyExists, Invalid, RevisionConflict
from xzepr.model import (
    Checks,
    EventReceiver,
    Page,
    ReceiverFilter,
    ReceiverStatistics,
    Ulid,
    check_naming,
    parse_ulid,
    receiver_fingerprint,
)
from xzepr.observe import AuditAction
from xzepr.registry.context import Context
from xzepr.registry.paging import page


class Unchanged(Enum):
    """Stands for a schema that stays, because every JSON value could be one."""

    UNCHANGED = "unchanged"


class Receivers:
    """Receivers of a registry: ``registry.receivers``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(
        self,
        *,
        name: str,
        type: str,  # noqa: A002 - the word that callers know
        version: str,
        schema: JsonValue,
        description: str = "",
        id: str | None = None,  # noqa: A002 - the word that callers know
    ) -> EventReceiver:
        """Create a receiver.

        Args:
            name: Its name.
            type: The type of its events, such as ``ci.build``.
            version: Its version.
            schema: The JSON Schema (drafts 4 to 2020-12) of its payloads, as a value: an object, or a boolean.
            description: What it is for.
            id: A ULID of the caller's making; creating it again with equal content returns what is stored.

        Returns:
            The receiver as stored.

        Raises:
            Invalid: A field is wrong, or the schema cannot be used; every violation is named.
            TooLarge: A field or the schema is beyond a limit.
            AlreadyExists: Another one has this name, type and version.

        Example:
            >>> registry = getfixture("xzepr_registry")
            >>> registry.receivers.create(name="lint", type="ci.lint", version="1", schema={"type": "object"}).revision
            1
        """
        with self._context.use("receivers.create"):
            return self._create(self._new(name, type, version, schema, description=description, receiver_id=id))

    def ensure(
        self,
        *,
        name: str,
        type: str,  # noqa: A002 - the word that callers know
        version: str,
        schema: JsonValue,
        description: str | None = None,
    ) -> EventReceiver:
        """Return the receiver with this identity; create it if there is none: what a service calls at start.

        Args:
            name: Its name.
            type: The type of its events.
            version: Its version.
            schema: The JSON Schema of its payloads; the order of its keys does not matter.
            description: What it is for; compared only if given.

        Raises:
            Invalid: A field is wrong, or the schema cannot be used.
            AlreadyExists: It exists and differs; the error names in what.
        """
        with self._context.use("receivers.ensure"):
            wanted = self._new(name, type, version, schema, description="" if description is None else description)
            stored = self._context.store.receivers.find(name, type, version)
            if stored is None:
                try:
                    return self._create(wanted)
                except AlreadyExists as error:
                    stored = self._context.store.receivers.get(Ulid(error.existing_id))
            differs = ["schema"] if stored.fingerprint != wanted.fingerprint else []
            if description is not None and stored.description != description:
                differs.append("description")
            if differs:
                raise AlreadyExists("receiver", "/".join(wanted.naming), stored.id, differs)
            self._context.receivers.put(stored)
            return stored

    def get(self, receiver_id: str) -> EventReceiver:
        """Return a receiver.

        Raises:
            Invalid: This is no id.
            NotFound: There is none with this id.
        """
        with self._context.use("receivers.get"):
            return self._context.store.receivers.get(parse_ulid(receiver_id))

    def find(self, *, name: str, type: str, version: str) -> EventReceiver | None:  # noqa: A002 - as in create
        """Return the receiver with this identity, if there is one."""
        checks = Checks()
        check_naming(checks, name, type, version, "")
        checks.done()
        with self._context.use("receivers.find"):
            return self._context.store.receivers.find(name, type, version)

    def list(
        self,
        where: ReceiverFilter | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        newest_first: bool = True,
    ) -> Page[EventReceiver]:
        """Return a page of receivers, ordered by when they were created, and their id.

        Args:
            where: What to narrow the list to.
            limit: The most receivers, from 1 to 1,000.
            cursor: The ``next`` of the page before, for the same filter and order.
            newest_first: Which end to begin at.

        Raises:
            Invalid: The limit is out of range.
            BadCursor: The cursor is not one of this list.
        """
        where = ReceiverFilter() if where is None else where
        with self._context.use("receivers.list"):
            return page(
                "receivers",
                where,
                lambda after, size: self._context.store.receivers.list(
                    where, after=after, newest_first=newest_first, limit=size
                ),
                limit=limit,
                cursor=cursor,
                newest_first=newest_first,
            )

    def update(
        self,
        receiver: EventReceiver | str,
        *,
        expected_revision: int,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 - the word that callers know
        version: str | None = None,
        schema: JsonValue | Unchanged = Unchanged.UNCHANGED,
        description: str | None = None,
    ) -> EventReceiver:
        """Change a receiver. What is left out stays.

        Args:
            receiver: The receiver, or its id.
            expected_revision: The revision that the change was decided on.
            name: Its new name.
            type: Its new type.
            version: Its new version.
            schema: Its new schema.
            description: Its new description.

        Returns:
            The receiver as stored, its revision one higher.

        Raises:
            Invalid: A field is wrong, or the schema cannot be used.
            NotFound: There is none with this id.
            RevisionConflict: It was changed since; read it again.
            InUse: Events refer to it, and more than its description would change: create another version.
            AlreadyExists: Another one has the new name, type and version.
        """
        check_revision(expected_revision)
        with self._context.use("receivers.update"):
            stored = self._context.store.receivers.get(receiver_id_of(receiver))
            if stored.revision != expected_revision:  # what is left out would stay as it was in another revision
                raise RevisionConflict("receiver", stored.id, expected_revision, stored.revision)
            changed = self._new(
                stored.name if name is None else name,
                stored.type if type is None else type,
                stored.version if version is None else version,
                stored.schema if isinstance(schema, Unchanged) else schema,
                description=stored.description if description is None else description,
            )
            wanted = attrs.evolve(changed, id=stored.id, revision=expected_revision)
            updated = self._context.store.receivers.update(wanted, self._context.principal)
            self._context.receivers.put(updated)
            self._context.audit(AuditAction.RESOURCE_UPDATE, "receiver", updated.id)
            return updated

    def delete(self, receiver: EventReceiver | str, *, expected_revision: int) -> None:
        """Delete a receiver to which nothing refers.

        Args:
            receiver: The receiver, or its id.
            expected_revision: The revision that the deletion was decided on.

        Raises:
            NotFound: There is none with this id.
            RevisionConflict: It was changed since; read it again.
            InUse: Events or groups refer to it.
        """
        check_revision(expected_revision)
        receiver_id = receiver_id_of(receiver)
        with self._context.use("receivers.delete"):
            self._context.store.receivers.delete(receiver_id, expected_revision, self._context.principal)
            self._context.receivers.drop(receiver_id)
            self._context.audit(AuditAction.RESOURCE_DELETE, "receiver", receiver_id)

    def statistics(self, receiver: EventReceiver | str) -> ReceiverStatistics:
        """Return figures about the receiver's events: total, succeeded, failed, rate, latest, latest successful.

        Raises:
            NotFound: There is none with this id.
        """
        with self._context.use("receivers.statistics"):
            return self._context.store.receivers.statistics(receiver_id_of(receiver))

    def _create(self, receiver: EventReceiver) -> EventReceiver:
        stored = self._context.store.receivers.create(receiver, self._context.principal)
        self._context.receivers.put(stored)
        self._context.audit(AuditAction.RESOURCE_CREATE, "receiver", stored.id)
        return stored

    def _new(
        self,
        name: str,
        type_: str,
        version: str,
        schema: JsonValue,
        *,
        description: str,
        receiver_id: str | None = None,
    ) -> EventReceiver:
        """Check everything about a receiver; raise all violations at once."""
        checks = Checks()
        check_naming(checks, name, type_, version, description)
        self._context.check_id(receiver_id, checks)
        schema_text = self._check_schema(schema, checks)
        checks.done()
        now = self._context.clock()
        return EventReceiver(
            id=self._context.new_id() if receiver_id is None else Ulid(receiver_id),
            name=name,
            type=type_,
            version=version,
            description=description,
            schema_text=schema_text,
            fingerprint=receiver_fingerprint(name, type_, version, parse(schema_text, field="schema")),
            owner=self._context.principal.identity,
            revision=1,
            created_at=now,
            updated_at=now,
        )

    def _check_schema(self, schema: JsonValue, checks: Checks) -> str:
        try:
            text = ordered_text(schema, field="schema")
            self._context.schemas.compile(text)
        except Invalid as error:
            checks.found.extend(error.violations)
            return ""
        return text


def receiver_id_of(receiver: EventReceiver | str) -> Ulid:
    """Return the id of a receiver that is given as a value or by its id.

    Raises:
        Invalid: It is neither.
    """
    return receiver.id if isinstance(receiver, EventReceiver) else parse_ulid(receiver, "receiver")


def check_revision(expected_revision: object) -> None:
    """Check a revision at the edge.

    Raises:
        Invalid: It is not a whole number of at least 1.
    """
    checks = Checks()
    checks.whole("expected_revision", expected_revision, least=1)
    checks.done()
