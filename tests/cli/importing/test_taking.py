"""`xzepr import`: what is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.calling import UNIT, Call, Story, plain_event, write_lines
from tests.cli.importing.cases import LINE, counts, files, refused
from xzepr import Registry, json_form
from xzepr.cli.ndjson import taking
from xzepr.cli.ndjson.lines import Line
from xzepr.cli.ndjson.taking import Refused, Taker


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


@pytest.mark.usefixtures("story")
def test_people_see_a_table(call: Call, tmp_path: Path) -> None:
    """The counts, on stdout."""
    answer = call("import", str(write_lines(tmp_path / "some", plain_event())))

    assert answer.words[0] == ["lines", "1"]
    assert ["recorded", "1"] in answer.words


def test_definitions_and_events_in_any_order(kept: Registry, call: Call, tmp_path: Path) -> None:
    """An event behind its receiver is taken, one before it is not: lines count in their order."""
    definition = {"kind": "receiver", "name": "build", "type": "ci.build", "version": "1", "schema": True}
    path = write_lines(tmp_path / "some", plain_event(1), definition, plain_event(2))
    answer = call("import", str(path), "--json")

    assert (answer.code, counts(answer)) == (1, {"lines": 3, "receivers": 1, "recorded": 1, "refused": 1})
    assert (refused(path)[0]["line"], refused(path)[0]["code"]) == (1, "not_found")
    assert [event.unit.version for event in kept.events.list()] == ["1.2"]


@pytest.mark.parametrize("data", [LINE + b"\r\n\r\n" + LINE + b"\r\n", b"\n\n" + LINE + b"\n \t\n" + LINE])
def test_ends_of_lines_and_empty_lines(story: Story, call: Call, tmp_path: Path, data: bytes) -> None:
    """However lines end, and whatever stands empty between them, two events are two events."""
    path = tmp_path / "some"
    path.write_bytes(data)

    assert call("import", str(path), "--json").object["recorded"] == 2
    assert len(story.registry.events.list()) == 3


@pytest.mark.usefixtures("story")
def test_a_key_does_not_depend_on_the_end_of_the_line(call: Call, tmp_path: Path) -> None:
    """A file that came through another system's mail is still the same."""
    (tmp_path / "a").write_bytes(LINE + b"\n")
    (tmp_path / "b").write_bytes(b" " + LINE + b"\r\n")
    call("import", str(tmp_path / "a"))

    assert call("import", str(tmp_path / "b"), "--json").object["replayed"] == 1


def test_c068_a_file_that_grows_while_it_is_imported(
    story: Story, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes behind a line without an end is left for the next import: there each line has the same number."""
    path = write_lines(tmp_path / "some", plain_event(1), plain_event(2))
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    take = Taker.take

    def growing(self: Taker, batch: Sequence[Line]) -> list[Refused]:
        if not batch[-1].ended:
            with path.open("ab") as file:
                file.write(b"\n" + LINE + b"\n")
        return take(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(taking, "BATCH_LINES", 1)
        patch.setattr(Taker, "take", growing)
        assert counts(call("import", str(path), "--json")) == {"lines": 2, "recorded": 2}

    assert counts(call("import", str(path), "--json")) == {"lines": 3, "recorded": 1, "replayed": 2}
    assert len(story.registry.events.list()) == 1 + 3
