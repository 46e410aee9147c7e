from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths
from tests.attacks.tensors import (
    gguf,
    msgpack,
    npy,
    safetensors,
    torch_legacy,
    torch_script,
    torch_zip,
)
from tests.attacks.tensors.case import Attack

MODULES = (gguf, msgpack, npy, safetensors, torch_legacy, torch_script, torch_zip)
CASES = [
    pytest.param(case, id=f"{module.__name__.rpartition('.')[2]}: {case.name}")
    for module in MODULES
    for case in module.CASES
]


@pytest.mark.parametrize("case", CASES)
def test_does_not_pass(case: Attack, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.build())
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    found = {seen.rule.id for seen in outcome.observations}
    assert outcome.verdict in ("fail", "review"), found
    assert found & case.rules, found


@pytest.mark.parametrize("module", MODULES)
def test_each_case_has_its_own_name(module: object) -> None:
    names = [case.name for case in getattr(module, "CASES", ())]
    assert names
    assert len(names) == len(set(names))
