"""The values that a token service deals in."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from xzepr.errors import Invalid
from xzepr.model import Identity, Principal, Role
from xzepr.secret import Secret
from xzepr.tokens import Claims, TokenPair, TokenService

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CI = Principal(identity=Identity("local", "ci"), roles=frozenset({Role.EVENT_MANAGER}))
PAIR = TokenPair(access=Secret("hunter2"), access_expires_at=NOW, refresh=Secret("hunter3"), refresh_expires_at=NOW)


class Paper:
    """A token service that believes what it is told."""

    def issue(self, principal: Principal) -> TokenPair:
        """Write the subject down."""
        return attrs.evolve(PAIR, access=Secret(principal.identity.subject))

    def verify(self, access: Secret) -> Claims:
        """Read the subject."""
        principal = attrs.evolve(CI, identity=Identity("local", access.reveal()))
        return Claims(principal=principal, token_id="1", issued_at=NOW, expires_at=NOW)  # noqa: S106

    def refresh(self, _: Secret) -> TokenPair:
        """Write the same again."""
        return PAIR

    def revoke(self, token: Secret) -> None:
        """Forget it."""


def test_a_service_issues_what_it_verifies() -> None:
    """The principal of a token's claims is the one it was issued for."""
    service: TokenService = Paper()

    assert service.verify(service.issue(CI).access).principal == CI


@pytest.mark.parametrize("show", [str, repr, attrs.asdict, pickle.dumps])
def test_c094_a_pair_shows_no_token(show: Callable[[TokenPair], object]) -> None:
    """However a pair is shown, its tokens are masked."""
    assert "hunter" not in str(show(PAIR))


def test_a_pair_names_all_that_is_wrong_with_it() -> None:
    """A pair is checked when it is made."""
    wrong: Any = {
        "access": "t",
        "access_expires_at": NOW.replace(tzinfo=None),
        "refresh": None,
        "refresh_expires_at": 1,
    }

    with pytest.raises(Invalid) as caught:
        TokenPair(**wrong)

    assert caught.value.fields == tuple(wrong)


def test_claims_name_all_that_is_wrong_with_them() -> None:
    """Claims are checked when they are made."""
    wrong: Any = {"principal": "ci", "token_id": "", "issued_at": None, "expires_at": 1.5}

    with pytest.raises(Invalid) as caught:
        Claims(**wrong)

    assert caught.value.fields == tuple(wrong)
