"""Groups."""

# ruff: noqa: ANN401 - what is given is wrong on purpose
from __future__ import annotations

from typing import Any

import pytest

from tests.model.values import IDS, make_group
from xzepr.errors import Invalid, TooLarge
from xzepr.model import MAX_RECEIVERS, GroupRef, Ulid, ulid_from_int


def ids(count: int) -> tuple[Ulid, ...]:
    """Return that many distinct ids."""
    return tuple(ulid_from_int(number) for number in range(count))


def reasons(**changes: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a group."""
    with pytest.raises(Invalid) as caught:
        make_group(**changes)
    return [(violation.field, violation.reason) for violation in caught.value.violations]


def test_c075_a_group_of_no_receivers_is_refused() -> None:
    """An empty gate would always be open."""
    assert reasons(receiver_ids=()) == [
        ("receivers", "must name at least one receiver: an empty gate would always be open")
    ]


def test_c075_a_group_of_1000_receivers_is_too_large() -> None:
    """100 receivers stand in a group, 101 and 1,000 do not."""
    assert len(make_group(receiver_ids=ids(MAX_RECEIVERS)).receiver_ids) == 100
    for count in (101, 1_000):
        with pytest.raises(TooLarge, match="receivers: must name at most 100 receivers") as caught:
            make_group(receiver_ids=ids(count))
        assert caught.value.violations[0].limit == 100


def test_a_receiver_stands_in_a_group_once() -> None:
    """The same receiver twice is refused."""
    assert reasons(receiver_ids=(IDS[1], IDS[2], IDS[1])) == [("receivers", "must name each receiver once")]


@pytest.mark.parametrize("stranger", ["x", 1, None, {}, [], ["a"]], ids=repr)
def test_each_wrong_id_is_named_by_its_place(stranger: object) -> None:
    """What is no id is refused by its index, also what cannot stand in a set."""
    found = reasons(receiver_ids=(IDS[1], stranger))
    assert [field for field, _ in found] == ["receivers/1"]
    assert "must be a ULID" in found[0][1]


@pytest.mark.parametrize("receiver_ids", [None, 5, IDS[1], [IDS[1]], {IDS[1]}], ids=repr)
def test_receivers_are_a_tuple(receiver_ids: object) -> None:
    """A group that could still be changed, or is none, is refused."""
    assert [field for field, _ in reasons(receiver_ids=receiver_ids)] == ["receivers"]


def test_all_fields_are_refused_at_once() -> None:
    """One error names every wrong field."""
    found = reasons(
        id="x",
        name="",
        type=None,
        version="\n",
        description="\0",
        receiver_ids=(),
        enabled=1,
        owner=None,
        revision=True,
        created_at=0,
        updated_at=None,
    )
    assert [field for field, _ in found] == [
        *("id", "name", "type", "version", "description", "receivers", "enabled", "owner", "revision"),
        *("created_at", "updated_at"),
    ]


def test_others_mention_a_revision_by_a_short_value() -> None:
    """A reference holds id, revision and what makes the group unique, and shows the name."""
    group = make_group(revision=3)
    assert group.ref == GroupRef(IDS[2], 3, "release", "ci.gate", "1")
    assert str(group.ref) == "release"
    assert group.naming == ("release", "ci.gate", "1")
