"""`xzepr import`: which lines are refused, and what is kept about them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.calling import Call, Story, plain_event, write_lines
from tests.cli.importing.cases import LINE, Synced, counts, files, refused
from xzepr import BulkReport, Refusal, Registry, json_form
from xzepr.cli import progress
from xzepr.cli.ndjson import taking
from xzepr.errors import CommitUnknown, StorageFull, Unavailable, XzeprError
from xzepr.registry.events import Events


def test_half_of_it_is_wrong(story: Story, call: Call, tmp_path: Path) -> None:
    """The good lines are taken, and each bad one is kept with its number, its reason and its text."""
    path = write_lines(
        tmp_path / "some",
        plain_event(1),
        plain_event(2, success="yes", unit={}),
        plain_event(3),
        plain_event(4, payload="no object"),
        plain_event(5, receiver={"name": "nope", "type": "t", "version": "1"}),
        plain_event(6, receiver=None, receiver_id="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        plain_event(7, description="x" * 2_000),
        plain_event(8, id=story.built.id),
        plain_event(9),
    )
    answer = call("import", str(path), "--json")
    bad = refused(path)

    assert (answer.code, counts(answer)) == (1, {"lines": 9, "recorded": 3, "refused": 6})
    assert answer.err == f"xzepr: 6 lines refused: see {path}.refused\n"
    assert [(line["line"], line["code"]) for line in bad] == [
        (2, "invalid"),
        (4, "invalid"),
        (5, "not_found"),
        (6, "not_found"),
        (7, "too_large"),
        (8, "idempotency_conflict"),
    ]
    assert {violation["field"] for violation in bad[0]["violations"]} >= {"success", "unit/name", "unit/package"}
    assert [violation["field"] for violation in bad[1]["violations"]] == ["payload"]
    assert json.loads(bad[1]["text"]) == plain_event(4, payload="no object")
    assert files(tmp_path) == {"some", "some.refused"}


@pytest.mark.usefixtures("story")
def test_the_refused_lines_of_an_earlier_run_are_gone(call: Call, tmp_path: Path) -> None:
    """The file tells of the last run, and is not there when nothing was refused."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    for _ in range(2):
        assert call("import", str(path)).code == 1
        assert [line["line"] for line in refused(path)] == [2]
    write_lines(path, plain_event())

    assert call("import", str(path)).code == 0
    assert files(tmp_path) == {"some"}


def test_a_redacted_event_is_refused_by_name(
    story: Story, call: Call, tmp_path: Path, other: Callable[[], Registry]
) -> None:
    """Its payload is gone for good, so it cannot be recorded again, and that is told."""
    story.scanned()
    story.registry.events.redact(story.built.id, "a secret")
    call("export", str(tmp_path / "all"))
    other()
    answer = call("import", str(tmp_path / "all"), "--json")

    [line] = refused(tmp_path / "all")
    assert (answer.code, counts(answer)["recorded"], line["code"]) == (1, 1, "payload_absent")
    assert "it was redacted" in line["message"]


def test_a_receiver_that_differs_is_refused(story: Story, call: Call, tmp_path: Path) -> None:
    """Another schema is another version: nothing is changed to fit a file."""
    definition = {"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}
    path = write_lines(tmp_path / "some", definition)

    assert call("import", str(path)).code == 1
    assert [(line["code"], line["differs"]) for line in refused(path)] == [("already_exists", ["schema"])]
    assert story.registry.receivers.get(story.build.id) == story.build


@pytest.mark.parametrize(
    ("count", "enabled", "differs"), [(1, True, ["receivers"]), (2, False, ["enabled"]), (2, True, [])]
)
def test_a_group_that_differs_is_refused(
    story: Story, call: Call, tmp_path: Path, count: int, *, enabled: bool, differs: list[str]
) -> None:
    """Its receivers, and whether it can be complete, are what a group is."""
    ids = [story.build.id, story.scan.id][:count]
    definition = {"name": "release", "type": "ci.gate", "version": "1", "receiver_ids": ids, "enabled": enabled}
    path = write_lines(tmp_path / "some", {"kind": "group", **definition})

    assert call("import", str(path)).code == len(differs)
    assert [line["differs"] for line in refused(path)] == [differs][: len(differs)]
    assert story.registry.groups.get(story.release.id) == story.release


def test_an_event_of_another_definition_is_refused(story: Story, call: Call, tmp_path: Path) -> None:
    """The receiver may have the same id; if it is not what accepted the event, the event is not its own."""
    line = {"kind": "event", **json_form(story.built), "receiver_fingerprint": "0" * 64}
    path = write_lines(tmp_path / "some", line)

    assert call("import", str(path)).code == 1
    assert refused(path)[0]["violations"][0]["field"] == "receiver_fingerprint"


def test_what_a_definition_may_not_be(story: Story, call: Call, tmp_path: Path) -> None:
    """A schema that cannot be used, a group of nobody or of strangers, an id that is none."""
    naming = {"type": "t", "version": "1"}
    path = write_lines(
        tmp_path / "some",
        {"kind": "receiver", "name": "a", "schema": {"type": "foo"}, **naming},
        {"kind": "receiver", "name": "", "schema": True, "id": "x", **naming},
        {"kind": "receiver", "name": "a", **naming},
        {"kind": "group", "name": "a", "receiver_ids": [], **naming},
        {"kind": "group", "name": "a", "receiver_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"], **naming},
        {"kind": "group", "name": "a", "receiver_ids": "01ARZ3NDEKTSV4RRFFQ69G5FAV", **naming},
    )

    assert call("import", str(path)).code == 1
    assert [line["code"] for line in refused(path)] == [*["invalid"] * 4, "not_found", "invalid"]
    assert story.registry.feed.head() == 4


