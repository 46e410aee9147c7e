from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import ConfigError, InputMissing
from sealwright.policy.load import builtin_policy, builtin_text, load_policy, parse_policy
from sealwright.policy.model import TIERS, Condition, Quorum, Requirement, TierRules
from sealwright.policy.monotone import weakenings


def changed(old: str, new: str, *, count: int = 1) -> str:
    text = builtin_text()
    assert old in text
    return text.replace(old, new, count)


def in_tier(tier: str, old: str, new: str) -> str:
    """The built-in text with one change inside one tier's file."""
    head, found, rest = builtin_text().partition(f"[tiers.{tier}]\n")
    assert old in rest
    return head + found + rest.replace(old, new, 1)


def test_builtin_policy_is_proved_and_names_itself() -> None:
    policy = builtin_policy()
    assert policy.name == "sealwright-builtin"
    assert tuple(policy.tiers) == TIERS
    assert [len(policy.tiers[tier].requirements) for tier in TIERS] == [8, 14, 31, 31]
    assert parse_policy(builtin_text()).digest == policy.digest


def test_unknown_tier_is_treated_as_high() -> None:
    assert builtin_policy().rules("nonsense").tier == "high"
    assert builtin_policy().rules("critical").tier == "critical"


def test_every_requirement_of_the_builtin_policy_names_a_command() -> None:
    for rules in builtin_policy().tiers.values():
        assert all(item.command.startswith("sealwright ") for item in rules.requirements)


def test_policy_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(builtin_text(), encoding="utf-8")
    assert load_policy(file).digest == builtin_policy().digest
    with pytest.raises(InputMissing):
        load_policy(tmp_path / "nothing.toml")
    file.write_bytes(b"schema = 1\xff")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 10"):
        load_policy(file)


def test_wrong_syntax_names_line_and_column() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy("schema = 1\nname = = 2\n", file="mine.toml")
    assert (caught.value.line, caught.value.column) == (2, 8)
    assert str(caught.value).startswith("mine.toml:2:8: not TOML")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed("schema = 1", "schema = 2"), "schema"),
        (changed("schema = 1", ""), "schema"),
        (changed("[tiers.minimal]\n", "[tiers.minimal]\ncolour = 1\n"), "unknown field `colour`"),
        (changed("[tiers.limited]\n", "[tiers.huge]\nmax_age_days = 1\n[tiers.limited]\n"), "huge"),
        (changed("max_age_days = 365", 'max_age_days = "long"'), "tiers.minimal.max_age_days"),
        (changed("max_age_days = 365", "max_age_days = 0"), "tiers.minimal.max_age_days"),
        (changed('of = "subject"', 'of = "moon"'), "requirement 'model-signature'"),
        (changed('predicate = "dataset-version"', 'predicate = "x"'), "there is no predicate `x`"),
        (changed('predicate = "dataset-version"', 'predicate = "approval"'), "cannot be a req"),
        (changed('kind = "artifact"', 'kind = "moon"'), "`scan` has no kind `moon`"),
        (changed('result = ["passed", "warned"]\n', ""), "`result` is needed"),
        (
            changed('predicate = "dataset-version"', 'predicate = "card"\nresult = ["passed"]'),
            "no r",
        ),
        (changed('path = "components"', 'path = "composants"'), "there is no field `composants`"),
        (changed('path = "rows"', 'path = "rows.deep"'), "nothing lies below"),
        (changed(", empty = false }]", " }]"), "says nothing"),
        (changed("min = 1 }", "min = inf }"), "finite"),
        (changed('extends = "minimal"', 'extends = "critical"'), "is not a lower tier"),
        (changed('extends = "limited"', ""), "needs title, questions, of and predicate"),
        (changed("distinct_people = 1\n", ""), "distinct_people"),
        (changed("max_days = 14", "max_days = 31"), "max_days"),
        (changed('independent_of = ["author"]', 'independent_of = ["moon"]'), "neither `author`"),
        (changed('id = "scan-artifact"', 'id = "model-signature"'), "stands there twice"),
        (changed("security = 1 }", "moon = 1 }"), "approve"),
        (changed('roles = ["granter"]', "roles = []"), "waive.roles"),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy(text)
    assert message in caught.value.message
    assert caught.value.advice


