"""`xzepr export`: what is written, in which order, and that a file is whole or not there."""

from __future__ import annotations

import errno
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

from tests.cli.calling import UNIT, Call, Story, run
from xzepr import EventReceiverGroup, Page, Registry, json_form
from xzepr.cli import exporting
from xzepr.errors import Damaged
from xzepr.registry.feed import Feed
from xzepr.registry.groups import Groups
from xzepr.registry.receivers import Receivers


def exported(path: Path) -> list[dict[str, object]]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_everything_in_order(story: Story, call: Call, tmp_path: Path) -> None:
    """Receivers, groups, then the events in the order of the feed, each with its kind, in the form of the library."""
    scanned = story.scanned(payload={"é": [1e21, -0.0, None]})
    path = tmp_path / "all.ndjson"
    answer = call("export", str(path))

    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "xzepr: 2 receivers, 1 group, 2 events exported\n"
    assert exported(path) == [
        {"kind": "receiver", **json_form(story.build)},
        {"kind": "receiver", **json_form(story.scan)},
        {"kind": "group", **json_form(story.release)},
        {"kind": "event", **json_form(story.built)},
        {"kind": "event", **json_form(scanned)},
    ]


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_to_stdout(story: Story, call: Call, arguments: list[str]) -> None:
    """The data goes to stdout and nothing else does."""
    answer = call("export", *arguments)

    assert [line["kind"] for line in answer.lines] == ["receiver", "receiver", "group", "event"]
    assert answer.lines[-1]["id"] == story.built.id


def test_a_redacted_event_is_marked(story: Story, call: Call) -> None:
    """It has no payload, and says why."""
    story.registry.events.redact(story.built.id, "a secret")
    event = call("export").lines[-1]

    assert (event["payload_absent"], "payload" in event) == ("redacted", False)


def test_an_empty_registry(kept: Registry, call: Call, tmp_path: Path) -> None:
    """An empty file, and no error."""
    assert call("export", str(tmp_path / "none")).code == 0
    assert (tmp_path / "none").read_bytes() == b""
    assert kept.feed.head() == 0


