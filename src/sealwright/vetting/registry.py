"""Every format and every check in explicit lists, and the digest of all that was applied."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import asdict

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.vetting import recognise, scan, sources
from sealwright.vetting.code import bandit_engine, files, sinks
from sealwright.vetting.formats import (
    boosters_catboost,
    boosters_lightgbm,
    boosters_xgboost,
    compressed,
    gguf,
    hdf5,
    huggingface_documents,
    huggingface_folder,
    hydra,
    jinja,
    json_text,
    keras_config,
    keras_names,
    macos,
    msgpack,
    notebook_text,
    npy,
    onnx,
    onnx_folder,
    onnx_tables,
    onnx_text,
    other_archives,
    programs,
    python_source,
    recognised,
    safetensors,
    sentencepiece,
    serving,
    sevenzip,
    skops,
    tar,
    tensorflow_checkpoint,
    tensorflow_files,
    tensorflow_names,
    tensorflow_text,
    text,
    tflite,
    toml_text,
    torch_export,
    torch_legacy,
    xml_text,
    yaml_text,
)
from sealwright.vetting.formats import pickle as pickle_format
from sealwright.vetting.formats import zip as zip_format
from sealwright.vetting.images import bmp, gif, jpeg, png, webp
from sealwright.vetting.interface import CodeCheck, DirectoryCheck, DocumentCheck, Format, Rule
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.secrets import check as secrets
from sealwright.vetting.tables import arrow, parquet

FORMATS: tuple[Format, ...] = (
    boosters_xgboost.LEGACY_FORMAT,
    boosters_xgboost.FORMAT,
    boosters_catboost.FORMAT,
    boosters_lightgbm.FORMAT,
    onnx.FORMAT,
    safetensors.FORMAT,
    npy.FORMAT,
    gguf.FORMAT,
    torch_legacy.FORMAT,
    pickle_format.FORMAT,
    sentencepiece.FORMAT,
    msgpack.FORMAT,
    *recognised.FORMATS,
    *programs.FORMATS,
    zip_format.FORMAT,
    tar.FORMAT,
    sevenzip.FORMAT,
    *compressed.FORMATS,
    *other_archives.FORMATS,
    *macos.FORMATS,
    json_text.FORMAT,
    notebook_text.FORMAT,
    yaml_text.FORMAT,
    toml_text.FORMAT,
    xml_text.FORMAT,
    jinja.FORMAT,
    python_source.FORMAT,
    text.FORMAT,
    hdf5.FORMAT,
    *tensorflow_files.FORMATS,
    *tensorflow_checkpoint.FORMATS,
    tensorflow_text.FORMAT,
    onnx_text.FORMAT,
    tflite.FORMAT,
    parquet.FORMAT,
    arrow.FORMAT,
    png.FORMAT,
    jpeg.FORMAT,
    gif.FORMAT,
    webp.FORMAT,
    bmp.FORMAT,
)
DOCUMENT_CHECKS: tuple[DocumentCheck, ...] = (
    boosters_xgboost.CHECK,
    onnx_text.CHECK,
    serving.CHECK,
    skops.CHECK,
    huggingface_documents.CHECK,
    torch_export.CHECK,
    hydra.CHECK,
    keras_config.CHECK,
)
DIRECTORY_CHECKS: tuple[DirectoryCheck, ...] = (
    onnx_folder.CHECK,
    huggingface_folder.CHECK,
    serving.FOLDER_CHECK,
)
CODE_CHECKS: tuple[CodeCheck, ...] = (files.CHECK, bandit_engine.CHECK, sinks.CHECK)
SECRET_CHECKS: tuple[CodeCheck, ...] = (secrets.CHECK,)


def all_rules() -> tuple[Rule, ...]:
    """Every rule there is, by id."""
    found: dict[str, Rule] = {}
    groups: list[Iterable[Rule]] = [recognise.RULES, scan.RULES, sources.RULES]
    groups += [(*form.rules, *((form.malformed,) if form.malformed else ())) for form in FORMATS]
    groups += [check.rules for check in DOCUMENT_CHECKS]
    groups += [check.rules for check in DIRECTORY_CHECKS]
    groups += [check.rules for check in (*CODE_CHECKS, *SECRET_CHECKS)]
    for rule in (rule for group in groups for rule in group):
        if found.setdefault(rule.id, rule) != rule:
            raise AssertionError(f"two rules are called {rule.id}")
    return tuple(found[name] for name in sorted(found))


def documented_rules() -> tuple[Rule, ...]:
    """`all_rules`, and those of dependencies and of other tools' findings, which no scan of files
    applies: loading them would only slow it down."""
    from sealwright.vetting.code import sarif
    from sealwright.vetting.dependencies import (
        environment_rules,
        lockfile,
        lookalikes,
        startup,
        vulnerabilities,
    )

    more = (lockfile, environment_rules, lookalikes, startup, vulnerabilities, sarif)
    found = {rule.id: rule for module in more for rule in module.RULES}
    found |= {rule.id: rule for rule in all_rules()}
    return tuple(found[name] for name in sorted(found))


@cache
def _formats_digest() -> str:
    """Records are written by msgspec, in the order of their fields: every scan waits for this."""
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


def rules_digest(policy: Policy) -> str:
    """Hex sha256 over the formats, their rules, the ONNX tables and the packs."""
    return sha256_hex(
        canonical.encode(
            {"formats": _formats_digest(), "packs": dict(sorted(policy.packs.items()))}
        )
    )


def artifact_rules_digest() -> str:
    """`rules_digest` with the packs that come with the product."""
    from sealwright.vetting.packs.load import builtin_policy

    return rules_digest(builtin_policy())


def code_rules_digest() -> str:
    """Hex sha256 over the code checks, their rules, the engines with theirs, and the rules for
    reports of other tools."""
    from sealwright.vetting.code import sarif

    return _engines_digest(CODE_CHECKS, reports=sarif.RULES)


def secret_rules_digest() -> str:
    """The same over the secret checks."""
    return _engines_digest(SECRET_CHECKS)


def _engines_digest(checks: Iterable[CodeCheck], *, reports: Iterable[Rule] = ()) -> str:
    declared = [_declared(check.id, check.rules) | {"engine": check.engine()} for check in checks]
    return sha256_hex(canonical.encode([*declared, _declared("sarif", reports)]))


def _declared(name: str, rules: Iterable[Rule]) -> dict[str, Any]:
    return {"id": name, "rules": [asdict(rule) for rule in rules]}
