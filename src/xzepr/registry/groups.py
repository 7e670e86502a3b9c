"""What one can do with groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

import attrs

from xzepr.errors import AlreadyExists, RevisionConflict
from xzepr.model import (
    MAX_LIMIT,
    MAX_RECEIVERS,
    Checks,
    EventReceiver,
    EventReceiverGroup,
    GroupFilter,
    Page,
    Transition,
    Ulid,
    Unit,
    Verdict,
    check_limit,
    check_naming,
    check_position,
    check_receiver_ids,
    parse_ulid,
)
from xzepr.observe import AuditAction
from xzepr.registry.context import Context
from xzepr.registry.paging import page
from xzepr.registry.receivers import check_revision

REEVALUATE_UNITS: Final = 500
"""Units judged in one step of a re-evaluation; other writers wait for one step at most."""


@attrs.frozen(kw_only=True)
class Reevaluation:
    """How far a re-evaluation has come.

    Args:
        revision: The revision of the group that judged.
        units: How many units were judged.
        transitions: How many transitions were due and recorded. Where an answer was lost and a step was tried again,
            those of the lost one are not counted; the feed has them all.
    """

    revision: int = 0
    units: int = 0
    transitions: int = 0


class Groups:
    """Groups of a registry: ``registry.groups``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(
        self,
        *,
        name: str,
        type: str,  # noqa: A002 - the word that callers know
        version: str,
        receivers: Iterable[EventReceiver | str],
        description: str = "",
        enabled: bool = True,
        id: str | None = None,  # noqa: A002 - the word that callers know
    ) -> EventReceiverGroup:
        """Create a group. It judges no unit by itself: see :meth:`reevaluate`.

        Args:
            name: Its name.
            type: Its type, such as ``ci.gate``.
            version: Its version.
            receivers: 1 to 100 distinct receivers, or their ids.
            description: What it is for.
            enabled: Whether it can be complete.
            id: A ULID of the caller's making; creating it again with equal content returns what is stored.

        Returns:
            The group as stored.

        Raises:
            Invalid: A field is wrong; every violation is named.
            TooLarge: Too many receivers, or one of them stands in too many enabled groups.
            NotFound: A receiver does not exist.
            AlreadyExists: Another one has this name, type and version.
        """
        with self._context.use("groups.create"):
            return self._create(
                self._new(name, type, version, receivers, description=description, enabled=enabled, group_id=id)
            )

    def ensure(
        self,
        *,
        name: str,
        type: str,  # noqa: A002 - the word that callers know
        version: str,
        receivers: Iterable[EventReceiver | str],
        description: str | None = None,
        enabled: bool | None = None,
    ) -> EventReceiverGroup:
        """Return the group with this identity; create it if there is none: what a service calls at start.

        Args:
            name: Its name.
            type: Its type.
            version: Its version.
            receivers: Its receivers, or their ids; their order does not matter.
            description: What it is for; compared only if given.
            enabled: Whether it can be complete; compared only if given, so that a gate that an operator has disabled
                does not stop a service from starting.

        Raises:
            Invalid: A field is wrong.
            NotFound: A receiver does not exist.
            AlreadyExists: It exists and differs; the error names in what.
        """
        with self._context.use("groups.ensure"):
            wanted = self._new(
                name,
                type,
                version,
                receivers,
                description="" if description is None else description,
                enabled=True if enabled is None else enabled,
            )
            stored = self._context.store.groups.find(name, type, version)
            if stored is None:
                try:
                    return self._create(wanted)
                except AlreadyExists as error:
                    stored = self._context.store.groups.get(Ulid(error.existing_id))
            differs = _differences(stored, wanted, description=description, enabled=enabled)
            if differs:
                raise AlreadyExists("group", "/".join(wanted.naming), stored.id, differs)
            return stored

    def get(self, group_id: str) -> EventReceiverGroup:
        """Return the present revision of a group.

        Raises:
            Invalid: This is no id.
            NotFound: There is none with this id, or it was deleted.
        """
        with self._context.use("groups.get"):
            return self._context.store.groups.get(parse_ulid(group_id))

    def find(self, *, name: str, type: str, version: str) -> EventReceiverGroup | None:  # noqa: A002 - as in create
        """Return the group with this identity, if there is one."""
        checks = Checks()
        check_naming(checks, name, type, version, "")
        checks.done()
        with self._context.use("groups.find"):
            return self._context.store.groups.find(name, type, version)

    def list(
        self,
        where: GroupFilter | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        newest_first: bool = True,
    ) -> Page[EventReceiverGroup]:
        """Return a page of groups, ordered by when they were created, and their id.

        Args:
            where: What to narrow the list to.
            limit: The most groups, from 1 to 1,000.
            cursor: The ``next`` of the page before, for the same filter and order.
            newest_first: Which end to begin at.

        Raises:
            Invalid: The limit is out of range.
            BadCursor: The cursor is not one of this list.
        """
        where = GroupFilter() if where is None else where
        with self._context.use("groups.list"):
            return page(
                "groups",
                where,
                lambda after, size: self._context.store.groups.list(
                    where, after=after, newest_first=newest_first, limit=size
                ),
                limit=limit,
                cursor=cursor,
                newest_first=newest_first,
            )

    def update(
        self,
        group: EventReceiverGroup | str,
        *,
        expected_revision: int,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 - the word that callers know
        version: str | None = None,
        receivers: Iterable[EventReceiver | str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> EventReceiverGroup:
        """Add a revision to a group. What is left out stays. It judges no unit by itself: see :meth:`reevaluate`.

        Args:
            group: The group, or its id.
            expected_revision: The revision that the change was decided on.
            name: Its new name.
            type: Its new type.
            version: Its new version.
            receivers: Its new receivers.
            description: Its new description.
            enabled: Whether it can be complete.

        Returns:
            The new revision.

        Raises:
            Invalid: A field is wrong; every violation is named.
            TooLarge: Too many receivers, or one of them stands in too many enabled groups.
            NotFound: There is no such group, or a receiver does not exist.
            RevisionConflict: It was changed since; read it again.
            AlreadyExists: Another one has the new name, type and version.
        """
        check_revision(expected_revision)
        with self._context.use("groups.update"):
            stored = self._context.store.groups.get(group_id_of(group))
            if stored.revision != expected_revision:  # what is left out would stay as it was in another revision
                raise RevisionConflict("group", stored.id, expected_revision, stored.revision)
            changed = self._new(
                stored.name if name is None else name,
                stored.type if type is None else type,
                stored.version if version is None else version,
                stored.receiver_ids if receivers is None else receivers,
                description=stored.description if description is None else description,
                enabled=stored.enabled if enabled is None else enabled,
            )
            wanted = attrs.evolve(changed, id=stored.id, revision=expected_revision)
            updated = self._context.store.groups.update(
                wanted, self._context.principal, max_enabled_groups=self._context.limits.max_enabled_groups
            )
            self._context.audit(AuditAction.RESOURCE_UPDATE, "group", updated.id)
            return updated

    def delete(self, group: EventReceiverGroup | str, *, expected_revision: int) -> None:
        """Delete a group; its revisions and transitions stay.

        Args:
            group: The group, or its id.
            expected_revision: The revision that the deletion was decided on.

        Raises:
            NotFound: There is none with this id.
            RevisionConflict: It was changed since; read it again.
        """
        check_revision(expected_revision)
        with self._context.use("groups.delete"):
            group_id = group_id_of(group)
            self._context.store.groups.delete(group_id, expected_revision, self._context.principal)
            self._context.audit(AuditAction.RESOURCE_DELETE, "group", group_id)

    def revisions(self, group: EventReceiverGroup | str) -> Sequence[EventReceiverGroup]:
        """Return every revision of a group, oldest first, also of a deleted one.

        Raises:
            NotFound: There never was one with this id.
        """
        with self._context.use("groups.revisions"):
            return self._context.store.groups.revisions(group_id_of(group))

    def verdict(self, group: EventReceiverGroup | str, unit: Unit, *, as_of: int | None = None) -> Verdict:
        """Judge a unit, gate by gate, by the events there are, or were.

        Args:
            group: The group, or its id.
            unit: The unit; one that nothing was recorded about is judged like any other.
            as_of: Judge what the feed told up to this position, by the revision that held there.

        Returns:
            Whether the gate is open, and for each receiver why.

        Raises:
            Invalid: An argument is wrong.
            NotFound: There is, or was at that position, no such group.
            BadCursor: The position is beyond the head of the feed.

        Example:
            >>> registry = getfixture("xzepr_registry")
            >>> scan = registry.receivers.ensure(name="scan", type="ci.scan", version="1", schema=True)
            >>> release = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[scan])
            >>> unit = Unit(name="web", version="1", release="1", platform_id="linux", package="oci")
            >>> print(registry.groups.verdict(release, unit))
            pending: scan is missing
        """
        checks = Checks()
        checks.exactly("unit", unit, Unit)
        if as_of is not None:
            check_position(checks, "as_of", as_of)
        checks.done()
        with self._context.use("groups.verdict"):
            return self._context.store.groups.verdict(group_id_of(group), unit, as_of=as_of)

    def transitions(
        self, group: EventReceiverGroup | str, unit: Unit, *, after: int = 0, limit: int = MAX_LIMIT
    ) -> Sequence[Transition]:
        """Return the transitions of a group for a unit, in their order.

        Args:
            group: The group, or its id; also a deleted one.
            unit: The unit.
            after: Only those with a higher number.
            limit: The most transitions, from 1 to 1,000.

        Raises:
            Invalid: An argument is wrong.
            NotFound: There never was such a group.
        """
        checks = Checks()
        checks.exactly("unit", unit, Unit)
        checks.whole("after", after, least=0)
        checks.done()
        size = check_limit(limit)
        with self._context.use("groups.transitions"):
            return self._context.store.groups.transitions(group_id_of(group), unit, after=after, limit=size)

    def reevaluate(
        self, group: EventReceiverGroup | str, *, progress: Callable[[Reevaluation], None] | None = None
    ) -> Reevaluation:
        """Judge every unit concerned by a group, and record the transitions that are due.

        Call it after creating, enabling or changing a group that shall speak about units with events. Once it has
        returned, the live verdict equals the last transition for every unit. It works in steps, beside other writers;
        if the group is changed meanwhile, it begins again with the new revision.

        Args:
            group: The group, or its id.
            progress: Called after each step.

        Returns:
            How many units were judged and how many transitions recorded.

        Raises:
            Invalid: An argument is wrong.
            NotFound: There is no such group.
        """
        checks = Checks()
        checks.callback("progress", progress)
        checks.done()
        group_id = group_id_of(group)
        with self._context.use("groups.reevaluate"):
            done = Reevaluation()
            after: str | None = None
            while True:
                step = self._context.store.groups.reevaluate(
                    group_id, self._context.principal, after=after, limit=REEVALUATE_UNITS
                )
                changed = after is not None and step.revision != done.revision
                done = Reevaluation(
                    revision=step.revision,
                    units=done.units + step.units,
                    transitions=done.transitions + len(step.transitions),
                )
                for transition in step.transitions:
                    self._context.telemetry.transition(transition.kind)
                if progress is not None:
                    progress(done)
                if changed:
                    after = None
                elif step.next is None:
                    return done
                else:
                    after = step.next

    def _create(self, group: EventReceiverGroup) -> EventReceiverGroup:
        created = self._context.store.groups.create(
            group, self._context.principal, max_enabled_groups=self._context.limits.max_enabled_groups
        )
        self._context.audit(AuditAction.RESOURCE_CREATE, "group", created.id)
        return created

    def _new(
        self,
        name: str,
        type_: str,
        version: str,
        receivers: Iterable[EventReceiver | str],
        *,
        description: str,
        enabled: bool,
        group_id: str | None = None,
    ) -> EventReceiverGroup:
        """Check everything about a group; raise all violations at once."""
        checks = Checks()
        check_naming(checks, name, type_, version, description)
        receiver_ids = _receiver_ids(receivers, checks)
        checks.kind("enabled", enabled, bool)
        self._context.check_id(group_id, checks)
        checks.done()
        now = self._context.clock()
        return EventReceiverGroup(
            id=self._context.new_id() if group_id is None else Ulid(group_id),
            name=name,
            type=type_,
            version=version,
            description=description,
            receiver_ids=receiver_ids,
            enabled=enabled,
            owner=self._context.principal.identity,
            revision=1,
            created_at=now,
            updated_at=now,
        )


def group_id_of(group: EventReceiverGroup | str) -> Ulid:
    """Return the id of a group that is given as a value or by its id.

    Raises:
        Invalid: It is neither.
    """
    return group.id if isinstance(group, EventReceiverGroup) else parse_ulid(group, "group")


def _receiver_ids(receivers: Iterable[EventReceiver | str], checks: Checks) -> tuple[Ulid, ...]:
    if isinstance(receivers, str | EventReceiver) or not isinstance(receivers, Iterable):
        checks.add("receivers", "must be a list of receivers or of their ids")
        return ()
    ids = tuple(
        receiver.id if isinstance(receiver, EventReceiver) else Ulid(receiver)
        for receiver in islice(receivers, MAX_RECEIVERS + 1)
    )
    check_receiver_ids(checks, ids)
    return ids


def _differences(
    stored: EventReceiverGroup, wanted: EventReceiverGroup, *, description: str | None, enabled: bool | None
) -> list[str]:
    differs = []
    if set(stored.receiver_ids) != set(wanted.receiver_ids):
        differs.append("receivers")
    if description is not None and stored.description != description:
        differs.append("description")
    if enabled is not None and stored.enabled != enabled:
        differs.append("enabled")
    return differs
