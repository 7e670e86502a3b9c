"""The example that replays a CI/CD stream: every verdict and every transition, against a model of ten lines.

The model here knows nothing of the example or of the library: it reads the stream itself. Each way of replaying is
judged twice: by the order in which each unit's events were sent, and by the order of the feed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import attrs
import pytest

from tests.shared_data import folder_or_skip
from xzepr import Change, ChangeKind, Event, EventReceiver, EventReceiverGroup, GateState, Registry, Transition, Unit
from xzepr.errors import AlreadyExists

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "replay_eiffel.py"


def load_example() -> ModuleType:
    """The example as a module: it is a script, and stands in no package."""
    spec = importlib.util.spec_from_file_location("replay_eiffel", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


example = load_example()

T = TypeVar("T")

Facts = Iterable[tuple[str, str, bool, str]]
"""Unit, step, success and id of each event, in order."""

Moves = dict[tuple[str, str], list[tuple[str, str]]]
"""The transitions of each group and unit: their kinds, and the ids of the events that caused them."""


def model(facts: Facts, gates: Mapping[str, frozenset[str]]) -> tuple[dict[tuple[str, str], bool], Moves]:
    """What must happen: the latest result of each step decides, and a change of the verdict is a transition."""
    passed: dict[tuple[str, str], bool] = {}
    complete: dict[tuple[str, str], bool] = {}
    moves: Moves = defaultdict(list)
    for unit, step, success, cause in facts:
        passed[unit, step] = success
        for gate in (gate for gate, needs in gates.items() if step in needs):
            now = all(passed.get((unit, need), False) for need in gates[gate])
            if now != complete.get((gate, unit), False):
                moves[gate, unit].append(("completed" if now else "reopened", cause))
            complete[gate, unit] = now
    return complete, moves


def raw_facts(events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, bool, str]]:
    """The stream, read without the example's help."""
    for event in events:
        data = event["data"]
        custom = {item["key"]: item["value"] for item in data["customData"]}
        texts = json.dumps([data.get("outcome"), data.get("value")])
        failed = '"FAILED"' in texts or '"UNSUCCESSFUL"' in texts or '"FAILURE"' in texts
        yield str(custom["iteration"]), custom["name"], not failed, event["meta"]["id"]


@attrs.frozen(kw_only=True)
class Replay:
    """A replayed stream, and what to judge it by."""

    registry: Registry
    groups: Sequence[EventReceiverGroup]
    units: Sequence[Unit]
    raw: Sequence[Mapping[str, Any]]
    reports: Sequence[Any]
    changes: Sequence[Change]

    @property
    def gates(self) -> dict[str, frozenset[str]]:
        """The names of the receivers of each group, as the registry has them."""
        return {
            group.name: frozenset(self.registry.receivers.get(member).name for member in group.receiver_ids)
            for group in self.groups
        }

    def total(self, word: str) -> int:
        """A figure of all the reports together."""
        return sum(getattr(report, word) for report in self.reports)

    def eiffel_id(self, event_id: str | None) -> str:
        """The id that the stream has for an event."""
        assert event_id is not None
        payload: Any = self.registry.events.get(event_id).payload
        return str(payload["meta"]["id"])


WAYS: Mapping[str, Mapping[str, Any]] = {
    "in file order": {},
    "with 50 units in flight": {"in_flight": 50},
    "every event twice": {"in_flight": 20, "twice": True},
    "with 8 writers": {"in_flight": 201, "writers": 8},
    "with 8 writers and every event twice": {"in_flight": 40, "writers": 8, "twice": True},
    "in bulk": {"in_flight": 50, "bulk": True},
}


@pytest.fixture(scope="module", params=WAYS)
def replay(request: pytest.FixtureRequest) -> Iterator[Replay]:
    """The stream, replayed in one of several ways into a memory store."""
    path = folder_or_skip("eiffel") / "stream" / "events.jsonl"
    way = WAYS[request.param]
    with Registry.open("memory:") as registry:
        stream = example.read_stream(path)
        pipeline = example.set_up(registry, stream, path.parent.parent / "schemas")
        sent = example.interleave(stream, way.get("in_flight", 1))
        sent = example.twice(sent) if way.get("twice") else sent
        if way.get("bulk"):
            reports = example.replay_in_bulk(registry, pipeline, sent)
        else:
            reports = example.replay(registry, pipeline, sent, writers=way.get("writers", 1))
        raw = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        units = list(dict.fromkeys(happening.unit for happening in stream))
        changes = list(registry.feed.follow(payloads=True, idle_seconds=0))
        print(f"{request.param}: {len(raw)} events, {len(units)} units")  # noqa: T201 - a test on real data tells how much there was
        yield Replay(registry=registry, groups=pipeline.groups, units=units, raw=raw, reports=reports, changes=changes)


