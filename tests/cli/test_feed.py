"""`xzepr feed`: from which place, in which form, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from tests.cli.calling import Call, Story
from xzepr import Change, Registry, json_form
from xzepr.cli import feed as feed_command
from xzepr.cli.feed import read_all
from xzepr.errors import Damaged
from xzepr.registry.feed import Feed


def changes(story: Story) -> list[Change]:
    """All changes there are."""
    return list(story.registry.feed.read(limit=1_000))


def test_the_feed_as_a_table(story: Story, call: Call) -> None:
    """One line for each change: position, time, kind, who, what."""
    story.scanned()
    answer = call("feed")

    assert (answer.code, answer.err) == (0, "")
    assert [(line[0], line[2]) for line in answer.words[2:]] == [
        ("1", "receiver.created"),
        ("2", "receiver.created"),
        ("3", "group.created"),
        ("4", "event.recorded"),
        ("5", "event.recorded"),
        ("6", "group.completed"),
    ]
    assert "release completed for web/1.4.2/7/linux-amd64/oci" in answer.out


def test_a_redaction_says_why(story: Story, call: Call) -> None:
    """The reason is part of the feed."""
    story.registry.events.redact(story.built.id, "a secret got in")

    assert f"{story.built.id}: a secret got in" in call("feed").out


def test_the_feed_as_json(story: Story, call: Call) -> None:
    """One object on each line, in the form of the library; payloads only if asked for."""
    assert call("feed", "--json").lines == [json_form(change) for change in changes(story)]
    shown = call("feed", "--json", "--payloads").lines
    assert shown[-1]["subject"]["payload"] == {"commit": "1f0c"}


def test_the_feed_as_cloudevents(story: Story, call: Call) -> None:
    """One CloudEvent on each line, from the source that is given, or the usual one."""
    given = call("feed", "--cloudevents", "--source=https://registry.example/").lines
    usual = call("feed", "--cloudevents").lines

    assert given == [change.to_cloudevent("https://registry.example/") for change in changes(story)]
    assert usual == [change.to_cloudevent() for change in changes(story)]


def test_from_a_place_on(story: Story, call: Call) -> None:
    """A position, or the cursor of a change, is where to go on; a limit is where to stop."""
    third = changes(story)[2]

    assert [change["position"] for change in call("feed", "--json", "--after=3").lines] == [4]
    assert [change["position"] for change in call("feed", "--json", f"--after={third.cursor}").lines] == [4]
    assert [change["position"] for change in call("feed", "--json", "--after=1", "--limit=2").lines] == [2, 3]
    assert call("feed", "--json", "--after=4").lines == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--after=5"], "beyond the head"),
        (["--after=4-01ARZ3NDEKTSV4RRFFQ69G5FAV"], "another"),
        (["--after="], "is empty"),
        (["--after=x"], "must be a position"),
        (["--after=-1"], "must be a position"),
        (["--from-now"], "--follow"),
        (["--from-now", "--follow", "--after=1"], "not allowed with"),
        (["--json", "--cloudevents"], "not allowed with"),
        (["--source=/x"], "--cloudevents"),
        (["--cloudevents", "--source= "], "is empty"),
        (["--payloads"], "--json"),
        (["--limit=0"], "at least 1"),
    ],
)
def test_c059_what_cannot_be_followed(story: Story, call: Call, arguments: list[str], said: str) -> None:
    """It is 2 and has a reason: nothing is skipped in silence."""
    answer = call("feed", *arguments)

    assert answer.code == 2
    assert said in answer.err
    assert story.release.enabled


def test_a_source_that_is_none(story: Story, call: Call) -> None:
    """It must be a URI, or nobody takes the events."""
    answer = call("feed", "--cloudevents", "--source=a b")

    assert (answer.code, answer.out) == (2, "")
    assert "source: must be a URI" in answer.err
    assert story.release.enabled


def test_follow_shows_what_comes(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded meanwhile is shown as well, after what there was."""
    followed = Feed.follow

    def follow(self: Feed, *args: object, **options: object) -> Iterator[Change]:
        for change in followed(self, *args, **options):  # type: ignore[arg-type]
            yield change
            if change.position == 4:
                story.scanned()

    monkeypatch.setattr(Feed, "follow", follow)

    assert [change["position"] for change in call("feed", "--follow", "--json", "--limit=6").lines] == list(range(1, 7))


def test_from_now_shows_only_what_comes(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What there is already is passed over."""
    followed = Feed.follow

    def follow(self: Feed, *args: object, **options: object) -> Iterator[Change]:
        story.scanned()
        return followed(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Feed, "follow", follow)

    answer = call("feed", "--follow", "--from-now", "--json", "--limit=2")
    assert [change["position"] for change in answer.lines] == [5, 6]


def test_interrupted_it_says_where_to_go_on(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, and the cursor behind the last change that was shown."""

    def follow(*_: object, **__: object) -> Iterator[Change]:
        yield from changes(story)[:2]
        raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "follow", follow)
    answer = call("feed", "--follow", "--json")

    assert answer.code == 130
    assert answer.err == f"xzepr: to go on from here: --after {changes(story)[1].cursor}\nxzepr: interrupted\n"


def test_without_follow_it_ends_at_the_head_it_found(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy registry does not keep it for ever, and what came meanwhile is not on its last page."""
    monkeypatch.setattr(feed_command, "MAX_LIMIT", 3)
    seen = []
    for change in read_all(story.registry, 0, payloads=False):
        seen.append(change.position)
        story.scanned()

    assert seen == [1, 2, 3, 4]


def test_every_page_is_walked(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, none is left out and none comes twice."""
    monkeypatch.setattr(feed_command, "MAX_LIMIT", 2)

    assert [change["position"] for change in call("feed", "--json").lines] == [1, 2, 3, 4]
    assert story.release.enabled


def test_c082_a_damaged_change_is_shown_as_such(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place in the feed is taken, and its neighbours are shown."""
    page = story.registry.feed.read()
    damaged = attrs.evolve(page.changes[0], subject=Damaged("receiver", story.build.id, "no name"))
    monkeypatch.setattr(Feed, "read", lambda *_, **__: attrs.evolve(page, changes=(damaged, *page.changes[1:])))
    answer = call("feed")

    assert answer.code == 0
    assert "the stored receiver" in answer.out.splitlines()[2]
    assert len(answer.out.splitlines()) == 6


def test_interrupted_before_anything_was_shown(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no place to tell."""

    def follow(*_: object, **__: object) -> Iterator[Change]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "follow", follow)
    answer = call("feed", "--follow", "--json")

    assert (answer.code, answer.err) == (130, "xzepr: interrupted\n")
    assert story.release.enabled


def test_an_empty_feed(kept: Registry, call: Call) -> None:
    """There is nothing, and that is no error."""
    answer = call("feed", "--json")

    assert (answer.code, answer.out, kept.feed.head()) == (0, "", 0)
