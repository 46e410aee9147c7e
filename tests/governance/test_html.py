from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.governance.page import Parsed, read_page
from tests.governance.people import Ledger
from tests.governance.sample import build_sample, ledger_info

from sealwright.evidence.predicates.governance import Person
from sealwright.evidence.statement import subject
from sealwright.phases.governance import record
from sealwright.phases.governance.report.document import build_report
from sealwright.phases.governance.report.html import render_html
from sealwright.phases.governance.report.markup import _ATTRIBUTES, _HTML, _SVG
from sealwright.phases.governance.report.records import Report, SystemInfo
from sealwright.phases.governance.report.style import DARK, LIGHT, POLICY
from sealwright.policy.lineage import Graph

CLOSED_SETS = {"schema", "standing", "answer", "state", "tier", "kind", "status"}
HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "</title></style></svg><script src=//evil.example></script>",
    "<!-- -->]]>&lt;b&gt;&#60;script&#62;",
    "javascript:alert(1)",
    "a\u202egnp.exe\u2066\u200b\u0000\u001b[31m\ufffe\ud800",
    "x" * 5_000,
    "{{7*7}} ${x} %s \\u003cscript\\u003e",
]


def with_text(value: Any, text: str, key: str = "") -> Any:
    """The report's plain form with every free text replaced."""
    if isinstance(value, dict):
        return {name: with_text(each, text, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_text(each, text, key) for each in value]
    return text if isinstance(value, str) and key not in CLOSED_SETS else value


def hostile_report(text: str) -> Report:
    return msgspec.convert(with_text(msgspec.to_builtins(build_sample().report), text), Report)


def assert_harmless(parsed: Parsed) -> None:
    allowed_attributes = {name.lower() for name in _ATTRIBUTES}
    assert not parsed.unclosed
    assert not parsed.other
    for element in parsed.elements:
        assert element.tag in _HTML | _SVG
        assert element.tag != "script"
        assert set(element.attributes) <= allowed_attributes, element
        assert not any(name.startswith("on") for name in element.attributes)
    assert all(link.startswith("#") for link in parsed.links)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_field_changes_no_structure(text: str) -> None:
    page = render_html(hostile_report(text))
    parsed = read_page(page)
    assert_harmless(parsed)
    assert parsed.shape == plain_shape()
    shown = "".join(parsed.text)
    for hidden in "\u202e\u2066\u200b\u0000\u001b\ufffe\ud800":
        assert hidden not in shown
    assert len(page) < 2_500_000


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_changes_no_structure(text: str) -> None:
    parsed = read_page(render_html(hostile_report(text)))
    assert_harmless(parsed)
    assert parsed.shape == plain_shape()


@cache
def plain_shape() -> list[str]:
    return read_page(render_html(hostile_report("plain"))).shape


def test_signed_evidence_with_hostile_names_is_shown_and_harmless() -> None:
    name = "<script>alert('x')</script>\u202e"
    ledger = Ledger(
        system=name, people={"alice": Person(id="alice", name=name)}, names=("alice", "gate")
    )
    ledger.add(
        "alice",
        record.release(subject(name, "ab" * 32), action="admit", reason=name, now=ledger.now),
    )
    evidence = ledger.verified()
    report = build_report(
        evidence,
        [],
        Graph.build(evidence),
        system=SystemInfo(name=name, purpose=name, tier="high"),
        ledger=ledger_info(2),
        now=ledger.now,
    )
    parsed = read_page(render_html(report))
    assert_harmless(parsed)
    assert "<script>alert('x')</script>⟨U+202E⟩" in "".join(parsed.text)


def test_nothing_is_loaded_from_anywhere() -> None:
    page = render_html(build_sample().report)
    parsed = read_page(page)
    assert_harmless(parsed)
    assert "@import" not in page
    assert "url(" not in page
    assert not {"src", "srcset", "xlink:href", "action", "style"} & {
        name for element in parsed.elements for name in element.attributes
    }
    assert POLICY.startswith("default-src 'none';")
    assert "unsafe" not in POLICY


def test_every_link_leads_to_a_place_on_the_page() -> None:
    parsed = read_page(render_html(build_sample().report))
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert {f"e-{row.index}" for row in build_sample().report.evidence} <= set(parsed.ids)


@pytest.mark.parametrize("text", ["plain", *HOSTILE[:7]])
def test_every_drawing_is_well_formed_and_described(text: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", render_html(hostile_report(text)), re.DOTALL)
    assert len(drawings) > 15
    for drawing in drawings:
        root = ET.fromstring(drawing)
        assert root.get("aria-hidden") == "true" or root.find("title") is not None


def test_tables_have_captions_and_scoped_headers() -> None:
    parsed = read_page(render_html(build_sample().report))
    assert parsed.shape.count("table") == parsed.shape.count("caption")
    assert all(
        e.attributes.get("scope") in ("row", "col") for e in parsed.elements if e.tag == "th"
    )
    assert parsed.shape.count("h1") == 1
    levels = [int(tag[1]) for tag in parsed.shape if re.fullmatch(r"h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert parsed.elements[0].attributes == {"lang": "en"}


def test_the_first_screen_answers_the_three_questions() -> None:
    text = "".join(read_page(render_html(build_sample().report)).text)
    head = text[: text.index("Contents")]
    for words in (
        "Admitted",
        "Denied",
        "Alice Moreau",
        "What is missing?",
        "sealwright drill run",
        "2026-11-02 19:30",
        "ledger.example/triage",
        "11 of 13 requirements",
    ):
        assert words in head


def test_it_says_how_to_check_and_never_that_anything_complies() -> None:
    report = build_sample().report
    text = "".join(read_page(render_html(report)).text)
    assert "sealwright ledger verify DIR --trust FILE" in text
    assert report.ledger.checkpoint.splitlines()[-1] in text
    assert "evidences" in text
    assert "compl" not in text.lower()


def test_the_same_report_is_the_same_page() -> None:
    report = build_sample().report
    assert render_html(report) == render_html(msgspec.json.decode(json.dumps(
        msgspec.to_builtins(report)), type=Report))  # fmt: skip


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_has_contrast(palette: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    pairs = [(ink, ground) for ink in ("ink", "muted", "accent", "good", "bad", "warn")
             for ground in ("paper", "wash")]  # fmt: skip
    pairs += [(tone, f"{tone}-wash") for tone in ("good", "bad", "warn")]
    for ink, ground in pairs:
        low, high = sorted((luminance(palette[ink]), luminance(palette[ground])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
