"""Groups: gates, each the set of receivers that must all hold."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs

from xzepr.model.checks import Checks
from xzepr.model.principals import Identity
from xzepr.model.receivers import check_naming
from xzepr.model.ulids import Ulid, is_ulid

MAX_RECEIVERS: Final = 100
"""Distinct receivers in one group (contract of the older systems)."""

MAX_ENABLED_GROUPS: Final = 100
"""Enabled groups in which one receiver may stand; an event in 1,000 groups costs 30 times as much (measured)."""


@attrs.frozen
class GroupRef:
    """A revision of a group as others mention it."""

    id: Ulid
    revision: int
    name: str
    type: str
    version: str

    def __str__(self) -> str:
        return self.name


@attrs.frozen(kw_only=True)
class EventReceiverGroup:
    """A gate: the receivers that must all hold for a unit. One revision of it; all revisions are kept.

    Unique by name, type and version.

    Args:
        id: Its id.
        name: Its name.
        type: Its type, such as ``ci.gate``.
        version: Its version.
        description: What it is for; may be empty.
        receiver_ids: 1 to 100 distinct receivers, in the order given.
        enabled: Whether it can be complete; a disabled gate is pending for every unit.
        owner: Who created it.
        revision: 1, 2, 3 … with every change.
        created_at: When it was created.
        updated_at: When this revision was made.

    Raises:
        Invalid: A field is wrong; every one is named.
    """

    id: Ulid
    name: str
    type: str
    version: str
    description: str
    receiver_ids: tuple[Ulid, ...]
    enabled: bool
    owner: Identity
    revision: int
    created_at: datetime
    updated_at: datetime

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.ulid("id", self.id)
        check_naming(checks, self.name, self.type, self.version, self.description)
        check_receiver_ids(checks, self.receiver_ids)
        checks.kind("enabled", self.enabled, bool)
        checks.exactly("owner", self.owner, Identity)
        checks.whole("revision", self.revision, least=1)
        checks.time("created_at", self.created_at)
        checks.time("updated_at", self.updated_at)
        checks.done()

    @property
    def naming(self) -> tuple[str, str, str]:
        """Name, type and version: what makes it unique."""
        return self.name, self.type, self.version

    @property
    def ref(self) -> GroupRef:
        """This revision as others mention it."""
        return GroupRef(self.id, self.revision, self.name, self.type, self.version)


def check_receiver_ids(checks: Checks, receiver_ids: object) -> None:
    """Check that there are 1 to 100 distinct receiver ids."""
    if not isinstance(receiver_ids, tuple):
        checks.add("receivers", f"must be a tuple of ids, not {type(receiver_ids).__name__}")
        return
    if not receiver_ids:
        checks.add("receivers", "must name at least one receiver: an empty gate would always be open")
    if len(receiver_ids) > MAX_RECEIVERS:
        checks.add("receivers", f"must name at most {MAX_RECEIVERS} receivers", MAX_RECEIVERS)
        return
    for index, receiver_id in enumerate(receiver_ids):
        checks.ulid(f"receivers/{index}", receiver_id)
    known = [receiver_id for receiver_id in receiver_ids if is_ulid(receiver_id)]
    if len(set(known)) < len(known):
        checks.add("receivers", "must name each receiver once")
