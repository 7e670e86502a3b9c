"""Watching a registry at work: traces and metrics, health, logs. OpenTelemetry's API alone, never an SDK."""

from xzepr.observe.audits import AUDIT_LOGGER, AuditAction, AuditOutcome, audit
from xzepr.observe.health import CheckName, CheckResult, Health, health_of
from xzepr.observe.logs import FIELDS, FIELDS_ATTRIBUTE, JsonFormatter
from xzepr.observe.operations import Operation
from xzepr.observe.safe import safe_text
from xzepr.observe.telemetry import BUCKETS, OPERATIONS, Telemetry

__all__ = [
    "AUDIT_LOGGER",
    "BUCKETS",
    "FIELDS",
    "FIELDS_ATTRIBUTE",
    "OPERATIONS",
    "AuditAction",
    "AuditOutcome",
    "CheckName",
    "CheckResult",
    "Health",
    "JsonFormatter",
    "Operation",
    "Telemetry",
    "audit",
    "health_of",
    "safe_text",
]
