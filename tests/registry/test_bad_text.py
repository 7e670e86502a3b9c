"""C4, C16, C17, C18 and C57: what stands in every text field that a caller can fill."""

# ruff: noqa: RUF001, T201 - look-alikes are the point; the counts of the data are shown
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.model.values import make_unit
from tests.registry.worlds import make_group, make_receiver, make_registry
from xzepr import EventFilter, GroupFilter, Identity, ReceiverFilter, Registry, Unit
from xzepr.errors import Invalid, TooLarge

UNIT_FIELDS = ("name", "version", "release", "platform_id", "package")
NAMING = ("name", "type", "version")
SQL = [
    "'; DROP TABLE events; --",
    '" OR ""="',
    "' OR '1'='1",
    "1; SELECT pg_sleep(10)",
    "$1",
    "%s",
    "%(name)s",
    ":name",
    "\\'; --",
    "name) UNION SELECT 1--",
    "E'\\\\'",
    "{0}",
    "xzepr.events",
]


def _record(registry: Registry, unit: Unit | None = None, **fields: str) -> object:
    receiver = registry.receivers.list().items[0]
    recorded = registry.events.record(unit or make_unit(), receiver, success=True, payload={}, **fields)  # type: ignore[arg-type]  # the tests give text
    assert recorded.event == registry.events.get(recorded.event.id)
    assert recorded.event.verify()
    return recorded.event


def _unit_field(field: str) -> Callable[[Registry, str], object]:
    def write(registry: Registry, text: str) -> object:
        unit = make_unit(**{field: text})
        _record(registry, unit)
        [event] = registry.events.list(EventFilter(**{field: text}))
        return getattr(event.unit, field)

    return write


def _receiver_field(field: str) -> Callable[[Registry, str], object]:
    def write(registry: Registry, text: str) -> object:
        receiver = make_receiver(registry, **{"name": f"r{registry.feed.head()}", "type": "t", field: text})
        return getattr(registry.receivers.get(receiver.id), field)

    return write


def _group_field(field: str) -> Callable[[Registry, str], object]:
    def write(registry: Registry, text: str) -> object:
        group = make_group(
            registry, registry.receivers.list().items[0], **{"name": f"g{registry.feed.head()}", field: text}
        )
        return getattr(registry.groups.get(group.id), field)

    return write


def _payload(registry: Registry, text: str) -> object:
    receiver = registry.receivers.list().items[0]
    recorded = registry.events.record(make_unit(), receiver, success=True, payload={"text": text, text: 1})
    payload = registry.events.get(recorded.event.id).payload
    assert isinstance(payload, dict)
    assert set(payload) == {"text", text}
    return payload["text"] if text != "text" else text


def _reason(registry: Registry, text: str) -> object:
    event = _record(registry)
    registry.events.redact(event.id, text)  # type: ignore[attr-defined]  # an event
    return registry.feed.read(registry.feed.head() - 1).changes[0].subject.reason  # type: ignore[union-attr]  # a redaction


FIELDS: dict[str, Callable[[Registry, str], object]] = {
    **{f"unit.{field}": _unit_field(field) for field in UNIT_FIELDS},
    **{f"receiver.{field}": _receiver_field(field) for field in (*NAMING, "description")},
    **{f"group.{field}": _group_field(field) for field in (*NAMING, "description")},
    "event.description": lambda registry, text: _record(registry, description=text).description,  # type: ignore[attr-defined]  # an event
    "event.idempotency_key": lambda registry, text: _record(registry, idempotency_key=text) and text,
    "event.payload": _payload,
    "redaction.reason": _reason,
    "subscription.name": lambda registry, text: registry.feed.subscription(text).state().name,
    "identity.issuer": lambda _, text: Identity(text, "x").issuer,
    "identity.subject": lambda _, text: Identity("x", text).subject,
    "filter.name_contains": lambda registry, text: [registry.events.list(EventFilter(name_contains=text)), text][1],
    "find.name": lambda registry, text: [registry.receivers.find(name=text, type="t", version="1"), text][1],
    "find.version": lambda registry, text: [registry.groups.find(name="n", type="t", version=text), text][1],
}
"""Every text field: each writer returns what is read back."""

BLANK = {"receiver.description", "group.description", "event.description", "filter.name_contains", "event.payload"}
"""Fields that may be blank."""


@pytest.fixture
def registry() -> Registry:
    """Make a registry with a receiver."""
    registry = make_registry()
    make_receiver(registry)
    return registry


def refused(field: str, registry: Registry, text: str) -> bool:
    """Say whether a field refuses a text; what it takes must read back, what it refuses must leave nothing."""
    head = registry.feed.head()
    try:
        read = FIELDS[field](registry, text)
    except Invalid as error:
        refusal = error
    else:
        assert read == text
        return False
    assert {found.split("/")[0] for found in refusal.fields} == {field.split(".")[1]}
    assert head == registry.feed.head() or field == "redaction.reason"
    return True


