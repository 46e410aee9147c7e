"""The questions that decide a system's risk tier, as one list, and the rule that reads the answers.

The areas follow Annex III, Article 5 and Article 50 of Regulation (EU) 2024/1689 (AI Act) and the
GDPR, in our own words: a first sorting that a lawyer checks, never legal advice. Why each question
pulls the tier it does stands in docs/explanation/risk-tiers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from sealwright.errors import Refused, UsageError
from sealwright.evidence.predicates.governance import Tier
from sealwright.lifecycle.problem import did_you_mean, shown

TIERS: tuple[Tier, ...] = get_args(Tier)
"""From the least to the most demanding."""

UNANSWERED_TIER: Tier = "high"
"""What a question that nobody answered counts as, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskQuestion:
    """One question, answered "yes", "no" or "unknown"."""

    id: str
    text: str
    """The question, as a person is asked it."""
    means: str
    """What "yes" says about the system; the reason recorded with the tier."""
    tier: Tier
    """The lowest tier that a system with the answer "yes" can have."""
    reference: str
    """Where the question comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Several answers "yes" that together weigh more than each alone."""

    questions: tuple[str, ...]
    means: str
    tier: Tier
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProhibitedPractice:
    """A use that is not classified but refused."""

    id: str
    text: str
    means: str
    reference: str


QUESTIONS: tuple[RiskQuestion, ...] = (
    RiskQuestion(
        id="affects_people",
        text="Does the output influence what happens to particular people?",
        means="people feel the effect of its errors",
        tier="limited",
        reference="AI Act, recital 48 and Article 27; GDPR Article 35",
    ),
    RiskQuestion(
        id="personal_data",
        text="Is it trained on, or fed with, data about identifiable people?",
        means="it processes personal data",
        tier="limited",
        reference="GDPR Articles 4(1) and 5",
    ),
    RiskQuestion(
        id="special_category_data",
        text="Does that data include health, genetics, biometrics, ethnicity, beliefs, sex life "
        "or criminal records?",
        means="it processes specially protected data",
        tier="high",
        reference="GDPR Articles 9, 10 and 35(3)(b)",
    ),
    RiskQuestion(
        id="interacts_with_people",
        text="Do people talk or write with it directly, or does it read their emotions?",
        means="people must be told that they deal with a machine",
        tier="limited",
        reference="AI Act, Article 50(1) and (3)",
    ),
    RiskQuestion(
        id="generates_content",
        text="Does it make text, images, sound or video that could pass for a person's work?",
        means="its output must be recognisable as made by a machine",
        tier="limited",
        reference="AI Act, Article 50(2) and (4)",
    ),
    RiskQuestion(
        id="vulnerable_groups",
        text="Are children, patients, or people in need or dependence among those affected?",
        means="the people affected can defend themselves less well",
        tier="high",
        reference="AI Act, Articles 7(2)(h) and 9(9)",
    ),
    RiskQuestion(
        id="automated_decision",
        text="Does its output take effect on people without a person deciding first?",
        means="no person stands between its output and its effect",
        tier="high",
        reference="GDPR Article 22; AI Act, Article 14",
    ),
    RiskQuestion(
        id="health_or_safety",
        text="Does it serve diagnosis, treatment or care, or the safety of a product?",
        means="its errors can harm health or safety",
        tier="high",
        reference="AI Act, Article 6(1) and Annex I",
    ),
    RiskQuestion(
        id="endangers_life",
        text="Can a wrong or missing output lead to death or grave injury before a person can "
        "step in?",
        means="a failure endangers life before anybody can step in",
        tier="critical",
        reference="AI Act, Article 3(49)(a)",
    ),
    RiskQuestion(
        id="critical_infrastructure",
        text="Is it a safety part in running power, water, gas, heat, traffic or digital "
        "infrastructure?",
        means="a failure can take down what society depends on",
        tier="critical",
        reference="AI Act, Annex III point 2 and Article 3(49)(b)",
    ),
    RiskQuestion(
        id="biometric",
        text="Does it recognise, sort or read people by body, face, voice or gait?",
        means="it works on what people cannot change about themselves",
        tier="high",
        reference="AI Act, Annex III point 1",
    ),
    RiskQuestion(
        id="education",
        text="Does it decide or weigh in on admission, marks, learning paths or exam conduct?",
        means="it shapes access to education",
        tier="high",
        reference="AI Act, Annex III point 3",
    ),
    RiskQuestion(
        id="employment",
        text="Does it choose, rate, assign, promote or dismiss applicants or workers?",
        means="it shapes access to work",
        tier="high",
        reference="AI Act, Annex III point 4",
    ),
    RiskQuestion(
        id="essential_services",
        text="Does it weigh in on credit, insurance, benefits, housing, health services or "
        "emergency calls?",
        means="it shapes access to services that people cannot do without",
        tier="high",
        reference="AI Act, Annex III point 5",
    ),
    RiskQuestion(
        id="law_enforcement",
        text="Is it used by or for police or prosecution?",
        means="it can cost people their freedom",
        tier="high",
        reference="AI Act, Annex III point 6",
    ),
    RiskQuestion(
        id="migration",
        text="Is it used in asylum, visa, migration or border control?",
        means="it decides on people who can hardly object",
        tier="high",
        reference="AI Act, Annex III point 7",
    ),
    RiskQuestion(
        id="justice_or_democracy",
        text="Does it help courts to decide, or can it sway elections or votes?",
        means="it touches a fair trial or a free vote",
        tier="high",
        reference="AI Act, Annex III point 8",
    ),
)
"""Every question; each must be answered for a tier below `high`."""

