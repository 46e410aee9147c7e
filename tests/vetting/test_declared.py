"""What is declared, and what of it is written down."""

from __future__ import annotations

import subprocess
import sys

from sealwright.vetting.applied import WRITTEN
from sealwright.vetting.declared import all_rules, documented_rules, formats_digest


class TestDeclared:
    def test_the_digest_is_written_down(self) -> None:
        again = "run `python -m sealwright.vetting.declared`: the rules or formats have changed"
        assert WRITTEN.read_text("ascii") == f"{formats_digest()}\n", again

    def test_each_rule_is_told_once(self) -> None:
        scanned = [rule.id for rule in all_rules()]
        documented = [rule.id for rule in documented_rules()]
        assert len(scanned) == len(set(scanned)) > 200
        assert documented == sorted(set(documented))
        assert set(scanned) < set(documented)

    def test_a_scan_loads_no_check_that_it_does_not_need(self) -> None:
        """Each costs every scan some of its start."""
        seen = (
            "import sys; from sealwright.vetting.packs.load import builtin_policy; "
            "import sealwright.vetting.registry, sealwright.vetting.scan; builtin_policy(); "
            "print(*sorted(n for n in sys.modules if n.startswith('sealwright.vetting')))"
        )
        told = subprocess.run(
            [sys.executable, "-c", seen], capture_output=True, text=True, check=True
        ).stdout.split()
        late = {"checks", "declared", "code.checks", "code.bandit_engine", "secrets.check"}
        assert len(told) > 50
        assert not {f"sealwright.vetting.{name}" for name in late} & set(told)
