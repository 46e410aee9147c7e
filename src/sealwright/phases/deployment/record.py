"""What deployment says: each function makes an unsigned statement; nothing here signs or stores.

Bounds are checked here, where a statement is made, so that the person who says it hears of a slip
at once; whoever reads a statement checks what matters again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, Literal

from sealwright.clock import format_time
from sealwright.errors import UsageError
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.predicates.serving import (
    Action,
    Contract,
    DecisionLogHead,
    Grant,
    GrantedKey,
    GrantedRole,
    GrantRevocation,
    Losses,
    Oversight,
    RefusedModel,
    ServedModel,
    Snapshot,
    TokenIssuer,
)
from sealwright.evidence.statement import Statement, Subject
from sealwright.lifecycle.model import Lifecycle

ReleaseAction = Literal["admit", "rollback", "revoke", "retire", "quarantine", "restore"]
RouteRole = Literal["champion", "canary", "shadow"]

MAX_DAYS: Final = 366
"""The longest that a key may be good for."""
MAX_LINE: Final = 500
"""Characters of a reason: it is read by callers, too."""
_SERVED_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")


def served_name(lifecycle: Lifecycle) -> str:
    """The name that this system's model is served under."""
    return lifecycle.deployment.name or lifecycle.system.name


def contract(model: Subject, *, lifecycle: Lifecycle, now: datetime) -> Statement[Contract]:
    """How the model is asked and answers, as `[deployment]` and `[validation]` declare it."""
    declared, judged = lifecycle.deployment, lifecycle.validation
    said = Contract(
        name=served_name(lifecycle),
        model_file=judged.model,
        features=tuple(judged.features),
        positive=judged.positive,
        abstain_margin=declared.abstain_margin,
        score_decimals=declared.score_decimals,
        confirm=tuple(dict.fromkeys(declared.confirm)),
        review=declared.review,
        at=format_time(now),
    )
    if problem := contract_problem(said):
        raise UsageError(f"no contract: {problem}", advice="mend [deployment] or [validation]")
    return Statement((model,), said)


def contract_problem(said: Contract) -> str:
    """Why nobody can serve by this contract, in one line; empty if nothing speaks against it."""
    path = PurePosixPath(said.model_file)
    if not _SERVED_NAME.fullmatch(said.name):
        return f"{said.name!r:.80} is no name to serve under"
    if not said.model_file or path.is_absolute() or ".." in path.parts or "\\" in said.model_file:
        return f"{said.model_file!r:.80} is no path below the model's folder"
    if not said.features or len(set(said.features)) != len(said.features):
        return "the features are not a list of different names"
    if not (math.isfinite(said.threshold) and 0 <= said.threshold <= 1):
        return f"the threshold {said.threshold} is not in [0, 1]"
    if not (math.isfinite(said.abstain_margin) and 0 <= said.abstain_margin <= 1):
        return f"the abstention margin {said.abstain_margin} is not in [0, 1]"
    if not 0 <= said.score_decimals <= 9:
        return f"scores cannot have {said.score_decimals} decimals"
    return ""


def release(
    artifact: Subject,
    *,
    action: ReleaseAction,
    reason: str,
    name: str = "",
    role: RouteRole = "champion",
    percent: int = 100,
    replaces: str = "",
    because: str = "",
    now: datetime,
) -> Statement[Release]:
    """What is done with an artifact from now on, and why."""
    if action in ("admit", "rollback"):
        if not _SERVED_NAME.fullmatch(name):
            raise UsageError(f"{name!r:.80} is no name to serve under")
        check_share(role, percent)
    said = Release(
        action=action,
        reason=line(reason, "the reason"),
        name=name,
        role=role,
        percent=percent,
        replaces=replaces,
        because=because,
        at=format_time(now),
    )
    return Statement((artifact,), said)


def check_share(role: RouteRole, percent: int) -> None:
    """UsageError for a share that means nothing in this role."""
    if role == "champion" and percent != 100:
        raise UsageError(
            "a champion answers whoever is not answered by a canary",
            advice="give a share to a canary or a shadow: --role canary --percent N",
        )
    if not 1 <= percent <= 100:
        raise UsageError(f"a share of {percent} %", advice="give a whole number from 1 to 100")


