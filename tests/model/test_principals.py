"""Principals, roles and the matrix."""

# ruff: noqa: ANN401, RUF001 - what is given is wrong on purpose; look-alikes are the point
from __future__ import annotations

from typing import Any

import pytest

from xzepr.errors import Invalid
from xzepr.model import MATRIX, SYSTEM, Identity, Permission, Principal, Role, permissions_of

TABLE = """
event:read                                            x x x x
event:create                                          x x . .
event:update                                          x x . .
receiver:read                                         x x x .
group:read                                            x x x .
receiver:create                                       x x . .
receiver:update                                       x x . .
group:create                                          x x . .
group:update                                          x x . .
event:delete                                          x . . .
receiver:delete                                       x . . .
group:delete                                          x . . .
user:manage                                           x . . .
role:manage                                           x . . .
"""
"""What the clients of the older systems rely on: admin, event_manager, event_viewer, user."""
ROLES = [Role.ADMIN, Role.EVENT_MANAGER, Role.EVENT_VIEWER, Role.USER]
CELLS = [
    (role, permission, mark == "x")
    for permission, *marks in map(str.split, TABLE.strip().splitlines())
    for role, mark in zip(ROLES, marks, strict=True)
]


def make_principal(*roles: Role) -> Principal:
    """Make a principal with these roles."""
    return Principal(identity=Identity("https://id.example", "ci"), roles=frozenset(roles))


@pytest.mark.parametrize(("role", "permission", "allowed"), CELLS)
def test_each_cell_of_the_matrix_is_as_written(role: Role, permission: str, allowed: bool) -> None:  # noqa: FBT001 - a cell
    """Role by role, permission by permission."""
    assert make_principal(role).may(Permission(permission)) is allowed
    assert (Permission(permission) in permissions_of([role])) is allowed


def test_the_table_has_every_permission_and_role() -> None:
    """A new permission or role needs a line here."""
    assert {permission for _, permission, _ in CELLS} == set(Permission)
    assert set(MATRIX) == set(Role) == set(ROLES)


def test_permissions_are_the_union_over_the_roles() -> None:
    """Two roles may what either may."""
    assert permissions_of([Role.USER, Role.EVENT_MANAGER]) == MATRIX[Role.EVENT_MANAGER]
    assert make_principal(Role.USER, Role.EVENT_MANAGER).may(Permission.EVENT_CREATE)


def test_without_a_role_everything_is_denied() -> None:
    """Deny is the default."""
    assert permissions_of([]) == frozenset()
    assert not any(make_principal().may(permission) for permission in Permission)


@pytest.mark.parametrize("roles", [["admin"], "admin", [None], [1], [{}], 5, None, True], ids=repr)
def test_what_is_no_set_of_roles_is_refused(roles: Any) -> None:
    """A word is no role, and nothing but a collection is a set of them; no TypeError leaves."""
    with pytest.raises(Invalid) as caught:
        Principal(identity=SYSTEM.identity, roles=roles)
    assert set(caught.value.fields) == {"roles"}


def test_an_identity_is_two_texts() -> None:
    """Both are checked, both are named."""
    with pytest.raises(Invalid) as caught:
        Identity("", "a\0")
    assert caught.value.fields == ("issuer", "subject")


def test_a_principal_has_an_identity() -> None:
    """A name alone is no identity."""
    with pytest.raises(Invalid, match="identity: must be Identity, not str"):
        Principal(identity="ci", roles=frozenset())  # type: ignore[arg-type]  # the fault


def test_c017_subjects_are_compared_by_code_point() -> None:
    """Look-alike names are other identities; nothing folds them into one."""
    assert len({Identity("local", name) for name in ("admin", "Admin", "ａdmin", "аdmin", "admin ")}) == 5


def test_issuer_and_subject_do_not_run_together() -> None:
    """Where the issuer ends counts."""
    assert Identity("a/b", "c") != Identity("a", "b/c")
    assert Identity("a/b", "c").canonical != Identity("a", "b/c").canonical


def test_the_system_may_everything() -> None:
    """The unscoped registry is trusted code."""
    assert str(SYSTEM.identity) == "local/system"
    assert all(SYSTEM.may(permission) for permission in Permission)