def test_a_missing_tier_is_refused() -> None:
    text = builtin_text()
    with pytest.raises(ConfigError, match="critical"):
        parse_policy(text[: text.index("# Critical")])


@pytest.mark.parametrize(
    ("tier", "old", "new", "message"),
    [
        ("limited", "max_age_days = 180", "max_age_days = 366", "may be older (366 days > 365"),
        ("high", 'id = "scan-artifact"\nresult = ["passed"]',
         'id = "scan-artifact"\nresult = ["passed", "failed"]', "accepts more results (failed)"),
        ("high", '[[tiers.high.require]]\nid = "train-data-version"',
         '[[tiers.high.require]]\nid = "train-data-version"\nquestions = ["release"]',
         "not asked for serve, train"),
        ("critical", "# The environment is looked",
         '[[tiers.critical.require]]\nid = "training-run"\nwhere = [{ path = '
         '"build_definition.internal_parameters.isolation.level",'
         ' in = ["bubblewrap", "none"] }]\n#',
         "isolation.level` is missing or weaker"),
        ("critical", "# The environment is looked",
         '[[tiers.critical.require]]\nid = "custody"\nsigner_roles = ["engineer", "guest"]\n#',
         "more signer roles"),
        ("critical", "# The environment is looked",
         '[[tiers.critical.require]]\nid = "criteria"\nsigner_roles = []\n#', "more signer roles"),
        ("critical", "need = { security = 1, data = 1, legal = 1, domain = 1, executive = 1",
         "need = { security = 1, data = 1, domain = 1, executive = 1", "fewer people of legal"),
        ("high", 'roles = ["approver"]', 'roles = ["approver", "owner", "x"]', "more roles may"),
        ("critical", 'id = "evaluation-privacy"\n',
         'id = "evaluation-privacy"\ncriteria_first = false\n',
         "criteria need not be fixed first"),
        ("critical", 'disciplines = ["security", "legal", "executive"]', "", "more disciplines"),
    ],
)  # fmt: skip
def test_a_tier_that_asks_less_is_refused(tier: str, old: str, new: str, message: str) -> None:
    text = in_tier(tier, old, new)
    with pytest.raises(ConfigError) as caught:
        parse_policy(text)
    assert f"tier `{tier}` asks less than" in caught.value.message
    assert message in caught.value.message


def weaker_requirements(item: Requirement) -> list[Requirement]:
    """Every way in which this requirement can be made weaker."""
    found = [replace(item, questions=item.questions[1:])]
    if item.result:
        found.append(replace(item, result=(*item.result, "inconclusive")))
    if item.where:
        found.append(replace(item, where=item.where[1:]))
        first = item.where[0]
        if first.among:
            found.append(replace(item, where=(replace(first, among=(*first.among, "x")),)))
        if first.minimum is not None:
            found.append(replace(item, where=(replace(first, minimum=first.minimum - 1),)))
    if item.max_age_days is not None:
        found += [replace(item, max_age_days=item.max_age_days + 1)]
        found += [replace(item, max_age_days=None)]
    if item.signer_roles:
        found += [replace(item, signer_roles=()), replace(item, signer_roles=("guest",))]
    if item.min_signers > 1:
        found.append(replace(item, min_signers=item.min_signers - 1))
    if item.independent_of:
        found.append(replace(item, independent_of=()))
    if item.min_versions:
        found += [replace(item, min_versions={}), replace(item, min_versions={"a": "0.9"})]
        found.append(replace(item, min_versions={**item.min_versions, "b": "1.0"}))
    if item.criteria_first:
        found.append(replace(item, criteria_first=False))
    if not item.waivable:
        found.append(replace(item, waivable=True))
    return found


def requirement(draw_from: st.DataObject) -> Requirement:
    draw = draw_from.draw
    return Requirement(
        id="r",
        title="t",
        questions=("train", "release"),
        of="subject",
        predicate="evaluation",
        kind="privacy",
        result=draw(st.sampled_from([("passed",), ("passed", "warned")])),
        where=draw(
            st.sampled_from(
                [
                    (),
                    (Condition(path="queries", minimum=3.0),),
                    (Condition(path="access", among=("scores",)),),
                    (Condition(path="findings", empty=True),),
                ]
            )
        ),
        max_age_days=draw(st.none() | st.integers(1, 400)),
        signer_roles=draw(st.sampled_from([(), ("a",), ("a", "b")])),
        min_signers=draw(st.integers(1, 3)),
        independent_of=draw(st.sampled_from([(), ("author",)])),
        min_versions=draw(st.sampled_from([{}, {"a": "1.0"}])),
        criteria_first=draw(st.booleans()),
        waivable=draw(st.booleans()),
    )


