"""How the tests call commands, in this process and as processes, and what is in the store then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest

from xzepr import Event, EventReceiver, EventReceiverGroup, Registry, Unit
from xzepr.cli import main

MODULE = (sys.executable, "-m", "xzepr.cli")

UNIT = Unit(name="web", version="1.4.2", release="7", platform_id="linux-amd64", package="oci")


def unit_arguments(unit: Unit = UNIT) -> list[str]:
    """The options that name a unit."""
    return [f"--{field.replace('_', '-')}={value}" for field, value in unit.fields().items()]


@attrs.frozen
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> Any:  # noqa: ANN401 - any JSON value
        """Its one JSON object."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its JSON objects, one on each line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def words(self) -> list[list[str]]:
        """The words of each line."""
        return [line.split() for line in self.out.splitlines()]


class Call(Protocol):
    """Calls a command."""

    def __call__(self, *arguments: str) -> Answer:
        """Call it."""


def answer_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Answer:
    """Call a command in this process."""
    capsys.readouterr()
    try:
        code = main(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else -1
    return Answer(code, *capsys.readouterr())


def environment(url: str) -> dict[str, str]:
    """The variables of a process that works on this store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XZEPR_STORE_URL")}
    return {**kept, "XZEPR_STORE_URL": url}


def run(url: str, *arguments: str, stdin: bytes | None = None, environ: Mapping[str, str] | None = None) -> Answer:
    """Run a command as a process, away from any terminal."""
    done = subprocess.run(
        [*MODULE, *arguments],
        env=environment(url) | dict(environ or {}),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


@attrs.frozen
class Story:
    """What is in the store."""

    registry: Registry
    build: EventReceiver
    scan: EventReceiver
    release: EventReceiverGroup
    built: Event

    def scanned(self, *, success: bool = True, payload: object = None) -> Event:
        """Record that the unit was scanned."""
        return self.registry.events.record(UNIT, self.scan, success=success, payload=payload).event  # type: ignore[arg-type]


def tell_story(registry: Registry) -> Story:
    """Define two receivers and a group of both, and record an event of the first."""
    build = registry.receivers.ensure(name="build", type="ci.build", version="1", schema={"type": "object"})
    scan = registry.receivers.ensure(name="scan", type="ci.scan", version="1", schema=True)
    release = registry.groups.ensure(name="release", type="ci.gate", version="1", receivers=[build, scan])
    built = registry.events.record(UNIT, build, success=True, payload={"commit": "1f0c"}, description="on main").event
    return Story(registry, build, scan, release, built)


def write_lines(path: Path, *lines: object, ending: str = "\n") -> Path:
    """Write lines of JSON."""
    path.write_text("".join(json.dumps(line) + ending for line in lines), encoding="utf-8")
    return path


def plain_event(number: int = 1, **fields: object) -> dict[str, object]:
    """An event in the short form."""
    unit = {**UNIT.fields(), "version": f"1.{number}"}
    receiver = {"name": "build", "type": "ci.build", "version": "1"}
    return {"unit": unit, "receiver": receiver, "success": True, "payload": {"number": number}} | fields
