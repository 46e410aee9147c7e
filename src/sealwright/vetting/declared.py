"""Every rule that is declared, and their digest: written down, since a scan that had to load every
reader to learn it would take half as long again.

    python -m sealwright.vetting.declared
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sealwright.evidence.digest import sha256_hex
from sealwright.vetting import recognise, scan, source_rules
from sealwright.vetting.applied import WRITTEN
from sealwright.vetting.checks import DIRECTORY_CHECKS, DOCUMENT_CHECKS
from sealwright.vetting.code import sarif
from sealwright.vetting.code.checks import CODE_CHECKS, SECRET_CHECKS
from sealwright.vetting.dependencies import (
    environment_rules,
    lockfile,
    lookalikes,
    startup,
    vulnerabilities,
)
from sealwright.vetting.formats import keras_names, onnx_tables, tensorflow_names
from sealwright.vetting.interface import DirectoryCheck, DocumentCheck, Format, Rule
from sealwright.vetting.registry import FORMATS


def all_rules() -> tuple[Rule, ...]:
    """Every rule that a scan of files applies, by id."""
    groups: list[Iterable[Rule]] = [recognise.RULES, scan.RULES, source_rules.RULES]
    groups += [(*form.rules, *((form.malformed,) if form.malformed else ())) for form in FORMATS]
    groups += [check.rules for check in DOCUMENT_CHECKS]
    groups += [check.rules for check in DIRECTORY_CHECKS]
    groups += [check.rules for check in (*CODE_CHECKS, *SECRET_CHECKS)]
    return _by_id(groups)


def documented_rules() -> tuple[Rule, ...]:
    """`all_rules`, and those of dependencies and of other tools' findings."""
    more = (lockfile, environment_rules, lookalikes, startup, vulnerabilities, sarif)
    return _by_id([all_rules(), *(module.RULES for module in more)])


def formats_digest() -> str:
    """Hex sha256 over the formats and checks, their rules, and the tables of ONNX, Keras and
    TensorFlow."""
    checks: list[DocumentCheck | DirectoryCheck] = [*DOCUMENT_CHECKS, *DIRECTORY_CHECKS]
    holders: list[Format | DocumentCheck | DirectoryCheck] = [*FORMATS, *checks]
    return sha256_hex(
        msgspec.json.encode(
            {
                "holders": [(each.id, [rule.id for rule in each.rules]) for each in holders],
                "rules": all_rules(),
                "operators": {d: sorted(names) for d, names in onnx_tables.OPERATORS.items()},
                "opsets": onnx_tables.OPSETS,
                "ir_version": onnx_tables.IR_VERSION,
                "names": [
                    sha256_hex(module.TABLE.read_bytes())
                    for module in (keras_names, tensorflow_names)
                ],
            },
            order="deterministic",
        )
    )


def _by_id(groups: Iterable[Iterable[Rule]]) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for rule in (rule for group in groups for rule in group):
        if found.setdefault(rule.id, rule) != rule:
            raise AssertionError(f"two rules are called {rule.id}")
    return tuple(found[name] for name in sorted(found))


if __name__ == "__main__":
    WRITTEN.write_text(f"{formats_digest()}\n", "ascii")
