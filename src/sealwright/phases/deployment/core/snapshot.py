"""Opens a signed snapshot: bytes go in, only what a known controller signed comes out.

Everything that a decision looks up is put into dictionaries here, once for each snapshot.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from sealwright.clock import parse_time
from sealwright.errors import ForkError, MalformedError, SignatureError, TamperError
from sealwright.evidence.digest import is_digest
from sealwright.evidence.dsse import decode_envelope, pae
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.serving import (
    GrantedKey,
    RefusedModel,
    ServedModel,
    Snapshot,
)
from sealwright.evidence.statement import PAYLOAD_TYPE, decode_statement
from sealwright.phases.deployment.core import oip_metadata
from sealwright.phases.deployment.core.callers import Caller, Permit, permit
from sealwright.phases.deployment.core.oip import Interface, interface
from sealwright.phases.deployment.core.routes import NAME
from sealwright.phases.deployment.core.tokens import TokenVerifier, token_verifier

REPLACED: Final = "replaced by version"
"""How the refusal of a version begins that a later release took the place of: nothing speaks
against it, and what it was asked before, it may answer."""
MAX_MODELS: Final = 1000
MAX_KEYS: Final = 100_000

_NAME = re.compile(NAME)
_KEY_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One version that is served, with what each request would otherwise compute again."""

    model: ServedModel
    face: Interface

    @property
    def digest(self) -> str:
        """What answers."""
        return self.model.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """All versions behind one name."""

    name: str
    champion: Served | None
    canaries: tuple[Served, ...]
    shadow: Served | None
    versions: Mapping[str, Served]
    """Version → what may be asked for by that version."""
    listed: tuple[str, ...]
    """Versions that a caller may ask for by themselves, champion first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """An API key in force when the snapshot was made."""

    caller: Caller
    mac: str = field(repr=False)
    end: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A snapshot whose signature and content were checked. Only `open_snapshot` makes one."""

    snapshot: Snapshot
    digest: str
    """sha256 of the envelope's bytes."""
    expires: float
    """Unix seconds."""
    names: Mapping[str, Name]
    digests: frozenset[str]
    """All that is served now, shadows included."""
    refused: Mapping[tuple[str, str], RefusedModel]
    """(name, version) → why it is not served; version "" for the name's newest refusal."""
    keys: Mapping[str, KnownKey]
    tokens: TokenVerifier | None
    tokens_problem: str
    """Why no token is accepted although an issuer is configured; empty where all is well."""


def open_snapshot(data: bytes, keys: Sequence[PublicKey], *, last: Opened | None = None) -> Opened:
    """The snapshot in an envelope's bytes.

    `keys`: whose signature counts. `last`: the one in force; the new one must be of the same system
    and not older. Raises SignatureError, ForkError (older, or another one of the same number),
    TamperError (of another system) and MalformedError.
    """
    envelope = decode_envelope(data)
    signer = next((key for key in keys if key.keyid == envelope.keyid), None)
    if signer is None or envelope.payload_type != PAYLOAD_TYPE:
        raise SignatureError("the snapshot is signed by a key that this gateway does not know")
    signer.verify(pae(PAYLOAD_TYPE, envelope.payload), envelope.signature)
    statement = decode_statement(envelope.payload)
    snapshot = statement.predicate
    if not isinstance(snapshot, Snapshot):
        raise MalformedError(f"a {statement.kind} statement where a snapshot should be")
    if [item.sha256 for item in statement.subjects] != [system_digest(snapshot.system)]:
        raise TamperError("the snapshot's subject is not the system that it names")
    opened = _compile(snapshot, hashlib.sha256(data).hexdigest())
    if last is not None:
        _check_succession(opened, last)
    return opened


def _check_succession(new: Opened, last: Opened) -> None:
    if new.snapshot.system != last.snapshot.system:
        raise TamperError(
            f"a snapshot of {new.snapshot.system!r:.80}; this gateway serves "
            f"{last.snapshot.system!r:.80}"
        )
    if new.snapshot.sequence < last.snapshot.sequence:
        raise ForkError(
            f"snapshot {new.snapshot.sequence} after {last.snapshot.sequence}: an old one was "
            "put back"
        )
    if new.snapshot.sequence == last.snapshot.sequence and new.digest != last.digest:
        raise ForkError(f"two different snapshots are numbered {new.snapshot.sequence}")


def _compile(snapshot: Snapshot, digest: str) -> Opened:
    if len(snapshot.models) > MAX_MODELS or len(snapshot.keys) > MAX_KEYS:
        raise MalformedError(f"a snapshot has at most {MAX_MODELS} models and {MAX_KEYS} keys")
    refused = _refused(snapshot)
    stopped = {item.digest for item in snapshot.refused}
    served = [item for item in snapshot.models if item.digest not in stopped]
    names = {name: _name(name, served) for name in sorted({item.name for item in served})}
    known = {key.id: _known(key) for key in snapshot.keys}
    if len(known) != len(snapshot.keys):
        raise MalformedError("two keys of the snapshot have the same id")
    tokens, problem = _tokens(snapshot)
    return Opened(
        snapshot=snapshot,
        digest=digest,
        expires=parse_time(snapshot.expires).timestamp(),
        names=names,
        digests=frozenset(item.digest for item in served),
        refused=refused,
        keys=known,
        tokens=tokens,
        tokens_problem=problem,
    )


