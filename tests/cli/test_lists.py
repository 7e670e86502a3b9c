"""`xzepr receivers`, `xzepr groups` and `xzepr events`: lists, one thing, filters, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.cli.calling import UNIT, Call, Story
from xzepr import Event, EventFilter, EventReceiver, Page, Registry, Unit, json_form
from xzepr.cli import listing
from xzepr.cli.listing import Asked, Walk
from xzepr.errors import Damaged
from xzepr.registry.events import Events
from xzepr.registry.receivers import Receivers


def test_receivers_as_a_table(story: Story, call: Call) -> None:
    """One line each, the newest first."""
    answer = call("receivers")

    assert (answer.code, answer.err) == (0, "")
    assert answer.words[0] == ["id", "name", "type", "version", "created", "description"]
    assert [line[:3] for line in answer.words[2:]] == [
        [story.scan.id, "scan", "ci.scan"],
        [story.build.id, "build", "ci.build"],
    ]


def test_lists_from_the_other_end(story: Story, call: Call) -> None:
    """The oldest first, if wanted."""
    for command in ("receivers", "groups", "events"):
        newest = call(command, "--json").lines
        assert call(command, "--json", "--oldest-first").lines == newest[::-1]
    assert newest == [json_form(story.built)]


def test_one_receiver(story: Story, call: Call) -> None:
    """Its fields, its figures and its schema; and whether that accepts anything."""
    build, scan = call("receivers", "build"), call("receivers", story.scan.id)

    assert ["events", "1:", "1", "succeeded,", "0", "failed"] in build.words
    assert build.out.endswith('\n{\n  "type": "object"\n}\n')
    assert ["schema", "accepts", "anything"] in scan.words
    assert call("receivers", "build", "--json").object == {
        **json_form(story.build),
        "statistics": json_form(story.registry.receivers.statistics(story.build)),
    }


def test_groups_as_a_table(story: Story, call: Call) -> None:
    """One line each, with how many receivers it needs."""
    story.registry.groups.update(story.release, expected_revision=1, enabled=False)
    answer = call("groups")

    assert answer.words[2][:7] == [story.release.id, "release", "ci.gate", "1", "disabled", "2", "2"]


def test_one_group(story: Story, call: Call) -> None:
    """Its fields, and its receivers by name, in its order."""
    answer = call("groups", "release")

    assert answer.words[-2:] == [
        [story.build.id, "build", "ci.build", "1"],
        [story.scan.id, "scan", "ci.scan", "1"],
    ]
    assert call("groups", story.release.id, "--json").object == json_form(story.release)


def test_events_as_a_table(story: Story, call: Call) -> None:
    """One line each: unit, receiver, result; payloads are left out."""
    failed = story.scanned(success=False)
    answer = call("events")

    assert [line[0] for line in answer.words[2:]] == [failed.id, story.built.id]
    assert answer.words[2][2:6] == [str(UNIT), "2", "scan/ci.scan/1", "failed"]
    assert answer.words[3][2:] == [str(UNIT), "1", "build/ci.build/1", "passed", "on", "main"]
    assert "1f0c" not in answer.out


def test_events_for_programs(story: Story, call: Call) -> None:
    """One object on each line, whole."""
    assert call("events", "--json").lines == [json_form(story.built)]


@pytest.mark.usefixtures("story")
def test_times_that_leave_nothing(call: Call) -> None:
    """What is wrong is called as it was given."""
    answer = call("events", "--since=2026-11-27T00:00:00Z", "--until=2026-11-26T00:00:00Z")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "xzepr: --since must not be after --until\n"


def test_one_event(story: Story, call: Call) -> None:
    """Its fields, whether it is what was recorded, and its payload."""
    answer = call("events", story.built.id)

    assert answer.code == 0
    assert ["receiver", "build/ci.build/1", f"({story.build.id})"] in answer.words
    assert ["verified", "yes"] in answer.words
    assert answer.out.endswith('{\n  "commit": "1f0c"\n}\n')
    assert call("events", story.built.id, "--json").object == json_form(story.built)


def test_one_redacted_event(story: Story, call: Call) -> None:
    """It still verifies, and says where its payload is gone."""
    story.registry.events.redact(story.built.id, "a secret")
    answer = call("events", story.built.id)

    assert (answer.code, answer.words[-1]) == (0, ["payload", "redacted"])
    assert ["verified", "yes"] in answer.words


def test_one_altered_event(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that is not what was recorded is shown, and the code says that something is wrong."""
    monkeypatch.setattr(Events, "get", lambda *_: attrs.evolve(story.built, success=False))
    answer = call("events", story.built.id)

    assert (answer.code, "NO: it is not what was recorded" in answer.out) == (1, True)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_c082_altered_events_of_a_list(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """They are shown, each is named, and the code says that something is wrong."""
    altered = attrs.evolve(story.built, success=False)
    monkeypatch.setattr(Events, "list", lambda *_, **__: Page(items=(altered,)))
    answer = call("events", *options)

    assert (answer.code, altered.id in answer.out) == (1, True)
    assert answer.err == f"xzepr: the event {altered.id} is not what was recorded: its digest is another one\n"


def filtered(call: Call, *arguments: str) -> list[int]:
    """The places in their unit of the events that a filter leaves."""
    answer = call("events", "--json", "--oldest-first", *arguments)
    assert (answer.code, answer.err) == (0, "")
    return [event["n"] for event in answer.lines]


def test_filters(story: Story, call: Call) -> None:
    """Every one narrows the list; all that are given must hold."""
    failed = story.scanned(success=False)
    story.scanned()
    other = attrs.evolve(UNIT, package="deb")
    story.registry.events.record(other, story.scan, success=True, payload=None)
    moment = json_form(failed)["recorded_at"]

    assert filtered(call) == [1, 2, 3, 1]
    assert filtered(call, "--package=deb") == [1]
    assert filtered(call, "--package=oci", "--name=web") == [1, 2, 3]
    assert filtered(call, "--receiver=scan", "--package=oci") == [2, 3]
    assert filtered(call, f"--receiver={story.build.id}") == [1]
    assert filtered(call, "--failed") == [2]
    assert filtered(call, "--success", "--receiver=scan") == [3, 1]
    assert filtered(call, f"--since={moment}") == [2, 3, 1]
    assert filtered(call, f"--until={moment}") == [1]
    assert filtered(call, "--name=nobody") == []


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "arguments",
    [
        ["events", "--success", "--failed"],
        ["events", "--since=yesterday"],
        ["events", "--since="],
        ["events", "--name="],
        ["events", "--receiver= "],
        ["events", "--receiver=nope"],
        ["events", "--since=2026-11-24T00:00:00Z", "--until=2026-11-23T00:00:00Z"],
        ["events", "--limit=0"],
        ["events", "--limit=1", "--limit=2"],
        ["events", "01arz3ndektsv4rrffq69g5fav"],
        ["events", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
        ["events", ""],
        ["receivers", "nope"],
        ["groups", " "],
        ["groups", "nope"],
    ],
)
def test_c066_what_cannot_be_shown(call: Call, arguments: list[str]) -> None:
    """It is 2, with a reason on stderr and nothing on stdout."""
    answer = call(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err


def test_a_limit_says_when_there_are_more(story: Story, call: Call) -> None:
    """Nobody takes the first for all; at the exact number there is nothing to say."""
    story.scanned()
    first, both = call("events", "--limit=1", "--json"), call("events", "--limit=2", "--json")

    assert (len(first.lines), first.err) == (1, "xzepr: these are the first 1, and there are more: see --limit\n")
    assert (len(both.lines), both.err) == (2, "")


Asking = tuple[int, bool]
"""How many events a page was to have, and whether with their payloads."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asking]:
    """What the store was asked for, page by page."""
    seen: list[Asking] = []
    listed = Events.list

    def noted(self: Events, where: EventFilter, **options: Any) -> Page[Event]:  # noqa: ANN401 - what it hands on
        seen.append((options["limit"], options["payloads"]))
        return listed(self, where, **options)

    monkeypatch.setattr(Events, "list", noted)
    return seen


def test_no_more_is_read_than_shown(story: Story, call: Call, asked: list[Asking]) -> None:
    """A page is as long as the limit, and the look behind it reads no payload."""
    story.scanned()
    call("events", "--limit=1", "--json")

    assert asked == [(1, True), (1, False)]


def test_a_table_reads_no_payloads(story: Story, call: Call, asked: list[Asking]) -> None:
    """It shows none, of however many events."""
    story.scanned()
    call("events", "--limit=1")
    call("events")

    assert asked == [(1, False), (1, False), (1_000, False)]


def test_the_last_page_is_as_long_as_what_is_left(
    story: Story, call: Call, asked: list[Asking], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit beyond a page is met exactly."""
    for _ in range(4):
        story.scanned()
    monkeypatch.setattr(listing, "MAX_LIMIT", 2)

    assert len(call("events", "--limit=3", "--json").lines) == 3
    assert asked == [(2, True), (1, True), (1, False)]


def test_c082_a_damaged_row_behind_the_limit_is_one_more(story: Story) -> None:
    """A cursor alone promises nothing, and what cannot be read is there all the same."""
    behind: dict[str | None, Page[EventReceiver]] = {
        None: Page(items=(story.build,), next="2"),
        "2": Page(items=(), next="3"),
        "3": Page(items=(), damaged=(Damaged("receiver", "X", "no name"),)),
    }
    walk = Walk(lambda asked: behind[asked.cursor], 1)

    assert (list(walk), walk.more, walk.damaged) == ([story.build], True, 0)
    behind["3"] = Page(items=())
    walk = Walk(lambda asked: behind[asked.cursor], 1)
    assert (list(walk), walk.more) == ([story.build], False)


def test_c082_damaged_rows_take_no_place_in_a_limit(story: Story) -> None:
    """So many are listed as were wanted."""
    damaged = (Damaged("receiver", "X", "no name"),)
    found = {
        Asked(None, 2): Page(items=(story.build,), damaged=damaged, next="2"),
        Asked("2", 1): Page(items=(story.scan,)),
    }
    walk = Walk(found.__getitem__, 2)

    assert (list(walk), walk.more, walk.damaged) == ([story.build, story.scan], False, 1)


@pytest.mark.parametrize(
    ("command", "option", "named"),
    [
        ("events", "--failed", "--success or --failed"),
        ("events", "--success", "--success or --failed"),
        ("events", "--name=nosuch", "--name"),
        ("events", "--version=1", "--version"),
        ("events", "--release=1", "--release"),
        ("events", "--platform-id=1", "--platform-id"),
        ("events", "--package=oci", "--package"),
        ("events", "--receiver=scan", "--receiver"),
        ("events", "--since=2026-11-24T00:00:00Z", "--since"),
        ("events", "--until=2026-11-24T00:00:00Z", "--until"),
        ("events", "--limit=1", "--limit"),
        ("groups", "--limit=1", "--limit"),
        ("groups", "--oldest-first", "--oldest-first"),
        ("receivers", "--oldest-first", "--oldest-first"),
    ],
)
def test_what_only_a_list_heeds(story: Story, call: Call, command: str, option: str, named: str) -> None:
    """Beside the name of one thing it is refused: nobody takes what is shown for what was asked."""
    wanted = {"events": story.built.id, "groups": "release", "receivers": "scan"}[command]
    answer = call(command, wanted, option)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"xzepr: {named}: only for a list, and here one thing is named: leave one out\n"
    assert call(command, wanted).code == 0


def test_all_that_only_a_list_heeds_is_named(story: Story, call: Call) -> None:
    """At once, not one after the other."""
    answer = call("events", story.built.id, "--limit=1", "--failed", "--name=web")

    assert answer.err.startswith("xzepr: --limit, --name, --success or --failed: only for a list")


def test_a_group_whose_receivers_come_in_many_pages(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are named, in the order of the group."""
    listed = Receivers.list
    monkeypatch.setattr(Receivers, "list", lambda *args, **options: listed(*args, **options | {"limit": 1}))

    assert [line[:2] for line in call("groups", "release").words[-2:]] == [
        [story.build.id, "build"],
        [story.scan.id, "scan"],
    ]


def test_without_a_limit_every_page_is_walked(kept: Registry, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short and empty pages in between do not end the list."""
    build = kept.receivers.ensure(name="build", type="ci.build", version="1", schema=True)
    for number in range(7):
        unit = Unit(name=f"u{number}", version="1", release="1", platform_id="p", package="k")
        kept.events.record(unit, build, success=True, payload=None)
    monkeypatch.setattr(Events, "list", _in_small_pages(Events.list))

    assert [event["unit"]["name"] for event in call("events", "--json").lines] == [f"u{n}" for n in range(6, -1, -1)]


def _in_small_pages(listed: Callable[..., Page[Event]]) -> Callable[..., Page[Event]]:
    """Let every second page be empty, and the others hold two."""
    turns = iter(range(1_000))

    def small(self: Events, where: EventFilter, **options: Any) -> Page[Event]:  # noqa: ANN401 - what it hands on
        if next(turns) % 2:
            return listed(self, where, **options | {"limit": 2})
        cursor = options["cursor"]
        if cursor is None:
            return listed(self, where, **options | {"limit": 1})
        return Page(items=(), next=cursor)

    return small


def test_c082_a_damaged_row_is_told_and_the_list_goes_on(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    """Its neighbours are listed."""
    first = Page(items=(story.build,), damaged=(Damaged("receiver", "X", "no name"),), next="2")
    found = {None: first, "2": Page(items=(story.scan,))}
    walk = Walk(lambda asked: found[asked.cursor])

    assert list(walk) == [story.build, story.scan]
    assert walk.damaged == 1
    assert "the stored receiver X is damaged: no name" in capsys.readouterr().err


def test_c082_a_damaged_row_makes_it_1(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program can tell that the list is not whole."""
    page = Page(items=(story.built,), damaged=(Damaged("event", "X", "no unit"),))
    monkeypatch.setattr(Events, "list", lambda *_args, **_options: page)

    answer = call("events", "--json")

    assert (answer.code, answer.lines) == (1, [json_form(story.built)])


def test_c082_a_receiver_that_cannot_be_read_is_shown_by_its_id(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events are shown all the same."""

    def get(_: object, receiver_id: str) -> EventReceiver:
        raise Damaged("receiver", receiver_id, "no name")

    monkeypatch.setattr(Receivers, "get", get)

    assert call("events").words[2][4] == story.build.id


def test_c082_a_group_shows_a_receiver_that_cannot_be_read(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is all that is known."""
    monkeypatch.setattr(Receivers, "list", lambda *_, **__: Page(items=(story.scan,)))

    assert call("groups", "release").words[-2] == [story.build.id, "-", "-", "-"]
