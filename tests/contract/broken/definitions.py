"""Receivers and groups that forget, forgive, or let go of what is in use."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from xzepr.documents import canonical
from xzepr.errors import NotFound
from xzepr.model import ChangeKind, EventReceiver, EventReceiverGroup, Principal, Transition, Ulid, Unit
from xzepr_memory.groups import MemoryGroups
from xzepr_memory.receivers import MemoryReceivers
from xzepr_memory.tables import Write


class ForgetsRevisions(MemoryGroups):
    """Updates the row of a group in place."""

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Replace the present revision."""
        changed = super().update(group, principal, max_enabled_groups=max_enabled_groups)
        revisions = self._tables.groups[group.id].revisions
        revisions[:] = [(revisions[0][0], changed)]
        return changed


class ForgetsDeletedGroups(MemoryGroups):
    """Deletes what refers to a group along with it."""

    def revisions(self, group_id: Ulid) -> Sequence[EventReceiverGroup]:
        """Return the revisions of a group that is still there."""
        self.get(group_id)
        return super().revisions(group_id)

    def transitions(self, group_id: Ulid, unit: Unit, *, after: int, limit: int) -> Sequence[Transition]:
        """Return the transitions of a group that is still there."""
        self.get(group_id)
        return super().transitions(group_id, unit, after=after, limit=limit)


class LastWriterWins(MemoryGroups):
    """Changes a group whatever revision is expected."""

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Replace any revision."""
        present = attrs.evolve(group, revision=self.get(group.id).revision)
        return super().update(present, principal, max_enabled_groups=max_enabled_groups)


class SortsReceivers(MemoryGroups):
    """Keeps the receivers of a group as a set."""

    def create(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Create a group with its receivers in the order of their ids."""
        ordered = attrs.evolve(group, receiver_ids=tuple(sorted(group.receiver_ids)))
        return super().create(ordered, principal, max_enabled_groups=max_enabled_groups)


class KeepsOldMembers(MemoryGroups):
    """Notes which groups a receiver stands in, and forgets to strike out those that it stands in no more."""

    def _index(self, write: Write, before: EventReceiverGroup | None, after: EventReceiverGroup | None) -> None:
        super()._index(write, before, after)
        if before is None or after is None:
            return
        for receiver_id in before.receiver_ids:
            groups = {*self._tables.enabled_groups.get(receiver_id, ()), after.id}
            write.put(self._tables.enabled_groups, receiver_id, tuple(sorted(groups)))


class JudgesDisabledGroups(MemoryGroups):
    """Forgets that a group is disabled."""

    def update(self, group: EventReceiverGroup, principal: Principal, *, max_enabled_groups: int) -> EventReceiverGroup:
        """Change everything but that."""
        enabled = attrs.evolve(group, enabled=True)
        return super().update(enabled, principal, max_enabled_groups=max_enabled_groups)


class ForgetsOldMembers(MemoryReceivers):
    """Looks only at the present receivers of groups before it deletes one."""

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver that stands in no present revision."""
        present = {
            each for row in self._tables.groups.values() if row.deleted_at is None for each in row.now.receiver_ids
        }
        if receiver_id not in present:
            self._tables.gated.pop(receiver_id, None)
        super().delete(receiver_id, expected_revision, principal)


class ChangesUsedReceivers(MemoryReceivers):
    """Does not look whether events refer to a receiver before it changes its schema."""

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Change a receiver as if it had no events."""
        figures = self._tables.statistics.pop(receiver.id, None)
        try:
            return super().update(receiver, principal)
        finally:
            if figures is not None:
                self._tables.statistics[receiver.id] = figures


class LastReceiverWins(MemoryReceivers):
    """Changes a receiver whatever revision is expected."""

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Replace any revision."""
        return super().update(attrs.evolve(receiver, revision=self.get(receiver.id).revision), principal)


class FreesIds(MemoryReceivers):
    """Forgets that there was a receiver."""

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver without a trace."""
        super().delete(receiver_id, expected_revision, principal)
        self._tables.deleted_receivers.clear()


class KnowsNoCase(MemoryReceivers):
    """Compares names by the rules of a collation that knows no case."""

    def find(self, name: str, type_: str, version: str) -> EventReceiver | None:
        """Find a receiver, as that collation does."""
        asked = [each.casefold() for each in (name, type_, version)]
        found = (each for each in self._tables.receivers.values() if [part.casefold() for part in each.naming] == asked)
        return next(found, None)


class SortsSchemas(MemoryReceivers):
    """Keeps a schema as a value, and forgets the order of its keys."""

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Create a receiver with its schema in canonical form."""
        return super().create(attrs.evolve(receiver, schema_text=canonical(receiver.schema)), principal)


class TellsRetries(MemoryReceivers):
    """Tells of a receiver each time it is asked to create it."""

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Create a receiver, and tell of it."""
        known = receiver.id in self._tables.receivers
        created = super().create(receiver, principal)
        if known:
            with self._tables.writing(principal.identity) as write:
                write.announce(ChangeKind.RECEIVER_CREATED, created)
        return created


class RaisesKeyErrors(MemoryReceivers):
    """Lets an exception of its own code through."""

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver, or fail in its own words."""
        try:
            return super().get(receiver_id)
        except NotFound as error:
            raise KeyError(receiver_id) from error
