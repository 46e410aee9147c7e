"""An exported folder: what verifies, and a thousand ways in which it does not."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from sealwright.errors import InputMissing, TamperError, UsageError
from sealwright.evidence.dsse import encode_envelope
from sealwright.evidence.keys import SigningKey
from sealwright.ledger.export import envelope_path, export
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.offline import verify_folder
from sealwright.ledger.tiles import bundles_of, tile_path, tiles_of
from tests.ledger.house import House, create, envelopes, house, principal, trust_file

ROUNDS, MUTATIONS = 20, 50


def exported(folder: Path, size: int) -> Path:
    target = folder / "exported"
    with create(folder, size) as ledger:
        export(ledger, target, trust=trust_file())
    return target


def files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257])
def test_what_was_exported_verifies(tmp_path: Path, size: int) -> None:
    folder = exported(tmp_path, size)
    report = verify_folder(folder, trust=trust_file()).require()
    assert report.checkpoint is not None
    assert report.checkpoint.size == size
    assert [item.envelope for item in report.entries] == list(envelopes(size))
    leaves = {path.stem for path in folder.glob("envelopes/*/*.json")}
    expected = [*tiles_of(size), *bundles_of(size)]
    assert len(files(folder)) == 2 + len(expected) + len(leaves)
    assert all((folder / tile_path(tile)).is_file() for tile in expected)
    assert len(leaves) == size


def test_a_full_tile_has_8192_bytes(tmp_path: Path) -> None:
    folder = exported(tmp_path, 257)
    assert (folder / "tile/0/000").stat().st_size == 8192
    assert (folder / "tile/0/001.p/1").stat().st_size == 32
    assert (folder / "tile/1/000.p/1").stat().st_size == 32


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_thousand_mutations_are_all_found_and_named(tmp_path: Path, seed: int) -> None:
    folder = exported(tmp_path, 1 + seed % 7)
    chance = random.Random(seed)
    names = files(folder)
    for _ in range(MUTATIONS):
        name = chance.choice(names)
        path = folder / name
        before = path.read_bytes()
        match chance.choice(
            ["byte", "byte", "byte", "bit", "delete", "cut", "grow", "swap", "add"]
        ):
            case "byte" | "bit" as kind:
                at = chance.randrange(len(before))
                change = 1 << chance.randrange(8) if kind == "bit" else chance.randrange(1, 256)
                path.write_bytes(before[:at] + bytes([before[at] ^ change]) + before[at + 1 :])
                touched = {name}
            case "delete":
                path.unlink()
                touched = {name}
            case "cut":
                path.write_bytes(before[: chance.randrange(len(before))])
                touched = {name}
            case "grow":
                path.write_bytes(before + chance.randbytes(chance.randrange(1, 40)))
                touched = {name}
            case "swap":
                # The trust file is also the first entry's envelope: that swap changes nothing.
                others = [n for n in names if (folder / n).read_bytes() != before]
                other = chance.choice(others)
                content = (folder / other).read_bytes()
                (folder / other).write_bytes(before)
                path.write_bytes(content)
                touched = {name, other}
                _found(folder, touched)
                (folder / other).write_bytes(content)
                path.write_bytes(before)
                continue
            case _:
                stray = name.with_name(f"{name.name}{chance.randrange(9)}")
                (folder / stray).write_bytes(before)
                _found(folder, {stray})
                (folder / stray).unlink()
                continue
        _found(folder, touched)
        path.write_bytes(before)
    assert verify_folder(folder, trust=trust_file()).ok


def _found(folder: Path, touched: set[Path]) -> None:
    report = verify_folder(folder, trust=trust_file())
    assert not report.ok, touched
    text = "\n".join(map(str, report.findings))
    assert any(str(name) in text for name in touched), (touched, text)


def test_every_byte_of_the_small_files_counts(tmp_path: Path) -> None:
    folder = exported(tmp_path, 1)
    for name in ("checkpoint", "tile/0/000.p/1"):
        path = folder / name
        before = path.read_bytes()
        for at in range(len(before)):
            path.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
            report = verify_folder(folder, trust=trust_file())
            assert not report.ok
            assert name in "\n".join(map(str, report.findings))
        path.write_bytes(before)


def test_links_and_strange_files_are_refused(tmp_path: Path) -> None:
    folder = exported(tmp_path, 3)
    checkpoint = folder / "checkpoint"
    checkpoint.rename(tmp_path / "elsewhere")
    checkpoint.symlink_to(tmp_path / "elsewhere")
    assert not verify_folder(folder, trust=trust_file()).ok
    checkpoint.unlink()
    os.mkfifo(checkpoint)
    assert not verify_folder(folder, trust=trust_file()).ok
    checkpoint.unlink()
    shutil.copy(tmp_path / "elsewhere", checkpoint)
    assert verify_folder(folder, trust=trust_file()).ok
    (folder / "tile").rename(tmp_path / "tile")
    (folder / "tile").symlink_to(tmp_path / "tile")
    report = verify_folder(folder, trust=trust_file())
    assert any("link" in finding.message for finding in report.findings)
    (folder / "tile").unlink()
    (tmp_path / "tile").rename(folder / "tile")
    (folder / "empty").mkdir()
    assert "empty" in str(verify_folder(folder, trust=trust_file()).findings[0])


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    folder = exported(tmp_path, 3)
    os.truncate(folder / "tile/0/000.p/3", 1 << 40)
    report = verify_folder(folder, trust=trust_file())
    assert "at most 96 belong" in str(report.findings[0])


def test_another_trust_does_not_do(tmp_path: Path) -> None:
    folder = exported(tmp_path, 3)
    stranger = House()
    assert not verify_folder(folder, trust=encode_envelope(stranger.root_envelope())).ok
    own = encode_envelope(house().root_envelope(version=1))
    assert own != trust_file()
    report = verify_folder(folder, trust=own)
    assert not report.ok


def test_a_forged_but_signed_tree_needs_known_signers(tmp_path: Path) -> None:
    """The operator, who holds the log key, slips in a statement by nobody known."""
    stranger = SigningKey.generate()
    target = tmp_path / "exported"
    with create(tmp_path, 3) as ledger:
        ledger.append(house().envelope(77, key=stranger), public_key=stranger.public)
        export(ledger, target, trust=trust_file())
    report = verify_folder(target, trust=trust_file())
    assert {finding.entry for finding in report.findings} == {3}
    with pytest.raises(TamperError, match="entry 3"):
        report.require()


def test_the_folder_may_carry_a_later_trust_root_of_the_ledger(tmp_path: Path) -> None:
    newcomer = SigningKey.generate()
    second = house().root_envelope(version=2, more=(principal("new", newcomer, "engineer"),))
    target = tmp_path / "exported"
    with create(tmp_path, 2) as ledger:
        ledger.append(second, public_key=house().key.public)
        ledger.append(house().envelope(60, key=newcomer), public_key=newcomer.public)
        export(ledger, target, trust=encode_envelope(second))
    assert verify_folder(target, trust=trust_file()).ok
    assert verify_folder(target, trust=encode_envelope(second)).ok
    third = house().root_envelope(version=3)
    (target / "trust.json").write_bytes(encode_envelope(third))
    assert not verify_folder(target, trust=trust_file()).ok


def test_export_is_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = exported(tmp_path, 2)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        with pytest.raises(UsageError):
            export(ledger, folder, trust=trust_file())
        with pytest.raises(UsageError):
            export(ledger, tmp_path / "b", trust=encode_envelope(House().root_envelope()))
        export(ledger, tmp_path / "deep" / "folder", trust=trust_file())
    assert not (tmp_path / "b").exists()
    assert verify_folder(tmp_path / "deep" / "folder", trust=trust_file()).ok
    with pytest.raises(InputMissing):
        verify_folder(tmp_path / "b", trust=trust_file())
    assert str(envelope_path(b"\xab" * 32)) == f"envelopes/ab/{'ab' * 32}.json"
