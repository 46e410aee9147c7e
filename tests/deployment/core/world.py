"""A small served world for the tests of the core: real keys, real signatures, an injected clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from sealwright.clock import format_time
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.serving import (
    Action,
    Contract,
    GrantedKey,
    GrantedRole,
    Losses,
    RefusedModel,
    ServedModel,
    Snapshot,
    TokenIssuer,
)
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.deployment.core.api_keys import mac_of, mint_key
from sealwright.phases.deployment.core.decide import admit, check
from sealwright.phases.deployment.core.decision import Admitted, Forward
from sealwright.phases.deployment.core.request import Request
from sealwright.phases.deployment.core.snapshot import Opened, open_snapshot
from sealwright.phases.deployment.core.state import State, first_state

NOW: Final = datetime(2026, 11, 22, 20, 0, 0, tzinfo=UTC).timestamp()
PEPPER: Final = bytes(range(32))
CONTROLLER: Final = SigningKey.generate()
CHAMPION, CANARY, SHADOW, REVOKED = "c" * 64, "ca" * 32, "5" * 64, "e" * 64
FEATURES: Final = ("a", "b")
LONG_AGO, TOMORROW = "2026-11-01T00:00:00Z", "2026-11-23T20:00:00Z"
ID: Final = "0123456789abcdef"


def contract(**changes: Any) -> Contract:
    made = Contract(
        name="small",
        model_file="model.onnx",
        features=FEATURES,
        positive=1,
        at="2026-11-20T00:00:00Z",
    )
    return msgspec.structs.replace(made, **changes)


def served(digest: str = CHAMPION, **changes: Any) -> ServedModel:
    made = ServedModel(name="small", version=digest[:12], digest=digest, contract=contract())
    return msgspec.structs.replace(made, **changes)


def refused(digest: str = REVOKED, reason: str = "revoked: poisoned labels") -> RefusedModel:
    return RefusedModel(name="small", version=digest[:12], digest=digest, reason=reason)


def minted(
    client: str = "ward-7",
    *,
    actions: tuple[Action, ...] = ("infer", "metadata"),
    models: tuple[str, ...] = ("*",),
    rate: int = 600,
    not_after: str = TOMORROW,
    what_if: bool = False,
) -> tuple[str, GrantedKey]:
    """A key's text and what the snapshot says of it."""
    text, identity = mint_key()
    known = GrantedKey(
        id=identity,
        client=client,
        mac=mac_of(text, PEPPER),
        actions=actions,
        models=models,
        requests_per_minute=rate,
        what_if=what_if,
        not_after=not_after,
    )
    return text, known


def snapshot(**changes: Any) -> Snapshot:
    made = Snapshot(
        system="triage",
        tier="high",
        sequence=7,
        ledger_size=40,
        models=(served(),),
        losses=Losses(),
        at=format_time(datetime.fromtimestamp(NOW - 1, UTC)),
        expires=format_time(datetime.fromtimestamp(NOW + 60, UTC)),
    )
    return msgspec.structs.replace(made, **changes)


def signed(said: Snapshot, *, key: SigningKey = CONTROLLER, system: str = "") -> bytes:
    about = subject("system", system_digest(system or said.system))
    return encode_envelope(sign_statement(Statement((about,), said), key))


def opened(said: Snapshot | None = None, *, last: Opened | None = None) -> Opened:
    return open_snapshot(signed(said or snapshot()), [CONTROLLER.public], last=last)


@dataclass
class World:
    """One gateway's view, and what its callers send. Time stands still unless it is moved."""

    said: Snapshot = field(default_factory=snapshot)
    now: float = NOW
    monotonic: float = 1000.0
    state: State = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key, known = minted()
        self.said = msgspec.structs.replace(self.said, keys=(*self.said.keys, known))
        running = frozenset(model.digest for model in self.said.models)
        self.state = replace(
            first_state(pepper=PEPPER, server_version="0.1.0"),
            snapshot=opened(self.said),
            running=running,
        )

    def change(self, **changes: Any) -> None:
        """Another state of the same gateway."""
        self.state = replace(self.state, **changes)

    def publish(self, **changes: Any) -> None:
        """The next snapshot."""
        self.said = msgspec.structs.replace(self.said, sequence=self.said.sequence + 1, **changes)
        last = self.state.snapshot
        self.change(snapshot=opened(self.said, last=last))

    def request(
        self,
        path: bytes | str = "/v2/models/small/infer",
        *,
        method: str = "POST",
        key: str | None = None,
        body: bytes = b"",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        identity: str = ID,
        peer: str = "192.0.2.1",
        plain: bool = False,
    ) -> Request:
        """A request as a good client sends it. `key`: "" for none. `plain`: `headers` only."""
        first: list[tuple[bytes, bytes]] = []
        if not plain:
            first.append((b"host", b"127.0.0.1:8080"))
            credential = self.key if key is None else key
            if credential:
                first.append((b"authorization", b"Bearer " + credential.encode()))
            if method == "POST":
                first.append((b"content-type", b"application/json"))
                first.append((b"content-length", b"%d" % len(body)))
        return Request(
            method=method,
            path=path.encode() if isinstance(path, str) else path,
            headers=[*first, *headers],
            peer=peer,
            id=identity,
            now=self.now,
            monotonic=self.monotonic,
        )

    def get(self, path: str, **more: Any) -> Any:
        """Stage one of a GET."""
        return admit(self.state, self.request(path, method="GET", **more))

    def infer(self, body: bytes, **more: Any) -> Any:
        """Both stages of an inference request."""
        found = admit(self.state, self.request(body=body, **more))
        return check(self.state, found, body) if isinstance(found, Admitted) else found

    def forward(self, rows: list[list[float]], **more: Any) -> Forward:
        """An inference request that must pass."""
        found = self.infer(infer_body(rows), **more)
        assert isinstance(found, Forward), found
        return found


def infer_body(rows: list[list[float]], **more: Any) -> bytes:
    tensor = {
        "name": "features",
        "shape": [len(rows), len(rows[0])],
        "datatype": "FP64",
        "data": [value for row in rows for value in row],
    }
    return msgspec.json.encode({"inputs": [tensor], **more})


def issuer(jwks: str, **changes: Any) -> TokenIssuer:
    made = TokenIssuer(
        issuer="https://login.example",
        audience="sealwright",
        algorithms=("ES256", "EdDSA", "RS256"),
        jwks=jwks,
    )
    return msgspec.structs.replace(made, **changes)


ROLES: Final = (
    GrantedRole(name="nurse", actions=("infer",), models=("small",), requests_per_minute=30),
    GrantedRole(name="auditor", actions=("metadata",), models=("*",), requests_per_minute=5),
)


def error_of(decision: Any) -> str:
    """The text that a caller gets."""
    text: str = msgspec.json.decode(decision.body)["error"]
    return text


def header(decision: Any, name: bytes) -> bytes | None:
    return dict(decision.headers).get(name)
