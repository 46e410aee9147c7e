"""Reads a page back with the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]


@dataclass
class Parsed:
    elements: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """Comments, instructions and closing tags that close nothing."""

    @property
    def shape(self) -> list[str]:
        """Every element in order."""
        return [element.tag for element in self.elements]

    @property
    def ids(self) -> list[str]:
        return [e.attributes["id"] or "" for e in self.elements if "id" in e.attributes]

    @property
    def links(self) -> list[str]:
        return [e.attributes["href"] or "" for e in self.elements if "href" in e.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parsed = Parsed()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parsed.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.parsed.other.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parsed.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.parsed.other.append(data)

    def handle_pi(self, data: str) -> None:
        self.parsed.other.append(data)


def read_page(page: str) -> Parsed:
    """The page's elements, text and whatever is wrong with it."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.parsed.unclosed = reader.open
    return reader.parsed
