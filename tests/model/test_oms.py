"""Model signatures, held against the reference implementation in both directions."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_signing
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import (
    InputMissing,
    MalformedError,
    SealwrightError,
    SignatureError,
    TamperError,
)
from sealwright.evidence.dsse import Envelope, pae, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import manifest_digest, oms_root
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import PAYLOAD_TYPE, Statement, subject
from sealwright.evidence.tree import identify
from sealwright.phases.model import oms

KEY = SigningKey.generate()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "heart"
    (folder / "a").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"weights")
    (folder / "a-b.json").write_bytes(b"{}")
    (folder / "a" / "c.txt").write_bytes(b"c")
    return folder


def sign(folder: Path, *, key: SigningKey = KEY) -> Envelope:
    return sign_statement(oms.statement(identify(folder), folder.name), key)


def bundle(folder: Path) -> bytes:
    return oms.bundle_bytes(sign(folder), public_key=KEY.public)


def pem_files(folder: Path) -> tuple[Path, Path]:
    private, public = folder / "key.pem", folder / "key.pub"
    private.write_bytes(
        KEY.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(KEY.public.pem)
    return private, public


def reference_cli(folder: Path, signature: Path, public: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(folder)]
    command += ["--signature", str(signature), "--public_key", str(public)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_reference_verifies_our_signature_and_refuses_a_changed_model(
    model: Path, tmp_path: Path
) -> None:
    signature = tmp_path / "heart.sig"
    oms.write_bundle(sign(model), KEY.public, signature)
    _, public = pem_files(tmp_path)
    config = model_signing.verifying.Config()  # type: ignore[no-untyped-call]
    verifier = config.use_elliptic_key_verifier(public_key=public)
    verifier.verify(model, signature)
    done = reference_cli(model, signature, public)
    assert done.returncode == 0, done.stderr
    (model / "model.onnx").write_bytes(b"weightz")
    with pytest.raises(ValueError, match="Hash mismatch"):
        verifier.verify(model, signature)
    assert reference_cli(model, signature, public).returncode != 0


def test_we_verify_a_signature_of_the_reference(model: Path, tmp_path: Path) -> None:
    private, _ = pem_files(tmp_path)
    signature = tmp_path / "theirs.sig"
    config = model_signing.signing.Config()  # type: ignore[no-untyped-call]
    signer = config.use_elliptic_key_signer(private_key=private)
    signer.sign(model, signature)
    verified = oms.verify_model(model, signature.read_bytes(), [KEY.public])
    assert verified.name == "heart"
    assert verified.artifact.digest == identify(model).digest
    assert verified.key.keyid == KEY.public.keyid
    (model / "new.txt").write_bytes(b"")
    with pytest.raises(TamperError, match=r"added: new\.txt"):
        oms.verify_model(model, signature.read_bytes(), [KEY.public])


def test_the_bundle_holds_the_very_signature_of_the_envelope(model: Path) -> None:
    envelope = sign(model)
    value = json.loads(oms.bundle_bytes(envelope, public_key=KEY.public))
    inner = value["dsseEnvelope"]
    assert base64.b64decode(inner["signatures"][0]["sig"]) == envelope.signature
    assert base64.b64decode(inner["payload"]) == envelope.payload
    KEY.public.verify(pae(inner["payloadType"], envelope.payload), envelope.signature)


def test_the_root_is_an_alias_of_the_artifact(model: Path) -> None:
    artifact = identify(model)
    said = oms.statement(artifact, "heart")
    assert said.subjects[0].sha256 == oms_root(artifact.files)
    assert [r.name for r in said.predicate.resources] == ["a-b.json", "a/c.txt", "model.onnx"]
    verified = oms.verify_model(model, bundle(model), [SigningKey.generate().public, KEY.public])
    assert manifest_digest(verified.artifact.files) == artifact.digest
    assert verified.root == said.subjects[0].sha256


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: (f / "model.onnx").write_bytes(b"other"), "changed: model.onnx"),
        (lambda f: (f / "model.onnx").unlink(), "missing: model.onnx"),
        (lambda f: (f / ".gitignore").write_bytes(b"x"), "added: .gitignore"),
        (lambda f: (f / "model.onnx").rename(f / "model.pkl"), "renamed: model.onnx → model.pkl"),
    ],
)
def test_every_difference_is_named(
    model: Path, change: Callable[[Path], object], named: str
) -> None:
    signed = bundle(model)
    change(model)
    with pytest.raises(TamperError) as caught:
        oms.verify_model(model, signed, [KEY.public])
    assert named in caught.value.message


def test_only_the_caller_says_what_a_signature_file_is(model: Path) -> None:
    signed = bundle(model)
    (model / "model.sig").write_bytes(signed)
    with pytest.raises(TamperError, match=r"added: model\.sig"):
        oms.verify_model(model, signed, [KEY.public])
    verified = oms.verify_model(model, signed, [KEY.public], signature_files=["model.sig"])
    assert "model.sig" not in {entry.path for entry in verified.artifact.files}


def test_a_signed_file_cannot_be_passed_off_as_a_signature(model: Path) -> None:
    signed = bundle(model)
    (model / "model.onnx").write_bytes(b"other")
    with pytest.raises(TamperError, match="changed"):
        oms.verify_model(model, signed, [KEY.public], signature_files=["model.onnx"])


def test_signed_ignore_paths_hide_nothing(model: Path) -> None:
    def ignore(value: dict[str, Any]) -> None:
        value["predicate"]["serialization"]["ignore_paths"] = ["evil.py"]

    signed = resigned(model, ignore)
    (model / "evil.py").write_bytes(b"")
    with pytest.raises(TamperError, match=r"added: evil\.py"):
        oms.verify_model(model, signed, [KEY.public])


def resigned(folder: Path, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A bundle whose statement was changed and then signed by the right key."""
    value = json.loads(sign(folder).payload)
    change(value)
    payload = json.dumps(value).encode()
    outer = json.loads(bundle(folder))
    signature = KEY.sign(pae(PAYLOAD_TYPE, payload))
    outer["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    outer["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return json.dumps(outer).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v["predicate"]["resources"][0].update(name="../escape"),
        lambda v: v["predicate"]["resources"][0].update(name="/etc/passwd"),
        lambda v: v["predicate"]["resources"][0].update(name="a//b"),
        lambda v: v["predicate"]["resources"][0].update(name="."),
        lambda v: v["predicate"]["resources"].append(v["predicate"]["resources"][0]),
        lambda v: v["predicate"]["resources"][0].update(algorithm="blake2b"),
        lambda v: v["predicate"]["resources"].reverse(),
        lambda v: v["predicate"].update(resources=[]),
        lambda v: v["predicate"]["serialization"].update(method="shards"),
        lambda v: v["predicate"]["serialization"].update(allow_symlinks=True),
        lambda v: v["subject"].append(v["subject"][0]),
        lambda v: v["subject"][0]["digest"].update(sha256="0" * 64),
        lambda v: v.update(predicateType="https://model_signing/Digests/v0.1"),
        lambda v: v.update(_type="https://in-toto.io/Statement/v0.1"),
    ],
)
def test_a_signed_statement_can_still_be_refused(
    model: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    with pytest.raises((MalformedError, TamperError)):
        oms.verify_model(model, resigned(model, change), [KEY.public])


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"),
        lambda v: v["verificationMaterial"].update(certificate={"rawBytes": "AA=="}),
        lambda v: v["verificationMaterial"].update(publicKey={}),
        lambda v: v["dsseEnvelope"]["signatures"].append(v["dsseEnvelope"]["signatures"][0]),
        lambda v: v["dsseEnvelope"].update(signatures=[]),
        lambda v: v["dsseEnvelope"].update(payload="not base64!"),
        lambda v: v["dsseEnvelope"].update(payloadType="text/plain"),
    ],
)
def test_a_bundle_of_another_form_is_refused(
    model: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    value = json.loads(bundle(model))
    change(value)
    with pytest.raises(MalformedError):
        oms.verify_model(model, json.dumps(value).encode(), [KEY.public])


def test_a_duplicate_key_in_the_bundle_is_refused(model: Path) -> None:
    data = bundle(model)
    doubled = data[:1] + b'"mediaType":"x",' + data[1:]
    with pytest.raises(MalformedError, match="twice"):
        oms.verify_model(model, doubled, [KEY.public])


def test_the_key_comes_from_the_trust_root_only(model: Path) -> None:
    with pytest.raises(SignatureError):
        oms.verify_model(model, bundle(model), [SigningKey.generate().public])
    with pytest.raises(SignatureError):
        oms.verify_model(model, bundle(model), [])
    # Another key's signature under our key's hint.
    value = json.loads(bundle(model))
    forged = sign(model, key=SigningKey.generate())
    value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(forged.signature).decode()
    with pytest.raises(SignatureError):
        oms.verify_model(model, json.dumps(value).encode(), [KEY.public])


def test_nothing_is_written_for_a_wrong_key_or_another_statement(
    model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(SignatureError):
        oms.write_bundle(sign(model), SigningKey.generate().public, out / "s.sig")
    other = Statement(
        (subject("p", "0" * 64),),
        Incident(id="i", status="open", severity="low", title="t", at="2026-01-01T00:00:00Z"),
    )
    with pytest.raises(MalformedError):
        oms.write_bundle(sign_statement(other, KEY), KEY.public, out / "s.sig")
    assert list(out.iterdir()) == []


def test_an_empty_folder_cannot_be_signed_and_a_missing_one_not_verified(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MalformedError):
        oms.statement(identify(tmp_path / "empty"), "empty")
    with pytest.raises(InputMissing):
        oms.verify_model(tmp_path / "gone", bundle(model), [KEY.public])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_our_own_error(data: bytes) -> None:
    with pytest.raises(SealwrightError):
        oms.verify_model(Path("nowhere"), data, [KEY.public])


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5) | st.integers(), st.lists))
def test_any_json_is_refused_with_our_own_error(value: Any) -> None:
    shells = {
        "mediaType": oms.BUNDLE_MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": oms.key_hint(KEY.public)}},
        "dsseEnvelope": value,
    }
    for data in (value, shells, {**shells, "verificationMaterial": value}):
        with pytest.raises(SealwrightError):
            oms.verify_model(Path("nowhere"), json.dumps(data).encode(), [KEY.public])
