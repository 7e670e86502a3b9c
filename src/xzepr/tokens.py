"""What a token service promises, and the values it deals in.

The registry's web edge calls :meth:`TokenService.verify` for every request; a login issues, a client refreshes, a
logout revokes. Tokens are always :class:`~xzepr.secret.Secret`: whoever logs one logs three stars.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import attrs

from xzepr.model import Checks, Principal
from xzepr.secret import Secret

TOKEN_CONTRACT_VERSION: Final = 1
"""The version of this contract; a backend names the one it was written for."""


@attrs.frozen(kw_only=True)
class TokenPair:
    """What a login or a refresh hands to the client.

    Args:
        access: The token that every request carries.
        access_expires_at: When it ends.
        refresh: The token that is exchanged, once, for the next pair.
        refresh_expires_at: When it ends.

    Raises:
        Invalid: A token is not a secret, or a time has no zone.
    """

    access: Secret
    access_expires_at: datetime
    refresh: Secret
    refresh_expires_at: datetime

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.kind("access", self.access, Secret)
        checks.time("access_expires_at", self.access_expires_at)
        checks.kind("refresh", self.refresh, Secret)
        checks.time("refresh_expires_at", self.refresh_expires_at)
        checks.done()


@attrs.frozen(kw_only=True)
class Claims:
    """What a verified access token says.

    Args:
        principal: Who acts: the token's issuer and subject, and its roles.
        token_id: The token's own id (``jti``, RFC 7519 section 4.1.7), by which it is revoked.
        issued_at: Since when it exists.
        expires_at: When it ends.

    Raises:
        Invalid: A field is not what it has to be.
    """

    principal: Principal
    token_id: str
    issued_at: datetime
    expires_at: datetime

    def __attrs_post_init__(self) -> None:
        checks = Checks()
        checks.kind("principal", self.principal, Principal)
        checks.text("token_id", self.token_id)
        checks.time("issued_at", self.issued_at)
        checks.time("expires_at", self.expires_at)
        checks.done()


class TokenService(Protocol):
    """Issues tokens and says who comes with one.

    Use one from any number of threads. Every refusal of a token is the same ``Unauthenticated``, whatever the cause.
    """

    def issue(self, principal: Principal) -> TokenPair:
        """Return a first pair for somebody whose identity was just proven.

        Raises:
            Unavailable: Nothing was issued.
        """

    def verify(self, access: Secret) -> Claims:
        """Return what an access token says.

        Raises:
            Unauthenticated: It is not one of ours, has ended, was revoked, or is a refresh token.
            Unavailable: Whether it was revoked cannot be found out now.
        """

    def refresh(self, refresh: Secret) -> TokenPair:
        """Exchange a refresh token, once, for the next pair of its family; the principal is looked up as it is now.

        Raises:
            Unauthenticated: It is not valid, or was used before: then its whole family is revoked.
            Unavailable: Nothing was exchanged: the token is still good.
        """

    def revoke(self, token: Secret) -> None:
        """End an access token, or the whole family of a refresh token; ending it again changes nothing.

        Raises:
            Unauthenticated: It does not carry our signature.
            Unavailable: It was not revoked.
        """