def _refused(snapshot: Snapshot) -> dict[tuple[str, str], RefusedModel]:
    found: dict[tuple[str, str], RefusedModel] = {}
    for item in snapshot.refused:
        _check_identity(item)
        found[item.name, item.version] = item
        found[item.name, ""] = item
    return found


def _check_identity(item: ServedModel | RefusedModel) -> None:
    if not is_digest(item.digest) or item.version != item.digest[:12]:
        raise MalformedError(f"version {item.version!r:.80} is not the beginning of its digest")
    if _NAME.fullmatch(item.name) is None:
        raise MalformedError(f"{item.name!r:.80} cannot be the name of a served model")


def _name(name: str, models: Sequence[ServedModel]) -> Name:
    here = [_served(model) for model in models if model.name == name]
    champions = [item for item in here if item.model.role == "champion"]
    canaries = tuple(item for item in here if item.model.role == "canary")
    shadows = [item for item in here if item.model.role == "shadow"]
    answering = [*champions, *canaries]
    versions = {item.model.version: item for item in answering}
    if len(champions) > 1 or len(shadows) > 1 or len(versions) != len(answering):
        raise MalformedError(f"{name} has more than one champion, one shadow or one of a version")
    if sum(item.model.percent for item in canaries) > 100:
        raise MalformedError(f"the canaries of {name} answer more than all clients")
    return Name(
        name=name,
        champion=champions[0] if champions else None,
        canaries=canaries,
        shadow=shadows[0] if shadows else None,
        versions=versions,
        listed=tuple(versions),
    )


def _served(model: ServedModel) -> Served:
    _check_identity(model)
    contract = model.contract
    if not contract.features or not 0 <= model.percent <= 100:
        raise MalformedError(f"the contract or the share of {model.name} is out of range")
    if not (0 <= contract.threshold <= 1 and 0 <= contract.abstain_margin <= 1):
        raise MalformedError(f"the threshold of {model.name} is out of range")
    if not 0 <= contract.score_decimals <= 15:
        raise MalformedError(f"the decimals of {model.name} are out of range")
    return Served(model=model, face=interface(contract))


def _known(key: GrantedKey) -> KnownKey:
    if _KEY_ID.fullmatch(key.id) is None or not is_digest(key.mac):
        raise MalformedError("a key of the snapshot has no id or no HMAC of the right form")
    if key.requests_per_minute < 1 or not key.client:
        raise MalformedError(f"key {key.id} has no client or no limit")
    held = permit(key.actions, key.models, key.requests_per_minute)
    return KnownKey(
        caller=Caller(client=key.client, key=key.id, permits=(held,), what_if=key.what_if),
        mac=key.mac,
        end=parse_time(key.not_after).timestamp(),
    )


def _tokens(snapshot: Snapshot) -> tuple[TokenVerifier | None, str]:
    """An issuer that cannot be used closes the door for tokens only: a snapshot that revokes
    something must get through whatever else is in it."""
    if snapshot.issuer is None:
        return None, ""
    roles: dict[str, Permit] = {
        role.name: permit(role.actions, role.models, role.requests_per_minute)
        for role in snapshot.roles
        if role.requests_per_minute >= 1
    }
    try:
        return token_verifier(snapshot.issuer, roles), ""
    except MalformedError as error:
        return None, error.message


def metadata_body(name: Name, served: Served) -> bytes:
    """What is said about a model to those who may know."""
    return oip_metadata.model_metadata(name.name, versions=name.listed, face=served.face)


def bucket_of(text: str, salt: bytes) -> int:
    """0 to 9999, the same for the same text and salt; nobody without the salt can aim for one."""
    return int.from_bytes(hmac.digest(salt, text.encode(), "sha256")[:8]) % 10_000


@lru_cache(maxsize=4096)
def _place(name: str, client: str, salt: bytes) -> int:
    """A client's place among those of a name: it is asked for with each of its requests."""
    return bucket_of(f"{name}\0{client}", salt)


def choose(name: Name, *, client: str, salt: bytes) -> Served | None:
    """The version that answers a client: always the same one while shares stay as they are."""
    if name.canaries:
        place, upper = _place(name.name, client, salt), 0
        for canary in name.canaries:
            upper += canary.model.percent * 100
            if place < upper:
                return canary
    return name.champion


def choose_shadow(name: Name, *, answering: str, request: str, salt: bytes) -> Served | None:
    """The shadow that sees a request, too. `answering`: digest of the version that answers it."""
    shadow = name.shadow
    if shadow is None or shadow.digest == answering:
        return None
    if bucket_of(request, salt) >= shadow.model.percent * 100:
        return None
    return shadow
