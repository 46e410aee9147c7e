"""Lock files, the bill of materials and the differences between lock and environment."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import InputMissing, LimitReached
from sealwright.evidence.predicates.model import Scan
from sealwright.evidence.statement import decode_statement, encode_statement, subject
from sealwright.evidence.tree import identify
from sealwright.phases.model.bom_difference import compare as difference
from sealwright.phases.model.environment import current_environment
from sealwright.phases.model.record import record_environment
from sealwright.phases.model.sbom import (
    Installed,
    bom_statement,
    compare,
    dependency_scan,
    packages,
    read_installed,
)
from sealwright.vetting.dependencies import lockfile
from sealwright.vetting.dependencies.lockfile import Lock, parse_lock, read_lock
from sealwright.vetting.dependencies.vulndb import import_advisories
from tests.vetting.dependencies.advisories import clock as advisory_clock
from tests.vetting.dependencies.advisories import record, write_zip
from tests.vetting.onnx_files import clock, rules

HASH = "a" * 64
SEVERE = {"severity": "CRITICAL"}
MODEL = subject("heart", "b" * 64)
NUMPY = Installed(name="numpy", version="2.0.0", licence="BSD-3-Clause", is_expression=True)
SCIPY = Installed(name="scipy", version="1.14.0", licence="BSD License", requires=("numpy",))


def locked(text: str, *, name: str = "requirements.txt") -> Lock:
    return parse_lock(text.encode(), name=name)


def line(name: str, release: str) -> str:
    return f"{name}=={release} \\\n    --hash=sha256:{HASH}\n"


GOOD = locked(line("numpy", "2.0.0") + line("scipy", "1.14.0"))


def scan(lock: Lock | None, *installed: Installed) -> Scan:
    return dependency_scan(MODEL, lock=lock, installed=installed, clock=clock).predicate


def bom(lock: Lock | None, *installed: Installed) -> dict[str, Any]:
    said = bom_statement(MODEL, lock=lock, installed=installed, clock=clock)
    assert decode_statement(encode_statement(said)) == said
    value = msgspec.to_builtins(said.predicate)
    assert isinstance(value, dict)
    return value


def assert_valid(value: dict[str, Any]) -> None:
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(value))
    assert problem is None, problem


def test_an_environment_that_equals_its_lock_passes() -> None:
    found = scan(GOOD, NUMPY, SCIPY)
    assert (found.result, found.findings) == ("passed", ())
    assert found.coverage.bytes_parsed == GOOD.size
    assert "known vulnerabilities" in found.coverage.not_examined


def test_every_difference_is_a_finding() -> None:
    extra = Installed(name="evil", version="1")
    assert rules(scan(GOOD, NUMPY, SCIPY, extra)) == {"SW-DEP-011"}
    other = Installed(name="numpy", version="2.0.1")
    mismatch = scan(GOOD, other, SCIPY)
    assert (mismatch.result, rules(mismatch)) == ("failed", {"SW-DEP-012"})
    absent = scan(GOOD, NUMPY)
    assert (absent.result, rules(absent)) == ("warned", {"SW-DEP-013"})
    twice = scan(GOOD, NUMPY, Installed(name="numpy", version="1.0"), SCIPY)
    assert "SW-DEP-014" in rules(twice)
    assert scan(GOOD).result == "inconclusive"
    assert scan(None, NUMPY).result == "inconclusive"


def test_versions_are_compared_as_versions() -> None:
    assert scan(locked(line("numpy", "2.0")), NUMPY).result == "passed"
    local = Installed(name="numpy", version="2.0.0+evil")
    assert scan(GOOD, local, SCIPY).result == "failed"


@pytest.mark.parametrize(
    ("text", "rule", "result"),
    [
        ("numpy==2.0.0\n", "SW-DEP-003", "warned"),
        ("numpy>=2\n", "SW-DEP-002", "failed"),
        ("numpy\n", "SW-DEP-002", "failed"),
        (f"numpy==2.* --hash=sha256:{HASH}\n", "SW-DEP-002", "failed"),
        (f"numpy==2.0.0,!=2.1 --hash=sha256:{HASH}\n", "SW-DEP-002", "failed"),
        ("numpy==2.0.0 --hash=sha256:abc\n", "SW-DEP-001", "inconclusive"),
        (f"numpy==2.0.0 --hash=md5:{'a' * 32}\n", "SW-DEP-001", "inconclusive"),
        (f"numpy @ https://example.org/n.whl --hash=sha256:{HASH}\n", "SW-DEP-004", "failed"),
        ("https://example.org/n.whl\n", "SW-DEP-004", "failed"),
        ("git+https://example.org/n\n", "SW-DEP-004", "failed"),
        ("./n.whl\n", "SW-DEP-004", "failed"),
        ("-e .\n", "SW-DEP-004", "failed"),
        ("-r other.txt\n", "SW-DEP-001", "inconclusive"),
        ("--mystery\n", "SW-DEP-001", "inconclusive"),
        ("$(whoami)\n", "SW-DEP-001", "inconclusive"),
        (line("numpy", "2.0.0") + line("numpy", "2.0.1"), "SW-DEP-001", "inconclusive"),
        ("--extra-index-url https://u:secret@example.org\n", "SW-DEP-005", "warned"),
        ("--trusted-host example.org\n", "SW-DEP-005", "warned"),
    ],
)
def test_a_loose_requirement_is_a_finding(text: str, rule: str, result: str) -> None:
    lock = locked(line("scipy", "1.14.0") + text)
    found = scan(lock, NUMPY, SCIPY)
    assert rule in rules(found)
    assert result == found.result or found.result == "failed"
    assert "secret" not in str(found)


def test_another_index_without_hashes_everywhere_fails() -> None:
    text = "--extra-index-url https://example.org\nnumpy==2.0.0\n"
    found = scan(locked(text), NUMPY)
    assert (found.result, "SW-DEP-006" in rules(found)) == ("failed", True)


def test_markers_comments_and_names_are_read_as_pip_does() -> None:
    text = (
        "# a comment\n"
        f'NumPy==2.0.0 ; python_version >= "3" --hash=sha256:{HASH}  # why\n'
        'colorama==1.0 ; sys_platform == "win32"\n'
        f"Scikit_Learn[extra]==1.5.0 \\\n  --hash=sha256:{HASH} \\\n  --hash=sha256:{'c' * 64}\n"
    )
    lock = locked(text)
    assert set(lock.locked) == {"numpy", "scikit-learn"}
    assert len(lock.locked["scikit-learn"].hashes) == 2
    assert lock.observations == ()


def test_toml_locks_are_read() -> None:
    pylock = f"""