def grant(
    system: Subject,
    *,
    grant_id: str,
    client: str,
    mac: str,
    actions: Sequence[Action],
    models: Sequence[str],
    requests_per_minute: int,
    what_if: bool,
    parent: str,
    valid_for: timedelta,
    now: datetime,
) -> Statement[Grant]:
    """A key lets `client` in; only its HMAC is said. UsageError for bounds that mean nothing."""
    if not _CLIENT.fullmatch(client):
        raise UsageError(
            f"{client!r:.80} is no client id", advice="letters, digits, `.`, `_`, `@` and `-`"
        )
    if not actions or not models:
        raise UsageError("a key that opens nothing", advice="name an action and a model")
    if not 1 <= requests_per_minute <= 1_000_000:
        raise UsageError(f"{requests_per_minute} requests per minute", advice="1 to 1000000")
    if not timedelta(0) < valid_for <= timedelta(days=MAX_DAYS):
        raise UsageError(f"a key is good for 1 to {MAX_DAYS} days")
    said = Grant(
        id=grant_id,
        client=client,
        mac=mac,
        actions=tuple(dict.fromkeys(actions)),
        models=tuple(dict.fromkeys(models)),
        requests_per_minute=requests_per_minute,
        what_if=what_if,
        parent=parent,
        not_after=format_time(now + valid_for),
        at=format_time(now),
    )
    return Statement((system,), said)


def grant_revocation(
    system: Subject, *, grant_id: str, reason: str, now: datetime
) -> Statement[GrantRevocation]:
    """A key, and all that were narrowed from it, let nobody in any more."""
    said = GrantRevocation(id=grant_id, reason=line(reason, "the reason"), at=format_time(now))
    return Statement((system,), said)


def snapshot(
    system: Subject,
    *,
    tier: str,
    sequence: int,
    ledger_size: int,
    models: Sequence[ServedModel],
    refused: Sequence[RefusedModel],
    keys: Sequence[GrantedKey],
    roles: Sequence[GrantedRole],
    issuer: TokenIssuer | None,
    losses: Losses,
    keep_inputs: bool,
    now: datetime,
    valid_for: timedelta,
) -> Statement[Snapshot]:
    """All that the gateway acts on until `now + valid_for`."""
    if valid_for <= timedelta(0):
        raise UsageError("a snapshot that has expired already")
    said = Snapshot(
        system=system.name,
        tier=tier,
        sequence=sequence,
        ledger_size=ledger_size,
        models=tuple(models),
        refused=tuple(refused),
        keys=tuple(keys),
        roles=tuple(roles),
        issuer=issuer,
        losses=losses,
        keep_inputs=keep_inputs,
        at=format_time(now),
        expires=format_time(now + valid_for),
    )
    return Statement((system,), said)


def log_head(system: Subject, head: DecisionLogHead) -> Statement[DecisionLogHead]:
    """How far a decision log has come."""
    return Statement((system,), head)


def oversight(
    model: Subject,
    *,
    case: str,
    action: Literal["confirm", "override", "answer", "reject"],
    decision: Literal["positive", "negative", "none"],
    model_decision: Literal["positive", "negative", "abstain"],
    score: float,
    reason: str,
    seconds: int,
    now: datetime,
) -> Statement[Oversight]:
    """A person's word on one case."""
    said = Oversight(
        case=case,
        action=action,
        decision=decision,
        model_decision=model_decision,
        score=score,
        reason=line(reason, "the reason"),
        seconds=max(0, seconds),
        at=format_time(now),
    )
    return Statement((model,), said)


def line(text: str, what: str) -> str:
    """`text` if it is one line that says something; UsageError if not."""
    if not text.strip():
        raise UsageError(f"{what} is empty", advice="say it in words; reports and callers show it")
    if len(text) > MAX_LINE or not text.isprintable():
        raise UsageError(f"{what} is not one line of at most {MAX_LINE} characters")
    return text
