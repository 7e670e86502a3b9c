"""The audit log: who did what, to what, and how it ended, with a fixed set of fields."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Final

from xzepr.model import Identity
from xzepr.observe.logs import FIELDS_ATTRIBUTE

AUDIT_LOGGER: Final = "xzepr.audit"

_logger = logging.getLogger(AUDIT_LOGGER)


class AuditAction(StrEnum):
    """What was done (the actions of the older systems)."""

    LOGIN = "login"
    LOGOUT = "logout"
    TOKEN_REFRESH = "token_refresh"  # noqa: S105  # a name
    TOKEN_VALIDATION = "token_validation"  # noqa: S105  # a name
    PERMISSION_CHECK = "permission_check"
    AUTHORIZATION_DECISION = "authorization_decision"
    AUTHORIZATION_DENIAL = "authorization_denial"
    USER_CREATE = "user_create"
    USER_UPDATE = "user_update"
    USER_DELETE = "user_delete"
    ROLE_ASSIGN = "role_assign"
    ROLE_REMOVE = "role_remove"
    OIDC_AUTH = "oidc_auth"
    OIDC_CALLBACK = "oidc_callback"
    API_ACCESS = "api_access"
    RESOURCE_CREATE = "resource_create"
    RESOURCE_READ = "resource_read"
    RESOURCE_UPDATE = "resource_update"
    RESOURCE_DELETE = "resource_delete"
    CONFIG_CHANGE = "config_change"
    SECURITY_POLICY_CHANGE = "security_policy_change"


class AuditOutcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"
    RATE_LIMITED = "rate_limited"
    ERROR = "error"


_LEVELS: Final = {AuditOutcome.SUCCESS: logging.INFO, AuditOutcome.ERROR: logging.ERROR}
"""The others are warnings."""


def audit(  # the fixed set of fields
    *,
    action: AuditAction,
    resource: str,
    outcome: AuditOutcome,
    actor: Identity | None = None,
    env: str | None = None,
    ip_address: str | None = None,
    user_agent: str | None = None,
    session_id: str | None = None,
    request_id: str | None = None,
    duration_ms: float | None = None,
    metadata: Mapping[str, str] | None = None,
    error_message: str | None = None,
) -> None:
    """Write one entry to the logger ``xzepr.audit``. It never raises.

    :class:`~xzepr.observe.JsonFormatter` escapes and bounds every value and adds the time. Never pass a payload, a
    token or a password.

    Args:
        action: What was done.
        resource: To what: a kind and an id, such as ``event/01ARZ3NDEKTSV4RRFFQ69G5FAV``.
        outcome: How it ended; it decides the level.
        actor: Who did it, if that is known.
        env: The environment, such as ``production``.
        ip_address: From where.
        user_agent: With what.
        session_id: In which session; an id, never its token.
        request_id: In which request.
        duration_ms: How long it took, in milliseconds.
        metadata: More, as texts; at most twenty, and none whose name suggests a secret is shown.
        error_message: What went wrong; the message of an error of :mod:`xzepr.errors`.

    Example:
        >>> audit(action=AuditAction.RESOURCE_DELETE, resource="receiver/build", outcome=AuditOutcome.DENIED)
    """
    fields = {
        "event_type": "audit",
        "app": "xzepr",
        "env": env,
        "user_id": None if actor is None else str(actor),
        "action": action,
        "resource": resource,
        "outcome": outcome,
        "ip_address": ip_address,
        "user_agent": user_agent,
        "session_id": session_id,
        "request_id": request_id,
        "duration_ms": duration_ms,
        "metadata": metadata,
        "error_message": error_message,
    }
    with suppress(Exception):  # a broken handler is no reason to refuse what was done
        _logger.log(_LEVELS.get(outcome, logging.WARNING), "audit", extra={FIELDS_ATTRIBUTE: fields})