@given(st.data())
def test_no_random_weakening_of_a_requirement_is_proved(data: st.DataObject) -> None:
    rules = builtin_policy().tiers["high"]
    item = requirement(data)
    lower = replace(rules, requirements=(item,))
    assert not list(weakenings(lower=lower, upper=lower))
    weaker = data.draw(st.sampled_from(weaker_requirements(item)))
    upper = replace(rules, requirements=(weaker,))
    assert list(weakenings(lower=lower, upper=upper))
    assert list(weakenings(lower=lower, upper=replace(rules, requirements=())))


@given(st.data())
def test_no_random_weakening_of_a_quorum_is_proved(data: st.DataObject) -> None:
    rules = builtin_policy().tiers["high"]
    quorum = Quorum(
        need={"security": data.draw(st.integers(1, 4)), "legal": 1},
        distinct_people=data.draw(st.integers(2, 9)),
        roles=("approver",),
        training=("oversight",),
        max_age_days=30,
    )
    weaker = data.draw(
        st.sampled_from(
            [
                replace(quorum, need={"legal": 1}),
                replace(quorum, need={**quorum.need, "security": quorum.need["security"] - 1}),
                replace(quorum, distinct_people=quorum.distinct_people - 1),
                replace(quorum, roles=("approver", "owner")),
                replace(quorum, roles=()),
                replace(quorum, training=()),
                replace(quorum, max_age_days=31),
                replace(quorum, max_age_days=None),
                Quorum(),
            ]
        )
    )

    def with_quorum(asked: Quorum) -> TierRules:
        return replace(rules, quorums={"release": asked})

    assert not list(weakenings(lower=with_quorum(quorum), upper=with_quorum(quorum)))
    assert list(weakenings(lower=with_quorum(quorum), upper=with_quorum(weaker)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_weakened_copy_of_the_builtin_tiers_is_proved(data: st.DataObject) -> None:
    policy = builtin_policy()
    place = data.draw(st.integers(1, 3))
    lower, upper = policy.tiers[TIERS[place - 1]], policy.tiers[TIERS[place]]
    item = data.draw(st.sampled_from(lower.requirements))
    weaker = data.draw(st.sampled_from(weaker_requirements(item)))
    swapped = tuple(weaker if each.id == item.id else each for each in upper.requirements)
    assert list(weakenings(lower=lower, upper=replace(upper, requirements=swapped)))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_with_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_policy(text)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def to_toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(to_toml(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_toml(k)} = {to_toml(v)}" for k, v in value.items()) + "}"
    quoted = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in value
    )
    return f'"{quoted}"' if isinstance(value, str) else '""'


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_policy_with_any_value_swapped_is_refused_or_still_monotone(data: st.DataObject) -> None:
    lines = builtin_text().splitlines()
    places = [
        n for n, line in enumerate(lines) if " = " in line and not line.startswith(("#", " "))
    ]
    place = data.draw(st.sampled_from(places))
    key = lines[place].split(" = ")[0]
    lines[place] = f"{key} = {to_toml(data.draw(_VALUES))}"
    text = "\n".join(lines)
    try:
        tomllib.loads(text)
        policy = parse_policy(text)
    except (ConfigError, tomllib.TOMLDecodeError):
        return
    for lower, upper in pairwise(TIERS):
        assert not list(weakenings(lower=policy.tiers[lower], upper=policy.tiers[upper]))


def test_too_deep_or_too_long_is_refused() -> None:
    with pytest.raises(ConfigError):
        parse_policy("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(ConfigError, match="deeper"):
        parse_policy("a = " + "[" * 20 + "]" * 20)
    with pytest.raises(ConfigError, match="longer"):
        parse_policy("#" + "x" * 1_100_000)
