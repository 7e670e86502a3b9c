"""`xzepr show`: the unit's picture on a terminal, as JSON, and as a page."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs
import pytest

from tests.cli.calling import MODULE, UNIT, Call, Story, environment, run, unit_arguments
from xzepr import Registry, Unit, json_form
from xzepr_memory import MemoryStore

SHOW = ("show", *unit_arguments())


def row_of(story: Story) -> object:
    """The row of the first event, behind the store's back."""
    store = story.registry.store
    assert isinstance(store, MemoryStore)
    return store._tables.events[story.built.id]  # noqa: SLF001 - the back door


def test_a_unit_as_text(story: Story, call: Call) -> None:
    """Its events with what they moved, and what each group says."""
    failed = story.scanned(success=False)
    story.scanned()
    answer = call(*SHOW)

    assert (answer.code, answer.err) == (0, "")
    assert ["->", "release", "completed"] in answer.words
    assert [words[-1] for words in answer.words if "FAILED" in words] == [failed.id]
    assert answer.words[-1] == ["release", "2", "of", "2", "complete"]


def test_a_unit_as_json(story: Story, call: Call) -> None:
    """One object, with the forms that everything has everywhere."""
    answer = call(*SHOW, "--json")

    assert (answer.code, answer.err) == (0, "")
    assert answer.object["unit"] == UNIT.fields()
    assert [one["id"] for one in answer.object["events"]] == [story.built.id]
    [group] = answer.object["groups"]
    assert group["verdict"] == json_form(story.registry.groups.verdict(story.release, UNIT))


def test_a_page(story: Story, call: Call, tmp_path: Path) -> None:
    """It replaces what was there, is the only file there, and stdout says where it is and what it shows."""
    path = tmp_path / "web.html"
    path.write_text("old", encoding="utf-8")
    answer = call(*SHOW, "--html", str(path))

    assert (answer.code, answer.words) == (0, [["page", str(path)], ["shows", "1", "event,", "1", "group"]])
    assert story.built.id in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_on_stdout(kept: Registry, call: Call) -> None:
    """It is ASCII, so that no encoding of stdout can spoil it, and reads as the page in a file does."""
    receiver = kept.receivers.create(name="bauen-für-Zürich", type="ci.build", version="1", schema=True)
    kept.events.record(UNIT, receiver, success=True, payload={})
    answer = call(*SHOW, "--html", "-")

    assert answer.code == 0
    assert answer.out.isascii()
    assert "bauen-für-Zürich" in "".join(ET.fromstring(answer.out).itertext())  # noqa: S314 - we made it


def test_a_page_and_json(story: Story, call: Call, tmp_path: Path) -> None:
    """Both at once, if they do not write to the same place."""
    path = tmp_path / "web.html"
    answer = call(*SHOW, "--json", "--html", str(path))
    both = call(*SHOW, "--json", "--html", "-")

    assert answer.object["recorded"] == 1
    assert path.exists()
    assert (both.code, both.out) == (2, "")
    assert both.err == "xzepr: --json and --html - both write to stdout: give the page a file\n"
    assert story.built.n == 1


def test_the_newest_events(story: Story, call: Call) -> None:
    """As many as are wanted; what is left out is said."""
    story.scanned()
    answer = call(*SHOW, "--json", "--events", "1")

    assert [one["n"] for one in answer.object["events"]] == [2]
    assert answer.object["left_out"] == ["1 of 2 events, the oldest"]