def test_what_happens_meanwhile_does_not_keep_it(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends at the head that there was when it began, however busy the registry is."""
    line_of = exporting.line_of
    monkeypatch.setattr(exporting, "line_of", lambda value: (story.scanned(), line_of(value))[1])
    path = tmp_path / "all.ndjson"
    call("export", str(path))

    assert [line["id"] for line in exported(path) if line["kind"] == "event"] == [story.built.id]
    assert story.registry.feed.head() > 4


@pytest.mark.parametrize(
    ("place", "method"),
    [(Feed, "head"), (Groups, "list"), (Receivers, "list"), (Feed, "read")],
    ids=["head", "groups", "receivers", "feed"],
)
def test_whatever_is_named_in_the_file_is_in_the_file(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch, place: type, method: str
) -> None:
    """Receivers, groups and events that come at any moment are in it with all they refer to, or not at all."""
    answered = getattr(place, method)
    monkeypatch.setattr(place, method, _then(answered, lambda: _define_and_record(story)))
    lines = call("export").lines

    receivers = {line["id"] for line in lines if line["kind"] == "receiver"}
    named = [line["receiver_ids"] for line in lines if line["kind"] == "group"]
    named += [[line["receiver_id"]] for line in lines if line["kind"] == "event"]
    assert len(named) >= 2
    assert receivers.issuperset(itertools.chain(*named))


def _then(answered: Callable[..., Any], act: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: object, **options: object) -> object:
        answer = answered(*args, **options)
        act()
        return answer

    return call


def _define_and_record(story: Story) -> None:
    """Define a receiver and a group that needs it, and record an event of it."""
    version = uuid4().hex
    late = story.registry.receivers.ensure(name="late", type="ci.late", version=version, schema=True)
    story.registry.groups.ensure(name="late", type="ci.gate", version=version, receivers=[late])
    story.registry.events.record(UNIT, late, success=True, payload=None)


def test_c082_a_damaged_row_is_left_out_and_told(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is exported, and the code says that it is not all."""
    page = Page(items=(story.scan,), damaged=(Damaged("receiver", story.build.id, "no name"),))
    monkeypatch.setattr(Receivers, "list", lambda *_args, **_options: page)
    answer = call("export", str(tmp_path / "all.ndjson"))

    assert answer.code == 1
    assert f"the stored receiver {story.build.id} is damaged: no name" in answer.err
    assert "1 receiver, 1 group, 1 event exported; 1 damaged row left out" in answer.err
    assert len(exported(tmp_path / "all.ndjson")) == 3


def test_c082_a_damaged_group_is_left_out_and_told(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts like any other damaged row."""
    page = Page[EventReceiverGroup](items=(), damaged=(Damaged("group", story.release.id, "no name"),))
    monkeypatch.setattr(Groups, "list", lambda *_args, **_options: page)
    answer = call("export", str(tmp_path / "all.ndjson"))

    assert answer.code == 1
    assert f"the stored group {story.release.id} is damaged: no name" in answer.err
    assert "2 receivers, 0 groups, 1 event exported; 1 damaged row left out" in answer.err


def test_c082_an_altered_event_is_not_laundered(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import would give it a fresh digest: so it is left out and told, and the code is 1."""
    scanned = story.scanned()
    altered = attrs.evolve(story.built, description="tampered")
    page = story.registry.feed.read(payloads=True)
    changes = (attrs.evolve(one, subject=altered) if one.position == 4 else one for one in page)
    monkeypatch.setattr(Feed, "read", lambda *_, **__: attrs.evolve(page, changes=tuple(changes)))
    answer = call("export", str(tmp_path / "all.ndjson"))

    assert answer.code == 1
    assert f"xzepr: the event {altered.id} is not what was recorded: its digest is another one\n" in answer.err
    assert answer.err.endswith("2 receivers, 1 group, 1 event exported; 1 altered row left out\n")
    assert [line["id"] for line in exported(tmp_path / "all.ndjson") if line["kind"] == "event"] == [scanned.id]


@pytest.mark.parametrize("fields", [{"schema_text": '{"type":"string"}'}, {"schema_text": "{"}, {"name": "other"}])
def test_c082_an_altered_receiver_is_not_laundered(
    story: Story, call: Call, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> None:
    """Its fingerprint must be that of its definition."""
    altered = attrs.evolve(story.build, **fields)
    page = Page(items=(altered, story.scan), damaged=(Damaged("receiver", "X", "no name"),))
    monkeypatch.setattr(Receivers, "list", lambda *_args, **_options: page)
    answer = call("export")

    assert (answer.code, [line["id"] for line in answer.lines if line["kind"] == "receiver"]) == (1, [story.scan.id])
    assert f"the receiver {altered.id} is not what was recorded: its digest is another one" in answer.err
    assert answer.err.endswith("; 1 damaged row and 1 altered row left out\n")


@pytest.mark.usefixtures("story")
def test_c079_a_full_disk_leaves_nothing_half_done(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood under the name stands there still, and the error names the file."""
    path = tmp_path / "all.ndjson"
    path.write_bytes(b"before")
    left = iter([b"{}\n", b"{}\n"])

    def line_of(_: object) -> bytes:
        try:
            return next(left)
        except StopIteration:
            raise OSError(errno.ENOSPC, "No space left on device", str(path)) from None

    monkeypatch.setattr(exporting, "line_of", line_of)
    answer = call("export", str(path))

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"xzepr: {path}: No space left on device\n"
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "argument FILE: is empty"),
        (".", "is no regular file"),
        ("nowhere/all.ndjson", "nowhere/all.ndjson: No such file or directory"),
        ("/dev/null", "is no regular file: write to - and redirect it"),
        ("file/all.ndjson", "file/all.ndjson: Not a directory"),
    ],
)
def test_where_nothing_can_be_written(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """It is 2, and the file is named."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    answer = call("export", name)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert Path("/dev/null").is_char_device()


@pytest.mark.usefixtures("story")
def test_a_folder_without_permission(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says is told with the name; it is said by hand, because root may do everything."""

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", "some name beside it")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    answer = call("export", str(tmp_path / "all.ndjson"))

    assert (answer.code, answer.err) == (2, f"xzepr: {tmp_path / 'all.ndjson'}: Permission denied\n")


def test_c082_a_damaged_event_is_left_out_and_told(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours are exported."""
    scanned = story.scanned()
    page = story.registry.feed.read(payloads=True)
    damaged = attrs.evolve(page.changes[3], subject=Damaged("event", story.built.id, "no unit"))
    changes = (*page.changes[:3], damaged, *page.changes[4:])
    monkeypatch.setattr(Feed, "read", lambda *_, **__: attrs.evolve(page, changes=changes))
    answer = call("export", str(tmp_path / "all.ndjson"))

    assert (answer.code, exported(tmp_path / "all.ndjson")[-1]["id"]) == (1, scanned.id)
    assert f"the stored event {story.built.id} is damaged: no unit" in answer.err
    assert "1 event exported; 1 damaged row left out" in answer.err


@pytest.mark.usefixtures("story")
def test_without_a_stdout(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that nobody can get is no success; a file needs no stdout."""
    monkeypatch.setattr("sys.stdout", None)
    answer, file = call("export"), call("export", str(tmp_path / "all.ndjson"))

    assert (answer.code, answer.err) == (2, "xzepr: there is no stdout: name a file\n")
    assert (file.code, len(exported(tmp_path / "all.ndjson"))) == (0, 4)


def test_a_pipe_by_its_name_is_no_file() -> None:
    """Stdout has a name of its own; behind a pipe nothing can be put in its place."""
    answer = run("memory:", "export", "/dev/stdout")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "xzepr: /dev/stdout is no regular file: write to - and redirect it\n"
