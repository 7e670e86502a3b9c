"""Ids: their one text form, and the generator that never repeats itself."""

# ruff: noqa: T201 - the counts of the data are shown
from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzepr.errors import Invalid, Unavailable
from xzepr.model import Ulid, UlidGenerator, is_ulid, parse_ulid, ulid_from_int, ulid_time_ms, ulid_to_int

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBERS = st.integers(0, 2**128 - 1)

STRANGE = [
    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "01arz3ndektsv4rrffq69g5fav",
    "01ARZ3NDEKTSV4RRFFQ69G5FAI",
    "01ARZ3NDEKTSV4RRFFQ69G5FAL",
    "01ARZ3NDEKTSV4RRFFQ69G5FAO",
    "01ARZ3NDEKTSV4RRFFQ69G5FAU",
    "01ARZ3NDEKTSV4RRFFQ69G5FA",
    "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
    "\n01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "01ARZ3NDEKTSV4RRFFQ69G5FA\N{ARABIC-INDIC DIGIT ONE}",
    "01ARZ3NDEKTSV4RRFFQ69G5F\N{FULLWIDTH LATIN CAPITAL LETTER A}V",
    "01ARZ3NDEKTSV4RRFFQ69G5FA\0",
    "01ARZ3ND-EKTS-V4RR-FFQ69G5",
    "",
    " ",
    "x" * 1_000_000,
    None,
    True,
    0,
    b"01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ["01ARZ3NDEKTSV4RRFFQ69G5FAV"],
]


class StrSubclass(str):
    """A text that could behave in its own way."""

    __slots__ = ()


@pytest.fixture(scope="module")
def vectors(shared_data: Path) -> dict[str, list[dict[str, object]]]:
    """The vectors of the specification and of public tests."""
    found: dict[str, list[dict[str, object]]] = json.loads((shared_data / "ulid" / "vectors.json").read_text("utf-8"))
    return found


def test_c063_every_valid_vector_is_an_id(vectors: dict[str, list[dict[str, object]]]) -> None:
    """Each valid vector is taken as it stands, with the time that it names."""
    print(len(vectors["valid"]), "valid vectors")
    assert vectors["valid"]
    for vector in vectors["valid"]:
        ulid = parse_ulid(vector["ulid"])
        assert vector["ulid"] == ulid == ulid_from_int(ulid_to_int(ulid))
        assert vector.get("time_ms", ulid_time_ms(ulid)) == ulid_time_ms(ulid)


def test_c063_no_invalid_vector_is_an_id(vectors: dict[str, list[dict[str, object]]]) -> None:
    """Each invalid vector is refused."""
    print(len(vectors["invalid"]), "invalid vectors")
    assert vectors["invalid"]
    assert [vector for vector in vectors["invalid"] if is_ulid(vector["ulid"])] == []


def test_c063_the_time_is_encoded_as_the_vectors_say(vectors: dict[str, list[dict[str, object]]]) -> None:
    """The first ten characters of an id are its milliseconds."""
    for vector in vectors["encode_time"]:
        assert UlidGenerator(lambda vector=vector: vector["time_ms"])().startswith(vector["text"])


def test_c064_the_monotonic_vectors_come_out(vectors: dict[str, dict[str, list[object]]]) -> None:
    """Within a millisecond, and while the clock steps back, ids are counted up as the vectors say."""
    run = vectors["monotonic"]
    clock = iter([run["seed_ms"], run["seed_ms"], *run["clock_back_ms"]])
    random = (ulid_to_int(Ulid(run["first"])) & 2**80 - 1).to_bytes(10, "big")
    new = UlidGenerator(lambda: next(clock), lambda _: random)
    assert [run["first"], *run["next"]] == [new() for _ in range(4)]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: ascii(value)[:30])
def test_c063_anything_but_the_canonical_form_is_refused_by_name(value: object) -> None:
    """Wrong length, alphabet, case or type is Invalid, names the field and does not echo the value."""
    with pytest.raises(Invalid, match=r"^receiver: must be a ULID") as caught:
        parse_ulid(value, "receiver")
    assert caught.value.fields == ("receiver",)
    assert len(str(caught.value)) < 120


def test_c063_a_subclass_of_str_is_no_id() -> None:
    """A text that could behave in its own way is not taken."""
    assert not is_ulid(StrSubclass("01ARZ3NDEKTSV4RRFFQ69G5FAV"))


