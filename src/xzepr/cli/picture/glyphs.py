"""The signs of the page. Each has a shape of its own, so that nobody needs the colours to tell them apart."""

from __future__ import annotations

from typing import Final

from xzepr.cli.picture.markup import Markup, joined, tag

PASSED: Final = "passed"
FAILED: Final = "failed"
MISSING: Final = "missing"
COMPLETED: Final = "completed"
REOPENED: Final = "reopened"
SEVERAL: Final = "several"
UNREADABLE: Final = "unreadable"

_BOX: Final = "0 0 16 16"


def _sign(name: str, *shapes: Markup) -> Markup:
    return tag("symbol", *shapes, id=f"sign-{name}", viewBox=_BOX)


SIGNS: Final = tag(
    "svg",
    tag(
        "defs",
        _sign(
            PASSED,
            tag("circle", cx=8, cy=8, r=7, class_="good"),
            tag("path", d="M4.6 8.3 7.1 10.8 11.6 5.6", class_="stroke"),
        ),
        _sign(
            FAILED,
            tag("rect", x=1.5, y=1.5, width=13, height=13, rx=2, class_="bad"),
            tag("path", d="M5 5 11 11M11 5 5 11", class_="stroke"),
        ),
        _sign(MISSING, tag("circle", cx=8, cy=8, r=6, class_="ring")),
        _sign(COMPLETED, tag("path", d="M8 1 15.4 14.4H0.6Z", class_="good edge")),
        _sign(REOPENED, tag("path", d="M8 15 15.4 1.6H0.6Z", class_="bad edge")),
        _sign(
            SEVERAL,
            tag("path", d="M8 0.4 15.2 7.6H0.8Z", class_="good edge"),
            tag("path", d="M8 15.6 15.2 8.4H0.8Z", class_="bad edge"),
        ),
        _sign(UNREADABLE, tag("path", d="M8 1 15 8 8 15 1 8Z", class_="ring")),
        tag(
            "pattern",
            tag("rect", width=6, height=6, class_="hatch-ground"),
            tag("path", d="M-1.5 1.5 1.5-1.5M0 6 6 0M4.5 7.5 7.5 4.5", class_="hatch"),
            id="hatch",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        ),
    ),
    class_="signs",
    width=0,
    height=0,
    aria_hidden="true",
)
"""The definitions, once per page."""


def sign(name: str) -> Markup:
    """Return a sign as it stands beside text, which says the same.

    Args:
        name: Which one.
    """
    return tag("svg", tag("use", href=f"#sign-{name}"), class_="sign", viewBox=_BOX, aria_hidden="true")


def badge(name: str, said: str) -> Markup:
    """Return a sign with the word for it.

    Args:
        name: Which one.
        said: The word.
    """
    return tag("span", sign(name), tag("bdi", said), class_=f"badge {name}", title=said)


def drawn(name: str, x: float, y: float, size: float, *, title: str, class_: str) -> Markup:
    """Return a sign as it stands in a drawing.

    Args:
        name: Which one.
        x: Where its middle is.
        y: Where its middle is.
        size: How wide and high it is.
        title: What it means; browsers show it on hovering.
        class_: What kind of mark it is.
    """
    half = size / 2
    use = tag("use", href=f"#sign-{name}", x=x - half, y=y - half, width=size, height=size)
    return tag("g", joined(tag("title", title), use), class_=f"{class_} {name}")
