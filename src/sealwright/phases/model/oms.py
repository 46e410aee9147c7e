"""OpenSSF Model Signing v1.0: our model signature in the form that other people's tools verify.

The bundle carries the very signature of the ledger's envelope: DSSE signs the payload type and the
payload, so one signature serves both. What the format leaves open is closed here: a verifier checks
names, not only contents, nothing on disk is ignored unless the caller says so, and the key comes
from the trust root and never from the bundle.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from sealwright.errors import LimitReached, MalformedError, SignatureError, TamperError
from sealwright.evidence import canonical
from sealwright.evidence.digest import is_digest, sha256_hex
from sealwright.evidence.dsse import Envelope, pae
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.manifest import Artifact, manifest_digest, oms_root
from sealwright.evidence.predicates.model import OmsResource, OmsSerialization, OmsSignature
from sealwright.evidence.statement import (
    PAYLOAD_TYPE,
    STATEMENT_TYPE,
    Statement,
    decode_statement,
    subject,
)
from sealwright.evidence.tree import identify
from sealwright.files import write_atomically

BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAX_BUNDLE_BYTES = 64 * 1024 * 1024
MAX_RESOURCES = 200_000
_NAMED = 20
"""How many files a message names before it counts the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedModel:
    """A folder whose files are exactly those that `key` signed. Only `verify_model` makes one."""

    name: str
    root: str
    """The OMS root, hex sha256: an alias of `artifact.digest`."""
    artifact: Artifact
    key: PublicKey


def statement(artifact: Artifact, name: str) -> Statement[OmsSignature]:
    """What a model signature says about `artifact`: each file, and the OMS root as the subject.

    `name` is the model's name (by custom, that of its folder). Raises MalformedError for an
    artifact without files.
    """
    if not artifact.files:
        raise MalformedError("a model without files cannot be signed", advice="check the folder")
    files = sorted(artifact.files, key=lambda entry: entry.path)
    return Statement(
        (subject(name, oms_root(files)),),
        OmsSignature(
            resources=tuple(OmsResource(name=f.path, digest=f.sha256) for f in files),
            serialization=OmsSerialization(),
        ),
    )


def bundle_bytes(envelope: Envelope, *, public_key: PublicKey) -> bytes:
    """The Sigstore bundle v0.3 that carries a signed model signature.

    Raises SignatureError if `public_key` did not make the signature, MalformedError if the envelope
    holds another kind of statement.
    """
    public_key.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)
    if decode_statement(envelope.payload).predicate.TYPE != OmsSignature.TYPE:
        raise MalformedError("only a model signature can be written as an OMS bundle")
    return canonical.encode(
        {
            "mediaType": BUNDLE_MEDIA_TYPE,
            "verificationMaterial": {
                "publicKey": {"hint": key_hint(public_key)},
                "tlogEntries": [],
            },
            "dsseEnvelope": {
                "payload": base64.b64encode(envelope.payload).decode(),
                "payloadType": envelope.payload_type,
                "signatures": [{"keyid": "", "sig": base64.b64encode(envelope.signature).decode()}],
            },
        }
    )


def write_bundle(envelope: Envelope, public_key: PublicKey, path: Path) -> None:
    """Writes `bundle_bytes` to `path`: the whole file or nothing, on disk when this returns.

    Keep it outside the model's folder: inside, it would be a file that nobody signed.
    """
    write_atomically(path, bundle_bytes(envelope, public_key=public_key))


def key_hint(public_key: PublicKey) -> str:
    """How a bundle points at its key: hex sha256 of the PEM SubjectPublicKeyInfo."""
    return sha256_hex(public_key.pem)


def verify_model(
    folder: Path,
    bundle: bytes,
    public_keys: Iterable[PublicKey],
    *,
    signature_files: Collection[str] = (),
) -> VerifiedModel:
    """Checks that `folder` holds exactly the files that one of `public_keys` signed.

    `signature_files` are paths below `folder` that the caller knows to be detached signatures;
    nothing else is left out, whatever the signed `ignore_paths` say. Raises MalformedError for a
    bundle that is not one, SignatureError if no key made it, TamperError naming each changed,
    missing, added and renamed file, and what `tree.identify` raises.
    """
    payload, signature, hint = _open_bundle(bundle)
    key = _signer(payload, signature, hint=hint, public_keys=public_keys)
    name, root, resources = _read_statement(payload)
    artifact = identify(folder)
    found = {entry.path: entry.sha256 for entry in artifact.files}
    for path in signature_files:
        if path not in resources:
            found.pop(path, None)
    problems = _differences(resources, found)
    if problems:
        raise TamperError(
            f"{folder}: is not the signed model {name!r}: " + "; ".join(problems),
            advice="do not load it; restore the signed files or sign what is there now",
        )
    kept = tuple(entry for entry in artifact.files if entry.path in resources)
    if len(kept) != len(artifact.files):
        artifact = Artifact(digest=manifest_digest(kept), files=kept, root=artifact.root)
    return VerifiedModel(name=name, root=root, artifact=artifact, key=key)