@pytest.mark.parametrize("field", FIELDS)
def test_c004_nul_is_refused_in_every_text_field(registry: Registry, field: str) -> None:
    """U+0000 is Invalid by the field's name, and never stripped."""
    assert refused(field, registry, "a\0b")


@pytest.mark.parametrize("field", FIELDS)
def test_c016_control_characters_and_surrogates_are_refused_everywhere(registry: Registry, field: str) -> None:
    """Newline, tab, C1 controls, lone surrogates and noncharacters; a payload may hold what JSON allows."""
    for text in ("a\nb", "a\tb", "a\x85b", "a\ud800b", "a\ufffeb"):
        assert refused(field, registry, text) or (field == "event.payload" and text in {"a\nb", "a\tb", "a\x85b"})


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"event.payload"}))
def test_c016_a_megabyte_is_too_large_everywhere(registry: Registry, field: str) -> None:
    """Indexed text is bounded, and so is all other."""
    with pytest.raises(TooLarge) as caught:
        FIELDS[field](registry, "a" * 1_000_000)
    assert caught.value.fields == (field.split(".")[1],)


@pytest.mark.parametrize("field", sorted(set(FIELDS) - BLANK))
def test_c016_blank_is_refused_where_text_is_required(registry: Registry, field: str) -> None:
    """Nothing, spaces, and wide spaces are blank."""
    for text in ("", "   ", "\u3000"):
        assert refused(field, registry, text)


@pytest.mark.parametrize("field", FIELDS)
def test_c016_everything_else_is_kept_exactly(registry: Registry, field: str) -> None:
    """Spaces at the ends, RTL override, zero width, U+00FF, and a decomposed letter read back as they were given."""
    for text in (" a ", "a\u202eb", "\u200ba", "ÿ", "e\u0301", "\U0001f600"):
        assert not refused(field, registry, text)


@pytest.mark.parametrize("field", FIELDS)
def test_c018_naughty_strings_read_back_or_are_invalid(
    registry: Registry, field: str, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each string of the list, in each field: equal when read, or Invalid, and never an internal error."""
    strings: list[str] = json.loads((shared_data / "naughty-strings" / "blns.json").read_text("utf-8"))
    assert strings
    distinct = list(dict.fromkeys(strings))
    taken = sum(not refused(field, make_or_reuse(registry, field), text) for text in distinct)
    with capsys.disabled():
        print(f"\n{field}: {taken} of {len(distinct)} distinct ({len(strings)} given) taken", end="")
    assert taken > len(distinct) * 0.8


def make_or_reuse(registry: Registry, field: str) -> Registry:
    """Return a registry in which the field is not taken yet."""
    if field.split(".", maxsplit=1)[0] in {"receiver", "group"}:
        registry = make_registry()
        make_receiver(registry)
    return registry


@pytest.mark.parametrize("text", SQL)
@pytest.mark.parametrize("field", FIELDS)
def test_c057_sql_is_just_text(registry: Registry, field: str, text: str) -> None:
    """Quotes, comments, placeholders and statements are stored and found as they stand. No list takes a sort column."""
    assert not refused(field, registry, text)


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%", "a_b", "a\\", "%%", "\\%"])
def test_c056_a_search_is_literal(registry: Registry, text: str) -> None:
    """Wildcards of SQL find only themselves, in the lists of events, receivers and groups and in counts."""
    [build] = registry.receivers.list()
    for name in ("plain", f"x{text}y"):
        _record(registry, make_unit(name=name))
        receiver = make_receiver(registry, name)
        make_group(registry, build, receiver, name=name)
    assert [e.unit.name for e in registry.events.list(EventFilter(name_contains=text))] == [f"x{text}y"]
    assert registry.events.count(EventFilter(name_contains=text)).value == 1
    assert [r.name for r in registry.receivers.list(ReceiverFilter(name_contains=text))] == [f"x{text}y"]
    assert [g.name for g in registry.groups.list(GroupFilter(name_contains=text))] == [f"x{text}y"]


def test_c017_look_alike_receivers_are_different_and_found_together() -> None:
    """Names compare by code point, so nobody records to a look-alike by accident; a search folds case and width."""
    registry = make_registry()
    names = ["build", "Build", "ｂuild", "buıld", "bu\u0456ld", "build "]
    made = {make_receiver(registry, name).id for name in names}
    assert len(made) == len(names)
    found = [
        receiver.name for receiver in registry.receivers.list(ReceiverFilter(name_contains="BUILD"), newest_first=False)
    ]
    assert found == ["build", "Build", "ｂuild", "build "]