@pytest.mark.parametrize("options", [(), ("--json",), ("--html", "page.html")])
def test_a_unit_that_nobody_knows_is_1(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """It was asked and answered: nothing is recorded. No page is written; a program gets an empty object."""
    monkeypatch.chdir(tmp_path)
    answer = call("show", *unit_arguments(Unit(**{**UNIT.fields(), "version": "1.4.3"})), *options)

    assert (answer.code, answer.err) == (1, "xzepr: nothing is recorded about web/1.4.3/7/linux-amd64/oci\n")
    assert (answer.object["events"] == []) if options == ("--json",) else (answer.out == "")
    assert list(tmp_path.iterdir()) == []
    assert story.built.n == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--html", ""), "is empty: was the variable set?"),
        (("--html", "a", "--html", "b"), "is given twice"),
        (("--events", "0"), "must be at least 1"),
        (("--events", "10001"), "must be at most 10,000"),
        (("--events", "many"), "must be a whole number"),
        (("--version", ""), "is empty: was the variable set?"),
    ],
)
def test_c060_wrong_arguments_are_2(story: Story, call: Call, options: tuple[str, ...], said: str) -> None:
    """The message names the argument."""
    arguments = [one for one in SHOW if not one.startswith("--version=") or options[0] != "--version"]
    answer = call(*arguments, *options)

    assert (answer.code, answer.out) == (2, "")
    assert f"argument {options[0]}: {said}" in answer.err
    assert story.built.n == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"payload_text": '"forged"'},
            "the stored event {id} is damaged: its payload is not the one that was recorded",
        ),
        ({"description": "forged"}, "the event {id} is not what was recorded: its digest is another one"),
    ],
)
def test_c082_what_is_damaged_is_1_and_shown(story: Story, call: Call, change: dict[str, str], said: str) -> None:
    """The rest is there; stderr names the event."""
    row = row_of(story)
    row.event = attrs.evolve(row.event, **change)  # type: ignore[attr-defined]
    story.scanned()
    answer = call(*SHOW)

    assert (answer.code, answer.err) == (1, f"xzepr: {said.format(id=story.built.id)}\n")
    assert ["->", "release", "completed"] in answer.words


def test_what_cannot_be_written_is_named(story: Story, call: Call, tmp_path: Path) -> None:
    """A folder that is not there, a name that is a folder, and a device."""
    gone = call(*SHOW, "--html", str(tmp_path / "gone" / "page.html"))
    folder = call(*SHOW, "--html", str(tmp_path))

    assert (gone.code, gone.err) == (2, f"xzepr: {tmp_path / 'gone' / 'page.html'}: No such file or directory\n")
    assert (folder.code, folder.err) == (2, f"xzepr: {tmp_path} is no regular file: write to - and redirect it\n")
    assert list(tmp_path.iterdir()) == []
    assert story.built.n == 1


def test_no_permission_is_named(story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named, and nothing is left behind."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    answer = call(*SHOW, "--html", str(tmp_path / "page.html"))

    assert (answer.code, answer.err) == (2, f"xzepr: {tmp_path / 'page.html'}: Permission denied\n")
    assert list(tmp_path.iterdir()) == []
    assert story.built.n == 1


@pytest.mark.slow
def test_as_a_process(url: str, shop: Story, tmp_path: Path) -> None:
    """Text, JSON and a page from a real database; and 1 for a unit that nobody knows."""
    shop.scanned(success=False)
    shop.scanned()
    page = tmp_path / "web.html"
    text, form, written = (run(url, *SHOW, *more) for more in ((), ("--json",), ("--html", str(page))))
    nobody = run(url, "show", *unit_arguments(Unit(**{**UNIT.fields(), "name": "nobody"})))

    assert [answer.code for answer in (text, form, written, nobody)] == [0, 0, 0, 1]
    assert [answer.err for answer in (text, form, written)] == ["", "", ""]
    assert ["->", "release", "completed"] in text.words
    assert [one["n"] for one in form.object["events"]] == [1, 2, 3]
    assert page.read_text(encoding="utf-8").count('class="mark event') == 3


@pytest.mark.slow
def test_c079_a_disk_that_takes_no_more(url: str, shop: Story, tmp_path: Path) -> None:
    """The file is named, no half of it is there, and what stood under its name is as it was."""
    target = tmp_path / "web.html"
    target.write_bytes(b"before")

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    # Whoever measures coverage writes files too, and must not be cut off.
    env = {name: value for name, value in environment(url).items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [*MODULE, *SHOW, "--html", str(target)],
        env=env,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=little,
    )

    assert done.returncode == 2
    assert done.stderr.decode() == f"xzepr: {target}: {os.strerror(errno.EFBIG)}\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"web.html": b"before"}
    assert shop.built.n == 1
