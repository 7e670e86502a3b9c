"""`xzepr import`: how a later run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.cli.calling import UNIT, Call, Story, plain_event, write_lines
from tests.cli.importing.cases import Failing, counts, files, refused
from xzepr import EventFilter, Registry
from xzepr.cli.ndjson import work
from xzepr.cli.progress import LINE_SECONDS, Progress
from xzepr.errors import StorageFull, Unavailable


def test_a_later_run_goes_on(story: Story, call: Call, broken_off: Path) -> None:
    """It says from where, counts everything, and leaves no state behind."""
    answer = call("import", str(broken_off), "--json")

    assert answer.err.startswith(f"xzepr: going on behind line 4 of {broken_off}\n")
    assert (answer.code, counts(answer)) == (1, {"lines": 7, "recorded": 6, "refused": 1})
    assert [line["line"] for line in refused(broken_off)] == [2]
    assert len(story.registry.events.list()) == 1 + 6
    assert files(broken_off.parent) == {"some", "some.refused"}


@pytest.mark.usefixtures("story")
def test_refused_lines_that_were_not_confirmed_are_written_anew(call: Call, broken_off: Path) -> None:
    """A run that was killed between two notes leaves some behind: they are not doubled."""
    with Path(f"{broken_off}.refused").open("ab") as file:
        file.write(b'{"line":5,"half of a li')
    call("import", str(broken_off))

    assert [line["line"] for line in refused(broken_off)] == [2]


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("left", [None, b"", b"{}"])
def test_refused_lines_that_were_lost_are_missed(call: Call, broken_off: Path, left: bytes | None) -> None:
    """Nothing is put behind a part of them: it is an error that says what to do, and nothing is changed."""
    bad = Path(f"{broken_off}.refused")
    kept = bad.read_bytes()
    bad.unlink()
    if left is not None:
        bad.write_bytes(left)
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert f"{bad} has lost lines that were refused: it had {len(kept)} bytes" in answer.err
    assert f"Put them back, or delete {broken_off}.progress" in answer.err
    assert (bad.read_bytes() if bad.exists() else None) == left
    bad.write_bytes(kept)
    assert call("import", str(broken_off), "--json").object["refused"] == 1


@pytest.mark.usefixtures("story")
def test_refused_lines_that_another_import_has_written_over_are_missed(call: Call, broken_off: Path) -> None:
    """A file of the right length and name may hold others: they are neither cut nor taken for this import's own."""
    bad = Path(f"{broken_off}.refused")
    other = write_lines(broken_off.with_name("other"), *({"kind": "else"} for _ in range(9)))
    kept = bad.read_bytes()
    assert call("import", str(other), "--refused", str(bad)).code == 1
    theirs = bad.read_bytes()
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"xzepr: {bad} holds other refused lines than it did: another import has written")
    assert f"Put them back, or delete {broken_off}.progress" in answer.err
    assert bad.read_bytes() == theirs
    bad.write_bytes(kept)
    assert call("import", str(broken_off), "--json").object["refused"] == 1


@pytest.mark.usefixtures("story")
def test_refused_lines_of_a_device_are_gone_on_with(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the name stands for may be another pipe then: the name is the same."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"}, *map(plain_event, range(1, 4)))
    device = tmp_path / "device"
    device.symlink_to("/dev/null")
    failing = Failing(monkeypatch, 2, Unavailable("the store is away"))
    assert call("import", str(path), "--refused", str(device)).code == 2
    failing.mend()
    device.unlink()
    device.symlink_to("/dev/zero")

    assert f"went to {device}: let them go there again" in call("import", str(path)).err
    assert call("import", str(path), "--refused", str(device), "--json").object["refused"] == 1


@pytest.mark.usefixtures("story")
def test_refused_lines_go_where_they_went(call: Call, broken_off: Path) -> None:
    """Another file is none of this import's: it is not cut, and not gone on with."""
    foreign = broken_off.with_name("foreign")
    theirs = b'{"line":1,"code":"invalid"}\n' * 1_000
    foreign.write_bytes(theirs)
    for other in (str(foreign), "-"):
        answer = call("import", str(broken_off), "--refused", other)
        assert (answer.code, answer.out) == (2, "")
        assert f"the refused lines of {broken_off} went to some.refused: let them go there again" in answer.err
    assert foreign.read_bytes() == theirs

    assert call("import", str(broken_off), "--refused", f"{broken_off}.refused").code == 1


