"""Who did what: the audit log and its fields."""

from __future__ import annotations

import json
import logging

import pytest

from xzepr.model import Identity
from xzepr.observe import AUDIT_LOGGER, AuditAction, AuditOutcome, JsonFormatter, audit


def entry(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    """The one entry, as the formatter writes it."""
    (record,) = caplog.records
    found: dict[str, object] = json.loads(JsonFormatter().format(record))
    return found


def test_an_entry_has_the_fields_of_the_contract(caplog: pytest.LogCaptureFixture) -> None:
    """Every field that is given is written, under its own name."""
    with caplog.at_level(logging.INFO, AUDIT_LOGGER):
        audit(
            action=AuditAction.RESOURCE_DELETE,
            resource="receiver/build",
            outcome=AuditOutcome.SUCCESS,
            actor=Identity("local", "ci"),
            env="test",
            ip_address="127.0.0.1",
            user_agent="curl",
            session_id="s",
            request_id="r",
            duration_ms=1.5,
            metadata={"tries": "3"},
            error_message="none",
        )

    found = entry(caplog)
    assert found.pop("timestamp")
    assert found == {
        "level": "INFO",
        "logger": "xzepr.audit",
        "message": "audit",
        "event_type": "audit",
        "app": "xzepr",
        "env": "test",
        "user_id": "local/ci",
        "action": "resource_delete",
        "resource": "receiver/build",
        "outcome": "success",
        "ip_address": "127.0.0.1",
        "user_agent": "curl",
        "session_id": "s",
        "request_id": "r",
        "duration_ms": 1.5,
        "metadata": {"tries": "3"},
        "error_message": "none",
    }


def test_what_is_not_known_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A field without a value is not written."""
    audit(action=AuditAction.LOGIN, resource="user", outcome=AuditOutcome.FAILURE)

    assert "user_id" not in entry(caplog)


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (AuditOutcome.SUCCESS, "INFO"),
        (AuditOutcome.FAILURE, "WARNING"),
        (AuditOutcome.DENIED, "WARNING"),
        (AuditOutcome.RATE_LIMITED, "WARNING"),
        (AuditOutcome.ERROR, "ERROR"),
    ],
)
def test_the_outcome_decides_the_level(caplog: pytest.LogCaptureFixture, outcome: AuditOutcome, level: str) -> None:
    """Each outcome has its level."""
    with caplog.at_level(logging.INFO, AUDIT_LOGGER):
        audit(action=AuditAction.LOGIN, resource="user", outcome=outcome)

    assert entry(caplog)["level"] == level


def test_c092_an_entry_cannot_be_forged(caplog: pytest.LogCaptureFixture) -> None:
    """Values from outside are escaped and cut."""
    audit(
        action=AuditAction.LOGIN,
        resource='user/x"}\n{"event_type":"audit","outcome":"success"',
        outcome=AuditOutcome.DENIED,
        user_agent="\x1b[2J" * 100_000,
        error_message="password=hunter2",
    )

    found = entry(caplog)
    assert found["outcome"] == "denied"
    assert "\\n" in str(found["resource"])
    assert len(str(found["user_agent"])) <= 300
    assert "hunter2" not in str(found)


def test_c095_a_broken_handler_does_not_reach_the_caller() -> None:
    """An audit handler that raises is no reason to refuse what was done."""

    class Failing(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise RuntimeError

    handler, logger = Failing(), logging.getLogger(AUDIT_LOGGER)
    logger.addHandler(handler)
    try:
        audit(action=AuditAction.LOGIN, resource="user", outcome=AuditOutcome.ERROR)
    finally:
        logger.removeHandler(handler)
