"""`xzepr feed`: from which place, in which form, and how it ends."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from tests.cli.calling import Call, Story
from xzepr import Change, Registry, json_form
from xzepr.cli import walking
from xzepr.cli.output import OutputLost
from xzepr.errors import BadCursor, Damaged, Unavailable
from xzepr.registry.feed import Feed, FeedPage


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
    assert f"web/1.4.2/7/linux-amd64/oci build/ci.build/1 passed ({story.built.id})" in answer.out
    assert "release/ci.gate/1 completed for web/1.4.2/7/linux-amd64/oci" in answer.out


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


@pytest.mark.usefixtures("story")
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
def test_c059_what_cannot_be_followed(call: Call, arguments: list[str], said: str) -> None:
    """It is 2 and has a reason: nothing is skipped in silence."""
    answer = call("feed", *arguments)

    assert answer.code == 2
    assert said in answer.err


@pytest.mark.usefixtures("story")
def test_a_source_that_is_none(call: Call) -> None:
    """It must be a URI, or nobody takes the events."""
    answer = call("feed", "--cloudevents", "--source=a b")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("xzepr: source: must be a URI")


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


@pytest.mark.usefixtures("story")
def test_every_page_is_walked(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, none is left out and none comes twice."""
    monkeypatch.setattr(walking, "MAX_LIMIT", 2)

    assert [change["position"] for change in call("feed", "--json").lines] == [1, 2, 3, 4]


@pytest.mark.usefixtures("story")
def test_no_more_is_read_than_shown(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is as long as the limit; without --payloads there are none in it."""
    seen, read = [], Feed.read

    def noted(self: Feed, *args: Any, **options: Any) -> FeedPage:  # noqa: ANN401 - what it hands on
        seen.append((options["limit"], options["payloads"]))
        return read(self, *args, **options)

    monkeypatch.setattr(Feed, "read", noted)
    shown = call("feed", "--json", "--payloads", "--after=1", "--limit=1"), call("feed", "--limit=2")

    assert seen == [(1, True), (2, False)]
    assert [len(answer.out.splitlines()) for answer in shown] == [1, 4]


@pytest.fixture
def damaged(story: Story, monkeypatch: pytest.MonkeyPatch) -> Damaged:
    """The first change, which cannot be decoded."""
    page = story.registry.feed.read()
    error = Damaged("receiver", story.build.id, "no name")
    changes = (attrs.evolve(page.changes[0], subject=error), *page.changes[1:])
    monkeypatch.setattr(Feed, "read", lambda *_, **__: attrs.evolve(page, changes=changes))
    monkeypatch.setattr(Feed, "follow", lambda *_, **__: iter(changes))
    return error


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("command", [["feed"], ["feed", "--json"], ["export"]])
def test_c082_a_change_that_is_gone_makes_it_1(call: Call, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    """What other hands have deleted is missed: positions have no gaps."""
    read = Feed.read

    def holey(self: Feed, *args: Any, **given: Any) -> FeedPage:  # noqa: ANN401 - handed on
        page = read(self, *args, **given)
        return attrs.evolve(page, changes=tuple(one for one in page if one.position != 2))

    monkeypatch.setattr(Feed, "read", holey)
    answer = call(*command)

    assert answer.code == 1
    assert answer.err.startswith("xzepr: the stored change 2 is damaged: its row is gone\n")


def test_c082_a_damaged_change_is_shown_as_such(damaged: Damaged, call: Call) -> None:
    """Its place in the feed is taken, its neighbours are shown, and the code says that it is not all."""
    answer = call("feed")

    assert answer.code == 1
    assert str(damaged) in answer.out.splitlines()[2]
    assert len(answer.out.splitlines()) == 6


@pytest.mark.parametrize("options", [["--json"], ["--cloudevents"], ["--follow"], ["--follow", "--json", "--limit=4"]])
def test_c082_a_damaged_change_makes_it_1(damaged: Damaged, call: Call, options: list[str]) -> None:
    """In every form, also of a follower that has seen enough."""
    answer = call("feed", *options)

    assert (answer.code, answer.err) == (1, "")
    assert damaged.key in answer.out


@pytest.mark.usefixtures("story")
def test_c082_the_other_changes_leave_it_0(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was shown counts."""
    read = Feed.read

    def first_damaged(self: Feed, *args: Any, **options: Any) -> FeedPage:  # noqa: ANN401 - what it hands on
        page = read(self, *args, **options)
        subject = Damaged("receiver", "X", "no name")
        changes = (attrs.evolve(one, subject=subject) if one.position == 4 else one for one in page)
        return attrs.evolve(page, changes=tuple(changes))

    monkeypatch.setattr(Feed, "read", first_damaged)

    assert [call("feed", f"--limit={number}").code for number in (3, 4)] == [0, 1]


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(("options", "place"), [([], "0"), (["--after=2"], "2")])
def test_interrupted_before_anything_was_shown(
    call: Call, monkeypatch: pytest.MonkeyPatch, options: list[str], place: str
) -> None:
    """The place is the one where it began."""

    def follow(*_: object, **__: object) -> Iterator[Change]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "follow", follow)
    answer = call("feed", "--follow", "--json", *options)

    assert (answer.code, answer.err) == (130, f"xzepr: to go on from here: --after {place}\nxzepr: interrupted\n")


def test_interrupted_before_anything_came(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --from-now the place is what was the head then, as a cursor."""

    def follow(*_: object, **__: object) -> Iterator[Change]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Feed, "follow", follow)
    answer = call("feed", "--follow", "--from-now")

    assert answer.err.startswith(f"xzepr: to go on from here: --after {changes(story)[-1].cursor}\n")


def test_a_store_that_fails_in_between(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 2, and the place to go on from is told as after Ctrl-C."""

    def follow(*_: object, **__: object) -> Iterator[Change]:
        yield from changes(story)[:3]
        raise Unavailable("the server went away")

    monkeypatch.setattr(Feed, "follow", follow)
    answer = call("feed", "--follow", "--json")

    assert answer.code == 2
    assert answer.err.startswith(f"xzepr: to go on from here: --after {changes(story)[2].cursor}\n")
    assert "the server went away" in answer.err


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(("error", "code"), [(BadCursor("restored"), 2), (OutputLost(errno.EPIPE, "gone"), 141)])
def test_where_there_is_no_place_to_go_on(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    """A place that is none any more is not told, and a reader who has gone away wants none."""

    def write(*_: object) -> None:
        raise error

    monkeypatch.setattr("xzepr.cli.feed._write", write)
    answer = call("feed", "--json")

    assert (answer.code, "--after" in answer.err) == (code, False)


def test_an_empty_feed(kept: Registry, call: Call) -> None:
    """There is nothing, and that is no error."""
    answer = call("feed", "--json")

    assert (answer.code, answer.out, kept.feed.head()) == (0, "", 0)