def _open_bundle(data: bytes) -> tuple[bytes, bytes, str]:
    """Payload, signature and key hint of a bundle; nothing in them is trusted yet."""
    value = _decode_json(data, what="the bundle")
    if _text(value, "mediaType") != BUNDLE_MEDIA_TYPE:
        raise MalformedError(
            f"not a Sigstore bundle v0.3: mediaType {_text(value, 'mediaType')!r:.80}"
        )
    material = _table(value, "verificationMaterial")
    if set(material) - {"publicKey", "tlogEntries", "timestampVerificationData"}:
        raise MalformedError(
            "the bundle brings its own key or certificate",
            advice="only signatures by a key of the trust root are verified here",
        )
    hint = _text(_table(material, "publicKey"), "hint")
    envelope = _table(value, "dsseEnvelope")
    if _text(envelope, "payloadType") != PAYLOAD_TYPE:
        raise MalformedError("the bundle's payload is not an in-toto statement")
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise MalformedError("a model's bundle has exactly one signature")
    return _base64(envelope, "payload"), _base64(signatures[0], "sig"), hint


def _signer(
    payload: bytes, signature: bytes, *, hint: str, public_keys: Iterable[PublicKey]
) -> PublicKey:
    signed = pae(PAYLOAD_TYPE, payload)
    for key in public_keys:
        # The hint only chooses; a bundle whose hint names another key disagrees with itself.
        if key_hint(key) != hint:
            continue
        key.verify(signed, signature)
        return key
    raise SignatureError(
        f"the model was signed by a key that is not trusted (hint {hint[:16]})",
        advice="add the signer's key to the trust root if you trust it",
    )


def _read_statement(payload: bytes) -> tuple[str, str, dict[str, str]]:
    """Name, root and path → sha256. Called on verified bytes, which still may be nonsense."""
    value = _decode_json(payload, what="the signed statement")
    if _text(value, "_type") != STATEMENT_TYPE:
        raise MalformedError("the signed payload is not an in-toto Statement v1")
    if _text(value, "predicateType") != OmsSignature.TYPE:
        raise MalformedError(
            f"not a model signature v1.0: predicate type {_text(value, 'predicateType')!r:.80}"
        )
    subjects = value.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        raise MalformedError("a model signature has exactly one subject")
    root = _text(_table(_as_table(subjects[0]), "digest"), "sha256")
    predicate = _table(value, "predicate")
    _check_serialization(_table(predicate, "serialization"))
    listed = predicate.get("resources")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_RESOURCES:
        raise MalformedError(f"a model signature lists 1 to {MAX_RESOURCES} files")
    resources, computed = _read_resources(listed)
    if computed != root:
        raise TamperError("the signed root does not match the signed list of files")
    return _text(subjects[0], "name"), root, resources


def _read_resources(listed: list[Any]) -> tuple[dict[str, str], str]:
    resources: dict[str, str] = {}
    hasher = hashlib.sha256()
    for item in listed:
        entry = _as_table(item)
        name, digest = _text(entry, "name"), _text(entry, "digest")
        if _text(entry, "algorithm") != "sha256" or not is_digest(digest):
            raise MalformedError(f"{name!r:.80}: is not listed with a sha256 digest")
        pure = PurePosixPath(name)
        if not name or name == "." or str(pure) != name or pure.is_absolute() or ".." in pure.parts:
            raise MalformedError(f"{name!r:.80}: is not a normalised relative path")
        if name in resources:
            raise MalformedError(f"{name!r:.80}: is listed twice")
        resources[name] = digest
        hasher.update(bytes.fromhex(digest))
    return resources, hasher.hexdigest()


def _check_serialization(value: Mapping[str, Any]) -> None:
    if value.get("method") != "files" or value.get("hash_type") != "sha256":
        raise MalformedError(
            "only whole-file sha256 signatures are verified, not "
            f"{value.get('method')!r:.40} with {value.get('hash_type')!r:.40}"
        )
    if value.get("allow_symlinks") is not False:
        raise MalformedError("a signature that allows symbolic links is not verified")


def _differences(signed: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """One entry per kind of difference, each naming its files."""
    missing = sorted(set(signed) - set(found))
    added = sorted(set(found) - set(signed))
    changed = sorted(p for p in signed if p in found and signed[p] != found[p])
    by_content: dict[str, list[str]] = {}
    for path in reversed(added):
        by_content.setdefault(found[path], []).append(path)
    moved = {old: new.pop() for old in missing if (new := by_content.get(signed[old]))}
    renamed = [f"{old} → {new}" for old, new in moved.items()]
    missing = [path for path in missing if path not in moved]
    added = sorted(set(added) - set(moved.values()))
    groups = {"changed": changed, "missing": missing, "added": added, "renamed": renamed}
    return [f"{kind}: {_names(names)}" for kind, names in groups.items() if names]


def _names(names: list[str]) -> str:
    more = len(names) - _NAMED
    shown = [name if name.isprintable() else repr(name) for name in names[:_NAMED]]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _decode_json(data: bytes, *, what: str) -> dict[str, Any]:
    """Other writers do not canonicalise, so this takes any spelling, but no duplicate key."""
    if len(data) > MAX_BUNDLE_BYTES:
        raise LimitReached(f"{what} has {len(data)} bytes; at most {MAX_BUNDLE_BYTES} are read")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError as error:
        raise LimitReached(f"{what} is nested too deeply") from error
    except ValueError as error:
        raise MalformedError(f"{what} is not JSON: {error}") from error
    return _as_table(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("an object has the same key twice")
    return table


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _as_table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError("a JSON object was expected")
    return value


def _table(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    if not isinstance(inner, dict):
        raise MalformedError(f"field {key!r} must be a JSON object")
    return inner


def _text(value: Mapping[str, Any], key: str) -> str:
    inner = value.get(key)
    if not isinstance(inner, str):
        raise MalformedError(f"field {key!r} must be text")
    return inner


def _base64(value: Any, key: str) -> bytes:
    try:
        return base64.b64decode(_text(_as_table(value), key), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"field {key!r} is not base64") from error
