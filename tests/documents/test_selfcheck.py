"""The start-up self-check: it passes here, and would not pass a validator that gave a guarantee up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from xzepr.documents import SchemaCompiler, compiling, selfcheck
from xzepr.documents.selfcheck import require_safe_validator
from xzepr.errors import ConfigurationError

SAFE = selfcheck._compiled  # noqa: SLF001 - what the check compiles with is what is replaced

WEAK: dict[str, Callable[[dict[str, Any]], jsonschema_rs.Validator]] = {
    "opens file:// references": lambda schema: jsonschema_rs.Draft202012Validator(schema, offline=False),
    "fetches http:// references": lambda schema: jsonschema_rs.Draft202012Validator(
        schema, offline="file:" in str(schema), retriever=None if "file:" in str(schema) else lambda _uri: {}
    ),
    "accepts patterns with back-references": lambda schema: jsonschema_rs.Draft202012Validator(schema, offline=True),
    "accepts patterns with look-around": lambda schema: (
        SAFE(schema) if "\\1" in str(schema) else jsonschema_rs.Draft202012Validator(schema, offline=True)
    ),
    "does not assert formats": lambda schema: jsonschema_rs.Draft202012Validator(
        schema, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    ),
}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    require_safe_validator.cache_clear()
    yield
    require_safe_validator.cache_clear()


def test_the_installed_validator_is_safe() -> None:
    """Nothing is raised, and the file that it must not open is there."""
    require_safe_validator()

    assert (Path(selfcheck.__file__).parent / "selfcheck.json").is_file()


@pytest.mark.parametrize("guarantee", WEAK)
def test_each_guarantee_is_checked(guarantee: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A validator that gives one up is refused by the name of that one."""
    monkeypatch.setattr(selfcheck, "_compiled", WEAK[guarantee])

    with pytest.raises(ConfigurationError, match=f"the installed jsonschema-rs {guarantee}: install another version"):
        require_safe_validator()


def test_the_check_comes_before_the_first_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unsafe validator compiles nothing of a user's."""

    def fail() -> None:
        raise ConfigurationError("unsafe")

    monkeypatch.setattr(compiling, "require_safe_validator", fail)

    with pytest.raises(ConfigurationError, match="unsafe"):
        SchemaCompiler().compile("{}")


def test_the_check_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per process is enough."""
    calls: list[object] = []

    def count(schema: dict[str, Any]) -> jsonschema_rs.Validator:
        calls.append(schema)
        return SAFE(schema)

    monkeypatch.setattr(selfcheck, "_compiled", count)
    require_safe_validator()
    first = len(calls)
    require_safe_validator()

    assert len(calls) == first > 0
