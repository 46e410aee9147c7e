"""The few patterns that the page is made of: chips, tables, digests, and links to evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sealwright.phases.governance.report.markup import Child, Markup, element, join
from sealwright.phases.governance.report.records import EvidenceRow, Named, Report
from sealwright.readable import readable

MAX_ROWS: Final = 400
"""Rows of one table that the page shows; what is left out is said, and the JSON has it."""
MAX_EVIDENCE: Final = 4_000
"""Statements that the page lists, newest kept."""
MAX_NAME: Final = 160
"""Characters of a name that the page shows."""

_TONES: Final = {
    "good": "evidenced passed approve admitted satisfied prevented detected granted closed admit "
    "restore",
    "bad": "failed reject denied missing wrong-signer missed open revoke quarantine critical high",
    "warn": "warned inconclusive abstain stale waived error unclear expired rollback medium "
    "not-examined partly",
}
_TONE: Final = {word: tone for tone, words in _TONES.items() for word in words.split()}
_MARKS: Final = {"good": "✓", "bad": "✕", "warn": "!", "plain": "·"}


def tone(word: str) -> str:
    """good, bad, warn or plain. A word that we do not know is plain, never good."""
    return _TONE.get(word, "plain")


def chip(word: str) -> Markup:
    """A result as a word with a mark and a border style of its own."""
    kind = tone(word)
    mark = element("span", _MARKS[kind] + " ", aria_hidden="true")
    return element("span", mark, readable(word, limit=60), class_=f"chip {kind}")


def cell(*children: Child, class_: str | None = None, header: bool = False) -> Markup:
    """A table cell, or the header of its row."""
    if header:
        return element("th", *children, scope="row", class_=class_)
    return element("td", *children, class_=class_)


def table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[Markup]],
    *,
    note: str = "",
    narrow: Sequence[int] = (),
    limit: int = MAX_ROWS,
) -> Markup:
    """A table with a caption and column headers; `rows` are lists of cells."""
    shown = [element("tr", *row) for row in rows[:limit]]
    hidden = len(rows) - len(shown)
    if hidden:
        text = f"{hidden:,} more rows are in the JSON form of this report."
        shown.append(element("tr", element("td", text, colspan=len(headers))))
    return framed(caption, headers, [element("tbody", *shown)], note=note, narrow=narrow)


def framed(
    caption: str,
    headers: Sequence[str],
    bodies: Sequence[Markup],
    *,
    note: str = "",
    narrow: Sequence[int] = (),
    class_: str | None = None,
) -> Markup:
    """A table made of finished bodies, in a frame that scrolls sideways on a narrow screen."""
    titles = [
        element("th", title, scope="col", class_="number" if place in narrow else None)
        for place, title in enumerate(headers)
    ]
    extra = element("span", " " + note, class_="small") if note else None
    whole = element(
        "table",
        element("caption", caption, extra),
        element("thead", element("tr", *titles)),
        *bodies,
        class_=class_,
    )
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def artifact(named: Named) -> Markup:
    """An artifact's name with the beginning of its digest."""
    return join(name(named.name), " ", short(named.digest))


def name(text: str) -> Markup:
    """A name from the evidence: bounded, and kept apart from the text direction around it."""
    return element("bdi", readable(text, limit=MAX_NAME) or "unnamed")


def short(digest: str) -> Markup:
    """The first twelve digits of a digest."""
    return element("code", readable(digest[:12]), class_="digest")


def when(at: str) -> Markup:
    """A time to the minute, in UTC, with the exact one for machines."""
    exact = readable(at, limit=40)
    shown = exact[:16].replace("T", " ") if len(exact) == 27 else exact or "unknown"
    return element("time", shown, datetime=exact)


def listed(items: Sequence[Child]) -> Markup | None:
    """A plain list; None when it is empty."""
    if not items:
        return None
    return element("ul", *(element("li", item) for item in items), class_="clean")


def lines(*pairs: tuple[str, Child]) -> Markup:
    """Names and what stands for them, one under the other."""
    return element(
        "dl",
        *(join(element("dt", key), element("dd", value)) for key, value in pairs),
        class_="lines",
    )


def section(anchor: str, title: str, *children: Child, lead: str = "") -> Markup:
    """A numbered part of the page under its heading."""
    intro = element("p", lead, class_="lead") if lead else None
    heading = element("h2", title, id=f"{anchor}-title")
    return element(
        "section", heading, intro, *children, id=anchor, aria_labelledby=f"{anchor}-title"
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Where each statement stands on the page."""

    by_digest: dict[str, str]
    by_index: dict[int, str]
    rows: tuple[tuple[EvidenceRow, str], ...]
    """The statements that are listed, each with its anchor."""

    def at(self, index: int) -> Markup:
        """A link to the statement at this place in the ledger, or words when it is not listed."""
        anchor = self.by_index.get(index)
        if anchor is None:
            return element("span", f"#{index}" if index >= 0 else "not in the ledger")
        return element("a", f"#{index}", href=f"#{anchor}")

    def to(self, digest: str) -> Markup:
        """A link to the statement in this envelope, or its digest when it is not listed."""
        anchor = self.by_digest.get(digest)
        if anchor is None:
            return join(short(digest), " (not listed)")
        label = f"#{anchor[2:]}" if anchor.startswith("e-") else f"{digest[:8]}"
        return element("a", label, href=f"#{anchor}")

    def many(self, digests: Sequence[str], *, limit: int = 12) -> Markup:
        """Links to several statements, comma separated and bounded."""
        shown = [
            join(", " if place else None, self.to(each))
            for place, each in enumerate(digests[:limit])
        ]
        more = f" and {len(digests) - limit:,} more" if len(digests) > limit else None
        return join(*shown, more)


def links(report: Report) -> Links:
    """Anchors for the statements that the page lists: `e-<index>` for those in the ledger."""
    rows, anchors = report.evidence[-MAX_EVIDENCE:], []
    by_digest: dict[str, str] = {}
    by_index: dict[int, str] = {}
    for place, row in enumerate(rows):
        in_ledger = row.index >= 0 and row.index not in by_index
        anchor = f"e-{row.index}" if in_ledger else f"d-{place}"
        anchors.append(anchor)
        by_digest.setdefault(row.digest, anchor)
        if in_ledger:
            by_index[row.index] = anchor
    return Links(by_digest, by_index, tuple(zip(rows, anchors, strict=True)))
