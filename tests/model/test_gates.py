"""The completion rule, verdicts and transitions."""

# ruff: noqa: FBT001 - a parameter of the case
from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS, NOON, make_group, make_receiver, make_unit
from xzepr.model import (
    KIND_OF_TRANSITION,
    Gate,
    GateState,
    Transition,
    TransitionKind,
    Verdict,
    gate_state,
    is_complete,
    transition_due,
)

PASSED, FAILED, MISSING = GateState.PASSED, GateState.FAILED, GateState.MISSING
COMPLETED, REOPENED = TransitionKind.COMPLETED, TransitionKind.REOPENED


def make_gate(name: str, state: GateState, minutes: int = 0) -> Gate:
    """Make a gate; a missing one has no event."""
    receiver = make_receiver(name=name).ref
    if state is MISSING:
        return Gate(receiver=receiver, state=state)
    return Gate(receiver=receiver, state=state, event_id=IDS[5], recorded_at=NOON + timedelta(minutes=minutes))


def make_verdict(*gates: Gate, enabled: bool = True) -> Verdict:
    """Make a verdict."""
    return Verdict(group=make_group().ref, enabled=enabled, unit=make_unit(), gates=gates)


def test_a_gate_is_passed_by_a_success_and_failed_by_a_failure() -> None:
    """The latest event says what the gate is."""
    assert gate_state(True) is PASSED  # noqa: FBT003 - the event's own field
    assert gate_state(False) is FAILED  # noqa: FBT003 - the event's own field


@pytest.mark.parametrize(
    ("enabled", "states", "expected"),
    [
        (True, [PASSED], True),
        (True, [PASSED, PASSED], True),
        (True, [PASSED, FAILED], False),
        (True, [MISSING, PASSED], False),
        (False, [PASSED], False),
    ],
)
def test_a_group_is_complete_when_enabled_and_all_its_gates_are_passed(
    enabled: bool,
    states: list[GateState],
    expected: bool,
) -> None:
    """Nothing may be missing or failed, and a disabled gate is pending."""
    assert is_complete(enabled, states) is expected


@pytest.mark.parametrize(
    ("last", "complete", "expected"),
    [
        (None, False, None),
        (None, True, COMPLETED),
        (COMPLETED, True, None),
        (COMPLETED, False, REOPENED),
        (REOPENED, False, None),
        (REOPENED, True, COMPLETED),
    ],
)
def test_a_transition_is_due_when_the_verdict_differs_from_the_last_one(
    last: TransitionKind | None,
    complete: bool,
    expected: TransitionKind | None,
) -> None:
    """Every combination of the last transition and the verdict."""
    assert transition_due(last, complete=complete) is expected


@given(st.lists(st.booleans()))
def test_transitions_alternate_whatever_happens(verdicts: list[bool]) -> None:
    """Completed comes first, and the two kinds take turns."""
    made: list[TransitionKind] = []
    for complete in verdicts:
        kind = transition_due(made[-1] if made else None, complete=complete)
        made += [] if kind is None else [kind]
    assert made == [COMPLETED if place % 2 == 0 else REOPENED for place in range(len(made))]


@pytest.mark.parametrize(
    ("gates", "enabled", "expected"),
    [
        ([make_gate("build", PASSED)], True, "complete"),
        ([make_gate("build", PASSED), make_gate("scan", MISSING)], True, "pending: scan is missing"),
        ([make_gate("build", FAILED), make_gate("scan", MISSING)], True, "pending: build failed, scan is missing"),
        ([make_gate("build", PASSED)], False, "pending: the group is disabled"),
        ([make_gate("build", FAILED)], False, "pending: the group is disabled, build failed"),
    ],
)
def test_a_verdict_explains_itself(gates: list[Gate], enabled: bool, expected: str) -> None:
    """The text names what stands in the way."""
    verdict = make_verdict(*gates, enabled=enabled)
    assert str(verdict) == expected
    assert verdict.complete is (expected == "complete")


def test_a_passed_gate_says_so() -> None:
    """Each gate has a text."""
    assert str(make_gate("build", PASSED)) == "build passed"


def test_what_blocks_is_what_is_not_passed() -> None:
    """Blocking gates come in the group's order."""
    gates = [make_gate("a", FAILED), make_gate("b", PASSED), make_gate("c", MISSING)]
    assert make_verdict(*gates).blocking == (gates[0], gates[2])


def test_a_verdict_was_decided_by_its_newest_event() -> None:
    """The latest time among the gates counts; missing ones have none."""
    verdict = make_verdict(make_gate("a", PASSED, 2), make_gate("b", FAILED, 5), make_gate("c", MISSING))
    assert verdict.decided_at == NOON + timedelta(minutes=5)
    assert make_verdict(make_gate("c", MISSING)).decided_at is None


def test_a_transition_says_what_happened_to_what() -> None:
    """The text names group, kind and unit."""
    transition = Transition(
        group=make_group().ref, unit=make_unit(), number=1, kind=COMPLETED, event_id=None, recorded_at=NOON
    )
    assert str(transition) == "release completed for web/1.4.2/1/linux/oci"


def test_each_kind_of_transition_has_a_name_in_the_feed() -> None:
    """The feed knows every kind."""
    assert {str(kind): str(change) for kind, change in KIND_OF_TRANSITION.items()} == {
        "completed": "group.completed",
        "reopened": "group.reopened",
    }
