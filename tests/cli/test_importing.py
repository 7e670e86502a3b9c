"""`xzepr import`: what is taken, what is refused, and how a later run goes on."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import UNIT, Answer, Call, Story, plain_event, write_lines
from xzepr import BulkReport, EventFilter, Refusal, Registry, json_form
from xzepr.cli.ndjson import taking
from xzepr.errors import StorageFull, Unavailable
from xzepr.registry.events import Events
from xzepr_memory import MemoryStore

NOTHING = {"receivers": 0, "groups": 0, "recorded": 0, "replayed": 0, "refused": 0, "transitions": 0}


def counts(answer: Answer) -> dict[str, int]:
    """What an import has counted, without what is 0."""
    return {name: number for name, number in answer.object.items() if number}


def refused(path: Path) -> list[dict[str, Any]]:
    """The lines that were refused."""
    return [json.loads(line) for line in Path(f"{path}.refused").read_bytes().splitlines()]


def files(folder: Path) -> set[str]:
    """The names in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Registry]:
    """Lets commands work on another, empty store from now on."""

    def change() -> Registry:
        store = MemoryStore()
        monkeypatch.setattr(Registry, "open", lambda _url: Registry(store))
        return Registry(store)

    return change


def test_an_export_is_imported_elsewhere(
    story: Story, call: Call, tmp_path: Path, other: Callable[[], Registry]
) -> None:
    """Receivers, groups and events are there with their ids, and the verdict is the same."""
    story.scanned(payload={"é": [1e21, 1e16, -0.0, None]})
    call("export", str(tmp_path / "all"))
    there = other()
    answer = call("import", str(tmp_path / "all"), "--json")

    assert (answer.code, answer.err) == (0, "")
    assert counts(answer) == {"lines": 5, "receivers": 2, "groups": 1, "recorded": 2, "transitions": 1}
    assert there.receivers.get(story.build.id).fingerprint == story.build.fingerprint
    assert there.groups.verdict(story.release.id, UNIT).complete
    for event in story.registry.events.list():
        taken = there.events.get(event.id)
        assert (taken.unit, taken.payload_text, taken.occurred_at, taken.n) == (
            event.unit,
            event.payload_text,
            event.occurred_at,
            event.n,
        )
    assert files(tmp_path) == {"all"}


def test_what_is_there_already_is_taken_once(story: Story, call: Call, tmp_path: Path) -> None:
    """Importing an export where it came from changes nothing."""
    call("export", str(tmp_path / "all"))
    before = story.registry.feed.head()
    answer = call("import", str(tmp_path / "all"), "--json")

    assert answer.code == 0
    assert counts(answer) == {"lines": 4, "receivers": 2, "groups": 1, "replayed": 1}
    assert story.registry.feed.head() == before


def test_definitions_under_other_ids_are_used(
    story: Story, call: Call, tmp_path: Path, other: Callable[[], Registry]
) -> None:
    """A receiver or group of the same name and definition is the same, whatever its id is there."""
    call("export", str(tmp_path / "all"))
    there = other()
    build = there.receivers.create(name="build", type="ci.build", version="1", schema={"type": "object"})
    answer = call("import", str(tmp_path / "all"), "--json")

    assert (answer.code, counts(answer)["recorded"]) == (0, 1)
    assert there.events.get(story.built.id).receiver_id == build.id
    assert set(there.groups.get(story.release.id).receiver_ids) == {build.id, story.scan.id}


