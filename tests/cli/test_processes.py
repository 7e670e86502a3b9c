"""Every command as a process, over a real database: codes, streams, signals, pipes, kills and full disks."""

from __future__ import annotations

import errno
import json
import os
import pty
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.calling import (
    MODULE,
    UNIT,
    Story,
    environment,
    plain_event,
    run,
    unit_arguments,
    write_lines,
)
from xzepr import Registry, Unit, json_form
from xzepr.testing.postgres import PostgresServer

pytestmark = pytest.mark.slow

GUARD = 60.0
"""Seconds after which a test believes that something hangs."""

HELD_LINE = 1_750
"""The line at which an import is held up: in the middle of its fourth batch."""

LINES = 3_000


@contextmanager
def started(url: str, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:  # noqa: ANN401 - for Popen
    """Start a command, and end it at the end."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*MODULE, *arguments], env=environment(url), **pipes | options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Look again and again until something is so, while a process runs."""
    end = time.monotonic() + GUARD
    while not true():
        assert time.monotonic() < end, "it did not happen"
        assert process.poll() is None, "the command has ended"
        time.sleep(0.002)


def lines_of(data: bytes | str) -> list[Any]:
    """The objects of lines of JSON."""
    return [json.loads(line) for line in data.splitlines()]


def test_assert_in_a_pipeline(url: str, shop: Story) -> None:
    """1 while the scan is missing, 0 when it has passed, 2 when a variable was not set."""
    pending = run(url, "assert", "release", *unit_arguments())
    shop.scanned()
    complete = run(url, "assert", "release", *unit_arguments(), "--json")
    unset = run(url, "assert", "", *unit_arguments())

    assert (pending.code, pending.out, pending.err) == (1, "pending: scan is missing\n", "")
    assert (complete.code, complete.object["complete"], complete.err) == (0, True, "")
    assert (unset.code, unset.out) == (2, "")
    assert "argument GROUP: is empty" in unset.err


def test_verdict_shows_the_gates(url: str, shop: Story) -> None:
    """0 whatever it says."""
    answer = run(url, "verdict", "release/ci.gate/1", *unit_arguments())

    assert (answer.code, answer.err) == (0, "")
    assert answer.words[-1][:4] == ["scan", "ci.scan", "1", "missing"]
    assert shop.release.enabled


def test_c082_a_gate_beside_a_damaged_one(url: str, shop: Story) -> None:
    """Of two groups of one name one is damaged: what is left is not taken for what was meant."""
    second = shop.registry.groups.create(name="release", type="ci.gate", version="2", receivers=[shop.build])
    ambiguous = run(url, "assert", "release", *unit_arguments())
    alter(url, "UPDATE xzepr.groups SET description = E'\\x07' WHERE version = '1'")
    damaged = run(url, "assert", "release", *unit_arguments())

    assert (ambiguous.code, "this may be any of" in ambiguous.err) == (2, True)
    assert (damaged.code, damaged.out) == (2, "")
    assert f"the stored group {shop.release.id} is damaged" in damaged.err
    assert run(url, "assert", second.id, *unit_arguments()).code == 0


def alter(url: str, statement: str) -> None:
    """Change something behind the back of the store."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


def test_c082_an_event_that_was_altered(url: str, shop: Story) -> None:
    """An export leaves it out and says so: an import elsewhere would give it a fresh digest."""
    scanned = shop.scanned()
    alter(url, "UPDATE xzepr.events SET description = 'tampered' WHERE description = 'on main'")
    answer = run(url, "export")

    assert (answer.code, run(url, "events", shop.built.id).code) == (1, 1)
    assert f"the event {shop.built.id} is not what was recorded" in answer.err
    assert answer.err.endswith("2 receivers, 1 group, 1 event exported; 1 altered row left out\n")
    assert [line["id"] for line in answer.lines if line["kind"] == "event"] == [scanned.id]


def test_lists_and_single_things(url: str, shop: Story) -> None:
    """A table for people, lines for programs, and one of them whole."""
    receivers = run(url, "receivers")
    groups = run(url, "groups", "--json")
    event = run(url, "events", shop.built.id, "--json")

    assert [(answer.code, answer.err) for answer in (receivers, groups, event)] == [(0, "")] * 3
    assert [line[0] for line in receivers.words[2:]] == [shop.scan.id, shop.build.id]
    assert groups.lines == [json_form(shop.release)]
    assert event.object == json_form(shop.registry.events.get(shop.built.id))


def test_the_feed(url: str, shop: Story) -> None:
    """From a place on, as CloudEvents."""
    changes = list(shop.registry.feed.read())
    answer = run(url, "feed", f"--after={changes[1].cursor}", "--cloudevents")

    assert (answer.code, answer.err) == (0, "")
    assert answer.lines == [change.to_cloudevent() for change in changes[2:]]


def test_a_store_that_cannot_be_used(url: str, xzepr_postgres_server: PostgresServer) -> None:
    """No server, no tables: 2 and one line, never an answer."""
    empty = xzepr_postgres_server.create_database()
    stores = {
        "postgresql://ci:hunter2@127.0.0.1:1/shop": "no server answers",
        xzepr_postgres_server.url(empty): "run `xzepr migrate`",
    }
    for store, said in stores.items():
        answer = run(store, "assert", "release", *unit_arguments())
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert said in answer.err
        assert "hunter2" not in answer.err
    xzepr_postgres_server.drop_database(empty)
    assert run(url, "assert", "release", *unit_arguments()).err == "xzepr: there is no group release\n"


@pytest.mark.usefixtures("interruptible")
def test_follow_until_interrupted(url: str, shop: Story) -> None:
    """What happens meanwhile is written at once; Ctrl-C is 130, and the place to go on from is told."""
    with started(url, "feed", "--follow", "--from-now", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # It has begun to wait when it listens; what is recorded from then on is new to it.
        _wait_for_listener(url, process)
        scanned = shop.scanned()
        event, completed = json.loads(process.stdout.readline()), json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)

        assert process.wait(GUARD) == 130
        assert (event["subject"]["id"], completed["kind"]) == (scanned.id, "group.completed")
        expected = f"xzepr: to go on from here: --after {completed['cursor']}\nxzepr: interrupted\n"
        assert process.stderr.read().decode() == expected


def _wait_for_listener(url: str, process: subprocess.Popen[bytes]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
        before = connection.execute(statement).fetchone()
        wait_until(lambda: connection.execute(statement).fetchone() != before, process)


def test_a_follower_whose_reader_goes_away(url: str, shop: Story) -> None:
    """It ends with the next change, quietly, with the code of a broken pipe."""
    with started(url, "feed", "--follow", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert lines_of(process.stdout.readline())[0]["position"] == 1
        for _ in range(3):
            process.stdout.readline()
        process.stdout.close()
        shop.scanned()

        assert process.wait(GUARD) == 141
        assert process.stderr.read() == b""


def test_a_reader_that_has_seen_enough(url: str, shop: Story) -> None:
    """`xzepr export | true` ends quietly too."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with started(url, "export", stdout=write_end) as process:
        os.close(write_end)
        assert process.stderr is not None

        assert (process.wait(GUARD), process.stderr.read()) == (141, b"")
    assert shop.release.enabled


def test_from_one_store_to_another(
    url: str, shop: Story, xzepr_postgres_server: PostgresServer, xzepr_postgres_template: str
) -> None:
    """`xzepr export | xzepr import -`: what comes out of the other one is the same, but for what a store makes."""
    shop.scanned(payload={"é": [1e21, -0.0, None]})
    other = xzepr_postgres_server.url(xzepr_postgres_server.create_database(xzepr_postgres_template))
    exported = run(url, "export")
    answer = run(other, "import", "-", "--json", stdin=exported.out.encode())
    back = run(other, "export")

    assert (answer.code, answer.object["recorded"], answer.err) == (0, 2, "")
    assert [kept(line) for line in back.lines] == [kept(line) for line in exported.lines]
    with Registry.open(other) as registry:
        assert registry.groups.verdict(shop.release.id, UNIT).complete


def kept(line: dict[str, Any]) -> dict[str, Any]:
    """What an import keeps of a line."""
    made = {"created_at", "updated_at", "recorded_at", "payload_digest", "digest"}
    return {key: value for key, value in line.items() if key not in made}


def test_an_export_to_a_closed_stdout(url: str, shop: Story, tmp_path: Path) -> None:
    """`xzepr export >&-` is no success; with a file it is one."""
    target = tmp_path / "all.ndjson"
    codes = []
    for arguments in ([], [str(target)]):
        with started(url, "export", *arguments, stdout=None, preexec_fn=lambda: os.close(1)) as process:
            assert process.stderr is not None
            said = process.stderr.read().decode()
            codes.append((process.wait(GUARD), said))

    assert codes[0] == (2, "xzepr: there is no stdout: name a file\n")
    assert codes[1] == (0, "xzepr: 2 receivers, 1 group, 1 event exported\n")
    assert len(lines_of(target.read_bytes())) == 4
    assert shop.release.enabled


def test_c079_a_full_disk_behind_stdout(url: str, shop: Story) -> None:
    """The reason is told, and it is no success."""
    with open("/dev/full", "wb") as full, started(url, "export", stdout=full) as process:  # noqa: PTH123 - a device
        assert process.stderr is not None

        assert process.wait(GUARD) == 2
        assert b"xzepr: No space left on device" in process.stderr.read()
    assert shop.release.enabled


def test_c079_a_disk_that_takes_no_more(url: str, shop: Story, tmp_path: Path) -> None:
    """A file that cannot be finished is not there, and what stood under its name is as it was."""
    target = tmp_path / "all.ndjson"
    target.write_bytes(b"before")
    for _ in range(3):
        shop.scanned(payload="x" * 2_000_000)

    def little() -> None:
        # So much that whatever watches the process can still write its own files.
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))

    with started(url, "export", str(target), preexec_fn=little) as process:
        assert process.stderr is not None
        assert process.wait(GUARD) == 2
        assert process.stderr.read().decode() == f"xzepr: {target}: {os.strerror(errno.EFBIG)}\n"

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"all.ndjson": b"before"}


