"""The story that `xzepr demo` tells: receivers with schemas, gates that share receivers, units, and what befalls them.

Everything here is made up; the shapes are those of a real pipeline.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import attrs

from xzepr import Unit
from xzepr.documents import JsonValue


def _object(**properties: JsonValue) -> JsonValue:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Final[JsonValue] = {"type": "string", "minLength": 1, "maxLength": 200}
_COUNT: Final[JsonValue] = {"type": "integer", "minimum": 0}
_DIGEST: Final[JsonValue] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}

SCHEMAS: Final[Mapping[str, JsonValue]] = MappingProxyType(
    {
        "build": _object(
            commit={"type": "string", "pattern": "^[0-9a-f]{40}$"},
            branch=_TEXT,
            image=_DIGEST,
            seconds={"type": "number", "minimum": 0},
        ),
        "unit-tests": _object(total=_COUNT, failed=_COUNT, coverage={"type": "number", "minimum": 0, "maximum": 100}),
        "scan": _object(
            tool={"enum": ["grype", "trivy"]},
            critical=_COUNT,
            findings={"type": "array", "items": {"type": "string", "pattern": "^CVE-[0-9]{4}-[0-9]{4,}$"}},
        ),
        "sign": _object(image=_DIGEST, key=_TEXT, signed_at={"type": "string", "format": "date-time"}),
        "approval": _object(by={"type": "string", "format": "email"}, environment={"enum": ["staging", "production"]}),
    }
)
"""The JSON Schema of each receiver's payloads."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "integration": ("build", "unit-tests"),
        "trusted": ("build", "scan", "sign"),
        "production": ("unit-tests", "scan", "sign", "approval"),
    }
)
"""The receivers of each gate. Most stand in two gates, so that one event can move both."""

_NAMES: Final = ("web", "api", "worker", "search", "billing", "mail")


@attrs.frozen(kw_only=True)
class Step:
    """Something that happens to a unit.

    Args:
        unit: The unit.
        receiver: The name of the receiver that is told.
        success: Whether it went well.
        payload: The evidence.
        description: A word for people.
    """

    unit: Unit
    receiver: str
    success: bool = True
    payload: JsonValue
    description: str = ""


def units(count: int) -> list[Unit]:
    """Return the first units of the story.

    Example:
        >>> [short(unit) for unit in units(2)]
        ['web 1.4.0', 'api 1.4.0']
    """
    return [
        Unit(
            name=_NAMES[number % len(_NAMES)],
            version=f"1.4.{number // len(_NAMES)}",
            release="2026.11.23",
            platform_id="linux-amd64",
            package="oci",
        )
        for number in range(count)
    ]


def short(unit: Unit) -> str:
    """Return a unit in few characters."""
    return f"{unit.name} {unit.version}"


def steps(of: Sequence[Unit], *, seed: int) -> Iterator[Step]:
    """Tell what happens to units: to each in its own order, to all of them at once.

    Args:
        of: The units.
        seed: Which order; the same seed tells the same story.
    """
    order = random.Random(seed)  # noqa: S311 - a story, no secret
    waiting = [_LIVES[number % len(_LIVES)](unit) for number, unit in enumerate(of)]
    while waiting:
        life = order.choice(waiting)
        step = next(life, None)
        if step is None:
            waiting.remove(life)
        else:
            yield step


def _smooth(unit: Unit) -> Iterator[Step]:
    yield _build(unit)
    yield _tests(unit)
    yield _scan(unit)
    yield _sign(unit)
    yield _approval(unit)


def _struck_by_a_finding(unit: Unit) -> Iterator[Step]:
    """All is well until the nightly scan knows more; a second look lets it through again."""
    yield from _smooth(unit)
    yield _scan(unit, "CVE-2026-31337", success=False, why="the nightly scan knows a new finding")
    yield _scan(unit, "CVE-2026-31337", why="assessed: the vulnerable code is never reached")


def _with_a_flaky_test(unit: Unit) -> Iterator[Step]:
    yield _build(unit)
    yield _tests(unit, failed=2, why="2 of 214 tests failed")
    yield _sign(unit)
    yield _tests(unit, why="run again on a quiet machine")
    yield _scan(unit)
    yield _approval(unit)


def _with_a_broken_reporter(unit: Unit) -> Iterator[Step]:
    """A reporter sends what its schema refuses, and the approval never comes."""
    yield _build(unit)
    yield Step(unit=unit, receiver="unit-tests", payload={"total": 214, "failed": 0, "coverage": "93 %"})
    yield _tests(unit, why="the reporter was repaired")
    yield _scan(unit)
    yield _sign(unit)


_LIVES: Final[Sequence[Callable[[Unit], Iterator[Step]]]] = (
    _struck_by_a_finding,
    _with_a_broken_reporter,
    _with_a_flaky_test,
    _smooth,
)


def _hex(unit: Unit, what: str) -> str:
    return hashlib.sha256(f"{what} of {unit}".encode()).hexdigest()


def _image(unit: Unit) -> str:
    return f"sha256:{_hex(unit, 'image')}"


def _build(unit: Unit) -> Step:
    commit = _hex(unit, "commit")[:40]
    payload: JsonValue = {"commit": commit, "branch": "main", "image": _image(unit), "seconds": 87.4}
    return Step(unit=unit, receiver="build", payload=payload)


def _tests(unit: Unit, *, failed: int = 0, why: str = "") -> Step:
    payload: JsonValue = {"total": 214, "failed": failed, "coverage": 93.1}
    return Step(unit=unit, receiver="unit-tests", success=not failed, payload=payload, description=why)


def _scan(unit: Unit, *findings: str, success: bool = True, why: str = "") -> Step:
    payload: JsonValue = {"tool": "trivy", "critical": 0 if success else len(findings), "findings": list(findings)}
    return Step(unit=unit, receiver="scan", success=success, payload=payload, description=why)


def _sign(unit: Unit) -> Step:
    payload: JsonValue = {"image": _image(unit), "key": "release-2026", "signed_at": "2026-11-23T04:05:06Z"}
    return Step(unit=unit, receiver="sign", payload=payload)


def _approval(unit: Unit) -> Step:
    payload: JsonValue = {"by": "ops@example.org", "environment": "production"}
    return Step(unit=unit, receiver="approval", payload=payload)
