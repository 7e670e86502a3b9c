"""Who acts, what roles there are, and what each of them may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import attrs

from xzepr.model.checks import Checks
from xzepr.model.digests import canonical_fields

LOCAL_ISSUER: Final = "local"
"""The issuer of our own users, and of the unscoped registry."""


class Permission(StrEnum):
    """What can be allowed, in its one spelling."""

    EVENT_CREATE = "event:create"
    EVENT_READ = "event:read"
    EVENT_UPDATE = "event:update"
    EVENT_DELETE = "event:delete"
    RECEIVER_CREATE = "receiver:create"
    RECEIVER_READ = "receiver:read"
    RECEIVER_UPDATE = "receiver:update"
    RECEIVER_DELETE = "receiver:delete"
    GROUP_CREATE = "group:create"
    GROUP_READ = "group:read"
    GROUP_UPDATE = "group:update"
    GROUP_DELETE = "group:delete"
    USER_MANAGE = "user:manage"
    ROLE_MANAGE = "role:manage"


class Role(StrEnum):
    """What a principal may be."""

    ADMIN = "admin"
    EVENT_MANAGER = "event_manager"
    EVENT_VIEWER = "event_viewer"
    USER = "user"


_READS: Final = frozenset({Permission.EVENT_READ, Permission.RECEIVER_READ, Permission.GROUP_READ})
_WRITES: Final = frozenset(
    {
        Permission.EVENT_CREATE,
        Permission.EVENT_UPDATE,
        Permission.RECEIVER_CREATE,
        Permission.RECEIVER_UPDATE,
        Permission.GROUP_CREATE,
        Permission.GROUP_UPDATE,
    }
)

MATRIX: Final = {
    Role.ADMIN: frozenset(Permission),
    Role.EVENT_MANAGER: _READS | _WRITES,
    Role.EVENT_VIEWER: _READS,
    Role.USER: frozenset({Permission.EVENT_READ}),
}
"""What each role may do; what is not listed is denied (the matrix of the older systems)."""


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return what a set of roles may do together.

    Example:
        >>> sorted(permissions_of([Role.USER]))
        [<Permission.EVENT_READ: 'event:read'>]
    """
    return frozenset[Permission]().union(*(MATRIX[role] for role in roles))


@attrs.frozen
class Identity:
    """Who somebody is: what is kept as the owner of an event, a receiver or a group.

    Args:
        issuer: Who vouches for the subject; ``local`` for our own users.
        subject: The name that the issuer gave.

    Raises:
        Invalid: One of them is not non-blank text.

    Example:
        >>> str(Identity("local", "system"))
        'local/system'
    """

    issuer: str
    subject: str
    canonical: str = attrs.field(init=False, repr=False, eq=False)
    """The canonical form of the two fields."""

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.text("issuer", self.issuer)
        checks.text("subject", self.subject)
        checks.done()
        canonical = canonical_fields({"issuer": self.issuer, "subject": self.subject})
        object.__setattr__(self, "canonical", canonical)

    def __str__(self) -> str:
        return f"{self.issuer}/{self.subject}"


def _roles(roles: Iterable[Role]) -> frozenset[Role]:
    try:
        return frozenset(roles)
    except TypeError:  # no iterable, or of things that cannot be roles
        return roles  # type: ignore[return-value]  # the checks refuse it by name


@attrs.frozen(kw_only=True)
class Principal:
    """Who acts: an identity and its roles.

    Args:
        identity: Who it is.
        roles: What it may be.

    Raises:
        Invalid: A role is unknown.

    Example:
        >>> ci = Principal(identity=Identity("https://id.example", "ci"), roles=frozenset({Role.EVENT_MANAGER}))
        >>> ci.may(Permission.EVENT_CREATE), ci.may(Permission.EVENT_DELETE)
        (True, False)
    """

    identity: Identity
    roles: frozenset[Role] = attrs.field(converter=_roles)

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.exactly("identity", self.identity, Identity)
        roles: object = self.roles
        checks.kind("roles", roles, frozenset)
        for role in roles if isinstance(roles, frozenset) else ():
            checks.kind("roles", role, Role)
        checks.done()

    def may(self, permission: Permission) -> bool:
        """Say whether the roles allow it."""
        return any(permission in MATRIX[role] for role in self.roles)


SYSTEM: Final = Principal(identity=Identity(LOCAL_ISSUER, "system"), roles=frozenset({Role.ADMIN}))
"""As whom the unscoped registry acts: trusted code."""