@pytest.mark.parametrize("twice", ["the same id", "two ids of one receiver"])
def test_a_group_that_names_a_receiver_twice(story: Story, call: Call, tmp_path: Path, twice: str) -> None:
    """It is told by the name of the key in the line, also when it shows only in the registry."""
    other_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    receiver = {"kind": "receiver", "id": other_id, "name": "scan", "type": "ci.scan", "version": "1", "schema": True}
    ids = [story.scan.id, story.scan.id if twice == "the same id" else other_id]
    group = {"kind": "group", "name": "g", "type": "t", "version": "1", "receiver_ids": ids}
    path = write_lines(tmp_path / "some", receiver, group)

    assert call("import", str(path)).code == 1
    [line] = refused(path)
    assert [violation["field"] for violation in line["violations"]] == ["receiver_ids"]


@pytest.mark.parametrize(
    "case",
    [
        (LINE[:-5], 0, "the file may have been cut"),
        (LINE + b"\n" + LINE[:-5], 1, "the file may have been cut"),
        (b"\xef\xbb\xbf" + LINE + b"\n" + LINE + b"\n", 1, "byte order mark"),
        (b"\xff\xfe" + LINE + b"\n" + LINE, 1, "is not UTF-8"),
        (LINE.replace(b"web", b"w\xc3"), 0, "is not UTF-8"),
        (LINE.decode().encode("utf-16"), 0, "is not UTF-8"),
        (b"{}" + b"\x00" * 100 + b"\n" + LINE, 1, "is not JSON"),
        (LINE.replace(b'"number": 1', b'"a": 1, "a": 2'), 0, "twice"),
        (LINE.replace(b'"number": 1', b'"a": NaN'), 0, "is not a finite number"),
        (LINE.replace(b'"number": 1', b'"a": ' + b"[" * 99_999), 0, "is nested deeper"),
        (LINE.replace(b'{"number": 1}', b"[" * 65 + b"]" * 65), 0, "is nested deeper"),
        (b"\x1f\x8b\x08\x00 a compressed file \n", 0, "is not UTF-8"),
        (LINE.replace(b'{"number": 1}', b'"' + b"x" * 2_200_000 + b'"'), 0, "is larger than 2097152 bytes"),
    ],
)
def test_c012_files_of_all_kinds(story: Story, call: Call, tmp_path: Path, case: tuple[bytes, int, str]) -> None:
    """What is a line is taken, what is none is refused and named; nothing raises, nothing is half done."""
    data, taken, said = case
    path = tmp_path / "some"
    path.write_bytes(data)
    answer = call("import", str(path), "--json")

    assert (answer.code, answer.object["recorded"]) == (1, taken)
    assert any(said in line["message"] for line in refused(path))
    assert ("not one line was taken" in answer.err) == (taken == 0)
    assert len(story.registry.events.list()) == 1 + taken
    assert files(tmp_path) == {"some", "some.refused"}


@pytest.mark.slow
def test_c001_a_line_of_50_mb(story: Story, call: Call, tmp_path: Path) -> None:
    """It is refused by its size, without being kept; its neighbours are taken."""
    path = tmp_path / "some"
    path.write_bytes(LINE + b'\n{"x": "' + b"x" * 50_000_000 + b'"}\n' + LINE + b"\n")
    answer = call("import", str(path), "--json")
    [line] = refused(path)

    assert (answer.code, answer.object["recorded"]) == (1, 2)
    assert (line["line"], line["code"], line["text"]) == (2, "too_large", None)
    assert len(story.registry.events.list()) == 3


