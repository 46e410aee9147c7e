"""How artifacts and controls stand by the newest word on them: withdrawn, broken, drilled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.governance import PolicyRecord, Principal
from sealwright.evidence.predicates.operation import DrillResult, Incident, MonitorWindow, Release
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case
from sealwright.policy.duties import actor_behind, actor_of, authors, revoked_for_cause
from sealwright.policy.lineage import sha256_of

WITHDRAWN: Final = {"revoke": "revoked", "retire": "retired", "quarantine": "quarantined"}
"""Actions that take an artifact out of use → how that is said."""

RESTORING: Final = ("operator", "owner", "approver")
"""Roles that may lift a quarantine or a retirement. Anybody may impose one."""

GRAVE: Final = ("high", "critical")
"""Severities of an incident that stop what it names."""

_SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


def upstream(case: Case, item: Verified) -> tuple[str, ...]:
    """The statement's subjects and all that they, or the data it was measured on, came from."""
    starts = list(case.index.subjects[item.digest])
    predicate = item.statement.predicate
    if isinstance(predicate, Evaluation) and (dataset := sha256_of(predicate.dataset)):
        starts.append(dataset)
    found: dict[str, None] = dict.fromkeys(starts)
    for start in starts:
        found.update(dict.fromkeys(case.graph.ancestors(start)))
    return tuple(found)


def withdrawal(case: Case, digest: str) -> Verified | None:
    """The statement that took the artifact out of use, unless `restore` lifted it since.

    A revocation is final: what was revoked comes back as another artifact or not at all. A restore
    that `restore_problem` speaks against lifts nothing.
    """
    standing: Verified | None = None
    final = False
    for item in case.index.about(digest, "release"):
        said = item.statement.predicate
        if not isinstance(said, Release) or final:
            continue
        if said.action in WITHDRAWN:
            standing, final = item, said.action == "revoke"
        elif said.action == "restore" and not restore_problem(case, digest, item):
            standing = None
    return standing


def restore_problem(case: Case, digest: str, item: Verified) -> str:
    """Why this restore of the artifact does not count, in one line; empty if it does."""
    if revoked_for_cause(item):
        return f"the key of {item.principal.id} was revoked for cause"
    if case.is_future(item):
        return f"it is dated {item.at:%Y-%m-%d %H:%M}, in the future"
    return restorer_problem(case, digest, item.principal)


def restorer_problem(case: Case, digest: str, signer: Principal) -> str:
    """Why it is not this signer's to put the artifact back into use; empty if it is.

    Taking out of use is safe and open to all; putting back is not. Whoever made the artifact, what
    it came from, or what is asked about does not say that it is sound again.
    """
    if not set(signer.roles) & set(RESTORING):
        return f"{signer.id} has not the role {' or '.join(RESTORING)}"
    deeds = {**case.authors, **authors(case.index, case.graph, case.directory, digest)}
    deed = deeds.get(actor_behind(signer))
    return f"{signer.id} {deed}: nobody judges their own work" if deed else ""


def open_incident(case: Case, digest: str) -> Verified | None:
    """The gravest incident on the artifact that nobody else has closed, as its gravest words have
    it; the oldest of those: no small trouble hides a grave one, and none is talked down."""
    opened = _unclosed(case.index.about(digest, "incident"), case)
    return max((max(said, key=_rank) for said in opened), key=_rank, default=None)


def grave_incident(case: Case, digest: str) -> Verified | None:
    """The open incident that stops the artifact: on itself, on what it came from, on the data that
    it was measured on, or on the system and nothing else."""
    tested = case.graph.sources(digest, "tested-on", kind="dataset")
    for each in (digest, *case.graph.ancestors(digest), *tested, case.request.system):
        item = open_incident(case, each)
        if item is None or _severity(item) not in GRAVE:
            continue
        if each != case.request.system or len(case.index.subjects[item.digest]) == 1:
            return item
    return None


def unclosed(items: Iterable[Verified], case: Case | None = None) -> tuple[Verified, ...]:
    """The open incidents among statements in ledger order, each as it was said last.

    A later statement with the same id closes one, if somebody else signed it: whoever is at the
    beginning of an incident does not declare it over. With a `case`, nor does anybody whom
    `closing_problem` speaks against.
    """
    return tuple(found[-1] for found in _unclosed(items, case))


