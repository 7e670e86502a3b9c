"""One JSON object on one line, whatever is logged."""

from __future__ import annotations

import json
import logging
import sys
from types import TracebackType

import pytest
from opentelemetry import context, trace

from xzepr.errors import Closed
from xzepr.observe import FIELDS_ATTRIBUTE, JsonFormatter, safe_text

Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def line(message: object = "said", *args: object, raised: Raised | None = None, fields: object = None) -> str:
    """What the formatter makes of a record."""
    record = logging.LogRecord("xzepr.test", logging.INFO, "a.py", 1, message, args, raised)
    setattr(record, FIELDS_ATTRIBUTE, fields)
    return JsonFormatter().format(record)


def raised_by(error: Exception) -> Raised:
    """The exception information of an error."""
    try:
        raise error  # noqa: TRY301  # for its traceback
    except Exception as caught:  # noqa: BLE001  # whatever the test gave
        return type(caught), caught, sys.exc_info()[2]


def test_a_record_has_a_fixed_set_of_fields() -> None:
    """A plain record has time, level, logger and message."""
    found = json.loads(line("said %s", "this"))

    assert list(found) == ["timestamp", "level", "logger", "message"]
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "xzepr.test", "said this")
    assert found["timestamp"].endswith("Z")


def test_known_fields_come_along() -> None:
    """A record brings fields of its own, numbers as numbers."""
    found = json.loads(line(fields={"operation": "events.record", "position": 7, "duration_ms": 0.5, "store": None}))

    assert {name: found[name] for name in list(found)[4:]} == {
        "duration_ms": 0.5,
        "operation": "events.record",
        "position": 7,
    }


@pytest.mark.parametrize("fields", [{"payload": "x", "password": "x", 5: "x"}, "payload", 5, None])
def test_unknown_fields_are_left_out(fields: object) -> None:
    """A field that is not known is not logged, payloads above all."""
    assert "payload" not in line(fields=fields)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1 << 70, object(), ["a\n"], "\ud800"])
def test_c092_any_value_makes_a_line_of_json(value: object) -> None:
    """Whatever a field holds, the line is JSON, and one line."""
    text = line(fields={"resource": value})

    assert json.loads(text, parse_constant=pytest.fail)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a\nlevel=ERROR", r"a\nlevel=ERROR"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u2028b\u202ec\x7f", r"a\u2028b\u202ec\x7f"),
        ("%s %d", "%s %d"),
    ],
)
def test_c092_a_message_cannot_forge_a_line(message: str, expected: str) -> None:
    """Line ends, escape sequences and reordering characters are written out, and nothing is formatted twice."""
    assert json.loads(line("%s", message))["message"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ci:hunter2@db/x",
        "password=hunter2",
        'api_key: "hunter2 and more"',
        "Authorization: Bearer hunter2.abc",
        "eyJhbGciOiJub25lIn0.hunter2.sig",
        "xzepr_hunter2hunter2hunter2hunter2hunter2",
        "token='hunter2'",
    ],
)
def test_c092_what_looks_like_a_secret_is_masked(text: str) -> None:
    """The net below the rule: a secret that got into a message is masked."""
    assert "hunter2" not in line("it says %s here", text)


def test_c092_a_secret_in_an_exception_is_not_logged() -> None:
    """Of an exception the type, the code and the places are told, not its words."""
    found = json.loads(line(raised=raised_by(ValueError("hunter2"))))

    assert "hunter2" not in str(found)
    assert found["error"]["type"] == "ValueError"
    assert found["error"]["frames"][-1].endswith("raised_by")


def test_an_error_of_ours_has_its_code() -> None:
    """Our own errors are told by their code as well."""
    assert json.loads(line(raised=raised_by(Closed("store"))))["error"]["code"] == "closed"


def test_c092_everything_is_bounded() -> None:
    """A huge message, field or metadata is cut."""
    huge = "x" * 1_000_000

    text = line(huge, fields={"resource": huge, "metadata": {f"{n}{huge}": huge for n in range(100)}})

    assert len(text) < 20_000


def test_a_message_that_cannot_be_formatted_is_still_a_line() -> None:
    """The formatter never raises."""

    class Rude:
        def __str__(self) -> str:
            raise RuntimeError

    assert "cannot be formatted" in line(Rude())
    assert "cannot be formatted" in line("%s %s", "one")
    assert json.loads(line(fields={"resource": Rude(), "metadata": {Rude(): Rude()}}))


def test_a_span_is_named() -> None:
    """Inside a span the line carries its ids, as other tools write them."""
    span = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xB, is_remote=False))
    token = context.attach(trace.set_span_in_context(span))
    try:
        found = json.loads(line())
    finally:
        context.detach(token)

    assert (found["trace_id"], found["span_id"]) == (f"{10:032x}", f"{11:016x}")


def test_secret_metadata_is_masked() -> None:
    """Metadata whose name suggests a secret keeps its name alone."""
    assert json.loads(line(fields={"metadata": {"api_key": "hunter2", "tries": "3"}}))["metadata"] == {
        "api_key": "***",
        "tries": "3",
    }


def test_the_library_is_silent_unless_asked() -> None:
    """Our logger has a null handler, so that nothing is printed by default."""
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("xzepr").handlers)


def test_masking_is_linear() -> None:
    """Text made to slow the masking down does not."""
    for text in ("://" * 5_000, "password" * 2_000, "eyJaaaaa" * 2_000, "xzepr_" * 3_000, "bearer " * 2_000):
        assert len(safe_text(text, 2_000)) <= 2_000


def test_short_text_is_kept() -> None:
    """Harmless text within the limit comes back as it is."""
    assert safe_text("größe 5 %", 9) == "größe 5 %"
