"""What no ledger may bring about, however it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import Lineage
from sealwright.evidence.predicates.operation import DrillResult, Incident, MonitorWindow, Release
from sealwright.evidence.predicates.validation import EvaluationKind
from sealwright.evidence.statement import Subject
from sealwright.policy.duties import ADMINISTRATIVE
from tests.policy import story
from tests.policy.factory import CAST, SYSTEM, World, result
from tests.policy.story import ENVIRONMENT, MODEL, RAW, TEST, TRAIN
from tests.policy.test_waivers import grant

bounded = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PEOPLE = st.sampled_from(sorted(CAST))
DISCIPLINES = ("security", "data", "legal", "domain", "executive", "validation", "engineering")
AUTHORS = {"mina", "mina-laptop"}
LINEAGE = st.sampled_from([MODEL, TRAIN, RAW, TEST])


@bounded
@given(st.lists(st.tuples(PEOPLE, st.sampled_from(DISCIPLINES)), max_size=12))
def test_no_generated_quorum_passes_unless_it_is_one(answers: list[tuple[str, str]]) -> None:
    """Self-approval, sybil keys, foreign disciplines, administrators, services: none add up."""
    world = story.told()
    decision = world.ask(MODEL).decision
    for who, discipline in answers:
        world.approve(who, MODEL, decision, discipline=discipline)
    last: dict[str, tuple[str, str]] = {}
    for who, discipline in answers:
        last[CAST[who][0] or who] = (who, discipline)
    honest = {
        (person, discipline)
        for person, (who, discipline) in last.items()
        if CAST[who][0]
        and "approver" in CAST[who][2]
        and who not in AUTHORS
        and discipline in CAST[who][1]
        and not set(CAST[who][2]) <= ADMINISTRATIVE
    }
    covered = {discipline for _, discipline in honest}
    rightful = {"security", "data", "legal", "domain"} <= covered and len(honest) >= 4
    assert world.ask(MODEL).admitted == rightful


@bounded
@given(st.lists(st.sampled_from(["sam", "sam-phone"]), min_size=1, max_size=6))
def test_one_person_is_never_a_quorum_of_two(keys: list[str]) -> None:
    world = story.told("limited")
    decision = world.ask(MODEL).decision
    for key in keys:
        world.approve(key, MODEL, decision)
    assert result(world.ask(MODEL), "approval-people").status == "missing"


@bounded
@given(who=PEOPLE, deed=st.sampled_from(["train", "label", "process", "evaluate"]))
def test_nobody_who_had_a_hand_in_it_approves_it(who: str, deed: str) -> None:
    world = story.told()
    if deed == "train":
        story.training_run(world, who=who)
    elif deed == "process":
        used = Resource(name="raw", digest=dict(RAW.digest), annotations={"kind": "dataset"})
        world.say(who, Lineage(step="clean", inputs=(used,), at=world.at), TRAIN)
    elif deed == "evaluate":
        story.evaluation(world, "privacy", story.criteria_digest(world), who=who)
    else:
        story.version(world, RAW, story.RAW_FILES, who=who)
    decision = world.ask(MODEL).decision
    digests = set()
    for key, (person, disciplines, _) in CAST.items():
        if (person or key) == (CAST[who][0] or who):
            for discipline in disciplines or DISCIPLINES:
                digests.add(world.approve(key, MODEL, decision, discipline=discipline))
    verdict = world.ask(MODEL)
    for each in verdict.results:
        if each.id.startswith("approval") and each.status == "satisfied":
            assert not digests & set(each.evidence)
        if each.id.startswith("approval"):
            assert each.status != "satisfied"


Say = Callable[[World, str, Subject], object]


def bad_scan(kind: str, outcome: Result) -> Say:
    return lambda w, who, s: story.scan(w, kind, s, outcome=outcome, who=who)


def bad_validation(kind: str, outcome: Result) -> Say:
    def say(w: World, who: str, s: Subject) -> object:
        about = {each.sha256: each for each in (s, TRAIN)}
        return story.validation(w, kind, *about.values(), outcome=outcome, who=who)

    return say


def bad_evaluation(kind: EvaluationKind, outcome: Result) -> Say:
    return lambda w, who, s: story.evaluation(
        w, kind, story.criteria_digest(w), outcome=outcome, who=who, about=s
    )


def withdrawn(action: Literal["revoke", "retire", "quarantine"]) -> Say:
    return lambda w, who, s: w.say(who, Release(action=action, reason="r", at=w.at), s)


def bad_drill(verdict: Literal["missed", "error"]) -> Say:
    return lambda w, who, s: w.say(
        who, DrillResult(id="d", verdict=verdict, controls=("scan",), at=w.at), SYSTEM
    )


def incident(w: World, who: str, s: Subject) -> object:
    return w.say(who, Incident(id="i", status="open", severity="low", title="t", at=w.at), s)


def drift(w: World, who: str, s: Subject) -> object:
    window = MonitorWindow(kind="drift", result="failed", start=w.at, end=w.at, n=9, at=w.at)
    return w.say(who, window, s)


def negatives() -> list[tuple[str, Say]]:
    """Everything bad that can be said, by anybody, about anything in the lineage."""
    outcomes: tuple[Result, ...] = ("failed", "inconclusive")
    found: list[tuple[str, Say]] = [
        ("incident", incident),
        ("drift", drift),
        ("vulns", lambda w, who, s: story.vulns(w, "CVE-1", who=who, about=s)),
        ("vulns below", lambda w, who, s: story.vulns(w, "C", who=who, about=ENVIRONMENT)),
        ("violations", lambda w, who, s: story.training_run(w, who=who, violations=["v"])),
        ("no isolation", lambda w, who, s: story.training_run(w, who=who, level="none")),
        ("revoke", withdrawn("revoke")),
        ("retire", withdrawn("retire")),
        ("quarantine", withdrawn("quarantine")),
        ("drill missed", bad_drill("missed")),
        ("drill error", bad_drill("error")),
    ]
    for outcome in outcomes:
        found += [
            (f"scan {kind} {outcome}", bad_scan(kind, outcome))
            for kind in ("artifact", "dependency", "code")
        ]
        found += [
            (f"validation {kind} {outcome}", bad_validation(kind, outcome))
            for kind in ("constraints", "labels", "personal-data", "overlap")
        ]
        found += [
            (f"evaluation {each} {outcome}", bad_evaluation(each, outcome)) for each in story.KINDS
        ]
    return found


NEGATIVES = st.sampled_from(negatives())


def scenario(draw: st.DrawFn) -> World:
    """A ledger that may lack things, hold failures, waivers and answers of all kinds."""
    world = story.told()
    lacking = draw(st.sampled_from(["nothing", "evaluation", "scan", "card", "run"]))
    short = {
        "evaluation": b"predicate:evaluation:v1",
        "scan": b"predicate:scan:v1",
        "card": b"predicate:card:v1",
        "run": b"slsa.dev/provenance",
    }.get(lacking)
    if short is not None:
        world.envelopes = [each for each in world.envelopes if short not in each.payload]
    for (_, how), who, about in draw(st.lists(st.tuples(NEGATIVES, PEOPLE, LINEAGE), max_size=2)):
        how(world, who, about)
    waived = ["evaluation-privacy", "evaluation-fairness", "scan-artifact", "card", "scan-code"]
    waived += [
        "training-run",
        "test-data-version",
        "train-data-labels",
        *(f"evaluation-{kind}" for kind in story.KINDS),
    ]
    for requirement in draw(st.lists(st.sampled_from(waived), max_size=14, unique=True)):
        grant(world, requirement=requirement)
    decision = world.ask(MODEL).decision
    for who in draw(st.sampled_from([(), story.APPROVERS, story.APPROVERS])):
        world.approve(who, MODEL, decision)
    if draw(st.booleans()):
        world.approve(
            draw(PEOPLE), MODEL, decision, answer=draw(st.sampled_from(["reject", "abstain"]))
        )
    return world


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_adding_a_negative_finding_never_turns_a_denial_into_an_admission(
    data: st.DataObject,
) -> None:
    world = data.draw(st.composite(scenario)())
    question = data.draw(st.sampled_from(["release", "serve"]))
    if question == "serve":
        story.decide(world, world.ask(MODEL))
    before = world.ask(MODEL, question)  # type: ignore[arg-type]
    (name, how), who, about = data.draw(st.tuples(NEGATIVES, PEOPLE, LINEAGE))
    how(world, who, about)
    after = world.ask(MODEL, question)  # type: ignore[arg-type]
    assert before.admitted or not after.admitted, name
    held = {each.id for each in before.denied_by if not each.id.startswith("approval")}
    still = {each.id for each in after.denied_by}
    assert held <= still, f"{name} by {who} satisfied {held - still}"


@bounded
@given(st.data())
def test_every_denial_explains_itself(data: st.DataObject) -> None:
    world = data.draw(st.composite(scenario)())
    verdict = world.ask(MODEL)
    known = {item.digest for item in world.verified()}
    for each in verdict.results:
        assert each.reason
        assert set(each.evidence) <= known
        assert (each.stale_code is not None) == (each.status == "stale")
        assert each.holds or each.command or each.status == "failed"
    assert set(verdict.evidence) <= known
    assert list(verdict.evidence) == sorted(set(verdict.evidence))