def test_events_in_the_short_form(story: Story, call: Call, tmp_path: Path) -> None:
    """Unit, receiver, success and payload are enough; what is not there is made."""
    path = write_lines(
        tmp_path / "some",
        plain_event(1),
        plain_event(2, receiver=None, receiver_id=story.scan.id, success=False, payload=None),
        plain_event(3, id="01ARZ3NDEKTSV4RRFFQ69G5FAV", occurred_at="2026-11-23T04:05:06+01:00", description="d"),
        plain_event(4, idempotency_key="k"),
    )
    answer = call("import", str(path), "--json")

    assert (answer.code, counts(answer)) == (0, {"lines": 4, "recorded": 4})
    third = json_form(story.registry.events.get("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
    assert (third["occurred_at"], third["description"]) == ("2026-11-23T03:05:06.000000Z", "d")


def test_c068_the_same_file_again_records_nothing_twice(story: Story, call: Call, tmp_path: Path) -> None:
    """Also events without an id or key: their place and their text are their key; of two equal lines both count."""
    path = write_lines(tmp_path / "some", plain_event(), plain_event(), plain_event(2))
    first, second = call("import", str(path), "--json"), call("import", str(path), "--json")

    assert (counts(first)["recorded"], counts(second)["replayed"], second.code) == (3, 3, 0)
    assert len(story.registry.events.list()) == 4


def test_people_see_a_table(story: Story, call: Call, tmp_path: Path) -> None:
    """The counts, on stdout."""
    answer = call("import", str(write_lines(tmp_path / "some", plain_event())))

    assert answer.words[0] == ["lines", "1"]
    assert ["recorded", "1"] in answer.words
    assert story.release.enabled


def test_from_stdin(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused goes to stderr, or to a file that is named; nothing else is kept."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    for arguments in ([], [f"--refused={tmp_path / 'bad'}"]):
        with path.open() as stream:
            monkeypatch.setattr("sys.stdin", stream)
            answer = call("import", "-", "--json", *arguments)
        assert (answer.code, counts(answer)["refused"]) == (1, 1)
        told = (tmp_path / "bad").read_text() if arguments else answer.err.partition("\n")[0]
        assert json.loads(told)["line"] == 2
    assert files(tmp_path) == {"some", "bad"}
    assert story.release.enabled


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


def test_the_refused_lines_of_an_earlier_run_are_gone(story: Story, call: Call, tmp_path: Path) -> None:
    """The file tells of the last run, and is not there when nothing was refused."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    for _ in range(2):
        assert call("import", str(path)).code == 1
        assert [line["line"] for line in refused(path)] == [2]
    write_lines(path, plain_event())

    assert call("import", str(path)).code == 0
    assert files(tmp_path) == {"some"}
    assert story.release.enabled


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


@pytest.mark.parametrize(
    ("definition", "differs"),
    [
        ({"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}, ["schema"]),
        ({"kind": "group", "name": "release", "type": "ci.gate", "version": "1", "receiver_ids": []}, ["receivers"]),
    ],
)
def test_definitions_that_differ_are_refused(
    story: Story, call: Call, tmp_path: Path, definition: dict[str, object], differs: list[str]
) -> None:
    """Another schema is another version: nothing is changed to fit a file."""
    path = write_lines(tmp_path / "some", definition)

    assert call("import", str(path)).code == 1
    assert [(line["code"], line["differs"]) for line in refused(path)] == [("already_exists", differs)]
    assert story.registry.receivers.get(story.build.id) == story.build


def test_a_disabled_group_is_another_one(story: Story, call: Call, tmp_path: Path) -> None:
    """Whether it can be complete is part of what a group is."""
    ids = [story.build.id, story.scan.id]
    definition = {"name": "release", "type": "ci.gate", "version": "1", "receiver_ids": ids, "enabled": False}
    path = write_lines(tmp_path / "some", {"kind": "group", **definition})

    assert call("import", str(path)).code == 1
    assert refused(path)[0]["differs"] == ["enabled"]


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


def test_definitions_and_events_in_any_order(kept: Registry, call: Call, tmp_path: Path) -> None:
    """An event behind its receiver is taken, one before it is not: lines count in their order."""
    definition = {"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}
    path = write_lines(tmp_path / "some", plain_event(1), definition, plain_event(2))
    answer = call("import", str(path), "--json")

    assert (answer.code, counts(answer)) == (1, {"lines": 3, "receivers": 1, "recorded": 1, "refused": 1})
    assert (refused(path)[0]["line"], refused(path)[0]["code"]) == (1, "not_found")
    assert [event.unit.version for event in kept.events.list()] == ["1.2"]


LINE = json.dumps(plain_event()).encode()


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
    assert len(story.registry.events.list()) == 1 + taken
    assert files(tmp_path) == {"some", "some.refused"}


@pytest.mark.parametrize("data", [LINE + b"\r\n\r\n" + LINE + b"\r\n", b"\n\n" + LINE + b"\n \t\n" + LINE])
def test_ends_of_lines_and_empty_lines(story: Story, call: Call, tmp_path: Path, data: bytes) -> None:
    """However lines end, and whatever stands empty between them, two events are two events."""
    path = tmp_path / "some"
    path.write_bytes(data)

    assert call("import", str(path), "--json").object["recorded"] == 2
    assert len(story.registry.events.list()) == 3


def test_a_key_does_not_depend_on_the_end_of_the_line(story: Story, call: Call, tmp_path: Path) -> None:
    """A file that came through another system's mail is still the same."""
    (tmp_path / "a").write_bytes(LINE + b"\n")
    (tmp_path / "b").write_bytes(b" " + LINE + b"\r\n")
    call("import", str(tmp_path / "a"))

    assert call("import", str(tmp_path / "b"), "--json").object["replayed"] == 1
    assert story.release.enabled


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


@pytest.mark.parametrize("data", [b"", b"\n", b"\n \r\n"])
def test_a_file_without_lines(story: Story, call: Call, tmp_path: Path, data: bytes) -> None:
    """Nobody means to import nothing: what made the file has failed."""
    (tmp_path / "some").write_bytes(data)
    answer = call("import", str(tmp_path / "some"))

    assert (answer.code, answer.out) == (2, "")
    assert f"there is nothing in {tmp_path / 'some'}" in answer.err
    assert files(tmp_path) == {"some"}
    assert story.release.enabled


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "argument FILE: is empty"),
        (".", ".: Is a directory"),
        ("nowhere", "nowhere: No such file or directory"),
        ("postgresql://ci:hunter2@db/x", "(a URL)"),
    ],
)
def test_c094_what_is_no_file(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """It is 2, with the name; unless that is a URL, which may hold a password."""
    monkeypatch.chdir(tmp_path)
    answer = call("import", name)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "hunter2" not in answer.err


def test_a_file_without_permission(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says is told with the name; it is said by hand, because root may read everything."""

    def refuse(path: Path, *_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    answer = call("import", str(tmp_path / "some"))

    assert (answer.code, answer.err) == (2, f"xzepr: {tmp_path / 'some'}: Permission denied\n")
    assert story.release.enabled


class Failing:
    """A store that fails at one batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self._recorded = Events.record_many
        self._left = at
        self._error = error
        self._patch = monkeypatch
        monkeypatch.setattr(taking, "BATCH_LINES", 2)
        monkeypatch.setattr(Events, "record_many", self._record_or_fail())

    def _record_or_fail(self) -> Callable[..., BulkReport]:
        def record(*arguments: Any, **options: Any) -> BulkReport:  # noqa: ANN401 - what it hands on
            self._left -= 1
            if self._left == 0:
                raise self._error
            return self._recorded(*arguments, **options)

        return record

    def mend(self) -> None:
        """Let it fail no more."""
        self._patch.setattr(Events, "record_many", self._recorded)


@pytest.fixture
def broken_off(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of seven lines, one of them wrong, of which four were taken when the store failed."""
    lines = [plain_event(1), {"kind": "nothing"}, *map(plain_event, range(3, 8))]
    path = write_lines(tmp_path / "some", *lines)
    failing = Failing(monkeypatch, 3, Unavailable("the store is away"))
    answer = call("import", str(path))
    failing.mend()

    assert (answer.code, answer.out) == (2, "")
    assert f"the same command goes on from there ({path}.progress)" in answer.err
    assert answer.err.endswith("xzepr: the store is away\n")
    assert len(story.registry.events.list()) == 1 + 3
    assert files(tmp_path) == {"some", "some.refused", "some.progress"}
    return path


def test_a_later_run_goes_on(story: Story, call: Call, broken_off: Path) -> None:
    """It says from where, counts everything, and leaves no state behind."""
    answer = call("import", str(broken_off), "--json")

    assert answer.err.startswith(f"xzepr: going on behind line 4 of {broken_off}\n")
    assert (answer.code, counts(answer)) == (1, {"lines": 7, "recorded": 6, "refused": 1})
    assert [line["line"] for line in refused(broken_off)] == [2]
    assert len(story.registry.events.list()) == 1 + 6
    assert files(broken_off.parent) == {"some", "some.refused"}


def test_refused_lines_that_were_not_confirmed_are_written_anew(call: Call, story: Story, broken_off: Path) -> None:
    """A run that was killed between two notes leaves some behind: they are not doubled."""
    with Path(f"{broken_off}.refused").open("ab") as file:
        file.write(b'{"line":5,"half of a li')
    call("import", str(broken_off))

    assert [line["line"] for line in refused(broken_off)] == [2]
    assert story.release.enabled


@pytest.mark.parametrize("left", [None, b"", b"{}"])
def test_refused_lines_that_were_taken_away_meanwhile(
    story: Story, call: Call, broken_off: Path, left: bytes | None
) -> None:
    """What is there stays, and nothing is put in the place of what is not."""
    bad = Path(f"{broken_off}.refused")
    bad.unlink()
    if left is not None:
        bad.write_bytes(left)
    with broken_off.open("a") as file:
        file.write("nonsense\n")

    assert call("import", str(broken_off), "--json").object["refused"] == 2
    assert bad.read_bytes().startswith((left or b"") + b'{"line":8,')
    assert story.release.enabled


def test_a_batch_that_was_stored_but_not_noted_counts_once(story: Story, call: Call, broken_off: Path) -> None:
    """The events are there when the later run comes to them: they are replays."""
    state = Path(f"{broken_off}.progress")
    noted = state.read_bytes()
    assert call("import", str(broken_off)).code == 1
    state.write_bytes(noted)
    answer = call("import", str(broken_off), "--json")

    assert (answer.object["recorded"], answer.object["replayed"]) == (3, 3)
    assert len(story.registry.events.list(EventFilter(name=UNIT.name))) == 1 + 6


def test_a_file_that_has_changed_is_noticed(story: Story, call: Call, broken_off: Path) -> None:
    """One byte in what was imported already, or less than that, and nothing is done."""
    data = broken_off.read_bytes()
    for changed in (data.replace(b'"number": 1}', b'"number": 2}'), data[:40], b"", data[1:]):
        broken_off.write_bytes(changed)
        answer = call("import", str(broken_off))
        assert (answer.code, answer.out) == (2, "")
        assert "is not the file that it was: its first 4 lines were imported" in answer.err
    broken_off.write_bytes(data)

    assert call("import", str(broken_off), "--json").object["recorded"] == 6
    assert story.release.enabled


def test_a_file_that_has_grown_goes_on(story: Story, call: Call, broken_off: Path) -> None:
    """What comes behind the part that was done may change."""
    with broken_off.open("a") as file:
        file.write(json.dumps(plain_event(8)) + "\n")

    assert call("import", str(broken_off), "--json").object["recorded"] == 7
    assert story.release.enabled


def test_c059_another_store_is_noticed(
    story: Story, call: Call, broken_off: Path, other: Callable[[], Registry]
) -> None:
    """A store in which the first lines are not, or no more: nothing is skipped there in silence."""
    other()
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert "was begun with another store, or this one was restored" in answer.err
    assert story.release.enabled


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"form": 2}', None])
def test_a_state_that_cannot_be_read(story: Story, call: Call, broken_off: Path, data: bytes | None) -> None:
    """It is named, and what to do; nothing is guessed."""
    state = Path(f"{broken_off}.progress")
    value = {**json.loads(state.read_bytes()), "offset": -1}
    state.write_bytes(json.dumps(value).encode() if data is None else data)
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert f"{state} is damaged, or of another version of xzepr: delete it" in answer.err
    assert story.release.enabled


def test_interrupted_it_keeps_its_place(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """130, and the later run goes on."""
    path = write_lines(tmp_path / "some", *map(plain_event, range(1, 6)))
    failing = Failing(monkeypatch, 2, KeyboardInterrupt())
    answer = call("import", str(path))
    failing.mend()

    assert answer.code == 130
    assert call("import", str(path), "--json").object["recorded"] == 5
    assert story.release.enabled


def test_c079_a_full_store_is_2(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no refusal of a line: nothing is lost, and a later run goes on."""
    path = write_lines(tmp_path / "some", *map(plain_event, range(1, 6)))
    failing = Failing(monkeypatch, 1, StorageFull("no space"))
    answer = call("import", str(path))
    failing.mend()

    assert (answer.code, answer.out) == (2, "")
    assert files(tmp_path) == {"some"}
    assert call("import", str(path), "--json").object["recorded"] == 5
    assert story.release.enabled


def test_c079_a_full_disk_while_refusing(story: Story, call: Call, tmp_path: Path) -> None:
    """What cannot be kept is not passed over: 2, the file is named, and a later run begins there again."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    bad = Path(f"{path}.refused")
    bad.symlink_to("/dev/full")
    answer = call("import", str(path))

    assert (answer.code, answer.out, answer.err) == (2, "", f"xzepr: {bad}: No space left on device\n")
    bad.unlink()
    again = call("import", str(path), "--json")
    assert (again.code, again.object["replayed"], len(refused(path))) == (1, 1, 1)
    assert story.release.enabled


def test_an_event_that_the_store_could_not_judge_is_no_refusal(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said of a line but is about the store ends the import: the line is as good as before."""
    path = write_lines(tmp_path / "some", plain_event())
    recorded = Events.record_many

    def record(self: Events, drafts: object, *, on_refusal: Callable[[Refusal], None]) -> BulkReport:
        on_refusal(Refusal(index=0, error=Unavailable("the receiver is being changed over and over: retry")))
        return recorded(self, drafts, on_refusal=on_refusal)  # type: ignore[arg-type]

    monkeypatch.setattr(Events, "record_many", record)
    answer = call("import", str(path))

    assert (answer.code, answer.out) == (2, "")
    assert "over and over: retry" in answer.err
    assert files(tmp_path) == {"some"}
    assert story.release.enabled


def test_without_a_stdin_there_is_nothing_to_read(story: Story, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so."""
    monkeypatch.setattr("sys.stdin", None)

    assert call("import", "-").err == "xzepr: there is no stdin: name a file\n"
    assert story.release.enabled


def test_what_can_be_read_only_once_keeps_no_place(story: Story, call: Call, tmp_path: Path) -> None:
    """A pipe with a name is taken like stdin: nothing is written beside it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_bytes, LINE + b"\n")
        answer = call("import", str(pipe), "--json")

    assert (answer.code, counts(answer)) == (0, {"lines": 1, "recorded": 1})
    assert files(tmp_path) == {"pipe"}
    assert story.release.enabled
