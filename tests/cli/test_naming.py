"""Which group or receiver a text means."""

from __future__ import annotations

import pytest

from tests.cli.calling import Story
from xzepr.cli.naming import find_group, find_receiver
from xzepr.errors import Invalid, NotFound


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


def test_a_name_that_looks_like_an_id_is_found_by_all_three(story: Story) -> None:
    """26 such characters are an id; with type and version they are a name."""
    name = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    odd = story.registry.groups.create(name=name, type="t", version="1", receivers=[story.scan])

    assert find_group(story.registry, f"{name}/t/1") == odd


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


def test_c094_a_url_in_the_wrong_place_is_not_repeated(story: Story) -> None:
    """It may hold a password."""
    with pytest.raises(NotFound) as caught:
        find_group(story.registry, "postgresql://ci:hunter2@db/x")

    assert "hunter2" not in str(caught.value)