def test_the_stream_is_there(replay: Replay) -> None:
    """The stream has events of several units, and the gates overlap: otherwise nothing below means anything."""
    shared = [step for gate in replay.gates.values() for step in gate]

    assert len(replay.raw) > len(replay.units) > 1
    assert len(replay.groups) > 1
    assert len(shared) > len(set(shared))


def test_every_event_is_recorded_once(replay: Replay) -> None:
    """Nothing is refused or lost, and what is sent again is a replay."""
    sent_twice = replay.total("read") == 2 * len(replay.raw)

    assert (replay.total("recorded"), replay.total("refused")) == (len(replay.raw), 0)
    assert replay.total("replayed") == (len(replay.raw) if sent_twice else 0)


def test_every_verdict_is_the_models(replay: Replay) -> None:
    """Each group's verdict for each unit is what the latest results say."""
    complete, _ = model(raw_facts(replay.raw), replay.gates)
    verdicts = {
        (group.name, unit.release): replay.registry.groups.verdict(group, unit).complete
        for group in replay.groups
        for unit in replay.units
    }

    assert verdicts == {place: complete.get(place, False) for place in verdicts}
    assert set(verdicts.values()) == {True, False}


def test_every_gate_is_the_models(replay: Replay) -> None:
    """Each gate of each verdict has the state and names the event that the stream has last for it."""
    latest = {(unit, step): (success, cause) for unit, step, success, cause in raw_facts(replay.raw)}
    wrong = [
        (unit.release, str(gate))
        for group in replay.groups
        for unit in replay.units
        for gate in replay.registry.groups.verdict(group, unit).gates
        if _seen(replay, gate.state, gate.event_id) != latest.get((unit.release, gate.receiver.name))
    ]

    assert wrong == []


def _seen(replay: Replay, state: GateState, event_id: str | None) -> tuple[bool, str] | None:
    return None if state is GateState.MISSING else (state is GateState.PASSED, replay.eiffel_id(event_id))


def test_every_transition_is_the_models(replay: Replay) -> None:
    """Each group moves for each unit exactly as the model says, each time because of the event that it says."""
    _, moves = model(raw_facts(replay.raw), replay.gates)
    seen = {
        (group.name, unit.release): [
            (str(moved.kind), replay.eiffel_id(moved.event_id))
            for moved in replay.registry.groups.transitions(group, unit)
        ]
        for group in replay.groups
        for unit in replay.units
    }

    assert {place: found for place, found in seen.items() if found} == moves
    assert replay.total("transitions") == sum(map(len, moves.values()))


def test_a_group_completes_at_most_once_per_unit(replay: Replay) -> None:
    """In this stream every step of a unit happens once, so no gate opens twice."""
    counts = [len(replay.registry.groups.transitions(group, unit)) for group in replay.groups for unit in replay.units]

    assert set(counts) == {0, 1}


def test_the_feed_is_dense_and_in_order(replay: Replay) -> None:
    """Positions are 1, 2, 3 … up to the head, and hold each event and each transition once."""
    kinds = [change.kind for change in replay.changes]

    assert [change.position for change in replay.changes] == list(range(1, replay.registry.feed.head() + 1))
    assert kinds.count(ChangeKind.EVENT_RECORDED) == len(replay.raw)
    assert kinds.count(ChangeKind.GROUP_COMPLETED) == replay.total("transitions")


def test_the_feed_keeps_the_order_of_each_unit(replay: Replay) -> None:
    """Whoever writes, a unit's events stand in the feed as they were sent, and numbered from 1 on."""
    sent: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for unit, _, _, cause in raw_facts(replay.raw):
        sent[unit].append((len(sent[unit]) + 1, cause))
    fed = defaultdict(list)
    for event in _subjects(replay.changes, Event):
        payload: Any = event.payload
        fed[event.unit.release].append((event.n, payload["meta"]["id"]))

    assert fed == sent


