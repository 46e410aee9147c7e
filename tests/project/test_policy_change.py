"""Nobody relaxes the rules alone: not by editing the policy, not by asking under it."""

from __future__ import annotations

from sealwright.evidence.predicates.governance import PolicyRecord
from sealwright.policy.load import builtin_text
from sealwright.project.core import Project
from sealwright.project.decide import ask, sign_policy
from sealwright.project.named import Named
from sealwright.project.resolve import model
from tests.project.factory import OWNER

LAX = builtin_text().replace("max_age_days = 365", "max_age_days = 3650")


def relaxed(project: Project) -> Project:
    """The same project, after somebody edited two files."""
    root = project.layout.root
    (root / "lax.toml").write_text(LAX, encoding="utf-8")
    text = (root / "sealwright.toml").read_text(encoding="utf-8")
    head = "" if "\n[governance]\n" in text else "\n[governance]\n"
    text = text.replace("\n[governance.impact]", f"{head}\n[governance.impact]", 1)
    text = text.replace("\n[governance]\n", '\n[governance]\npolicy = "lax.toml"\n', 1)
    (root / "sealwright.toml").write_text(text, encoding="utf-8")
    return Project.open(root, clock=project.clock)


def _nothing(project: Project) -> Named:
    """A model that nobody knows."""
    return Named(name="model", digest="ab" * 32)


def policies(project: Project) -> int:
    return sum(isinstance(item.predicate, PolicyRecord) for item in project.evidence())


def test_asking_under_an_edited_policy_is_denied_and_records_nothing(released: Project) -> None:
    with relaxed(released) as project:
        size = len(project.evidence())
        asked = ask(project, model(project), "release", signer=OWNER)
        assert (asked.verdict.admitted, asked.recorded) == (False, None)
        assert asked.verdict.statuses["policy-in-force"] == "missing"
        assert len(project.evidence()) == size


def test_one_signature_under_a_weaker_policy_is_not_enough(released: Project) -> None:
    with relaxed(released) as project:
        sign_policy(project, signer=OWNER)
        asked = ask(project, model(project), "release", signer=OWNER)
        assert asked.verdict.statuses["policy-in-force"] == "missing"
        assert asked.recorded is not None
        sign_policy(project, signer="sam")
        verdict = ask(project, model(project), "release", signer=OWNER).verdict
        assert verdict.statuses["policy-in-force"] == "satisfied"


def test_a_project_starts_with_the_builtin_policy_on_record(started: Project) -> None:
    assert policies(started) == 0
    first = ask(started, _nothing(started), "release", signer=OWNER)
    assert (policies(started), first.recorded is not None) == (1, True)
    assert "policy-in-force" not in first.verdict.statuses
    ask(started, _nothing(started), "release", signer=OWNER)
    assert policies(started) == 1
