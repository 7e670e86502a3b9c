"""Which group or receiver a text means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.cli.calling import UNIT, Call, Story, unit_arguments
from xzepr import EventReceiverGroup, Page
from xzepr.cli.naming import find_group, find_receiver
from xzepr.errors import Damaged, Invalid, NotFound
from xzepr.registry.groups import Groups
from xzepr.registry.receivers import Receivers


def test_by_id_by_name_and_by_all_three(story: Story) -> None:
    """An id, a name that nothing else has, and name, type and version mean the same."""
    for text in (story.release.id, "release", "release/ci.gate/1"):
        assert find_group(story.registry, text) == story.release
    for text in (story.scan.id, "scan", "scan/ci.scan/1"):
        assert find_receiver(story.registry, text) == story.scan


@pytest.mark.parametrize(
    "text", ["nope", "release/ci.gate/2", "release/ci.gate", "/", "//", "release//", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
def test_what_is_not_there(story: Story, text: str) -> None:
    """The error repeats what was looked for."""
    with pytest.raises(NotFound) as caught:
        find_group(story.registry, text)

    assert caught.value.key == text


def test_a_name_that_several_have_lists_them(story: Story) -> None:
    """Nothing is chosen: the error lists what it may be, with the ids; a full name still says it."""
    second = story.registry.groups.create(name="release", type="ci.gate", version="2", receivers=[story.scan])

    with pytest.raises(Invalid, match="give the id") as caught:
        find_group(story.registry, "release")

    assert all(f"release/ci.gate/{one.version} ({one.id})" in str(caught.value) for one in (story.release, second))
    assert find_group(story.registry, "release/ci.gate/2") == second


def test_of_very_many_the_first_are_listed(story: Story) -> None:
    """The message stays short."""
    for number in range(2, 40):
        story.registry.groups.create(name="release", type="ci.gate", version=f"{number}", receivers=[story.scan])

    with pytest.raises(Invalid, match="and 29 more") as caught:
        find_group(story.registry, "release")

    assert str(caught.value).count("release/ci.gate/") == 10


def test_names_with_slashes(story: Story) -> None:
    """Wherever the slashes stand, what has these parts is found; and if two have, both are listed."""
    odd = story.registry.groups.create(name="a/b", type="c", version="d/e", receivers=[story.scan])
    assert find_group(story.registry, "a/b/c/d/e") == odd

    story.registry.groups.create(name="a", type="b/c", version="d/e", receivers=[story.scan])
    with pytest.raises(Invalid, match="give the id"):
        find_group(story.registry, "a/b/c/d/e")


def test_a_name_that_looks_like_an_id(story: Story) -> None:
    """It is found where no such id is there; the id comes first."""
    name = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    odd = story.registry.groups.create(name=name, type="t", version="1", receivers=[story.scan])
    story.registry.groups.create(name=story.release.id, type="t", version="1", receivers=[story.scan])

    assert find_group(story.registry, name) == find_group(story.registry, f"{name}/t/1") == odd
    assert find_group(story.registry, story.release.id) == story.release


def test_a_receiver_whose_name_looks_like_an_id(story: Story) -> None:
    """It is found as well."""
    name = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    odd = story.registry.receivers.ensure(name=name, type="t", version="1", schema=True)

    assert find_receiver(story.registry, name) == odd


@pytest.mark.parametrize("text", ["", " ", "a\nb", "\ud800", "x" * 768])
def test_c016_what_can_be_no_name(story: Story, text: str) -> None:
    """It is refused by what it should be, not looked for."""
    with pytest.raises(Invalid) as caught:
        find_receiver(story.registry, text)

    assert caught.value.fields == ("receiver",)


def test_a_long_full_name(story: Story) -> None:
    """Each of the three may be as long as it may be."""
    long = "n" * 255
    made = story.registry.groups.create(name=long, type="t" * 255, version="v" * 255, receivers=[story.scan])

    assert find_group(story.registry, "/".join(made.naming)) == made


@pytest.mark.parametrize("url", ["postgresql://ci:hunter2@db/x", "postgresql:ci:hunter2@db", "//ci:hunter2@db/x"])
def test_c094_a_url_in_the_wrong_place_is_not_repeated(story: Story, url: str) -> None:
    """It may hold a password."""
    with pytest.raises(NotFound) as caught:
        find_group(story.registry, url)

    assert "hunter2" not in str(caught.value)


def damaging(listed: Callable[..., Page[Any]], kind: str, *ids: str) -> Callable[..., Page[Any]]:
    """Let rows with these ids stand in every list as what cannot be decoded."""

    def read(*args: object, **options: object) -> Page[Any]:
        page = listed(*args, **options)
        rows = tuple(Damaged(kind, item.id, "description: must hold no control characters") for item in page)
        kept = tuple(item for item in page if item.id not in ids)
        return attrs.evolve(page, items=kept, damaged=tuple(row for row in rows if row.key in ids))

    return read


@pytest.fixture
def second(story: Story, monkeypatch: pytest.MonkeyPatch) -> EventReceiverGroup:
    """Another version of the group, beside which the first one is damaged."""
    monkeypatch.setattr(Groups, "list", damaging(Groups.list, "group", story.release.id))
    return story.registry.groups.create(name="release", type="ci.gate", version="2", receivers=[story.build])


def test_c082_a_damaged_row_makes_nothing_unambiguous(story: Story, second: EventReceiverGroup) -> None:
    """The one that can be read is not taken for the one that is meant; its own id and its full name still mean it."""
    with pytest.raises(Damaged) as caught:
        find_group(story.registry, "release")

    assert caught.value.key == story.release.id
    assert find_group(story.registry, second.id) == find_group(story.registry, "release/ci.gate/2") == second


def test_c082_a_damaged_row_by_its_full_name(story: Story, second: EventReceiverGroup) -> None:
    """It is there, so it is damaged and not missing; what nobody is called is missing."""
    with pytest.raises(Damaged):
        find_group(story.registry, "release/ci.gate/1")
    with pytest.raises(NotFound):
        find_group(story.registry, "release/ci.gate/3")
    assert second.version == "2"


def test_c082_a_damaged_row_among_names_with_slashes(
    story: Story, second: EventReceiverGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the slashes stand: beside a damaged one that may be meant, nothing is chosen."""
    make = story.registry.groups.create
    odd = make(name="release", type="a/b", version="c", receivers=[story.scan])
    twin = make(name="release/a", type="b", version="c", receivers=[story.scan])
    assert second.id not in {odd.id, twin.id}
    monkeypatch.setattr(Groups, "list", damaging(Groups.list, "group", odd.id))

    with pytest.raises(Damaged, match=odd.id):
        find_group(story.registry, "release/a/b/c")
    assert find_group(story.registry, twin.id) == twin


