"""Builds HTML and SVG in which nothing but our own elements and attributes can occur.

Safe by construction: every piece of text is escaped, an element or attribute that is not listed is
refused, links lead into the page only, and characters that hide or reorder text are spelled out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sealwright.readable import readable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HTML: Final = _words(
    "html head meta title style body header main nav section footer h1 h2 h3 p ul ol li dl dt dd "
    "div span strong em code pre table caption thead tbody tr th td a time bdi figure figcaption "
    "details summary"
)
_SVG: Final = _words("svg g path rect circle line polygon text desc")
_VOID: Final = _words("meta")
_ATTRIBUTES: Final = _words(
    "class id href lang scope colspan datetime name content charset role tabindex aria-label "
    "aria-labelledby aria-hidden http-equiv viewBox width height x y x1 y1 x2 y2 cx cy r d points "
    "text-anchor"
)
_FRAGMENT: Final = re.compile(r"#[A-Za-z0-9_-]+\Z")
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is already HTML. Only this module makes one."""

    source: str

    def __str__(self) -> str:
        return self.source


Child = Markup | str | int | None | Iterable["Markup | str | int | None"]


def element(tag: str, /, *children: Child, **attributes: str | int | float | None) -> Markup:
    """One element. Text children are escaped; None is left out.

    Attribute names are written with `_` for `-`, and `class_` for class. ValueError for an element
    or attribute that is not listed, or a link that leaves the page: a mistake of ours, not of data.
    """
    if tag not in _HTML and tag not in _SVG:
        raise ValueError(f"element {tag!r} is not allowed in a report")
    opening = tag + "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(*children).source}</{tag}>")


def join(*children: Child) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(_child(child) for child in children))


def style_element(sheet: str) -> Markup:
    """Our own style sheet, which is not text to be escaped. ValueError if it could end itself."""
    if "<" in sheet:
        raise ValueError("a style sheet cannot contain '<'")
    return Markup(f"<style>{sheet}</style>")


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child.source
    if isinstance(child, str):
        return html.escape(readable(child), quote=True)
    if isinstance(child, int):
        return f"{child:,}"
    return "".join(_child(each) for each in child)


def _attribute(name: str, value: str | int | float | None) -> str:
    if value is None:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if name not in _ATTRIBUTES:
        raise ValueError(f"attribute {name!r} is not allowed in a report")
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if name == "href" and not _FRAGMENT.match(text):
        raise ValueError(f"a link must stay in the page, not {text!r}")
    if name == "id" and not _ID.match(text):
        raise ValueError(f"not an id: {text!r}")
    return f' {name}="{html.escape(readable(text), quote=True)}"'
