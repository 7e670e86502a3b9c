"""The journal of a write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.values import IDS
from xzepr_memory.journal import Journal
from xzepr_memory.rows import AnchorKey

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = st.tuples(st.integers(0, 3).map(lambda seconds: START + timedelta(seconds=seconds)), st.sampled_from(IDS[:6]))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "push", "insert", "remove", "change"]), KEYS), max_size=30)


class Row:
    """A row with a field."""

    field: object = None


def run(steps: list[tuple[str, AnchorKey]], table: dict[AnchorKey, int], keys: list[AnchorKey], row: Row) -> Journal:
    """Do the steps that can be done."""
    journal = Journal()
    items: list[AnchorKey] = []
    for number, (step, key) in enumerate(steps):
        if step == "put":
            journal.put(table, key, number)
        elif step == "drop":
            journal.drop(table, key)
        elif step == "push":
            journal.push(items, key)
        elif step == "insert" and key not in keys:
            journal.insert(keys, key)
        elif step == "remove" and key in keys:
            journal.remove(keys, key)
        elif step == "change":
            journal.change(row, "field", number)
        assert keys == sorted(keys)
    return journal


@given(st.dictionaries(KEYS, st.integers()), st.sets(KEYS), STEPS)
def test_undoing_takes_every_step_back(
    table: dict[AnchorKey, int], given_keys: set[AnchorKey], steps: list[tuple[str, AnchorKey]]
) -> None:
    """Whatever was done in whatever order, afterwards all is as before."""
    keys, row = sorted(given_keys), Row()
    before = dict(table), list(keys)
    journal = run(steps, table, keys, row)
    journal.undo()
    assert (table, keys, row.field) == (*before, None)


def test_undoing_twice_does_no_harm() -> None:
    """What was taken back is not taken back again."""
    table = {"a": 1}
    journal = Journal()
    journal.put(table, "a", 2)
    journal.undo()
    table["a"] = 3
    journal.undo()
    assert table == {"a": 3}


def test_dropping_what_is_not_there_does_nothing() -> None:
    """A missing item is no error."""
    table = {"a": 1}
    Journal().drop(table, "b")
    assert table == {"a": 1}


def test_undoing_a_removal_that_was_not_done_does_no_harm() -> None:
    """An interrupt may come between the note and the step."""
    keys: list[AnchorKey] = [(START, IDS[1])]
    journal = Journal()
    journal.remove(keys, keys[0])
    keys.append((START, IDS[1]))
    journal.undo()
    assert keys == [(START, IDS[1])]


def test_undoing_an_insertion_that_was_not_done_does_no_harm() -> None:
    """The same, for a key that belongs before another."""
    keys: list[AnchorKey] = [(START, IDS[2])]
    journal = Journal()
    journal.insert(keys, (START, IDS[1]))
    keys.remove((START, IDS[1]))
    journal.undo()
    assert keys == [(START, IDS[2])]


class Interrupted:
    """A row that is interrupted the first time that its field goes back."""

    def __init__(self) -> None:
        self.values = [0]
        self.interrupted = False

    @property
    def field(self) -> int:
        """The last value."""
        return self.values[-1]

    @field.setter
    def field(self, value: int) -> None:
        if value == 0 and not self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        self.values.append(value)


def test_an_interrupt_waits_until_all_is_undone() -> None:
    """Ctrl-C in the middle of an undo is raised, but only after the last step."""
    items: list[int] = []
    row = Interrupted()
    journal = Journal()
    journal.push(items, 1)
    journal.change(row, "field", 5)

    with pytest.raises(KeyboardInterrupt):
        journal.undo()

    assert (items, row.field) == ([], 0)
