"""Random programs: after every step, a store has to say what the oracle says.

A program records events singly and in batches, retries them with equal and with other content, changes groups,
re-evaluates, redacts and reads. Adopt it beside the contract::

    TestMachine = machine_for(ShelfHarness).TestCase

``pytest --hypothesis-show-statistics`` shows how often each rule ran.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import ClassVar, Final

import attrs
from hypothesis import event as note
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from xzepr.errors import IdempotencyConflict, NotFound
from xzepr.model import (
    SYSTEM,
    Change,
    Event,
    EventReceiver,
    EventReceiverGroup,
    NewEvent,
    Recorded,
    Redaction,
    Transition,
    Ulid,
)
from xzepr.stores import Conflicting, Outcome
from xzepr.testing.harness import StoreHarness
from xzepr.testing.oracle import Entry, Oracle
from xzepr.testing.world import new_event, new_id, open_world, unit

UNITS: Final = 3
RECEIVERS: Final = 4
SETTINGS: Final = settings(max_examples=200, stateful_step_count=50, deadline=None)
"""As many programs as CI runs. Hypothesis' own profile for CI makes them the same in every run."""

UNIT_NUMBERS = st.integers(0, UNITS - 1)
RECEIVER_NUMBERS = st.integers(0, RECEIVERS - 1)
MEMBERS = st.lists(RECEIVER_NUMBERS, min_size=1, max_size=3, unique=True)
PAYLOADS = st.sampled_from(["a", "b"])
KEYS = st.sampled_from(["key-1", "key-2", "key-3"])


@attrs.frozen(kw_only=True)
class Handed:
    """An event as a program hands it over; the registry and the oracle get the same."""

    id: Ulid | None
    key: str | None
    unit: int
    receiver: int
    success: bool
    payload: str


def handed(ids: st.SearchStrategy[Ulid | None]) -> st.SearchStrategy[Handed]:
    """Make events with ids of a kind."""
    return st.builds(
        Handed,
        id=ids,
        key=st.one_of(st.none(), st.none(), KEYS),
        unit=UNIT_NUMBERS,
        receiver=RECEIVER_NUMBERS,
        success=st.sampled_from([True, True, False]),
        payload=PAYLOADS,
    )


