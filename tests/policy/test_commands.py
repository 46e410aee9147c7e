"""Every command that a verdict advises is one that the command line takes."""

from __future__ import annotations

import shlex
from typing import get_args

import click
import pytest

from sealwright.cli import cli
from sealwright.evidence.predicates.governance import Question, Tier
from sealwright.policy.load import builtin_policy
from sealwright.policy.verdict import Verdict
from tests.policy import story
from tests.policy.factory import World
from tests.policy.story import MODEL, TRAIN

STAND_INS = {"PATH": ".", "PRINCIPAL": "olga"}


def parsed(line: str) -> dict[str, object]:
    """The arguments and options of a command, as the real parser takes them; nothing is run."""
    words = [STAND_INS.get(word, word) for word in shlex.split(line)]
    assert words.pop(0) == "sealwright", line
    command: click.Command = cli
    parent = None
    name = "sealwright"
    while isinstance(command, click.Group):
        context = click.Context(command, parent=parent, info_name=name)
        found_name, found, words = command.resolve_command(context, words)
        assert found is not None, line
        command, parent, name = found, context, found_name or ""
    return dict(command.make_context(name, words, parent=parent).params)


def commands(verdict: Verdict) -> list[str]:
    return [each.command for each in verdict.results if each.command]


@pytest.mark.parametrize("tier", get_args(Tier))
@pytest.mark.parametrize("question", get_args(Question))
def test_what_a_verdict_tells_to_run_is_taken_by_the_command_line(
    question: Question, tier: Tier
) -> None:
    classified = World()
    story.classify(classified, tier)
    told = {
        line
        for world in (World(), classified, story.told(tier))
        for about in (MODEL, TRAIN)
        for line in commands(world.ask(about, question))
    }
    assert told
    for line in sorted(told):
        params = parsed(line)
        if line.startswith("sealwright approve "):
            # Serving counts the approvals of the release.
            assert params["question"] == ("release" if question == "serve" else question), line


def test_every_command_of_the_built_in_policy_is_taken() -> None:
    policy = builtin_policy()
    lines = {each.command for tier in policy.tiers.values() for each in tier.requirements}
    for line in sorted(lines):
        filled = line.replace("{name}", "x").replace("{artifact}", "x")
        parsed(filled.replace("{requirement}", "x"))


def test_a_denied_import_advised_to_approve_a_release() -> None:
    world = World()
    story.classify(world, "high")
    told = commands(world.ask(MODEL, "import"))
    approvals = [line for line in told if " approve " in line]
    assert approvals
    assert all(" --for import " in line for line in approvals)
    assert not any("model scan" in line for line in told)
    assert any(line.startswith("sealwright model import PATH --name model") for line in told)
