"""The page in a real browser: no script runs, nothing is fetched, the marks are there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import attrs
import pytest

from tests.cli.picture.pictures import World, hostile, many, reopened
from xzepr import Unit
from xzepr.cli.picture import page_of

pytestmark = pytest.mark.slow

QUIET = (
    *(
        "--headless",
        "--hide-scrollbars",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0"),
)
"""A browser that asks nobody for anything by itself, and tells what a page logs."""

REFUSED = "Content Security Policy"


@attrs.frozen
class Shown:
    """What became of a page.

    Args:
        document: The document, as the browser holds it after scripts and loads had their time.
        log: What the browser wrote on stderr.
    """

    document: str
    log: str


class Browser:
    """Opens pages."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def measured(self, page: str, script: str, *, width: int = 1280) -> Any:  # noqa: ANN401 - any JSON
        """Open a page without its policy, and return what a function in it returns."""
        free = re.sub(r"<meta http-equiv=[^>]*>", "", page)
        tell = f"document.body.dataset.told = JSON.stringify(({script})())"
        shown = self.open(free.replace("</body>", f"<script>{tell}</script></body>"), f"--window-size={width},1200")
        [told] = re.findall(r'data-told="([^"]*)"', shown.document)
        return json.loads(unescape(told))

    def open(self, page: str, *options: str) -> Shown:
        """Open a page from a file."""
        file = self._folder / "page.html"
        file.write_text(page, encoding="utf-8")
        profile = f"--user-data-dir={self._folder / 'profile'}"
        done = subprocess.run(
            [self._program, *QUIET, profile, *options, "--virtual-time-budget=5000", "--dump-dom", file.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return Shown(done.stdout, done.stderr)


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Chromium with a profile of its own; without it the test is skipped, and fails in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium here: install it")
    return Browser(program, tmp_path)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Serve whatever is asked for, and note it: its address, and the paths."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def attack(address: str) -> str:
    """Markup that changes the page and fetches something in every way."""
    return (
        "<script>document.title = 'ran'</script>"
        f"<img src='{address}/img' onerror=\"document.title = 'ran'\"/><script src='{address}/script'></script>"
        f"<iframe src='{address}/frame'></iframe><link rel='stylesheet' href='{address}/sheet'/>"
        f"<style>body {{ background: url({address}/background) }}</style>"
    )


def test_the_marks_are_there_and_nothing_is_complained_of(browser: Browser) -> None:
    """Five events, three transitions, three bars; and no message in the console."""
    world, _ = reopened()
    shown = browser.open(page_of(world.picture()))

    assert shown.document.count('class="mark event') == 5
    assert shown.document.count('class="mark move') == 3
    assert shown.document.count('class="bar ') >= 3
    assert [line for line in shown.log.splitlines() if "CONSOLE" in line] == []


def test_hostile_names_run_nothing_and_fetch_nothing(browser: Browser) -> None:
    """Names are text: there is not even something to refuse."""
    with listening() as (address, asked):
        world, unit = hostile()
        build = world.receiver("build")
        named = Unit(**{**unit.fields(), "name": attack(address)[:255], "package": attack(address)[60:300]})
        for _ in range(2):
            world.record(build, unit=named, why=attack(address))
        shown = [browser.open(page_of(world.picture(one))) for one in (unit, named)]

    assert asked == []
    assert [page for page in shown if "<title>ran" in page.document or "<script" in page.document] == []
    assert [line for page in shown for line in page.log.splitlines() if "CONSOLE" in line] == []


def test_what_slips_through_the_escaping_is_refused(browser: Browser) -> None:
    """The second line of defence: markup that stands in the page all the same runs nothing and fetches nothing."""
    world = World()
    world.record(world.receiver("build"))
    with listening() as (address, asked):
        page = page_of(world.picture())
        shown = browser.open(page.replace("<main>", f"<main>{attack(address)}"))

        assert asked == []
        assert "<title>ran" not in shown.document
        assert REFUSED in shown.log


def test_these_checks_see_a_page_that_runs_and_fetches(browser: Browser) -> None:
    """The control: without the policy, the same markup does both."""
    with listening() as (address, asked):
        shown = browser.open(f"<!DOCTYPE html><html><head><title>x</title></head><body>{attack(address)}</body></html>")

    assert "<title>ran" in shown.document
    assert {"/img", "/script", "/frame", "/sheet", "/background"} <= set(asked)


LANES = """() => {
  const middle = (one) => { const box = one.getBoundingClientRect(); return (box.top + box.bottom) / 2 };
  const names = [...document.querySelectorAll(".lanes div[title]")];
  return [names.map(middle), [...document.querySelectorAll("svg.plot .track")].map(middle),
          names.map((one) => one.scrollHeight - one.clientHeight)];
}"""
"""The heights of the names and of their lanes, and how far a name stands out of its place."""


@pytest.mark.parametrize("width", [1280, 400])
def test_every_name_stands_beside_its_lane(browser: Browser, width: int) -> None:
    """Also a name of two lines, and one that is cut."""
    world = many(20, receivers=4, groups=6)
    for version in ("1", "2"):
        world.record(world.receiver("release-candidate-of-the-integration-tests", version=version))
    world.record(world.receiver("integration-tests-of-the-release-candidate-on-linux-amd64-and-arm64"))
    names, lanes, out = browser.measured(page_of(world.picture()), LANES, width=width)

    assert len(names) == len(lanes) == 13
    assert [pair for pair in zip(names, lanes, strict=True) if abs(pair[0] - pair[1]) > 1] == []
    assert max(out) <= 0


OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  const shown = [...document.querySelectorAll("body *")].filter((one) => !one.closest(".signs, title, desc"));
  const out = shown.filter((one) => one.getBoundingClientRect().right > width + 1);
  return [width, out.map((one) => one.outerHTML.slice(0, 80)), document.documentElement.scrollWidth - width];
}"""
"""What stands out at the right."""


def test_paper_holds_the_whole_page(browser: Browser) -> None:
    """With the rules for paper, and as wide as A4 is between its margins, nothing stands out at the right."""
    page = page_of(many(40).picture()).replace("@media screen", "@media not all").replace("@media print", "@media all")
    width, out, beyond = browser.measured(page, OUTSIDE, width=717)

    assert (width, out, beyond) == (717, [], 0)


def test_this_check_sees_what_stands_out(browser: Browser) -> None:
    """The control: without those rules the drawing and the ids of the events are cut off."""
    _, out, _ = browser.measured(page_of(many(40).picture()), OUTSIDE, width=717)

    assert [one for one in out if one.startswith("<svg")]
    assert [one for one in out if 'class="id"' in one]


def test_a_narrow_page_scrolls_in_its_parts_alone(browser: Browser) -> None:
    """The page itself is as wide as the screen; the cells of a verdict stand below each other."""
    script = """() => {
      const cells = [...document.querySelectorAll(".verdicts tbody tr:first-child > *")];
      return [document.documentElement.scrollWidth, cells.map((one) => one.getBoundingClientRect().left)];
    }"""
    width, cells = browser.measured(page_of(many(40).picture()), script, width=500)

    assert width == 500
    assert len(set(cells)) == 1
