"""The digests that say what a scan has applied: evidence is stale when they change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex

if TYPE_CHECKING:
    from sealwright.vetting.interface import CodeCheck, Rule
    from sealwright.vetting.pickle.policy import Policy

WRITTEN = Path(__file__).parent / "declared.sha256"
"""`declared.formats_digest()`, which a test holds it to."""


def rules_digest(policy: Policy) -> str:
    """Hex sha256 over the formats, their rules, the tables of operators and the packs."""
    return sha256_hex(
        canonical.encode({"formats": _declared(), "packs": dict(sorted(policy.packs.items()))})
    )


def artifact_rules_digest() -> str:
    """`rules_digest` with the packs that come with the product."""
    from sealwright.vetting.packs.load import builtin_policy

    return rules_digest(builtin_policy())


def code_rules_digest() -> str:
    """Hex sha256 over the code checks, their rules, the engines with theirs, and the rules for
    reports of other tools."""
    from sealwright.vetting.code import sarif
    from sealwright.vetting.code.checks import CODE_CHECKS

    return _engines_digest(CODE_CHECKS, reports=sarif.RULES)


def secret_rules_digest() -> str:
    """The same over the secret checks."""
    from sealwright.vetting.code.checks import SECRET_CHECKS

    return _engines_digest(SECRET_CHECKS)


@cache
def _declared() -> str:
    return WRITTEN.read_text("ascii").strip()


def _engines_digest(checks: Iterable[CodeCheck], *, reports: Iterable[Rule] = ()) -> str:
    told = [_told(check.id, check.rules) | {"engine": check.engine()} for check in checks]
    return sha256_hex(canonical.encode([*told, _told("sarif", reports)]))


def _told(name: str, rules: Iterable[Rule]) -> dict[str, Any]:
    return {"id": name, "rules": [asdict(rule) for rule in rules]}
