"""CVSS vectors to levels: v3.0 and v3.1 by the specification's base score, v4.0 by an
approximation.

Sources: https://www.first.org/cvss/v3.1/specification-document (sections 7.1 and 5),
https://www.first.org/cvss/v4.0/specification-document (section 6, the same five levels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sealwright.evidence.finding import Severity
from sealwright.patterns import regex

_VECTOR = regex(r"CVSS:(3\.[01]|4\.0)((?:/[A-Za-z]{1,3}:[A-Za-z]{1,7}){4,40})")
_AV = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_AC = {"L": 0.77, "H": 0.44}
_PR = {"N": 0.85, "L": 0.62, "H": 0.27}
_PR_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_UI = {"N": 0.85, "R": 0.62}
_CIA = {"H": 0.56, "L": 0.22, "N": 0.0}


def base_score(vector: str) -> float | None:
    """The base score of a v3 vector; for v4.0, that of the v3.1 vector that says the same.

    v4.0 scores come from a table of 270 entries; read as v3.1 (attack requirements as complexity,
    any effect on other systems as changed scope), vectors of the public catalogues land in the same
    level or in the next. None for what is no vector.
    """
    match = _VECTOR.fullmatch(vector.strip())
    if match is None:
        return None
    metrics = dict(part.split(":", 1) for part in match[2].strip("/").split("/"))
    try:
        return _score(_as_v3(metrics) if match[1] == "4.0" else metrics)
    except KeyError:
        return None


def level(score: float) -> Severity:
    """The qualitative severity of a score (0 to 10)."""
    for least, name in ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low")):
        if score >= least:
            return name  # type: ignore[return-value]
    return "info"


def _as_v3(metrics: Mapping[str, str]) -> dict[str, str]:
    onward = any(metrics.get(name, "N") != "N" for name in ("SC", "SI", "SA"))
    return {
        "AV": metrics["AV"],
        "AC": "H" if metrics["AC"] == "H" or metrics["AT"] == "P" else "L",
        "PR": metrics["PR"],
        "UI": "N" if metrics["UI"] == "N" else "R",
        "S": "C" if onward else "U",
        "C": _larger(metrics["VC"], metrics.get("SC", "N")),
        "I": _larger(metrics["VI"], metrics.get("SI", "N")),
        "A": _larger(metrics["VA"], metrics.get("SA", "N")),
    }


def _larger(one: str, other: str) -> str:
    return max(one, "H" if other == "S" else other, key="NLH".index)


def _score(m: Mapping[str, str]) -> float:
    changed = {"C": True, "U": False}[m["S"]]
    iss = 1 - (1 - _CIA[m["C"]]) * (1 - _CIA[m["I"]]) * (1 - _CIA[m["A"]])
    impact = 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 if changed else 6.42 * iss
    rights = (_PR_CHANGED if changed else _PR)[m["PR"]]
    exploitability = 8.22 * _AV[m["AV"]] * _AC[m["AC"]] * rights * _UI[m["UI"]]
    if impact <= 0:
        return 0.0
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _round_up(value: float) -> float:
    """The smallest number with one decimal that is not less (specification, appendix A)."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10
