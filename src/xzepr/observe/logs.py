"""Structured logs through :mod:`logging`: one JSON object on one line, with a fixed set of fields.

The library logs below the logger ``xzepr`` and adds no handler but the null one; a host attaches its own::

    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.getLogger("xzepr").addHandler(handler)
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import PurePath
from traceback import walk_tb
from typing import Final

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from xzepr.errors import XzeprError
from xzepr.model import format_time
from xzepr.observe.safe import safe_text
from xzepr.secret import MASK, suggests_secret

FIELDS_ATTRIBUTE: Final = "xzepr_fields"
"""The attribute of a log record that holds its fields: ``logger.info("…", extra={FIELDS_ATTRIBUTE: {…}})``."""

FIELDS: Final = frozenset(
    {
        *("operation", "outcome", "code", "store", "event_id", "receiver_id", "group_id", "position", "subscription"),
        "attempt",
        *("event_type", "app", "env", "user_id", "action", "resource", "ip_address", "user_agent", "session_id"),
        *("request_id", "duration_ms", "metadata", "error_message"),
    }
)
"""The fields that a record may have beside the standard ones; others are left out."""

MAX_MESSAGE: Final = 2_000
MAX_VALUE: Final = 300
MAX_METADATA: Final = 20
MAX_FRAMES: Final = 20
_MAX_WHOLE: Final = 1 << 63
"""Beyond it, readers of JSON logs lose digits or refuse the line."""

logging.getLogger("xzepr").addHandler(logging.NullHandler())


class JsonFormatter(logging.Formatter):
    r"""Formats a record as one JSON object on one line. It never raises.

    Fields: ``timestamp`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, ``trace_id`` and ``span_id`` where there
    is a span, ``error`` with the type, the code and the places of an exception (never its message, which may hold
    anything), and those of :data:`FIELDS` that the record brings along.

    Example:
        >>> record = logging.makeLogRecord({"name": "xzepr", "msg": "two\nlines", "levelname": "INFO", "created": 0.5})
        >>> print(JsonFormatter().format(record))
        {"timestamp":"1970-01-01T00:00:00.500000Z","level":"INFO","logger":"xzepr","message":"two\\nlines"}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record."""
        line: dict[str, object] = {
            "timestamp": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": safe_text(record.name, MAX_VALUE),
            "message": safe_text(_text(record.getMessage), MAX_MESSAGE),
            **_span(),
            **safe_fields(getattr(record, FIELDS_ATTRIBUTE, None)),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, separators=(",", ":"))


def safe_fields(fields: object) -> dict[str, object]:
    """Return the fields that are known, their values bounded and escaped."""
    if not isinstance(fields, Mapping):
        return {}
    return {name: _value(name, fields[name]) for name in sorted(FIELDS & set(fields)) if fields[name] is not None}


def _value(name: str, value: object) -> object:
    if name == "metadata" and isinstance(value, Mapping):
        return dict(_pair(key, text) for key, text in islice(value.items(), MAX_METADATA))
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _MAX_WHOLE):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return safe_text(_text(lambda: str(value)), MAX_VALUE)


def _pair(key: object, value: object) -> tuple[str, str]:
    name = _text(lambda: str(key))
    shown = MASK if suggests_secret(name[:MAX_VALUE]) else safe_text(_text(lambda: str(value)), MAX_VALUE)
    return safe_text(name, MAX_VALUE), shown


def _text(make: Callable[[], str]) -> str:
    """Return a text that anybody's object makes, or that it could not make it."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  # anybody's object
        return f"(cannot be formatted: {type(error).__name__})"


def _span() -> dict[str, str]:
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


def _error(error: BaseException) -> dict[str, object]:
    frames = [
        f"{PurePath(frame.f_code.co_filename).name}:{line} {frame.f_code.co_qualname}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    found: dict[str, object] = {"type": type(error).__qualname__, "frames": frames[-MAX_FRAMES:]}
    if isinstance(error, XzeprError):
        found["code"] = error.code
    return found