def test_c063_the_largest_id_is_an_id_though_its_year_is_10889() -> None:
    """7ZZZ… has a form that is right; how far ahead its time may lie is decided where callers hand ids over."""
    assert ulid_time_ms(parse_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")) == 2**48 - 1


@given(NUMBERS)
def test_the_text_of_a_number_reads_back(number: int) -> None:
    """Encoding and decoding are each other's opposite."""
    ulid = ulid_from_int(number)
    assert is_ulid(ulid)
    assert number == ulid_to_int(ulid)


@given(NUMBERS, NUMBERS)
def test_ids_sort_like_their_numbers(one: int, other: int) -> None:
    """Text order is numeric order, so ids sort by the time they were made."""
    assert (one < other) == (ulid_from_int(one) < ulid_from_int(other))


@given(st.text(ALPHABET, min_size=26, max_size=26))
def test_exactly_those_below_2_to_the_128_are_ids(text: str) -> None:
    """26 characters of the alphabet are an id exactly when the number fits 128 bits."""
    number = 0
    for character in text:
        number = number * 32 + ALPHABET.index(character)
    assert (number < 2**128) == is_ulid(text)


def test_c064_no_id_wraps_at_the_end_of_a_millisecond() -> None:
    """After the last random value of a millisecond there is an error, and no id of another millisecond."""
    new = UlidGenerator(lambda: 1_469_918_176_385, lambda count: b"\xff" * count)
    assert new() == "01ARYZ6S41ZZZZZZZZZZZZZZZZ"
    with pytest.raises(Unavailable, match="retry in the next one"):
        new()
    with pytest.raises(Unavailable):
        new()


def test_c064_the_generator_works_again_in_the_next_millisecond() -> None:
    """An overflow is over when the clock moves on."""
    times = iter([5, 5, 6])
    new = UlidGenerator(lambda: next(times), lambda count: b"\xff" * count)
    first = new()
    with pytest.raises(Unavailable):
        new()
    assert new() > first


@pytest.mark.parametrize("now", [2**48, 2**60, -1, -(2**60)])
def test_c064_a_clock_outside_the_range_of_a_ulid_is_an_error(now: int) -> None:
    """Before 1970 and beyond the 48 bits of milliseconds there is no id, rather than a wrong one."""
    with pytest.raises(Unavailable, match="set it right"):
        UlidGenerator(lambda: now)()


def test_c064_ids_rise_while_the_clock_steps_back() -> None:
    """A clock that steps back, even before 1970, does not take ids back."""
    times = iter([1_000_000, 999_999, 0, -5, 1_000_000, 1_000_001])
    new = UlidGenerator(lambda: next(times))
    made = [new() for _ in range(6)]
    assert made == sorted(set(made))


def test_c064_sixteen_threads_never_make_the_same_id() -> None:
    """Ids are unique over threads, and rise within each."""
    new, barrier = UlidGenerator(lambda: 7), threading.Barrier(16)

    def many(_: int) -> list[Ulid]:
        barrier.wait(10)
        return [new() for _ in range(500)]

    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(many, range(16)))
    assert all(run == sorted(run) for run in runs)
    assert len({ulid for run in runs for ulid in run}) == 16 * 500


FORKED = """
import os, threading
from xzepr.model import UlidGenerator
new = UlidGenerator(lambda: 7)
print(*[new() for _ in range(3)])
inside, outside = os.pipe()
child = os.fork()
if not child:
    runs, barrier = [], threading.Barrier(8)
    def many():
        barrier.wait(10)
        runs.append([new() for _ in range(200)])
    threads = [threading.Thread(target=many) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    os.write(outside, " ".join(sum(runs, [])).encode())
    os._exit(0)
os.close(outside)
print(*[new() for _ in range(1600)])
print(os.fdopen(inside).read())
assert os.waitpid(child, 0)[1] == 0
"""


def run_python(code: str) -> str:
    """Run code in a process of its own, warnings being errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_c064_a_fork_after_the_first_use_repeats_nothing() -> None:
    """A forked child draws new random bits, also when eight of its threads begin at once."""
    ids = run_python(FORKED).split()
    assert len(ids) == 3 + 2 * 1600
    assert all(map(is_ulid, ids))
    assert len(set(ids)) == len(ids)


def test_c064_two_processes_do_not_collide() -> None:
    """Two processes with the same clock make different ids."""
    code = "from xzepr.model import UlidGenerator as G; new = G(lambda: 7); print(*[new() for _ in range(1000)])"
    ids = (run_python(code) + run_python(code)).split()
    assert len(set(ids)) == 2_000


@pytest.mark.parametrize("draw", [bytes, os.urandom])
def test_the_time_of_a_new_id_is_that_of_the_clock(draw: Callable[[int], bytes]) -> None:
    """Whatever the random bits are, the first 48 bits are the clock's."""
    assert ulid_time_ms(UlidGenerator(lambda: 1_469_918_176_385, draw)()) == 1_469_918_176_385