def test_c082_a_damaged_receiver_is_not_passed_over(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers are found as groups are."""
    story.registry.receivers.ensure(name="scan", type="ci.scan", version="2", schema=True)
    monkeypatch.setattr(Receivers, "list", damaging(Receivers.list, "receiver", story.scan.id))

    with pytest.raises(Damaged, match=story.scan.id):
        find_receiver(story.registry, "scan")


def test_c082_a_gate_that_may_be_a_damaged_one_stays_shut(story: Story, second: EventReceiverGroup, call: Call) -> None:
    """`xzepr assert` answers 2 and names the row, although the other group is complete."""
    answer = call("assert", "release", *unit_arguments())

    assert (answer.code, answer.out) == (2, "")
    assert f"the stored group {story.release.id} is damaged" in answer.err
    assert story.registry.groups.verdict(second, UNIT).complete


def test_a_full_name_of_very_many_letters_and_slashes(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is looked for that is longer than a part can be."""
    monkeypatch.setattr(Groups, "list", damaging(Groups.list, "group", story.release.id))
    story.registry.groups.create(name="release", type="t" * 255, version="v" * 255, receivers=[story.scan])

    for text in (f"release/{'t' * 250}/{'v' * 256}", f"{'n' * 256}/t/v"):
        with pytest.raises(NotFound):
            find_group(story.registry, text)
    assert find_group(story.registry, f"release/{'t' * 255}/{'v' * 255}").type == "t" * 255