class RegistryMachine(RuleBasedStateMachine):
    """Does the same to a registry and to the oracle, and compares.

    Attributes:
        harness_class: The harness of the store under test.
        ran: How often each rule ran, over all programs.
    """

    harness_class: ClassVar[type[StoreHarness]]
    ran: ClassVar[Counter[str]]

    events = Bundle("events")
    groups = Bundle("groups")

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.world = self._stack.enter_context(open_world(self.harness_class))
        self.registry = self.world.registry
        self.oracle = Oracle()
        self.receivers: list[EventReceiver] = []
        self.known: dict[Ulid, EventReceiverGroup] = {}
        self.compared = 0

    def teardown(self) -> None:
        """Close the store."""
        self._stack.close()

    @initialize(target=groups, members=MEMBERS)
    def begin(self, members: list[int]) -> Ulid:
        """Create the receivers, the same in every program, and a first group."""
        self.receivers = self.world.receivers(RECEIVERS)
        for receiver in self.receivers:
            self.oracle.receiver(receiver.id)
        return self._create_group(members, enabled=True)

    @rule(target=events, one=handed(st.none()))
    def record(self, one: Handed) -> Handed:
        """Record one event through the registry."""
        self._note("record")
        return self._record(one)

    @rule(target=events, one=handed(st.builds(new_id)))
    def record_with_id(self, one: Handed) -> Handed:
        """Record one event under an id of our own."""
        self._note("record with id")
        return self._record(one)

    @rule(batch=st.lists(handed(st.one_of(st.none(), st.builds(new_id))), min_size=0, max_size=6))
    def append_batch(self, batch: list[Handed]) -> None:
        """Append several events in one step; the keys make some of them retries."""
        self._note("append a batch")
        self._append(batch)

    @rule(one=events, flips=st.booleans())
    def append_twice(self, one: Handed, flips: bool) -> None:  # noqa: FBT001 - drawn
        """Append an event that was recorded, and once more in the same step, perhaps with another result."""
        self._note("append a retry twice")
        self._append([one, attrs.evolve(one, success=one.success != flips)])

    @rule(one=events)
    def retry(self, one: Handed) -> None:
        """Record an event again, as it was."""
        self._note("retry")
        self._record(one)

    @rule(one=events, payload=PAYLOADS, about=UNIT_NUMBERS, key=st.one_of(st.none(), KEYS))
    def retry_otherwise(self, one: Handed, payload: str, about: int, key: str | None) -> None:
        """Record an event again, with what may be other content."""
        self._note("retry with other content")
        self._record(attrs.evolve(one, payload=payload, unit=about, key=key))

    @precondition(lambda self: len(self.known) < 4)
    @rule(target=groups, members=MEMBERS, enabled=st.booleans())
    def create_group(self, members: list[int], enabled: bool) -> Ulid:  # noqa: FBT001 - drawn
        """Create a group over receivers that others may share."""
        self._note("create a group")
        return self._create_group(members, enabled=enabled)

    @rule(group_id=groups, members=MEMBERS, enabled=st.booleans())
    def change_group(self, group_id: Ulid, members: list[int], enabled: bool) -> None:  # noqa: FBT001 - drawn
        """Give a group other receivers, enable or disable it."""
        self._note("change a group")
        group = self.known[group_id]
        chosen = [self.receivers[each] for each in members]
        self._defined(
            self.registry.groups.update(group, expected_revision=group.revision, receivers=chosen, enabled=enabled)
        )

    @rule(group_id=groups)
    def toggle_group(self, group_id: Ulid) -> None:
        """Enable a disabled group, disable an enabled one."""
        self._note("toggle a group")
        group = self.known[group_id]
        self._defined(self.registry.groups.update(group, expected_revision=group.revision, enabled=not group.enabled))

    @rule(group_id=consumes(groups))
    def delete_group(self, group_id: Ulid) -> None:
        """Delete a group."""
        self._note("delete a group")
        self.registry.groups.delete(group_id, expected_revision=self.known.pop(group_id).revision)
        self.oracle.delete(group_id)

    @rule(group_id=groups)
    def reevaluate(self, group_id: Ulid) -> None:
        """Re-evaluate a group."""
        self._note("re-evaluate")
        self.registry.groups.reevaluate(group_id)
        self.oracle.reevaluate(group_id)

    @precondition(lambda self: self.oracle.events)
    @rule(data=st.data())
    def redact(self, data: st.DataObject) -> None:
        """Redact an event, perhaps again."""
        self._note("redact")
        event_id = Ulid(str(data.draw(st.sampled_from(list(self.oracle.events)))))
        assert self.registry.events.redact(event_id, "asked for").redacted
        self.oracle.redact(event_id)

    @precondition(lambda self: self.oracle.groups())
    @rule(data=st.data(), about=UNIT_NUMBERS)
    def ask_the_past(self, data: st.DataObject, about: int) -> None:
        """Ask for the verdict of a group, which may be deleted, at any position."""
        self._note("ask for a past verdict")
        group_id = Ulid(str(data.draw(st.sampled_from(self.oracle.groups()))))
        position = data.draw(st.integers(0, len(self.oracle.feed)))
        assert self._verdict(group_id, about, position) == self.oracle.complete(group_id, about, position)

    @rule(data=st.data(), limit=st.integers(1, 10))
    def read_a_page_of_the_feed(self, data: st.DataObject, limit: int) -> None:
        """Read any page of the feed."""
        self._note("read the feed")
        after = data.draw(st.integers(0, len(self.oracle.feed)))
        page = self.registry.feed.read(after, limit=limit)
        expected = list(range(after + 1, len(self.oracle.feed) + 1))[:limit]
        assert [change.position for change in page] == expected

    @invariant()
    def feed_agrees(self) -> None:
        """What the feed tells since the last step is what the oracle tells."""
        changes = self.world.changes(self.compared)
        told = [_entry(change) for change in changes]
        assert _sorted_runs(told) == _sorted_runs(self.oracle.feed[self.compared :])
        self.compared += len(changes)

    @invariant()
    def verdicts_agree(self) -> None:
        """Every live verdict is the oracle's."""
        for group_id in self.known:
            for about in range(UNITS):
                assert self._verdict(group_id, about, None) == self.oracle.complete(group_id, about)

    @invariant()
    def transitions_agree(self) -> None:
        """Every group, deleted ones too, has the oracle's transitions."""
        for group_id in self.oracle.groups():
            for about in range(UNITS):
                told = [
                    (each.number, each.event_id)
                    for each in self.registry.groups.transitions(str(group_id), unit(about))
                ]
                assert told == [(entry[4], entry[5]) for entry in self.oracle.transitions(group_id, about)]

    def _note(self, name: str) -> None:
        type(self).ran[name] += 1
        note(name)

    def _create_group(self, members: Sequence[int], *, enabled: bool) -> Ulid:
        chosen = [self.receivers[each] for each in members]
        group = self.world.group(*chosen, name=f"group-{len(self.oracle.groups())}", enabled=enabled)
        self._defined(group)
        return group.id

    def _defined(self, group: EventReceiverGroup) -> None:
        self.known[group.id] = group
        self.oracle.define(group.id, group.receiver_ids, enabled=group.enabled)

    def _record(self, one: Handed) -> Handed:
        """Record an event, compare what comes of it, and return it under the id that it is stored with."""
        try:
            result: Recorded | None = self.registry.events.record(
                unit(one.unit),
                self.receivers[one.receiver],
                success=one.success,
                payload=one.payload,
                id=one.id,
                idempotency_key=one.key,
            )
        except IdempotencyConflict:
            result = None
        event_id = result.event.id if result is not None else one.id or new_id()
        told = "conflict" if result is None else "replayed" if result.replayed else "recorded"
        assert told == self._ask_oracle(one, event_id)
        note(told)
        return one if told == "conflict" else attrs.evolve(one, id=event_id)

    def _append(self, batch: Sequence[Handed]) -> None:
        events = [self._new_event(one) for one in batch]
        told = [_said(outcome) for outcome in self.world.store.events.append(events, SYSTEM)]
        assert told == [self._ask_oracle(one, event.id) for one, event in zip(batch, events, strict=True)]
        for each in told:
            note(each)

    def _new_event(self, one: Handed) -> NewEvent:
        return new_event(
            unit(one.unit),
            self.receivers[one.receiver],
            success=one.success,
            payload=one.payload,
            id=one.id,
            key=one.key,
        )

    def _ask_oracle(self, one: Handed, event_id: Ulid) -> str:
        said = (one.unit, self.receivers[one.receiver].id, one.success, one.payload)
        return self.oracle.record(event_id, one.key, said, named=one.id is not None)

    def _verdict(self, group_id: Ulid, about: int, position: int | None) -> bool | None:
        try:
            return self.registry.groups.verdict(group_id, unit(about), as_of=position).complete
        except NotFound:
            return None


