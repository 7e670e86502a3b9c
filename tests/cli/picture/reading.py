"""How tests read a page: as XML, and as a browser's parser sees it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from xzepr.cli.picture import UnitPicture, page_of


def read(picture: UnitPicture) -> Element:
    """The page as XML: it is well formed."""
    return ET.fromstring(page_of(picture))  # noqa: S314 - we made it


def classed(within: Element, *names: str) -> list[Element]:
    """The elements with these classes, in the order of the page."""
    return [one for one in within.iter() if set(names) <= set(one.get("class", "").split())]


def first(within: Element, name: str) -> Element:
    """The first element with a class."""
    return classed(within, name)[0]


def words(element: Element) -> str:
    """All text of an element."""
    return "".join(element.itertext())


def title_of(mark: Element) -> str:
    """What a browser shows when one points at a mark."""
    return mark.findtext("title") or ""


def middle(mark: Element) -> float:
    """Where the middle of a sign is, from left to right."""
    use = mark.find("use")
    assert use is not None
    return round(float(use.get("x", "")) + float(use.get("width", "")) / 2, 0)


def edges(bar: Element) -> tuple[float, float]:
    """Where a bar begins and ends."""
    rect = bar.find("rect")
    assert rect is not None
    start = float(rect.get("x", ""))
    return round(start, 0), round(start + float(rect.get("width", "")), 0)


class Tags(HTMLParser):
    """The elements of a page, as an HTML parser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def attributes(self, name: str) -> Iterator[str]:
        """The values of an attribute, wherever it stands."""
        return (attributes[name] for _, attributes in self.found if name in attributes)