def _unclosed(items: Iterable[Verified], case: Case | None) -> tuple[list[Verified], ...]:
    opened: dict[str, list[Verified]] = {}
    for item in items:
        said = item.statement.predicate
        if not isinstance(said, Incident):
            continue
        known = opened.get(said.id, ())
        if said.status == "open":
            opened.setdefault(said.id, []).append(item)
        elif actor_of(item) in {actor_of(other) for other in known}:
            continue
        elif case is None or not closing_problem(case, known, item):
            opened.pop(said.id, None)
    return tuple(opened.values())


def closing_problem(case: Case, opened: Iterable[Verified], item: Verified) -> str:
    """Why this word does not close the incident that `opened` speak of; empty if it does.

    What a grave incident stopped comes back as from a quarantine: by somebody who may say so and
    had no part in making it.
    """
    if revoked_for_cause(item):
        return f"the key of {item.principal.id} was revoked for cause"
    return closer_problem(case, opened, item.principal)


def closer_problem(case: Case, opened: Iterable[Verified], signer: Principal) -> str:
    """Why it is not this signer's to close the incident that `opened` speak of; empty if it is."""
    for item in opened:
        for digest in case.index.subjects[item.digest] if _severity(item) in GRAVE else ():
            if problem := restorer_problem(case, digest, signer):
                return problem
    return ""


def _severity(item: Verified) -> Severity:
    said = item.statement.predicate
    return said.severity if isinstance(said, Incident) else "info"


def _rank(item: Verified) -> int:
    return _SEVERITIES.index(_severity(item))


def drills_of(case: Case, control: str) -> Iterator[tuple[Verified, ...]]:
    """The runs of each drill, by each signer, of the control behind a predicate; oldest first."""
    runs: dict[tuple[str, str], list[Verified]] = defaultdict(list)
    for item in case.index.about(case.request.system, "drill"):
        said = item.statement.predicate
        if isinstance(said, DrillResult) and control in said.controls:
            runs[said.id, actor_of(item)].append(item)
    return (tuple(found) for found in runs.values())


def drill_verdict(item: Verified) -> str:
    """What a drill's run came to; `error` for anything that is not a drill."""
    said = item.statement.predicate
    return said.verdict if isinstance(said, DrillResult) else "error"


def newest_by_signer(items: Iterable[Verified]) -> tuple[Verified, ...]:
    """The last statement of each signer."""
    return tuple({actor_of(item): item for item in items}.values())


def record_in_force(case: Case) -> Verified | None:
    """The record that brought the policy in force in: its first since another one stood."""
    found: Verified | None = None
    for item in case.index.about(case.request.system, "policy"):
        said = item.statement.predicate
        if isinstance(said, PolicyRecord):
            if said.sha256 != case.policy.digest:
                found = None
            elif found is None:
                found = item
    return found


def digest_before(case: Case, record: Verified) -> str:
    """Digest of the policy that stood before `record`; empty if there was none."""
    digest = ""
    for item in case.index.about(case.request.system, "policy"):
        said = item.statement.predicate
        if isinstance(said, PolicyRecord) and item.index < record.index:
            digest = said.sha256
    return digest


def circumstances(case: Case) -> tuple[Verified, ...]:
    """What else an approver must have seen: everything said against the artifact, its lineage, its
    test data or the controls behind its evidence, and everything that lifted it again."""
    tested = case.graph.sources(case.request.artifact, "tested-on", kind="dataset")
    lineage = (case.request.artifact, *case.graph.ancestors(case.request.artifact), *tested)
    found: dict[str, Verified] = {}
    for digest in (*lineage, case.request.system):
        for item in case.index.about(digest, "release"):
            said = item.statement.predicate
            if isinstance(said, Release) and said.action in {*WITHDRAWN, "restore"}:
                found[item.digest] = item
        found.update((item.digest, item) for item in case.index.about(digest, "incident"))
    for item in case.index.about(case.request.artifact, "monitor-window"):
        window = item.statement.predicate
        if isinstance(window, MonitorWindow) and window.result == "failed":
            found[item.digest] = item
    failed: set[str] = set()
    for item in case.index.about(case.request.system, "drill"):
        said = item.statement.predicate
        if isinstance(said, DrillResult):
            bad = said.verdict not in ("prevented", "detected")
            if bad or said.id in failed:
                found[item.digest] = item
            failed = failed | {said.id} if bad else failed - {said.id}
    return tuple(found.values())
