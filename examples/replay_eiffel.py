"""Replay a real CI/CD stream: what happened to hundreds of units of software, and which gates they passed.

The stream is a file of Eiffel events (https://github.com/eiffel-community/eiffel), one JSON object per line, as
Eiffel's own reference generator writes them. In each event `data.customData` names the unit (`iteration`) and the step
of the pipeline (`name`). Beside the folder of the stream lies that of the schemas, `schemas/<type>/<version>.json`.

Each step becomes a receiver, with the real schema of its event type; each iteration becomes a unit; a few gates ask
for overlapping sets of steps. Then every event is recorded, under its own id as idempotency key: replaying the same
stream into the same store again changes nothing.

    python examples/replay_eiffel.py eiffel/stream/events.jsonl
    python examples/replay_eiffel.py eiffel/stream/events.jsonl --interleave 50 --writers 8 --twice
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from xzepr import BulkReport, EventDraft, EventReceiver, EventReceiverGroup, Registry, TransitionKind, Unit
from xzepr.documents import JsonValue, parse
from xzepr.errors import XzeprError

GATES = {
    "source": ("SourceChangeCreated", "SourceChangeSubmitted"),
    "built": ("SourceChangeSubmitted", "CompositionDefined", "ArtifactPublished"),
    "suite": ("SourceChangeSubmitted", "TestSuiteFinished"),
    "finished": ("ArtifactPublished", "ActivityFinished"),
    "tested": ("TestCaseFinished", "TestSuiteFinished"),
    "release": ("SourceChangeSubmitted", "ActivityFinished", "TestSuiteFinished", "ConfidenceLevelModified"),
}
"""Each gate asks for every step whose event is of one of these types (Eiffel<type>Event). The gates overlap."""

FAILURES = {"FAILED", "UNSUCCESSFUL", "FAILURE"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Naming = tuple[str, str, str]
"""Name, type and version: what makes a receiver unique."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the stream, in the registry's words."""

    unit: Unit
    step: Naming
    success: bool
    payload: JsonValue
    occurred_at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The receivers of the steps, and the gates over them."""

    receivers: Mapping[Naming, EventReceiver]
    groups: Sequence[EventReceiverGroup]


def read_stream(path: Path) -> list[Happening]:
    """Read a stream of Eiffel events.

    Raises:
        ValueError: A line is something else; the error says which.
    """
    stream = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                stream.append(understand(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"line {number} is no Eiffel event with an iteration and a name") from error
    if not stream:
        raise ValueError("there are no events in the stream")
    return stream


def understand(event: dict[str, Any]) -> Happening:
    """Say what an Eiffel event tells, and about what."""
    meta, data = event["meta"], event["data"]
    custom = {entry["key"]: entry["value"] for entry in data["customData"]}
    outcome = data.get("outcome", {})
    said = {outcome.get("verdict"), outcome.get("conclusion"), data.get("value")}
    return Happening(
        unit=Unit(
            name="eiffel-pipeline",
            version="1",
            release=str(custom["iteration"]),
            platform_id="any",
            package="pipeline",
        ),
        step=(custom["name"], meta["type"], meta["version"]),
        success=not said & FAILURES,
        payload=event,
        occurred_at=EPOCH + timedelta(milliseconds=meta["time"]),
        key=meta["id"],
    )


def set_up(registry: Registry, stream: Iterable[Happening], schemas: Path) -> Pipeline:
    """Make sure that the receivers and gates exist: `ensure` returns what is there already, if it is the same."""
    receivers = {
        naming: registry.receivers.ensure(
            name=naming[0], type=naming[1], version=naming[2], schema=schema_of(schemas, naming)
        )
        for naming in sorted({happening.step for happening in stream})
    }
    members = {
        name: [receiver for receiver in receivers.values() if receiver.type in {f"Eiffel{kind}Event" for kind in kinds}]
        for name, kinds in GATES.items()
    }
    groups = [
        registry.groups.ensure(name=name, type="ci.gate", version="1", receivers=receivers_of)
        for name, receivers_of in members.items()
        if receivers_of  # a gate without receivers would always be open, so there is none
    ]
    return Pipeline(receivers, groups)


def schema_of(schemas: Path, naming: Naming) -> JsonValue:
    """Return the JSON Schema of an event type; `parse` reads it as strictly as the registry does."""
    _, kind, version = naming
    return parse((schemas / kind / f"{version}.json").read_bytes(), field="schema")


def interleave(stream: Iterable[Happening], in_flight: int) -> Iterator[Happening]:
    """Mix many units, as a busy system does. Each keeps its own order; a new one begins when another has ended."""
    lives: dict[Unit, deque[Happening]] = {}
    for happening in stream:
        lives.setdefault(happening.unit, deque()).append(happening)
    waiting = deque(lives.values())
    running = deque(waiting.popleft() for _ in range(min(in_flight, len(waiting))))
    while running:
        life = running.popleft()
        yield life.popleft()
        if life:
            running.append(life)
        elif waiting:
            running.append(waiting.popleft())


def twice(stream: Iterable[Happening]) -> Iterator[Happening]:
    """Send every event twice, as a sender does that got no answer."""
    for happening in stream:
        yield happening
        yield happening


def deal(stream: Iterable[Happening], writers: int) -> list[list[Happening]]:
    """Give each unit to one of the writers: whoever writes a unit's events, their order is the sender's to keep."""
    shares: list[list[Happening]] = [[] for _ in range(writers)]
    writer_of: dict[Unit, int] = {}
    for happening in stream:
        shares[writer_of.setdefault(happening.unit, len(writer_of) % writers)].append(happening)
    return shares


def replay(
    registry: Registry, pipeline: Pipeline, stream: Iterable[Happening], *, writers: int = 1
) -> list[BulkReport]:
    """Record everything, and say what became of it, writer by writer.

    Raises:
        XzeprError: An event was refused; the error names the field and the reason.
    """
    shares = deal(stream, writers)
    with ThreadPoolExecutor(writers) as threads:
        return list(threads.map(lambda share: record_each(registry, pipeline, share), shares))


def record_each(registry: Registry, pipeline: Pipeline, stream: Iterable[Happening]) -> BulkReport:
    """Record one event after the other, as a service does that hears of them one by one."""
    recorded = replayed = transitions = 0
    for happening in stream:
        result = registry.events.record(
            happening.unit,
            pipeline.receivers[happening.step],
            success=happening.success,
            payload=happening.payload,
            occurred_at=happening.occurred_at,
            idempotency_key=happening.key,
        )
        if result.replayed:
            replayed += 1
        else:
            recorded += 1
            transitions += len(result.transitions)
    return BulkReport(read=recorded + replayed, recorded=recorded, replayed=replayed, transitions=transitions)


def replay_in_bulk(registry: Registry, pipeline: Pipeline, stream: Iterable[Happening]) -> list[BulkReport]:
    """Record everything in chunks, as an import does that has them all; a refused event stops none of the others."""
    drafts = (
        EventDraft(
            unit=happening.unit,
            receiver=pipeline.receivers[happening.step],
            success=happening.success,
            payload=happening.payload,
            occurred_at=happening.occurred_at,
            idempotency_key=happening.key,
        )
        for happening in stream
    )
    return [registry.events.record_many(drafts)]


def show_gates(registry: Registry, pipeline: Pipeline, units: Iterable[Unit]) -> None:
    """Ask for every verdict and every transition, and count them."""
    units = list(units)
    print(f"{'gate':<10}{'needs':>7}{'complete':>10}{'pending':>9}{'completed':>11}{'reopened':>10}")
    for group in pipeline.groups:
        complete = sum(registry.groups.verdict(group, unit).complete for unit in units)
        kinds = Counter(moved.kind for unit in units for moved in registry.groups.transitions(group, unit))
        print(
            f"{group.name:<10}{len(group.receiver_ids):>7}{complete:>10,}{len(units) - complete:>9,}"
            f"{kinds[TransitionKind.COMPLETED]:>11,}{kinds[TransitionKind.REOPENED]:>10,}"
        )


def show_blockers(registry: Registry, pipeline: Pipeline, units: Iterable[Unit], most: int = 5) -> None:
    """Say what most often keeps units from passing the last gate: a verdict explains itself."""
    last = pipeline.groups[-1]
    blocking = Counter(str(gate) for unit in units for gate in registry.groups.verdict(last, unit).blocking)
    print(f"\nwhat keeps units from {last.name}:")
    for reason, count in blocking.most_common(most):
        print(f"{count:>6,}  {reason}")


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stream", type=Path, nargs="?", metavar="STREAM", help="the events, one JSON object per line")
    parser.add_argument("--store", default="memory:", metavar="URL", help="where to record them (default memory:)")
    parser.add_argument("--schemas", type=Path, metavar="DIR", help="the schemas (default ../schemas beside STREAM)")
    parser.add_argument(
        "--interleave", type=positive, default=1, metavar="N", help="units in flight at once (default 1)"
    )
    parser.add_argument("--writers", type=positive, default=1, metavar="N", help="threads that write (default 1)")
    parser.add_argument("--twice", action="store_true", help="send every event twice")
    parser.add_argument("--bulk", action="store_true", help="record in chunks, by one writer")
    arguments = parser.parse_args(argv)
    if arguments.stream is None:
        parser.print_help()
        parser.exit()
    if arguments.bulk and arguments.writers > 1:
        parser.error("--bulk has one writer")
    return arguments


def positive(text: str) -> int:
    """Read a number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Replay a stream, print what it came to, and return the exit code."""
    arguments = parse_arguments(argv)
    try:
        return run(arguments)
    except (OSError, ValueError, XzeprError) as error:
        print(f"cannot replay: {error}", file=sys.stderr)
        return 1


def run(arguments: argparse.Namespace) -> int:
    """Replay a stream, and print what it came to."""
    stream = read_stream(arguments.stream)
    schemas = arguments.schemas or arguments.stream.parent.parent / "schemas"
    units = list(dict.fromkeys(happening.unit for happening in stream))
    sent = list(interleave(stream, arguments.interleave))
    if arguments.twice:
        sent = list(twice(sent))

    with Registry.open(arguments.store) as registry:
        pipeline = set_up(registry, stream, schemas)
        print(f"{len(stream):,} events of {len(pipeline.receivers)} steps for {len(units)} units")
        start = time.perf_counter()
        if arguments.bulk:
            reports = replay_in_bulk(registry, pipeline, sent)
        else:
            reports = replay(registry, pipeline, sent, writers=arguments.writers)
        seconds = time.perf_counter() - start
        for word in ("recorded", "replayed", "refused", "transitions"):
            print(f"{sum(getattr(report, word) for report in reports):>8,} {word}")
        print(f"{len(sent) / seconds:>8,.0f} events/s, each checked against its schema\n")
        show_gates(registry, pipeline, units)
        show_blockers(registry, pipeline, units)
        print(f"\nfeed head: {registry.feed.head():,}")
        return 1 if any(report.refused for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