@pytest.mark.usefixtures("story")
def test_a_named_file_of_refused_lines_is_gone_on_with(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the name it has, however it is written; it must be named again."""
    (tmp_path / "other").mkdir()
    path = write_lines(tmp_path / "some", {"kind": "nothing"}, plain_event(1), plain_event(2), {"kind": "nothing"})
    named = tmp_path / "other" / "bad"
    failing = Failing(monkeypatch, 2, Unavailable("the store is away"))
    assert call("import", str(path), "--refused", str(named)).code == 2
    failing.mend()
    monkeypatch.chdir(tmp_path)

    assert f"went to {named}: let them go there again" in call("import", "some").err
    assert call("import", "some", "--refused=other/bad", "--json").object["refused"] == 2
    assert [json.loads(line)["line"] for line in named.read_bytes().splitlines()] == [1, 4]


@pytest.mark.usefixtures("story")
def test_what_was_told_to_stderr_is_told_there_again(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused lines of the earlier run are not in a file: that is said."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"}, *map(plain_event, range(1, 4)))
    failing = Failing(monkeypatch, 2, Unavailable("the store is away"))
    assert call("import", str(path), "--refused=-").code == 2
    failing.mend()

    assert "went to stderr, which is --refused -: let them go there again" in call("import", str(path)).err
    assert call("import", str(path), "--refused=-", "--json").object["refused"] == 1


@pytest.mark.usefixtures("story")
def test_a_folder_that_was_moved_is_gone_on_with(call: Call, broken_off: Path) -> None:
    """What stands beside the file goes with it."""
    moved = broken_off.parent.with_name("moved")
    broken_off.parent.rename(moved)
    answer = call("import", str(moved / "some"), "--json")

    assert counts(answer) == {"lines": 7, "recorded": 6, "refused": 1}


def test_a_batch_that_was_stored_but_not_noted_counts_once(story: Story, call: Call, broken_off: Path) -> None:
    """The events are there when the later run comes to them: they are replays."""
    state = Path(f"{broken_off}.progress")
    noted = state.read_bytes()
    assert call("import", str(broken_off)).code == 1
    state.write_bytes(noted)
    answer = call("import", str(broken_off), "--json")

    assert (answer.object["recorded"], answer.object["replayed"]) == (3, 3)
    assert len(story.registry.events.list(EventFilter(name=UNIT.name))) == 1 + 6


@pytest.mark.usefixtures("story")
def test_a_file_that_has_changed_is_noticed(call: Call, broken_off: Path) -> None:
    """One byte in what was imported already, or less than that, and nothing is done."""
    data = broken_off.read_bytes()
    for changed in (data.replace(b'"number": 1}', b'"number": 2}'), data[:40], b"", data[1:]):
        broken_off.write_bytes(changed)
        answer = call("import", str(broken_off))
        assert (answer.code, answer.out) == (2, "")
        assert "is not the file that it was: its first 4 lines were imported" in answer.err
    broken_off.write_bytes(data)

    assert call("import", str(broken_off), "--json").object["recorded"] == 6


@pytest.mark.usefixtures("story")
def test_a_file_that_has_grown_goes_on(call: Call, broken_off: Path) -> None:
    """What comes behind the part that was done may change."""
    with broken_off.open("a") as file:
        file.write(json.dumps(plain_event(8)) + "\n")

    assert call("import", str(broken_off), "--json").object["recorded"] == 7


def test_a_last_line_that_gets_its_end_later_is_one_line(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place behind a line without an end is not kept: with the end it would be another place, and a line more."""
    path = write_lines(tmp_path / "some", *map(plain_event, range(1, 5)))
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(work, "drop_state", killed)
        assert call("import", str(path)).code == 130
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(plain_event(5)) + "\n")
    answer = call("import", str(path), "--json")

    assert counts(answer) == {"lines": 5, "recorded": 1, "replayed": 4}
    assert len(story.registry.events.list()) == 1 + 5


