"""Rules and their classes (CWE, MITRE ATLAS) as SARIF describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sealwright.vetting.interface import Effect, Rule

LEVELS: dict[Effect, str] = {
    "fail": "error",
    "inconclusive": "warning",
    "review": "warning",
    "warn": "warning",
    "note": "note",
}
SEVERITIES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.0"}
"""`security-severity`, on the scale of CVSS."""
_Json = dict[str, Any]


def descriptors(rules: Iterable[Rule], *, taxonomies: list[_Json]) -> list[_Json]:
    """One reporting descriptor for each rule, in the order given."""
    return [_descriptor(rule, taxonomies) for rule in rules]


def _descriptor(rule: Rule, taxonomies: list[_Json]) -> _Json:
    made: _Json = {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why or rule.title},
        "help": {"text": _help(rule), "markdown": _markdown(rule)},
        "defaultConfiguration": {"level": LEVELS[rule.effect]},
        "properties": {
            "tags": sorted(
                {
                    "security",
                    *(f"external/cwe/cwe-{number}" for number in rule.cwe),
                    *(f"atlas/{name}" for name in rule.atlas),
                }
            ),
            "precision": rule.confidence,
            "effect": rule.effect,
        },
    }
    if rule.severity != "info":
        made["properties"]["security-severity"] = SEVERITIES[rule.severity]
    relations = [
        {
            "target": {
                "id": taxon["id"],
                "index": place,
                "toolComponent": {"name": each["name"], "index": number},
            },
            "kinds": ["relevant"],
        }
        for number, each in enumerate(taxonomies)
        for place, taxon in enumerate(each["taxa"])
        if taxon["id"] in _classes(rule, each["name"])
    ]
    if relations:
        made["relationships"] = relations
    return made


def _help(rule: Rule) -> str:
    parts = (rule.why, f"What to do: {rule.remediation}." if rule.remediation else "")
    return "\n\n".join(part for part in parts if part) or rule.title


def _markdown(rule: Rule) -> str:
    parts = [rule.why] if rule.why else []
    if rule.example:
        indented = "\n".join(f"    {line}" for line in rule.example.split("\n"))
        parts.append(f"**Example**\n\n{indented}")
    if rule.remediation:
        parts.append(f"**What to do**: {rule.remediation}.")
    return "\n\n".join(parts) or rule.title


def _classes(rule: Rule, taxonomy: str) -> tuple[str, ...]:
    return tuple(f"CWE-{number}" for number in rule.cwe) if taxonomy == "CWE" else rule.atlas


def taxonomies(rules: Iterable[Rule]) -> list[_Json]:
    """The classes that the rules belong to; a list without those that none belongs to."""
    every = list(rules)
    return [
        {
            "name": name,
            "organization": "MITRE",
            "shortDescription": {"text": text},
            "taxa": [{"id": taxon} for taxon in taxa],
        }
        for name, text, taxa in (
            ("CWE", "Common Weakness Enumeration", _all(every, "CWE")),
            ("ATLAS", "Adversarial Threat Landscape for AI Systems", _all(every, "ATLAS")),
        )
        if taxa
    ]


def _all(rules: Iterable[Rule], taxonomy: str) -> list[str]:
    found = {taxon for rule in rules for taxon in _classes(rule, taxonomy)}
    return sorted(found, key=lambda taxon: (len(taxon), taxon))