lock-version = "1.0"
[[packages]]
name = "numpy"
version = "2.0.0"
wheels = [{{name = "n.whl", hashes = {{sha256 = "{HASH}"}}}}]
[[packages]]
name = "colorama"
version = "1"
marker = "sys_platform == 'win32'"
[[packages]]
name = "own"
directory = {{path = "."}}
"""
    lock = locked(pylock, name="pylock.toml")
    assert lock.locked["numpy"].hashes == (("sha256", HASH),)
    assert "colorama" not in lock.locked
    assert {seen.rule.id for seen in lock.observations} == {"SW-DEP-002", "SW-DEP-004"}
    uv = f"""
version = 1
[[package]]
name = "numpy"
version = "2.0.0"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "u", hash = "sha256:{HASH}" }}
wheels = [{{ url = "u", hash = "sha256:{HASH}" }}]
[[package]]
name = "project"
version = "0"
source = {{ editable = "." }}
"""
    lock = locked(uv, name="uv.lock")
    assert (set(lock.locked), lock.observations) == ({"numpy"}, ())
    assert scan(lock, NUMPY).result == "passed"


def test_the_bill_is_strictly_valid_and_says_the_state_of_each_component() -> None:
    extra = Installed(name="evil", version="1+local")
    other = Installed(name="scipy", version="1.15.0", requires=("numpy", "gone"))
    lock = locked(line("numpy", "2.0.0") + line("scipy", "1.14.0") + line("rich", "1"))
    value = bom(lock, NUMPY, other, extra, Installed(name="sealwright", version="0"))
    assert_valid(value)
    states = {c["name"]: c["properties"][0]["value"] for c in value["components"]}
    assert states == {
        "evil": "installed-only",
        "numpy": "locked-and-installed",
        "rich": "locked-only",
        "scipy": "mismatch",
        "sealwright": "builder",
    }
    by_name = {c["name"]: c for c in value["components"]}
    assert by_name["numpy"]["purl"] == "pkg:pypi/numpy@2.0.0"
    assert by_name["numpy"]["hashes"] == [{"alg": "SHA-256", "content": HASH}]
    assert by_name["numpy"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert "hashes" not in by_name["scipy"]
    assert by_name["evil"]["purl"] == "pkg:pypi/evil@1%2Blocal"
    graph = {d["ref"]: d["dependsOn"] for d in value["dependencies"]}
    assert graph["pkg:pypi/scipy@1.15.0"] == ["pkg:pypi/numpy@2.0.0"]


def test_the_bill_of_this_environment_is_strictly_valid(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    lock = tmp_path / "requirements.txt"
    lock.write_text(line("cryptography", version("cryptography")))
    statements = record_environment(identify(tmp_path), name="heart", lock=lock, clock=clock)
    value = msgspec.to_builtins(statements[0].predicate)
    assert_valid(value)
    properties = {p["name"]: p["value"] for p in value["metadata"]["properties"]}
    assert properties["sealwright:environment-sha256"] == current_environment().digest
    names = {component["name"] for component in value["components"]}
    assert {"cryptography", "msgspec", "sealwright"} <= names
    assert statements[1].predicate.result in ("warned", "failed")
    assert statements[0].subjects == statements[1].subjects
    assert {c.state for c in compare(None, read_installed())} == {"installed-only", "builder"}


def test_the_same_content_has_the_same_serial_number() -> None:
    first, second = bom(GOOD, NUMPY, SCIPY), bom(GOOD, SCIPY, NUMPY)
    assert first == second
    other = bom(GOOD, NUMPY)
    assert other["serialNumber"] != first["serialNumber"]
    assert_valid(bom(None))


def test_a_lock_that_is_missing_or_too_large_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        read_lock(tmp_path / "gone.txt")
    (tmp_path / "big.txt").write_bytes(b"#" * (lockfile.MAX_BYTES + 1))
    with pytest.raises(LimitReached):
        read_lock(tmp_path / "big.txt")
    with pytest.raises(LimitReached):
        locked("".join(f"p{n}==1\n" for n in range(lockfile.MAX_REQUIREMENTS + 1)))


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_read_without_a_crash_and_do_not_pass(data: bytes) -> None:
    for name in ("requirements.txt", "pylock.toml", "uv.lock"):
        lock = parse_lock(data, name=name)
        assert lock.locked or scan(lock, NUMPY).result in ("inconclusive", "failed")


@given(st.lists(st.sampled_from([*"\\#=\n -;'\"[]@", "numpy", "==", "1.0", "--hash", "sha256:"])))
def test_requirement_like_text_is_read_without_a_crash(parts: list[str]) -> None:
    lock = locked("".join(parts))
    unhashed = any(not one.hashes for one in lock.locked.values())
    assert not unhashed or lock.observations


def test_the_difference_of_two_bills_is_seen() -> None:
    other = line("numpy", "2.0.0").replace(HASH, "c" * 64)
    old = bom_statement(MODEL, lock=GOOD, installed=(NUMPY, SCIPY), clock=clock).predicate
    new = bom_statement(
        MODEL,
        lock=locked(other + line("rich", "1")),
        installed=(
            NUMPY,
            *(Installed(name=n, version=v) for n, v in (("scipy", "1.15.0"), ("rich", "1"))),
        ),
        clock=clock,
    ).predicate
    found = difference(old, new)
    assert found.lines() == [
        "! numpy 2.0.0: other hashes for the same version",
        "~ scipy 1.14.0 -> 1.15.0",
        "+ rich 1",
    ]
    assert difference(new, old).removed == (("rich", "1"),)
    assert difference(old, old).empty
    assert not found.empty


def test_what_is_looked_up_is_installed_or_locked_otherwise() -> None:
    lock = locked(line("numpy", "2.0") + line("scipy", "1.0") + line("rich", "1"))
    found = [(one.name, one.version) for one in packages(lock, (NUMPY, SCIPY))]
    assert found == [("numpy", "2.0.0"), ("rich", "1"), ("scipy", "1.0"), ("scipy", "1.14.0")]
    assert packages(None, ()) == ()


def test_an_imitated_name_in_lock_or_environment_does_not_pass() -> None:
    leam = Installed(name="scikit-leam", version="1")
    assert scan(GOOD, NUMPY, SCIPY, leam).result == "failed"
    lock = locked(line("numpy", "2.0.0") + line("scikit-leam", "1"))
    assert "SW-DEP-020" in rules(scan(lock, NUMPY))


def test_the_environment_is_held_against_a_database(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    model, place = identify(tmp_path), tmp_path / "v.sqlite"
    export = write_zip(tmp_path / "all.zip", record("GHSA-1", "msgspec", database_specific=SEVERE))
    import_advisories(export, place, clock=advisory_clock)
    said = record_environment(model, name="m", lock=None, clock=advisory_clock, vulndb=place)
    assert len(said) == 3
    scanned, known = said[1], said[2]
    assert "SW-VULN-002" in rules(scanned.predicate)
    assert "known vulnerabilities" not in scanned.predicate.coverage.not_examined
    assert [one["id"] for one in known.predicate.scanner.result] == ["GHSA-1"]
    assert known.subjects == scanned.subjects
    decode_statement(encode_statement(known))
    warned = record_environment(model, name="m", lock=None, clock=advisory_clock)
    assert len(warned) == 2
    assert "SW-VULN-012" in rules(warned[1].predicate)
    demanded = record_environment(model, name="m", lock=None, clock=advisory_clock, max_age_days=3)
    assert "SW-VULN-010" in rules(demanded[1].predicate)