def test_the_feed_explains_every_transition(replay: Replay) -> None:
    """Told the events in the feed's order, the model makes the transitions that the feed has."""
    names = {receiver.id: receiver.name for receiver in _subjects(replay.changes, EventReceiver)}
    facts = [
        (event.unit.release, names[event.receiver_id], event.success, str(event.id))
        for event in _subjects(replay.changes, Event)
    ]
    _, moves = model(facts, replay.gates)
    fed: Moves = defaultdict(list)
    for moved in _subjects(replay.changes, Transition):
        fed[moved.group.name, moved.unit.release].append((str(moved.kind), str(moved.event_id)))

    assert fed == moves


def test_transitions_stand_right_behind_their_event(replay: Replay) -> None:
    """Between an event and the transitions that it caused there is nothing else in the feed."""
    last: str | None = None
    causes = []
    for change in replay.changes:
        if isinstance(change.subject, Transition):
            causes.append((change.subject.event_id, last))
        else:
            last = change.subject.id if isinstance(change.subject, Event) else None

    assert causes
    assert all(cause == before for cause, before in causes)


def _subjects(changes: Iterable[Change], kind: type[T]) -> Iterator[T]:
    return (change.subject for change in changes if isinstance(change.subject, kind))


def test_every_event_verifies(replay: Replay) -> None:
    """What the feed hands out is what was recorded."""
    assert all(event.verify() for event in _subjects(replay.changes, Event))


def test_the_model_can_disagree(replay: Replay) -> None:
    """The comparison is one that can fail: one flipped result changes verdicts and transitions."""
    facts = list(raw_facts(replay.raw))
    complete, moves = model(facts, replay.gates)
    [cause] = next(iter(moves.values()))
    flipped = [(unit, step, success and known != cause[1], known) for unit, step, success, known in facts]

    assert model(flipped, replay.gates) != (complete, moves)


def run_example(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the example as a user does."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_example_runs_as_a_script() -> None:
    """The script prints how fast it was, the gates, and the head of the feed."""
    path = folder_or_skip("eiffel") / "stream" / "events.jsonl"
    done = run_example(str(path), "--store", "memory:", "--interleave", "50", "--writers", "2")

    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in ("events/s", "transitions", "release", "feed head:") if word not in done.stdout] == []


def test_example_without_a_stream_explains_itself() -> None:
    """A newcomer who has no stream learns what one is."""
    done = run_example()

    assert (done.returncode, done.stderr) == (0, "")
    assert "Eiffel" in done.stdout


def test_example_says_what_is_wrong_with_a_stream(tmp_path: Path) -> None:
    """A line that is no Eiffel event is told by its number."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"meta": {}}\n', encoding="utf-8")
    done = run_example(str(path))

    assert done.returncode == 1
    assert done.stderr == "cannot replay: line 1 is no Eiffel event with an iteration and a name\n"


def test_interleaving_keeps_each_units_order() -> None:
    """As many units as asked for are in flight, and none of them loses its order."""
    units = [
        Unit(name="web", version="1", release=str(number), platform_id="any", package="pipeline") for number in range(3)
    ]
    stream = [
        example.Happening(unit, ("build", "ci.build", "1"), True, None, example.EPOCH, f"{unit.release}.{number}")  # noqa: FBT003 - the example's own value
        for unit in units
        for number in range(2)
    ]

    assert [happening.key for happening in example.interleave(stream, 2)] == ["0.0", "1.0", "0.1", "1.1", "2.0", "2.1"]


def test_a_changed_schema_is_refused(tmp_path: Path) -> None:
    """Replaying into a registry that has another schema under the same name says so, and records nothing."""
    stream = [
        example.Happening(
            Unit(name="web", version="1", release="1", platform_id="any", package="pipeline"),
            ("build", "Build", "1"),
            True,  # noqa: FBT003 - the example's own value
            {},
            example.EPOCH,
            "1",
        )
    ]
    (tmp_path / "Build").mkdir()
    schema = tmp_path / "Build" / "1.json"
    with Registry.open("memory:") as registry:
        schema.write_text('{"type": "object"}', encoding="utf-8")
        example.set_up(registry, stream, tmp_path)
        schema.write_text('{"type": "array"}', encoding="utf-8")

        with pytest.raises(AlreadyExists, match="schema"):
            example.set_up(registry, stream, tmp_path)
