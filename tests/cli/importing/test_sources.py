"""`xzepr import`: what can be read, and where its files are."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.calling import MODULE, Call, Story, environment, plain_event, run, write_lines
from tests.cli.importing.cases import LINE, counts, files, refused
from xzepr import Registry
from xzepr.cli.ndjson.locking import lock
from xzepr.cli.ndjson.refusals import Refusals


@pytest.mark.usefixtures("story")
def test_from_stdin(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("data", [b"", b"\n", b"\n \r\n"])
def test_a_file_without_lines(call: Call, tmp_path: Path, data: bytes) -> None:
    """Nobody means to import nothing: what made the file has failed."""
    (tmp_path / "some").write_bytes(data)
    answer = call("import", str(tmp_path / "some"))

    assert (answer.code, answer.out) == (2, "")
    assert f"there is nothing in {tmp_path / 'some'}" in answer.err
    assert files(tmp_path) == {"some"}


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


@pytest.mark.usefixtures("story")
def test_a_file_without_permission(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says is told with the name; it is said by hand, because root may read everything."""

    def refuse(path: Path, *_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    write_lines(tmp_path / "some", plain_event())
    monkeypatch.setattr(Path, "open", refuse)
    answer = call("import", str(tmp_path / "some"))

    assert (answer.code, answer.err) == (2, f"xzepr: {tmp_path / 'some'}: Permission denied\n")


@pytest.mark.usefixtures("story")
def test_without_a_stdin_there_is_nothing_to_read(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so."""
    monkeypatch.setattr("sys.stdin", None)

    assert call("import", "-").err == "xzepr: there is no stdin: name a file\n"


@pytest.mark.usefixtures("story")
def test_what_can_be_read_only_once_keeps_no_place(call: Call, tmp_path: Path) -> None:
    """A pipe with a name is taken like stdin: nothing is written beside it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_bytes, LINE + b"\n")
        answer = call("import", str(pipe), "--json")

    assert (answer.code, counts(answer)) == (0, {"lines": 1, "recorded": 1})
    assert files(tmp_path) == {"pipe"}


def refuse_to_open(_: object) -> Registry:
    """Stand for a store that must not be opened."""
    raise AssertionError


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("name", ["some", "hard", "soft", "some.progress", "state"])
def test_refused_lines_are_never_written_over_what_is_read(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Under whatever name, and not over the state either; that is found out before anything is opened."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    before = path.read_bytes()
    (tmp_path / "hard").hardlink_to(path)
    (tmp_path / "soft").symlink_to("some")
    (tmp_path / "state").symlink_to("some.progress")
    monkeypatch.setattr(Registry, "open", refuse_to_open)
    monkeypatch.chdir(tmp_path)
    answer = call("import", str(path), "--refused", name)

    assert (answer.code, answer.out) == (2, "")
    assert "refused lines cannot go to" in answer.err
    assert path.read_bytes() == before
    assert files(tmp_path) == {"some", "hard", "soft", "state"}


@pytest.mark.usefixtures("story")
def test_refused_lines_are_never_written_over_the_state(call: Call, broken_off: Path) -> None:
    """Also one that is there, by another name of it."""
    state = Path(f"{broken_off}.progress")
    state.with_name("hard").hardlink_to(state)
    before = state.read_bytes()

    answer = call("import", str(broken_off), "--refused", str(state.with_name("hard")))

    assert (answer.code, "refused lines cannot go to" in answer.err) == (2, True)
    assert state.read_bytes() == before


@pytest.mark.usefixtures("story")
def test_refused_lines_are_never_written_over_something_else(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database whose name was given by mistake stays, and is not even opened; also where no line is refused."""
    path = write_lines(tmp_path / "some", plain_event())
    database = tmp_path / "registry.db"
    database.write_bytes(b"SQLite format 3\x00" + bytes(5_000))
    monkeypatch.setattr(Registry, "open", refuse_to_open)
    answer = call("import", str(path), "--refused", str(database))

    assert (answer.code, answer.out) == (2, "")
    assert f"{database} holds something else than the refused lines of an import" in answer.err
    assert database.read_bytes() == b"SQLite format 3\x00" + bytes(5_000)


def test_something_else_beside_the_file_is_not_written_over(story: Story, call: Call, tmp_path: Path) -> None:
    """Nobody has named it, and it may be anything: it stays, and nothing is recorded."""
    path = write_lines(tmp_path / "some", plain_event())
    bad = Path(f"{path}.refused")
    bad.write_bytes(b"my notes\n")
    answer = call("import", str(path))

    assert (answer.code, answer.out) == (2, "")
    assert "name another file with --refused, or move this one away" in answer.err
    assert bad.read_bytes() == b"my notes\n"
    assert len(story.registry.events.list()) == 1


def test_one_file_of_refused_lines_for_one_import_at_a_time(story: Story, call: Call, tmp_path: Path) -> None:
    """The second import that names it records nothing, and takes nothing from the first one."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    bad = tmp_path / "bad"
    with Refusals(bad) as first:
        first.begin()
        answer = call("import", str(path), "--refused", str(bad))
        assert (answer.code, answer.out) == (2, "")
        assert f"another import writes its refused lines to {bad}: wait for its end" in answer.err
        assert bad.exists()

    assert len(story.registry.events.list()) == 1
    assert call("import", str(path), "--refused", str(bad)).code == 1


@pytest.mark.usefixtures("story")
def test_refused_lines_beside_the_file_are_not_the_file(call: Call, tmp_path: Path) -> None:
    """What stands under the name that nobody has given may be a link to it."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"})
    Path(f"{path}.refused").symlink_to(path)

    assert call("import", str(path)).code == 2
    assert json.loads(path.read_bytes()) == {"kind": "nothing"}


@pytest.mark.usefixtures("story")
def test_refused_lines_are_never_written_over_stdin(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file behind stdin is a file."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"})
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        answer = call("import", "-", "--refused", str(path))

    assert answer.code == 2
    assert "it is needed for the import of stdin itself" in answer.err
    assert json.loads(path.read_bytes()) == {"kind": "nothing"}


@pytest.mark.usefixtures("story")
def test_refused_lines_may_go_to_a_device(call: Call, tmp_path: Path) -> None:
    """It is neither counted nor deleted."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})

    assert call("import", str(path), "--refused", "/dev/null").code == 1
    assert Path("/dev/null").is_char_device()
    assert files(tmp_path) == {"some"}


def test_refused_lines_may_go_to_stderr_by_its_name(tmp_path: Path) -> None:
    """A pipe behind a link of the system is no file that could be replaced."""
    path = write_lines(tmp_path / "some", {"kind": "nothing"})
    answer = run("memory:", "import", str(path), "--refused", "/dev/stderr")

    assert answer.code == 1
    assert '{"line":1,"code":"invalid"' in answer.err
    assert Path("/dev/stderr").is_symlink()


def test_refused_lines_may_go_to_a_file_that_is_stderr(tmp_path: Path) -> None:
    """They stand there in their order with what else is told: neither is written over the other."""
    path, log = write_lines(tmp_path / "some", {"kind": "nothing"}), tmp_path / "log"
    command = [*MODULE, "import", str(path), "--refused", "/dev/stderr"]
    with log.open("wb") as stderr:
        subprocess.run(command, env=environment("memory:"), stdout=subprocess.DEVNULL, stderr=stderr, check=False)

    found, told, *_ = log.read_text().splitlines()
    assert (json.loads(found)["line"], told) == (1, "xzepr: 1 line refused")


@pytest.mark.parametrize(("name", "said"), [("nowhere/bad", "No such file or directory"), ("", "Is a directory")])
def test_refused_lines_that_could_not_be_written_are_missed_at_once(
    story: Story, call: Call, tmp_path: Path, name: str, said: str
) -> None:
    """Before anything is recorded, not at the first line that is refused."""
    path = write_lines(tmp_path / "some", plain_event(), {"kind": "nothing"})
    answer = call("import", str(path), "--refused", str(tmp_path / name))

    assert (answer.code, answer.err) == (2, f"xzepr: {tmp_path / name}: {said}\n")
    assert len(story.registry.events.list()) == 1
    assert files(tmp_path) == {"some"}


def test_beside_a_file_of_which_nothing_can_be_kept(story: Story, call: Call) -> None:
    """It says what to do, before anything is recorded: else no run would ever get further."""
    answer = call("import", "/proc/version")

    assert (answer.code, answer.out) == (2, "")
    assert "beside /proc/version nothing can be written (" in answer.err
    assert "`xzepr import - < /proc/version`" in answer.err
    assert len(story.registry.events.list()) == 1


@pytest.mark.usefixtures("story")
def test_of_a_link_everything_stands_beside_what_it_points_to(call: Call, tmp_path: Path) -> None:
    """The file is the same under any name, and so are its files."""
    (tmp_path / "there").mkdir()
    path = write_lines(tmp_path / "there" / "some", plain_event(), {"kind": "nothing"})
    (tmp_path / "link").symlink_to(path)

    assert call("import", str(tmp_path / "link")).err == f"xzepr: 1 line refused: see {path}.refused\n"
    assert (files(tmp_path), files(tmp_path / "there")) == ({"there", "link"}, {"some", "some.refused"})


@pytest.mark.slow
def test_stdin_by_its_name_is_the_file_behind_it(tmp_path: Path) -> None:
    """Nothing is written beside the device."""
    receiver = {"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}
    path = write_lines(tmp_path / "some", receiver, plain_event(), {"kind": "nothing"})
    with path.open("rb") as stdin:
        command = [*MODULE, "import", "/dev/stdin", "--json"]
        done = subprocess.run(command, env=environment("memory:"), stdin=stdin, capture_output=True, check=False)

    assert (done.returncode, json.loads(done.stdout)["recorded"]) == (1, 1)
    assert done.stderr.decode() == f"xzepr: 1 line refused: see {path}.refused\n"
    assert refused(path)[0]["line"] == 3


@pytest.mark.usefixtures("story")
def test_one_import_of_a_file_at_a_time(call: Call, broken_off: Path) -> None:
    """The second one does nothing: together they would write refused lines twice."""
    before = {path.name: path.read_bytes() for path in broken_off.parent.iterdir()}
    with broken_off.open("rb") as held:
        lock(held, broken_off)
        answer = call("import", str(broken_off))

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"xzepr: another import of {broken_off} is running: wait for its end\n"
    assert {path.name: path.read_bytes() for path in broken_off.parent.iterdir()} == before
    assert call("import", str(broken_off)).code == 1