def test_c077_an_export_that_is_killed(url: str, shop: Story, tmp_path: Path) -> None:
    """Under the name there is nothing: a file that is there is whole."""
    target = tmp_path / "all.ndjson"
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE xzepr.events IN ACCESS EXCLUSIVE MODE")
        with started(url, "export", str(target)) as process:
            wait_until(lambda: any(tmp_path.iterdir()), process)
            process.kill()
            assert process.wait(GUARD) == -signal.SIGKILL

    assert not target.exists()
    assert run(url, "export", str(target)).code == 0
    assert len(lines_of(target.read_bytes())) == 4
    assert shop.release.enabled


def held_file(tmp_path: Path) -> Path:
    """A file of some thousand lines, one of which is wrong."""
    lines = [plain_event(number) for number in range(1, LINES + 1)]
    lines[9] = {"kind": "nothing"}
    return write_lines(tmp_path / "events.ndjson", *lines)


@contextmanager
def held_up(url: str, shop: Story, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start an import, and let it wait in the middle: somebody holds a unit that it comes to."""
    unit = Unit(**plain_event(HELD_LINE)["unit"])  # type: ignore[arg-type]
    with psycopg.connect(url) as connection, psycopg.connect(url, autocommit=True) as watcher:
        shop.registry.joined(connection).events.record(unit, shop.build, success=False, payload={})
        with started(url, "import", str(path)) as process:
            wait_until(lambda: waiting(watcher), process)
            yield process
            wait_until_gone(process)
        # What the server still does for a client that is gone must be done before anybody counts.
        connection.rollback()
        end = time.monotonic() + GUARD
        while busy(watcher):
            assert time.monotonic() < end
            time.sleep(0.002)


def waiting(connection: psycopg.Connection) -> bool:
    """Whether somebody waits for a lock."""
    statement = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return connection.execute(statement).fetchone() is not None


def busy(connection: psycopg.Connection) -> bool:
    """Whether the server works for anybody else."""
    statement = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return connection.execute(statement).fetchone() is not None


def wait_until_gone(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a process that was sent a signal."""
    process.wait(GUARD)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_c077_an_import_that_is_stopped_in_the_middle(
    url: str, shop: Story, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """Killed or interrupted among some thousand lines, and run again: every event is there exactly once."""
    path = held_file(tmp_path)
    with held_up(url, shop, path) as process:
        process.send_signal(number)
    assert process.returncode == code

    again = run(url, "import", str(path), "--json")

    assert again.err.startswith(f"xzepr: going on behind line 1,500 of {path}\n")
    assert again.code == 1
    assert again.object["recorded"] + again.object["replayed"] == LINES - 1
    assert [line["line"] for line in lines_of(Path(f"{path}.refused").read_bytes())] == [10]
    with psycopg.connect(url) as connection:
        statement = "SELECT count(*), count(DISTINCT unit_key), max(n) FROM xzepr.events WHERE receiver_id = %s"
        key = connection.execute("SELECT id FROM xzepr.receivers WHERE name = 'build'").fetchone()
        assert key is not None
        # The story's own event is the one more.
        assert connection.execute(statement, key).fetchone() == (LINES, LINES, 1)
    assert {one.name for one in tmp_path.iterdir()} == {"events.ndjson", "events.ndjson.refused"}


@pytest.mark.usefixtures("interruptible")
def test_one_import_of_a_file_at_a_time(url: str, shop: Story, tmp_path: Path) -> None:
    """A second one gives 2 and touches nothing; when the first one is dead, however it died, the next one goes on."""
    path = held_file(tmp_path)
    with held_up(url, shop, path) as process:
        before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
        second = run(url, "import", str(path))
        after = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
        process.kill()

    assert (second.code, second.out) == (2, "")
    assert second.err == f"xzepr: another import of {path} is running: wait for its end\n"
    assert after == before
    assert run(url, "import", str(path), "--json").object["refused"] == 1
    assert len(lines_of(Path(f"{path}.refused").read_bytes())) == 1


def test_a_bar_on_a_terminal(url: str, shop: Story, tmp_path: Path) -> None:
    """Whoever looks on sees how far it is; stdout is for the result."""
    path = held_file(tmp_path)
    ours, theirs = pty.openpty()
    try:
        with started(url, "import", str(path), "--json", stderr=theirs) as process:
            os.close(theirs)
            drawn = b"".join(iter(lambda: _read(ours), b"")).decode()
            assert process.stdout is not None
            assert lines_of(process.stdout.read())[0]["recorded"] == LINES - 1
            assert process.wait(GUARD) == 1
    finally:
        os.close(ours)

    assert "\r[" in drawn
    assert " lines, " in drawn
    assert drawn.endswith(f"xzepr: 1 line refused: see {path}.refused\r\n")
    assert shop.release.enabled


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux tells that the other end is closed
        return b""
