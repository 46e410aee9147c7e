"""DEP-01: callers without a valid credential."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sealwright.drill import live
from sealwright.drill.declaration import Attempt, Bounds, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.reading import said, trace
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.serving import Grant
from sealwright.evidence.verify import Verified

EACH = 5
CASE = ((0.5, -0.25, 1.0),)
KINDS = ("none", "forged", "expired", "revoked")
REVOKED_WITHIN = 2.0
"""Seconds in which a revocation reaches the gateway."""

DECLARATION = Declaration(
    id="DEP-01",
    title="Callers come without a valid credential",
    atlas=("AML.T0091.000",),
    attack=f"{EACH} requests each are sent without a key, with a key that nobody gave out, with one"
    " that has expired, and with one that worked until it was revoked.",
    twin=f"{EACH} requests each are sent with four valid keys.",
    prevention="The gateway's decision records refuse every one of them with 401.",
    detection="An alert about a burst of refusals, on record, with the requests' correlation id.",
    cleanup="Serving is ended, and the copy of the installation deleted, with its keys.",
    bounds=Bounds(seconds=90, requests=120),
    controls=("grant", "decision-log"),
    needs_serving=True,
)


def before_attack(scene: Scene) -> None:
    """Two keys that will be none."""
    live.give_key(scene, "expired", seconds=1)
    live.give_key(scene, "revoked")


def before_twin(scene: Scene) -> None:
    """Four keys."""
    for kind in KINDS:
        live.give_key(scene, kind)


def attack(scene: Scene) -> None:
    """Comes with nothing, and with three keys that are none."""
    _revoke(scene, scene.keys["revoked"])
    keys = {"none": "", "forged": _forged(), **scene.keys}
    for kind in KINDS:
        for _ in range(EACH):
            live.ask(scene, CASE, key=keys[kind])
    live.wait_for(scene, lambda entries: bool(_alerts(entries, scene.correlation)))


def twin(scene: Scene) -> None:
    """Comes with four valid keys."""
    for kind in KINDS:
        for _ in range(EACH):
            live.ask(scene, CASE, key=scene.keys[kind])
    live.wait_quietly()


def _forged() -> str:
    from sealwright.phases.deployment.core.api_keys import mint_key

    return mint_key()[0]


def _revoke(scene: Scene, key: str) -> None:
    """Uses the key as its owner did, then revokes it and waits until the gateway can have heard."""
    from sealwright.project.serving.grants import revoke_grant

    # Under another id: what the owner did is no part of the drill.
    live.ask(scene, CASE, key=key, correlation=f"{scene.correlation}-before")
    client = live.client_of(scene.correlation, "revoked")
    evidence = scene.project.evidence()
    (grant,) = [grant for _, grant in said(evidence, Grant) if grant.client == client]
    revoke_grant(scene.project, grant.id, reason="a drill", signer=scene.correlation)
    live.wait_for_snapshot(scene, lambda text: grant.id.encode() not in text, REVOKED_WITHIN)


def _alerts(entries: Sequence[Verified], correlation: str) -> list[Trace]:
    return [
        trace(item, f"alert {alert.severity} (entry {item.index}): {alert.title}")
        for item, alert in said(entries, Alert)
        if alert.detector == "denied" and alert.correlation == correlation
    ]


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The decision records of each key, and the alerts."""
    grants = {grant.client.partition(".")[0]: grant.id for _, grant in said(sight.entries, Grant)}
    given = set(grants.values())
    chosen: dict[str, Callable[[str], bool]] = {
        kind: (lambda key, kind=kind: key == grants[kind])  # type: ignore[misc]
        for kind in KINDS
        if kind in grants
    }
    chosen.setdefault("none", lambda key: not key)
    chosen.setdefault("forged", lambda key: bool(key) and key not in given)
    records = live.records(sight)
    alerts = tuple(_alerts(sight.entries, sight.correlation))
    attempts = []
    for kind in KINDS:
        mine = [each for each in records if kind in chosen and chosen[kind](each.key)]
        refused = [each for each in mine if each.status == 401]
        attempts.append(
            Attempt(
                name=kind,
                reached=any(each.status == 200 for each in mine),
                prevention=tuple(
                    Trace(f"{len(refused)} decision records: 401, {each.reason}")
                    for each in refused[:1]
                ),
                detection=alerts,
            )
        )
    return tuple(attempts)


DRILL = Drill(
    declaration=DECLARATION,
    attack=attack,
    twin=twin,
    look=look,
    prepare=(before_attack, before_twin),
)