def test_receivers_under_other_ids_are_known_to_a_later_run(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines behind the place name them by the ids that they have in the file."""
    naming = {"name": "scan", "type": "ci.scan", "version": "1"}
    theirs = {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "schema": True, **naming}
    lines = [plain_event(number, receiver=None, receiver_id=theirs["id"]) for number in range(1, 5)]
    path = write_lines(tmp_path / "some", {"kind": "receiver", **theirs}, *lines)
    failing = Failing(monkeypatch, 2, Unavailable("the store is away"))
    assert call("import", str(path)).code == 2
    failing.mend()
    answer = call("import", str(path), "--json")

    assert answer.err.startswith("xzepr: going on behind line 2")
    assert (answer.code, answer.object["recorded"]) == (0, 4)
    assert len(story.registry.events.list(EventFilter(receiver_id=story.scan.id))) == 4


@pytest.mark.usefixtures("story")
def test_c059_another_store_is_noticed(call: Call, broken_off: Path, other: Callable[[], Registry]) -> None:
    """A store in which the first lines are not, or no more: nothing is skipped there in silence."""
    other()
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert "was begun with another store, or this one was restored" in answer.err


def test_c059_an_empty_store_keeps_no_place(
    kept: Registry, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: Callable[[], Registry]
) -> None:
    """It cannot be told from any other one: there the lines that were refused here might be taken."""
    receiver = {"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}
    path = write_lines(tmp_path / "some", plain_event(1), plain_event(2), receiver, plain_event(3))
    failing = Failing(monkeypatch, 1, Unavailable("the store is away"))
    assert call("import", str(path)).code == 2
    failing.mend()
    assert files(tmp_path) == {"some", "some.refused"}
    other().receivers.create(name="build", type="ci.build", version="1", schema=True)
    answer = call("import", str(path), "--json")

    assert (answer.code, counts(answer)) == (0, {"lines": 4, "receivers": 1, "recorded": 3})
    assert kept.feed.head() == 1


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"form": 1}', {"offset": -1}, {"form": 2}, {"feed": "0"}, {"feed": "x"}]
)
def test_a_state_that_cannot_be_read(call: Call, broken_off: Path, data: bytes | dict[str, object]) -> None:
    """It is named, and what to do; nothing is guessed."""
    state = Path(f"{broken_off}.progress")
    value = json.loads(state.read_bytes())
    state.write_bytes(data if isinstance(data, bytes) else json.dumps(value | data).encode())
    answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert f"{state} is damaged, or of another version of xzepr: delete it to begin again" in answer.err


@pytest.mark.usefixtures("story")
def test_interrupted_it_keeps_its_place(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """130, and the later run goes on."""
    path = write_lines(tmp_path / "some", *map(plain_event, range(1, 6)))
    failing = Failing(monkeypatch, 2, KeyboardInterrupt())
    answer = call("import", str(path))
    failing.mend()

    assert answer.code == 130
    assert call("import", str(path), "--json").object["recorded"] == 5


@pytest.mark.usefixtures("story")
def test_c079_a_full_store_is_2(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no refusal of a line: nothing is lost, and a later run goes on."""
    path = write_lines(tmp_path / "some", *map(plain_event, range(1, 6)))
    failing = Failing(monkeypatch, 1, StorageFull("no space"))
    answer = call("import", str(path))
    failing.mend()

    assert (answer.code, answer.out) == (2, "")
    assert files(tmp_path) == {"some"}
    assert call("import", str(path), "--json").object["recorded"] == 5


@pytest.mark.usefixtures("story")
def test_the_speed_of_a_later_run_is_its_own(call: Call, broken_off: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of the earlier run count for how far it is, and not for how fast."""
    seconds = count(0, LINE_SECONDS)
    monkeypatch.setattr(work, "Progress", partial(Progress, clock=lambda: next(seconds)))
    answer = call("import", str(broken_off))

    # Two lines in ten seconds, and none of the four before.
    assert "6 lines, 0 a second" in answer.err