@pytest.mark.usefixtures("story")
def test_the_text_of_a_line_is_kept_to_the_letter(call: Call, tmp_path: Path) -> None:
    """White space around it, and the CR of its end, belong to it."""
    path = tmp_path / "some"
    path.write_bytes(b' \t{"kind": "nothing"}  \r\n')

    assert call("import", str(path)).code == 1
    assert refused(path)[0]["text"] == ' \t{"kind": "nothing"}  \r'


@pytest.mark.usefixtures("story")
def test_c012_bytes_that_are_no_text_are_kept_too(call: Call, tmp_path: Path) -> None:
    """They stand there in base64, under another key: nothing is lost, and nothing looks like a text that it is not."""
    data = LINE.replace(b"web", b"w\xc3\\xc3")
    path = tmp_path / "some"
    path.write_bytes(data + b"\n")

    assert call("import", str(path)).code == 1
    [line] = refused(path)
    assert b64decode(line["base64"]) == data
    assert "text" not in line


@pytest.mark.usefixtures("story")
def test_c079_a_full_disk_while_refusing(call: Call, tmp_path: Path) -> None:
    """What cannot be kept is not passed over: 2, the file is named, and a later run begins there again."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    bad = Path(f"{path}.refused")
    bad.symlink_to("/dev/full")
    answer = call("import", str(path))

    assert (answer.code, answer.out, answer.err) == (2, "", f"xzepr: {bad}: No space left on device\n")
    bad.unlink()
    again = call("import", str(path), "--json")
    assert (again.code, again.object["replayed"], len(refused(path))) == (1, 1, 1)


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the receiver is being changed over and over: retry"),
        CommitUnknown(("01ARZ3NDEKTSV4RRFFQ69G5FAV",)),
        StorageFull("no space"),
    ],
)
def test_an_event_that_the_store_could_not_judge_is_no_refusal(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: XzeprError
) -> None:
    """What is said of a line but is about the store ends the import: the line is as good as before."""
    path = write_lines(tmp_path / "some", plain_event())
    recorded = Events.record_many

    def record(self: Events, drafts: object, *, on_refusal: Callable[[Refusal], None]) -> BulkReport:
        on_refusal(Refusal(index=0, error=error))
        return recorded(self, drafts, on_refusal=on_refusal)  # type: ignore[arg-type]

    monkeypatch.setattr(Events, "record_many", record)
    answer = call("import", str(path))

    assert (answer.code, answer.out) == (2, "")
    assert str(error) in answer.err
    assert files(tmp_path) == {"some"}


@pytest.mark.usefixtures("story")
def test_refused_lines_to_stderr(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hyphen says so, also for a file; nothing is called like it."""
    monkeypatch.chdir(tmp_path)
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    answer = call("import", str(path), "--refused", "-")

    told, last = answer.err.splitlines()
    assert (answer.code, json.loads(told)["line"], last) == (1, 2, "xzepr: 1 line refused")
    assert files(tmp_path) == {"some"}


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("stream", [None, "/dev/full"])
def test_c079_a_stderr_that_takes_no_refused_lines(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str | None
) -> None:
    """They are not passed over: it is 2."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"})
    with open(stream or "/dev/null", "w", encoding="utf-8") as stderr:  # noqa: PTH123 - a device
        monkeypatch.setattr("sys.stderr", stderr if stream else None)

        assert call("import", str(path), "--refused=-").code == 2


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


@pytest.mark.usefixtures("story")
def test_a_bar_makes_room_for_refused_lines(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal they do not stand behind the bar."""
    path = write_lines(tmp_path / "some", plain_event(1), plain_event(2), {"kind": "nothing"})
    stderr = Terminal()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setattr(taking, "BATCH_LINES", 1)
    monkeypatch.setattr(progress, "BAR_SECONDS", 0.0)

    assert call("import", str(path), "--refused=-").code == 1
    bars, found, _ = stderr.getvalue().partition('{"line":3')
    assert found
    assert bars.count("a second") == 2
    assert bars.endswith("\x1b[K\r\x1b[K")


@pytest.mark.usefixtures("story")
def test_who_may_read_the_file_may_read_its_refused_lines(call: Call, tmp_path: Path) -> None:
    """And nobody else: they hold what the file holds. Those of stdin are for their owner alone."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    for mode in (0o600, 0o640):
        path.chmod(mode)
        call("import", str(path))
        assert Path(f"{path}.refused").stat().st_mode & 0o777 == mode


@pytest.mark.usefixtures("story")
def test_c079_refused_lines_are_on_the_disk_before_the_place_is_noted(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut loses no refused line: what is noted is behind what is kept."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    synced = Synced(monkeypatch)

    assert call("import", str(path)).code == 1
    assert synced.names[:3] == [tmp_path.name, "some.refused", ".some.progress.*.part"]
