"""One page for each rule of the scan, and their index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

from sealwright.cli.reference.formats import Check
from sealwright.cli.reference.markdown import document, table
from sealwright.vetting.checks import DIRECTORY_CHECKS, DOCUMENT_CHECKS
from sealwright.vetting.code.checks import CODE_CHECKS
from sealwright.vetting.declared import documented_rules
from sealwright.vetting.interface import Effect, Rule
from sealwright.vetting.registry import FORMATS

_INTRODUCTION = """\
# Rules

Everything that `sealwright scan` can find. Ids are stable: reports, policies and waivers name them.
What the effects do to the verdict: [what a scan can say](../../explanation/what-a-scan-can-say.md).
"""
_ATLAS = "https://atlas.mitre.org/techniques/"
_EFFECTS: dict[Effect, str] = {
    "fail": "fail: do not load it",
    "inconclusive": "inconclusive: something was not examined, which is no pass",
    "review": "review: a person has to look before anything loads it",
    "warn": "warn: told, and does not change the verdict",
    "note": "note: told, and does not change the verdict",
}


def pages() -> dict[str, Callable[[], str]]:
    """File name → what writes it."""
    made: dict[str, Callable[[], str]] = {"rules/README.md": index}
    return made | {
        f"rules/{rule.id.lower()}.md": partial(page, rule) for rule in documented_rules()
    }


def index() -> str:
    """All rules in one table for each room."""
    rooms: dict[str, list[Rule]] = {}
    for rule in documented_rules():
        rooms.setdefault(rule.id.split("-")[1], []).append(rule)
    lines = _INTRODUCTION.splitlines()
    for room, rules in rooms.items():
        lines += ["", f"## SW-{room}", ""]
        lines += table(
            ("rule", "title", "effect", "severity"),
            (
                (f"[{rule.id}]({rule.id.lower()}.md)", rule.title, rule.effect, rule.severity)
                for rule in rules
            ),
        )
    return document(lines)


def page(rule: Rule) -> str:
    """What one rule means, an example, and what to do."""
    lines = [f"# {rule.id}", "", f"**{rule.title}.**", ""]
    lines += table(("", ""), _facts(rule))
    lines += ["", "## Why it matters", "", rule.why]
    lines += ["", "## Example", "", *(f"    {line}".rstrip() for line in rule.example.split("\n"))]
    lines += ["", "## What to do", "", f"{_sentence(rule.remediation)}."]
    lines += ["", "[All rules](README.md)"]
    return document(lines)


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "effect", _EFFECTS[rule.effect]
    yield "severity", rule.severity
    yield "confidence", rule.confidence
    if rule.atlas:
        yield (
            "MITRE ATLAS",
            ", ".join(f"[{name}]({_ATLAS}{name})" for name in rule.atlas),
        )
    if rule.cwe:
        yield (
            "CWE",
            ", ".join(
                f"[CWE-{number}](https://cwe.mitre.org/data/definitions/{number}.html)"
                for number in rule.cwe
            ),
        )
    if found := _finders().get(rule.id):
        yield "found in", ", ".join(dict.fromkeys(found))


@cache
def _finders() -> dict[str, list[str]]:
    """Rule → the titles of the formats and checks that it belongs to."""
    made: dict[str, list[str]] = {}
    for form in FORMATS:
        for rule in (*form.rules, *((form.malformed,) if form.malformed else ())):
            made.setdefault(rule.id, []).append(form.title)
    checks: list[Check] = [*DOCUMENT_CHECKS, *DIRECTORY_CHECKS, *CODE_CHECKS]
    for check in checks:
        for rule in check.rules:
            made.setdefault(rule.id, []).append(check.title)
    return made


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")
