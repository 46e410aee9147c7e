"""The demonstration from end to end: real data, real sandbox, real keys, and what they leave."""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.demo.story import SCENES
from sealwright.evidence.dsse import decode_envelope
from sealwright.evidence.statement import decode_statement
from sealwright.evidence.tree import identify
from sealwright.ledger.offline import verify_folder

pytestmark = pytest.mark.timeout(600)  # the whole loop is played once

COMMAND = Path(sys.executable).with_name("sealwright")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's folder and its transcript; played once."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    done = subprocess.run(
        [COMMAND, "demo", "--dir", folder],
        capture_output=True,
        text=True,
        timeout=570,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stderr == ""
    return folder, done.stdout


def test_three_denials_and_an_admission(played: tuple[Path, str]) -> None:
    _, text = played
    assert "for train: DENIED" in text
    assert "45 of these (18.07%) have another label" in text
    assert "changed: model.onnx" in text
    assert "it does not count: mina-2 trained model" in text
    assert "for release: ADMITTED" in text
    assert "32 of 32 requirements hold" in text
    assert text.index("DENIED") < text.index("ADMITTED")


def test_it_is_served_attacked_pulled_and_rolled_back(played: tuple[Path, str]) -> None:
    folder, text = played
    assert "401 {'error'" in text
    assert re.search(r"(59|6\d) of 90 answered, \d\d refused", text)
    assert "stranger sends" in text
    assert "it is slowed down" in text
    assert "drift in " in text
    assert "not served: revoked: dataset partner" in text
    seconds = re.search(r"last answer (\d+\.\d+) s after the command ended", text)
    assert seconds is not None
    assert float(seconds[1]) < 2
    first, last = re.findall(r"^ +version ([0-9a-f]{12})$", text, flags=re.MULTILINE)
    assert first != last
    assert f"diabetes-follow-up is version {last} again" in text
    assert re.search(r"12 drills: .*0 alarms from 12 benign twins; 12 clean-ups proved", text)
    assert not re.search(r" missed +\d", text)
    for page in ("report.html", "coverage.html", "dossier.html"):
        assert (folder / page).stat().st_size > 50_000
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True)
    assert left.stdout == ""


def test_every_step_is_a_command_that_was_shown(played: tuple[Path, str]) -> None:
    _, text = played
    for scene in SCENES:
        assert scene.title in text
        for command in scene.commands:
            assert f"$ {shlex.join(command.words)}" in text


def test_the_last_line_verifies(played: tuple[Path, str]) -> None:
    _, text = played
    line = next(row for row in text.splitlines() if row.strip().startswith("verify "))
    words = shlex.split(line)[1:]
    assert words[0] == "sealwright"
    done = subprocess.run([COMMAND, *words[1:]], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0
    assert "VERIFIED" in done.stdout


def test_the_export_needs_nothing_of_the_installation(
    played: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = played
    shutil.copytree(folder / "audit", tmp_path / "audit")
    trust = (folder / ".sealwright" / "trust.json").read_bytes()
    report = verify_folder(tmp_path / "audit", trust=trust)
    assert report.ok
    assert len(report.entries) >= 65


def test_any_changed_byte_of_the_export_is_found_and_named(
    played: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = played
    audit = tmp_path / "audit"
    shutil.copytree(folder / "audit", audit)
    trust = (folder / ".sealwright" / "trust.json").read_bytes()
    files = sorted(path for path in audit.rglob("*") if path.is_file())
    chance = random.Random(20261122)
    # One byte of every kind of file, and of a random choice of envelopes.
    chosen = [path for path in files if "envelopes" not in path.parts]
    chosen += chance.sample([path for path in files if "envelopes" in path.parts], 20)
    for path in chosen:
        before = path.read_bytes()
        place = chance.randrange(len(before))
        changed = bytearray(before)
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        report = verify_folder(audit, trust=trust)
        name = path.relative_to(audit).as_posix()
        assert not report.ok, f"byte {place} of {name} was changed unseen"
        named = " ".join(map(str, report.findings))
        assert name in named or "entry" in named, f"{name}: {named}"
        path.write_bytes(before)
    assert verify_folder(audit, trust=trust).ok


def test_the_reference_implementation_verifies_the_signature(
    played: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = played
    digest = identify(folder / "model").digest
    (bundle,) = (folder / ".sealwright" / "signatures").glob(f"{digest}-*.sig")
    key = tmp_path / "mina.pub"
    key.write_bytes(_public_key(folder, "mina"))

    def verify(model: Path) -> int:
        return subprocess.run(
            [
                COMMAND.with_name("model_signing"), "verify", "key", model,
                "--signature", bundle, "--public_key", key,
            ],
            capture_output=True,
        ).returncode  # fmt: skip

    assert verify(folder / "model") == 0
    swapped = tmp_path / "model"
    shutil.copytree(folder / "model", swapped)
    data = bytearray((swapped / "model.onnx").read_bytes())
    data[-1] ^= 1
    (swapped / "model.onnx").write_bytes(data)
    assert verify(swapped) != 0


def _public_key(folder: Path, principal: str) -> bytes:
    from sealwright.evidence.trust import load_trust

    trust = load_trust((folder / ".sealwright" / "trust.json").read_bytes())
    found = trust.principal_named(principal)
    assert found is not None
    return trust.key_of(found).pem


def test_no_secret_and_no_home_in_the_evidence(played: tuple[Path, str]) -> None:
    folder, _ = played
    keys = [path.read_bytes() for path in (folder / ".sealwright" / "keys").glob("*.pem")]
    assert len(keys) == 7  # five people, Mina's second key, the log
    for path in (folder / "audit").rglob("*.json"):
        data = path.read_bytes()
        envelope = decode_envelope(data)
        decode_statement(envelope.payload)
        for everything in (data, envelope.payload):
            assert str(folder).encode() not in everything
            for key in keys:
                body = key.split(b"\n")[1]
                assert body not in everything


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")
    done = subprocess.run([COMMAND, "demo", "--dir", tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
