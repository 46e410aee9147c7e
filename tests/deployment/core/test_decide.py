"""Both stages: who gets in, what for, how often, and that nothing goes around them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.evidence.predicates.serving import Losses
from sealwright.phases.deployment.core.admit import RECORDED_REFUSALS
from sealwright.phases.deployment.core.api_keys import checksum, mint_key
from sealwright.phases.deployment.core.decide import admit, check, decide
from sealwright.phases.deployment.core.decision import (
    Admitted,
    Answered,
    CaseAsked,
    Forward,
    Refused,
)
from sealwright.phases.deployment.core.reasons import REASONS
from sealwright.phases.deployment.core.snapshot import REPLACED
from sealwright.phases.deployment.core.state import alarms, first_state
from sealwright.phases.deployment.core.stops import Stops
from sealwright.traffic import Level, Restriction
from tests.deployment.core import signing
from tests.deployment.core.world import (
    CANARY,
    CHAMPION,
    LONG_AGO,
    NOW,
    PEPPER,
    REVOKED,
    ROLES,
    SHADOW,
    World,
    contract,
    error_of,
    header,
    infer_body,
    issuer,
    minted,
    refused,
    served,
    snapshot,
)

BODY = infer_body([[1.0, 2.0]])
_SOMEBODYS = "sealwright_0123456789ab_" + "x" * 43
UNKNOWN = _SOMEBODYS + checksum(_SOMEBODYS)
"""A key of the right form that nobody was given."""
STRANGERS = (
    "",
    "sealwright_",
    "Basic x",
    "sealwright_0123456789ab_" + "x" * 49,
    UNKNOWN,
    "a.b.c",
)


def status(decision: Any) -> int:
    assert isinstance(decision, Refused | Answered), decision
    return decision.status


def reason(decision: Any) -> str:
    assert isinstance(decision, Refused), decision
    assert decision.status == REASONS[decision.reason].status
    assert header(decision, b"content-length") == b"%d" % len(decision.body)
    return decision.reason


def test_a_good_request_gets_to_the_runtime() -> None:
    world = World()
    found = world.infer(infer_body([[1, 2], [3, 4]], id="order-7"))
    assert isinstance(found, Forward)
    assert found.served.digest == CHAMPION
    assert found.values == [1.0, 2.0, 3.0, 4.0]
    assert (found.rows, found.request_id, found.shadow) == (2, "order-7", None)
    assert b"order-7" not in found.body
    trace = found.trace
    assert (trace.client, trace.name, trace.version) == ("ward-7", "small", CHAMPION[:12])
    assert (trace.digest, trace.sequence, trace.at) == (CHAMPION, 7, NOW)


def test_health_needs_no_credential() -> None:
    world = World()
    live = world.get("/v2/health/live", key="")
    assert (status(live), json.loads(live.body)) == (200, {"live": True})
    ready = world.get("/v2/health/ready", key="")
    assert (status(ready), json.loads(ready.body)) == (200, {"live": True, "ready": True})
    assert not live.recorded


@pytest.mark.parametrize(
    "changes",
    [
        {"snapshot": None},
        {"running": frozenset()},
        {"stops": Stops(everything="x")},
        {"stops": Stops(models={"small": "x"})},
        {"log_lost": True},
        {"monitor_lost": True},
    ],
)
def test_not_ready_says_so_with_its_status(changes: dict[str, Any]) -> None:
    world = World()
    world.change(**changes)
    found = world.get("/v2/health/ready", key="")
    assert (status(found), json.loads(found.body)) == (503, {"live": True, "ready": False})


def test_a_gateway_without_models_is_not_ready() -> None:
    world = World(snapshot(models=()))
    assert status(world.get("/v2/health/ready", key="")) == 503


@pytest.mark.parametrize("key", STRANGERS)
@pytest.mark.parametrize(
    "path", ["/v2", "/v2/models/small", "/v2/models/none", "/v2/models/small/cases/a"]
)
def test_strangers_are_told_nothing_and_all_the_same(path: str, key: str) -> None:
    world = World()
    found = world.get(path, key=key)
    assert status(found) == 401
    assert error_of(found) == REASONS["credential-missing"].text
    assert header(found, b"www-authenticate") == b'Bearer realm="sealwright"'
    assert found.headers == world.get("/v2", key="").headers


@pytest.mark.parametrize(
    ("credential", "why"),
    [
        (b"", "credential-missing"),
        (b"Basic dXNlcjpwYXNz", "credential-malformed"),
        (b"Bearer", "credential-malformed"),
        (b"Bearer ", "credential-malformed"),
        (b"Bearer a b", "credential-malformed"),
        (b"Bearer\x80", "credential-malformed"),
        (b"Bearer sealwright_x", "credential-malformed"),
        (b"Bearer " + UNKNOWN.encode(), "key-unknown"),
        (b"Bearer a.b.c", "credential-malformed"),
    ],
)
def test_the_record_tells_strangers_apart(credential: bytes, why: str) -> None:
    headers = ((b"host", b"x"), (b"authorization", credential))
    world = World()
    found = admit(world.state, world.request("/v2", method="GET", plain=True, headers=headers))
    assert reason(found) == why


def test_a_forged_key_of_a_known_id_is_a_forgery() -> None:
    world = World()
    identity, strange = world.key.split("_")[1], mint_key()[0]
    body = f"sealwright_{identity}_{strange.split('_', 2)[2][:43]}"
    found = world.get("/v2", key=body + checksum(body))
    assert reason(found) == "key-forged"
    assert (found.trace.client, found.trace.key) == ("", identity)


def test_a_key_ends() -> None:
    old, known = minted(not_after=LONG_AGO)
    world = World(snapshot(keys=(known,)))
    found = world.get("/v2", key=old)
    assert reason(found) == "key-expired"
    assert found.trace.client == ""


def test_a_revoked_key_opens_nothing() -> None:
    world = World()
    assert status(world.get("/v2")) == 200
    world.publish(keys=())
    assert reason(world.get("/v2")) == "key-unknown"


@pytest.mark.parametrize("place", ["x-api-key", "api-key", "cookie", "proxy-authorization"])
def test_a_key_counts_in_the_authorization_field_only(place: str) -> None:
    world = World()
    headers = ((b"host", b"x"), (place.encode(), world.key.encode()))
    found = admit(world.state, world.request("/v2", method="GET", plain=True, headers=headers))
    assert reason(found) == "credential-missing"
    query = msgspec.structs.replace(
        world.request("/v2", method="GET", key=""), query=b"key=" + world.key.encode()
    )
    assert reason(admit(world.state, query)) == "query-not-allowed"


def test_a_token_opens_what_its_roles_allow() -> None:
    world = World(snapshot(issuer=issuer(signing.KEY_SET), roles=ROLES))
    nurse = signing.token().decode()
    assert isinstance(world.infer(BODY, key=nurse), Forward)
    assert reason(world.get("/v2/models/small", key=nurse)) == "action-not-granted"
    auditor = signing.token(signing.claims(roles=["auditor"])).decode()
    assert status(world.get("/v2/models/small", key=auditor)) == 200
    assert reason(world.infer(BODY, key=auditor)) == "action-not-granted"
    nobody = signing.token(signing.claims(roles=[])).decode()
    assert reason(world.get("/v2", key=nobody)) == "action-not-granted"
    late = signing.token(signing.claims(exp=NOW - 1)).decode()
    assert reason(world.infer(BODY, key=late)) == "token-expired"


def test_a_token_dies_with_its_issuer() -> None:
    world = World(snapshot(issuer=issuer(signing.KEY_SET), roles=ROLES))
    nurse = signing.token().decode()
    assert isinstance(world.infer(BODY, key=nurse), Forward)
    world.publish(issuer=None)
    assert reason(world.infer(BODY, key=nurse)) == "credential-malformed"


@pytest.mark.parametrize(
    ("method", "path", "why"),
    [
        ("GET", "/v2/models/small/infer", "method-not-allowed"),
        ("POST", "/v2/models/small", "method-not-allowed"),
        ("DELETE", "/v2", "method-not-allowed"),
        ("HEAD", "/v2", "method-not-allowed"),
        ("OPTIONS", "/v2/health/live", "method-not-allowed"),
        ("TRACE", "/v2", "method-not-allowed"),
        ("post", "/v2/models/small/infer", "method-not-allowed"),
        ("GET", "/v3", "path-unknown"),
        ("GET", "/v2/models/%73mall", "path-malformed"),
    ],
)
def test_only_listed_methods_and_paths_exist(method: str, path: str, why: str) -> None:
    found = admit(World().state, World().request(path, method=method))
    assert reason(found) == why
    if why == "method-not-allowed":
        assert header(found, b"allow") == (b"POST" if path.endswith("/infer") else b"GET")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], "length-needed"),
        ([(b"content-length", b"5")], "media-type"),
        ([(b"content-length", b"5"), (b"content-type", b"text/plain")], "media-type"),
        (
            [
                (b"content-length", b"5"),
                (b"content-type", b"application/json"),
                (b"content-encoding", b"br"),
            ],
            "media-type",
        ),
        (
            [(b"content-length", b"1048577"), (b"content-type", b"application/json")],
            "body-too-large",
        ),
    ],
)
def test_a_body_must_be_announced_as_we_take_it(
    headers: list[tuple[bytes, bytes]], why: str
) -> None:
    world = World()
    request = world.request(plain=True, headers=((b"host", b"x"), *headers))
    assert reason(admit(world.state, request)) == why


def test_a_question_has_no_body() -> None:
    world = World()
    found = world.get("/v2", headers=((b"content-length", b"5"),))
    assert reason(found) == "body-not-allowed"
    assert header(found, b"connection") == b"close"
    assert status(world.get("/v2", headers=((b"content-length", b"0"),))) == 200


def test_what_may_not_be_asked_is_refused_whether_it_exists_or_not() -> None:
    text, known = minted(actions=("infer",), models=("small",))
    world = World(snapshot(keys=(known,)))
    assert reason(world.get("/v2/models/small", key=text)) == "action-not-granted"
    for name in ("other", "nothing"):
        found = world.infer(BODY, path=f"/v2/models/{name}/infer", key=text)
        assert reason(found) == "model-not-granted"
        assert error_of(found) == "not allowed"


def test_only_who_may_list_hears_that_a_model_does_not_exist() -> None:
    text, known = minted(actions=("infer",))
    world = World(snapshot(keys=(known,)))
    assert reason(world.infer(BODY, path="/v2/models/none/infer")) == "model-unknown"
    assert reason(world.infer(BODY, path="/v2/models/none/infer", key=text)) == "model-not-granted"


def test_metadata_are_for_who_may_have_them() -> None:
    world = World()
    found = world.get("/v2/models/small")
    assert json.loads(found.body)["versions"] == [CHAMPION[:12]]
    assert json.loads(world.get("/v2").body)["name"] == "sealwright"
    ready = world.get("/v2/models/small/ready")
    assert json.loads(ready.body) == {"name": "small", "ready": True}
    world.change(running=frozenset())
    ready = world.get(f"/v2/models/small/versions/{CHAMPION[:12]}/ready")
    assert (status(ready), json.loads(ready.body)["ready"]) == (503, False)


def test_versions_are_asked_for_by_themselves_but_shadows_are_not() -> None:
    models = (served(), served(CANARY, role="canary", percent=0), served(SHADOW, role="shadow"))
    world = World(snapshot(models=models, refused=(refused(),)))

    def ask(version: str) -> Any:
        return world.infer(BODY, path=f"/v2/models/small/versions/{version}/infer")

    assert ask(CANARY[:12]).served.digest == CANARY
    assert ask(CHAMPION[:12]).shadow is None
    assert reason(ask(SHADOW[:12])) == "version-shadow"
    found = ask(REVOKED[:12])
    assert reason(found) == "model-refused"
    assert error_of(found) == "not served: revoked: poisoned labels"
    assert reason(ask("1")) == "model-unknown"
    shadowed = world.infer(BODY)
    assert shadowed.shadow.digest == SHADOW


def test_a_shadow_that_takes_other_features_sees_nothing() -> None:
    other = served(SHADOW, role="shadow", contract=contract(features=("b", "a")))
    world = World(snapshot(models=(served(), other)))
    assert world.infer(BODY).shadow is None


def test_a_model_that_was_refused_says_why() -> None:
    world = World()
    world.publish(models=(), refused=(refused(CHAMPION, "revoked: its data\nwere poisoned"),))
    found = world.infer(BODY)
    assert reason(found) == "model-refused"
    assert error_of(found) == "not served: revoked: its data were poisoned"


@pytest.mark.parametrize("stops", [Stops(everything="fire"), Stops(models={"small": "fire"})])
def test_a_stop_stops(stops: Stops) -> None:
    world = World()
    world.change(stops=stops)
    found = world.infer(BODY)
    assert (found.status, reason(found), error_of(found)) == (403, "stopped", "stopped: fire")
    world.change(stops=Stops(models={"other": "fire"}))
    assert isinstance(world.infer(BODY), Forward)


@pytest.mark.parametrize("loss", ["ledger", "log", "monitor"])
@pytest.mark.parametrize("answer", ["warn", "alarm", "stop"])
def test_a_loss_stops_where_the_policy_says_so(loss: str, answer: str) -> None:
    losses = Losses(ledger="warn", log="warn", monitor="warn")
    world = World(snapshot(losses=msgspec.structs.replace(losses, **{loss: answer})))
    if loss == "ledger":
        world.now += 60
    else:
        world.change(**{f"{loss}_lost": True})
    found = world.infer(BODY)
    assert alarms(world.state, now=world.now) == ((f"{loss}-lost", answer),)
    if answer == "stop":
        assert (found.status, reason(found)) == (503, f"{loss}-lost")
        assert header(found, b"retry-after") == b"1"
    else:
        assert isinstance(found, Forward)


def test_without_a_snapshot_nothing_is_decided() -> None:
    world = World()
    world.change(snapshot=None)
    assert reason(world.infer(BODY)) == "snapshot-missing"
    assert reason(world.get("/v2", key="")) == "snapshot-missing"
    empty = first_state(pepper=PEPPER)
    assert reason(admit(empty, world.request())) == "snapshot-missing"


def test_a_runtime_that_is_down_is_not_asked() -> None:
    world = World()
    world.change(running=frozenset())
    assert reason(world.infer(BODY)) == "runtime-lost"


def test_a_caller_is_limited_for_each_model() -> None:
    text, known = minted(rate=2)
    models = (served(), served(CANARY, name="large"))
    world = World(snapshot(keys=(known,), models=models))
    first = world.infer(BODY, key=text)
    assert dict(first.headers)[b"ratelimit"] == b'"requests";r=1;t=60'
    assert isinstance(world.infer(BODY, key=text), Forward)
    found = world.infer(BODY, key=text)
    assert (found.status, reason(found)) == (429, "limit-reached")
    assert header(found, b"ratelimit-policy") == b'"requests";q=2;w=60'
    assert header(found, b"ratelimit") == b'"requests";r=0;t=30'
    assert header(found, b"retry-after") == b"30"
    assert isinstance(world.infer(BODY, key=text, path="/v2/models/large/infer"), Forward)
    # asking what a model is takes nothing from the right to ask it, and the other way round
    assert status(world.get("/v2/models/small", key=text)) == 200
    world.monotonic += 30
    assert isinstance(world.infer(BODY, key=text), Forward)


def test_two_keys_of_a_client_share_its_limit() -> None:
    (first, one), (second, two) = minted(rate=2), minted(rate=2)
    world = World(snapshot(keys=(one, two)))
    for key in (first, second):
        assert isinstance(world.infer(BODY, key=key), Forward)
    for key in (first, second):
        assert reason(world.infer(BODY, key=key)) == "limit-reached"


def restrict(world: World, level: Level, *, by: float = 1.0) -> None:
    said = Restriction(client="ward-7", level=level, until=NOW + 30, reason="probes", factor=by)
    world.state.restrictions.put(said, now=NOW)


def test_a_restricted_caller_gets_less() -> None:
    text, known = minted(rate=10)
    world = World(snapshot(keys=(known,)))
    restrict(world, "throttle", by=0.1)
    assert world.infer(BODY, key=text).coarse
    found = world.infer(BODY, key=text)
    assert reason(found) == "limit-reached"
    assert found.trace.restriction == "throttle"
    restrict(world, "block")
    found = world.infer(BODY, key=text)
    assert (found.status, reason(found)) == (403, "caller-blocked")
    assert "probes" not in error_of(found)
    world.now += 30
    world.monotonic += 60
    assert not world.infer(BODY, key=text, path="/v2/models/small/infer").coarse


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"{}", "body-malformed"), (BODY + b" ", None), (b"x" * 2000, "body-too-large")],
)
def test_stage_two_reads_the_body(body: bytes, why: str | None) -> None:
    world = World()
    admitted = admit(world.state, world.request(body=body))
    assert isinstance(admitted, Admitted)
    found = check(world.state, msgspec.structs.replace(admitted, max_body=1000), body)
    assert (reason(found) if why else isinstance(found, Forward)) == (why or True)


def test_a_body_of_another_length_than_stated_is_refused() -> None:
    world = World()
    admitted = admit(world.state, world.request(body=BODY))
    assert isinstance(admitted, Admitted)
    found = check(world.state, admitted, BODY[:-1])
    assert reason(found) == "body-incomplete"
    chunked = ((b"host", b"x"), (b"authorization", b"Bearer " + world.key.encode()))
    more = ((b"content-type", b"application/json"), (b"transfer-encoding", b"chunked"))
    admitted = admit(world.state, world.request(plain=True, headers=(*chunked, *more)))
    assert isinstance(admitted, Admitted)
    assert isinstance(check(world.state, admitted, BODY), Forward)


def test_what_is_withdrawn_while_the_body_comes_is_not_asked() -> None:
    world = World()
    admitted = admit(world.state, world.request(body=BODY))
    assert isinstance(admitted, Admitted)
    world.publish(models=(), refused=(refused(CHAMPION),))
    found = check(world.state, admitted, BODY)
    assert (found.status, reason(found)) == (403, "model-refused")  # type: ignore[union-attr]
    world.publish(models=(served(),), refused=())
    world.change(stops=Stops(everything="fire"))
    assert reason(check(world.state, admitted, BODY)) == "stopped"


def test_what_a_release_replaces_while_the_body_comes_answers_what_it_was_asked() -> None:
    world = World()
    admitted = admit(world.state, world.request(body=BODY))
    assert isinstance(admitted, Admitted)
    world.publish(models=(), refused=(refused(CHAMPION, f"{REPLACED} 0123456789ab"),))
    assert isinstance(check(world.state, admitted, BODY), Forward)
    assert reason(decide(world.state, world.request(body=BODY), BODY)) == "model-refused"


def test_a_case_is_asked_for_by_who_may_ask_the_model() -> None:
    world = World()
    found = world.get("/v2/models/small/cases/0123-0")
    assert isinstance(found, CaseAsked)
    assert (found.case, found.trace.client) == ("0123-0", "ward-7")
    text, known = minted(actions=("metadata",))
    world.publish(keys=(*world.said.keys, known))
    assert reason(world.get("/v2/models/small/cases/0123-0", key=text)) == "action-not-granted"
    # what became of it may be asked after the model is gone
    world.publish(models=(), refused=(refused(CHAMPION),))
    assert isinstance(world.get("/v2/models/small/cases/0123-0"), CaseAsked)


def test_a_flood_of_refusals_is_answered_but_not_all_recorded() -> None:
    world = World()
    found = [world.get("/v2", key="") for _ in range(RECORDED_REFUSALS + 5)]
    assert {decision.status for decision in found} == {401}
    assert sum(decision.recorded for decision in found) == RECORDED_REFUSALS
    # others, and who shares the address and has a key, notice nothing of it
    assert world.get("/v2", key="", peer="192.0.2.2").recorded
    assert status(world.get("/v2")) == 200


def test_correlation_is_carried_and_given_back() -> None:
    world = World()
    mark = ((b"x-correlation-id", b"drill-1"),)
    assert world.infer(BODY, headers=mark).trace.correlation == "drill-1"
    found = world.get("/v2", key="", headers=mark)
    assert found.trace.correlation == "drill-1"
    assert header(found, b"x-correlation-id") == b"drill-1"
    assert header(found, b"x-decision-id") == b"0123456789abcdef"


WORLD = World(
    snapshot(
        issuer=issuer(signing.KEY_SET),
        roles=ROLES,
        models=(served(), served(SHADOW, role="shadow")),
        refused=(refused(),),
    )
)


def credentials() -> st.SearchStrategy[bytes]:
    key, good = WORLD.key, signing.token(key=signing.STRANGER)
    changed = st.integers(0, len(key) - 1).map(
        lambda at: (key[:at] + ("x" if key[at] != "x" else "y") + key[at + 1 :]).encode()
    )
    return (
        changed.map(lambda text: b"Bearer " + text)
        | st.binary(max_size=100)
        | st.sampled_from(
            [b"Bearer " + good, b"bearer " + key[:-1].encode(), b"Basic " + key.encode()]
        )
    )


@given(
    st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    st.sampled_from(
        [
            b"/v2",
            b"/v2/models/small",
            b"/v2/models/small/infer",
            b"/v2/models/small/ready",
            b"/v2/models/small/cases/1",
        ]
    )
    | st.binary(max_size=30),
    credentials(),
    st.lists(st.tuples(st.sampled_from([b"x-forwarded-for", b"x-user", b"host"]), st.binary())),
)
@settings(max_examples=300)
def test_nobody_without_a_credential_gets_past_stage_one(
    method: str, path: bytes, credential: bytes, more: list[tuple[bytes, bytes]]
) -> None:
    headers = (
        (b"host", b"x"),
        (b"authorization", credential),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(BODY)),
        *more,
    )
    request = WORLD.request(path, method=method, plain=True, headers=headers)
    state = replace(WORLD.state)
    found = decide(state, request, BODY)
    assert isinstance(found, Refused)
    assert found.trace.client == ""
    assert found.status in (400, 401, 404, 405, 431)
    assert len(state.limiter) == len(WORLD.state.limiter)


@given(st.binary(max_size=60) | st.just(BODY), st.booleans())
def test_no_body_raises(body: bytes, nested: bool) -> None:
    del nested
    world_now = WORLD.monotonic + 10_000 * len(body)
    WORLD.monotonic = world_now
    found = WORLD.infer(body)
    assert isinstance(found, Forward if body == BODY else Refused)