COMBINATIONS: tuple[Combination, ...] = (
    Combination(
        questions=("health_or_safety", "automated_decision"),
        means="it acts on health or safety and no person stands in between",
        tier="critical",
        reference="AI Act, Articles 6(1) and 14",
    ),
)

PROHIBITED: tuple[ProhibitedPractice, ...] = (
    ProhibitedPractice(
        id="manipulation",
        text="Does it steer people below their awareness, by deception, or through their age, "
        "disability or need, in a way that harms them?",
        means="harmful manipulation of people",
        reference="AI Act, Article 5(1)(a) and (b)",
    ),
    ProhibitedPractice(
        id="social_scoring",
        text="Does it rate people by conduct or character so that they are treated worse in "
        "places that have nothing to do with it, or out of proportion?",
        means="social scoring",
        reference="AI Act, Article 5(1)(c)",
    ),
    ProhibitedPractice(
        id="crime_prediction",
        text="Does it predict that a person will commit a crime from profile or personality alone?",
        means="predicting crime from a person's profile",
        reference="AI Act, Article 5(1)(d)",
    ),
    ProhibitedPractice(
        id="face_scraping",
        text="Does it gather faces from the internet or cameras without a target, for a database?",
        means="untargeted gathering of faces",
        reference="AI Act, Article 5(1)(e)",
    ),
    ProhibitedPractice(
        id="emotions_at_work_or_school",
        text="Does it read emotions at work or in education, other than for medical or safety "
        "reasons?",
        means="reading emotions at work or in education",
        reference="AI Act, Article 5(1)(f)",
    ),
    ProhibitedPractice(
        id="biometric_sorting",
        text="Does it infer race, politics, union membership, religion or sex life from "
        "biometrics?",
        means="sorting people by protected traits from biometrics",
        reference="AI Act, Article 5(1)(g)",
    ),
    ProhibitedPractice(
        id="live_remote_identification",
        text="Does it identify people from afar, live, in public places, for police?",
        means="live remote identification in public for police",
        reference="AI Act, Article 5(1)(h)",
    ),
)
"""Uses that are refused, whatever evidence there is."""

ANSWERS = ("yes", "no", "unknown")


def question_ids() -> tuple[str, ...]:
    """Ids of all questions, prohibited practices last."""
    return (*(each.id for each in QUESTIONS), *(each.id for each in PROHIBITED))


def classify(answers: Mapping[str, str]) -> tuple[Tier, tuple[str, ...]]:
    """The tier that the answers lead to, and every reason for it, heaviest first.

    A question without the answer "yes" or "no" counts as `high`. Raises Refused where a prohibited
    practice is answered with "yes", and UsageError for an answer to a question that is not asked.
    """
    known = question_ids()
    for name in answers:
        if name not in known:
            raise UsageError(
                f"there is no risk question {shown(name)}", advice=did_you_mean(name, known)
            )
    for practice in PROHIBITED:
        if answers.get(practice.id) == "yes":
            raise Refused(
                f"this is {practice.means}, a prohibited practice ({practice.reference}); "
                "no evidence can admit it",
                advice=f"if the answer to {practice.id} is a mistake, correct it; otherwise stop "
                "and ask legal counsel: exceptions, where the law knows any, are not for a tool",
            )
    found = [
        (each.tier, _reason(each.id, each.means, each.reference))
        for each in QUESTIONS
        if answers.get(each.id) == "yes"
    ]
    for each in COMBINATIONS:
        if all(answers.get(name) == "yes" for name in each.questions):
            together = " + ".join(each.questions)
            found.append((each.tier, _reason(together, each.means, each.reference)))
    found += [
        (UNANSWERED_TIER, f"{name}: not answered, so the worse is assumed")
        for name in known
        if answers.get(name) not in ("yes", "no")
    ]
    if not found:
        return TIERS[0], ("every question is answered with no",)
    found.sort(key=lambda pair: -TIERS.index(pair[0]))
    return found[0][0], tuple(f"{tier}: {text}" for tier, text in found)


def _reason(name: str, means: str, reference: str) -> str:
    return f"{name}: {means} ({reference})"
