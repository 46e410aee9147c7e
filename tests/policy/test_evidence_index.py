from __future__ import annotations

from dataclasses import replace

import msgspec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from sealwright.evidence.dsse import Envelope
from sealwright.evidence.manifest import manifest_digest, oms_root
from sealwright.evidence.predicates.model import (
    Custody,
    OmsResource,
    OmsSerialization,
    OmsSignature,
)
from sealwright.evidence.statement import subject
from sealwright.policy.evidence_index import index_evidence
from tests.policy import story
from tests.policy.factory import SYSTEM, World, alias, artifact, files_of, result
from tests.policy.story import MODEL, MODEL_FILES

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_model_signature_is_found_through_files_that_prove_the_alias() -> None:
    world = World()
    story.signature(world)
    assert index_evidence(world.verified()).about(MODEL.sha256, "model-signature") == ()
    story.custody(world)
    assert len(index_evidence(world.verified()).about(MODEL.sha256, "model-signature")) == 1


def test_an_alias_is_not_believed_by_claim() -> None:
    """A custody record whose files are not the subject's proves no alias and satisfies nothing."""
    world = World()
    story.govern(world)
    files = files_of("evil.onnx")
    world.say("mina", Custody(name="model", files=files, action="trained", at=world.at), MODEL)
    said = OmsSignature(
        resources=(OmsResource(name="evil.onnx", digest=files[0].sha256),),
        serialization=OmsSerialization(),
    )
    world.say("mina", said, alias("model", files))
    verdict = world.ask(MODEL)
    assert result(verdict, "model-signature").stale_code == 2, "about something else of that name"
    found = result(verdict, "custody")
    assert found.status == "failed"
    assert "do not add up" in found.reason


def test_a_renamed_file_is_not_covered_by_the_signature_of_the_same_root() -> None:
    """The OMS root ignores names: model.safetensors renamed to model.pkl keeps the subject."""
    world = World()
    story.signature(world)
    renames = {"model.onnx": "model.pkl"}
    renamed = tuple(
        msgspec.structs.replace(entry, path=renames.get(entry.path, entry.path))
        for entry in MODEL_FILES
    )
    other = subject("model", manifest_digest(renamed))
    assert oms_root(renamed) == oms_root(MODEL_FILES)
    world.say("mina", Custody(name="model", files=renamed, action="trained", at=world.at), other)
    assert index_evidence(world.verified()).about(other.sha256, "model-signature") == ()
    assert result(world.ask(other), "model-signature").stale_code == 2


def test_a_model_signature_that_names_the_artifact_directly_is_not_one() -> None:
    world = World()
    story.custody(world)
    said = OmsSignature(resources=(), serialization=OmsSerialization())
    world.say("mina", said, MODEL)
    assert index_evidence(world.verified()).about(MODEL.sha256, "model-signature") == ()


def test_an_old_pass_with_an_altered_signature_is_not_a_new_one() -> None:
    """ECDSA: (r, n - s) is valid, too, and needs no key to make."""
    world = World()
    story.govern(world)
    story.scan(world, "artifact", MODEL)
    old = world.envelopes[-1]
    story.scan(world, "artifact", MODEL, outcome="failed")
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"
    r, s = decode_dss_signature(old.signature)
    world.envelopes.append(
        Envelope(
            payload=old.payload,
            payload_type=old.payload_type,
            signature=encode_dss_signature(r, P256_ORDER - s),
            keyid=old.keyid,
        )
    )
    assert world.verified()[-1].digest != world.verified()[3].digest
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"
    world.envelopes.append(old)
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"


def test_order_is_that_of_the_ledger_and_not_of_the_claimed_time() -> None:
    world = World()
    story.govern(world)
    story.scan(world, "artifact", MODEL)
    world.wait(days=-3)
    story.scan(world, "artifact", MODEL, outcome="failed")
    world.wait(days=3)
    assert result(world.ask(MODEL), "scan-artifact").status == "failed"


def test_names_and_lookups() -> None:
    world = story.told()
    index = index_evidence(world.verified())
    assert index.name(MODEL.sha256) == "model"
    assert index.name("ab" * 32) == "ab" * 6
    assert index_evidence(index) is index
    assert len(index.kind("evaluation")) == 6
    assert index.about(SYSTEM.sha256, "nothing") == ()
    assert index_evidence([replace(item, index=-1) for item in world.verified()]).items == ()
    assert artifact("a")[0] != artifact("a", salt="x")[0]