def machine_for(harness_class: type[StoreHarness]) -> type[RegistryMachine]:
    """Return the machine for a store; its ``TestCase`` is what pytest collects.

    Args:
        harness_class: The harness of the store.
    """
    chosen = harness_class

    class Machine(RegistryMachine):
        harness_class = chosen
        ran: ClassVar[Counter[str]] = Counter()

    Machine.TestCase.settings = SETTINGS
    return Machine


def _said(outcome: Outcome) -> str:
    match outcome:
        case Recorded():
            return "replayed" if outcome.replayed else "recorded"
        case Conflicting():
            return "conflict"
        case _:
            return type(outcome).__name__


def _entry(change: Change) -> Entry:
    """Say a change in the oracle's words."""
    kind, subject = str(change.kind), change.subject
    match subject:
        case Event() | EventReceiver():
            return kind, subject.id
        case Redaction():
            return kind, subject.event_id
        case EventReceiverGroup() if kind == "group.deleted":
            return kind, subject.id
        case EventReceiverGroup():
            return kind, subject.id, subject.revision, subject.receiver_ids, subject.enabled
        case Transition():
            about = int(subject.unit.name.removeprefix("unit-"))
            return kind, subject.group.id, subject.group.revision, about, subject.number, subject.event_id
        case _:
            return kind, str(subject)


def _sorted_runs(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Sort the transitions of one event, and of one re-evaluation: their order among themselves is the store's own."""
    runs = groupby(entries, key=lambda entry: entry[0] in ("group.completed", "group.reopened"))
    return [sorted(run, key=str) if transitions else list(run) for transitions, run in runs]
