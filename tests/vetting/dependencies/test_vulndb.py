"""The vulnerability database: made whole or not at all, dated, and never silent about its age."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import CannotLook, InputMissing, LimitReached, MalformedError, Unsupported
from sealwright.evidence.statement import Statement, decode_statement, encode_statement, subject
from sealwright.vetting.dependencies import advisory_sources
from sealwright.vetting.dependencies.osv import advisory
from sealwright.vetting.dependencies.vulndb import import_advisories, open_database
from sealwright.vetting.dependencies.vulnerabilities import Package, examine, look_up
from sealwright.vetting.interface import conclude
from tests.vetting.dependencies.advisories import clock, events, later, record, write_zip

CRITICAL: dict[str, Any] = {"database_specific": {"severity": "CRITICAL"}}
VECTOR = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}


def database(folder: Path, *records: Any) -> Path:
    place = folder / "v.sqlite"
    import_advisories(write_zip(folder / "all.zip", *records), place, clock=clock)
    return place


def looked_up(place: Path, *releases: str, days: int = 0) -> tuple[list[str], str, list[str]]:
    """Rules, the verdict, and the ids in the statement."""
    packages = [Package(name=one.split("==")[0], version=one.split("==")[1]) for one in releases]
    with open_database(place) as opened:
        found = examine(opened, packages, clock=lambda: later(days))
    ids = [str(one["id"]) for one in found.statement.scanner.result] if found.statement else []
    verdict = conclude(found.observations, complete=True)
    return [seen.rule.id for seen in found.observations], verdict, ids


def test_an_export_is_imported_and_matched(tmp_path: Path) -> None:
    place = database(
        tmp_path,
        record("GHSA-aaaa-bbbb-cccc", ranges=[events("introduced:0", "fixed:2.0")], **CRITICAL),
        record("PYSEC-2026-1", "Other.Name", severity=[VECTOR]),
        record("PYSEC-2026-2", "third"),
        record("MAL-2026-9", "evil", versions=["0.1"], ranges=[]),
    )
    assert looked_up(place, "acme==1.0") == (["SW-VULN-002"], "fail", ["GHSA-aaaa-bbbb-cccc"])
    assert looked_up(place, "acme==2.0") == ([], "pass", [])
    assert looked_up(place, "other_name==1.0") == (["SW-VULN-003"], "pass", ["PYSEC-2026-1"])
    assert looked_up(place, "third==1")[1] == "pass"
    assert looked_up(place, "evil==0.1") == (["SW-VULN-001"], "fail", ["MAL-2026-9"])
    assert looked_up(place, "evil==0.2", "unknown==3") == ([], "pass", [])
    assert looked_up(place, "acme==strange")[1] == "inconclusive"


def test_a_finding_says_what_and_where_it_is_fixed(tmp_path: Path) -> None:
    one = record("GHSA-1", summary="Reads\nfiles", ranges=[events("introduced:0", "fixed:2.0")])
    place = database(tmp_path, {**one, **CRITICAL})
    with open_database(place) as opened:
        (seen,) = examine(opened, [Package(name="acme", version="1")], clock=clock).observations
    assert seen.finding.message == "acme 1: GHSA-1, critical; fixed in 2.0: Reads files"
    assert (seen.finding.severity, seen.finding.location) == ("critical", "acme")


def test_advisories_about_one_weakness_are_one(tmp_path: Path) -> None:
    place = database(
        tmp_path,
        record("PYSEC-2026-1", aliases=["CVE-2026-5"]),
        record("GHSA-x", aliases=["CVE-2026-5"], **CRITICAL),
        record("GHSA-y", aliases=["CVE-2026-6"]),
    )
    with open_database(place) as opened:
        found = look_up(
            opened, [Package(name="acme", version="1"), Package(name="Acme", version="1")]
        )
    assert [(one.id, one.severity, one.aliases) for one in found] == [
        ("CVE-2026-5", "critical", ("GHSA-x", "PYSEC-2026-1")),
        ("CVE-2026-6", "", ("GHSA-y",)),
    ]


def test_withdrawn_and_foreign_records_are_left_out(tmp_path: Path) -> None:
    npm = record("GHSA-npm")
    npm["affected"][0]["package"]["ecosystem"] = "npm"
    place = database(
        tmp_path,
        record("A-1", withdrawn="2026-01-01T00:00:00Z"),
        npm, record("A-2"), record("A-2"), "{", {"id": "A-3"}, "[]",
    )  # fmt: skip
    with open_database(place) as opened:
        info = opened.info
    assert (info.advisories, info.packages, info.skipped, info.unread) == (1, 1, 3, 3)


def test_old_data_say_nothing(tmp_path: Path) -> None:
    place = database(tmp_path, record("A-1"))
    assert looked_up(place, "none==1", days=28)[1] == "pass"
    rules, verdict, ids = looked_up(place, "none==1", days=31)
    assert (rules, verdict, ids) == (["SW-VULN-011"], "inconclusive", [])
    assert looked_up(place, "none==1", days=-3)[1] == "inconclusive"


def test_the_newest_record_counts_as_well_as_the_import(tmp_path: Path) -> None:
    old = record("A-1", modified="2024-01-01T00:00:00Z")
    assert looked_up(database(tmp_path, old), "none==1")[0] == ["SW-VULN-011"]
    future = record("A-1", modified="2099-01-01T00:00:00Z")
    place = database(tmp_path, old, {**future, "id": "A-2"})
    assert looked_up(place, "none==1")[1] == "pass"
    assert looked_up(place, "none==1", days=40)[1] == "inconclusive"


def test_no_database_is_never_a_pass() -> None:
    missing = examine(None, [], clock=clock)
    assert conclude(missing.observations, complete=True) == "inconclusive"
    assert missing.statement is None
    free = examine(None, [], clock=clock, demanded=False)
    assert [seen.rule.effect for seen in free.observations] == ["warn"]


def test_the_statement_is_an_in_toto_one(tmp_path: Path) -> None:
    place = database(tmp_path, record("A-1", severity=[VECTOR]))
    with open_database(place) as opened:
        found = examine(opened, [Package(name="acme", version="1")], clock=clock)
        sha256 = opened.sha256
    assert found.statement is not None
    said = Statement((subject("heart", "b" * 64),), found.statement)
    assert decode_statement(encode_statement(said)) == said
    scanner = found.statement.scanner
    assert scanner.db["sha256"] == sha256
    assert scanner.result[0]["severity"] == [
        {"method": "level", "score": "medium"},
        {"method": "CVSS:3.1", "score": VECTOR["score"]},
    ]


def test_the_pypa_tree_is_read_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "tree/vulns/acme"
    folder.mkdir(parents=True)
    (folder / "PYSEC-2026-7.yaml").write_text(
        "id: PYSEC-2026-7\nmodified: 2026-11-20T00:00:00Z\naliases: [CVE-2026-7]\n"
        "affected:\n- package: {ecosystem: PyPI, name: acme}\n"
        "  ranges:\n  - type: ECOSYSTEM\n    events: [{introduced: '0'}, {fixed: 1.10}]\n"
        "  versions: [1.0, 1.9]\n"
    )
    (folder / "broken.yaml").write_text("a: [")
    (tmp_path / "tree/.git").mkdir()
    (tmp_path / "tree/.git/x.json").write_text("{")
    place = tmp_path / "v.sqlite"
    info = import_advisories(tmp_path / "tree", place, clock=clock)
    assert (info.advisories, info.unread, info.source) == (1, 1, "tree")
    assert looked_up(place, "acme==1.9")[2] == ["CVE-2026-7"]
    assert looked_up(place, "acme==1.10")[2] == []


def test_the_same_export_has_the_same_digest_and_a_change_another(tmp_path: Path) -> None:
    folder = tmp_path / "json"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(record("A-1")))
    place = tmp_path / "v.sqlite"
    first = import_advisories(folder, place, clock=clock)
    assert import_advisories(folder, place, clock=clock) == first
    (folder / "b.json").write_text(json.dumps(record("A-2")))
    assert import_advisories(folder, place, clock=clock).source_sha256 != first.source_sha256


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    export = write_zip(tmp_path / "all.zip", *(record(f"A-{n}") for n in range(501)))
    import_advisories(
        export, tmp_path / "v", clock=clock, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(500, 501), (501, 501)]


def test_a_failed_import_leaves_what_was_there(tmp_path: Path) -> None:
    place = database(tmp_path, record("A-1"))
    before = place.read_bytes()
    empty = write_zip(tmp_path / "empty.zip")
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes((tmp_path / "all.zip").read_bytes()[:-30])
    for export in (empty, damaged, tmp_path / "v.sqlite"):
        with pytest.raises(Unsupported, match=r"zip|PyPI"):
            import_advisories(export, place, clock=clock)
    with pytest.raises(InputMissing):
        import_advisories(tmp_path / "gone.zip", place, clock=clock)
    assert place.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "all.zip", "damaged.zip", "empty.zip", "v.sqlite",
    ]  # fmt: skip
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotLook):
        import_advisories(tmp_path / "all.zip", tmp_path / "file/v.sqlite", clock=clock)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write_zip(tmp_path / "all.zip", record("A-1"), record("A-2"))
    place = tmp_path / "v.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr(advisory_sources, "MAX_RECORDS", 1)
        with pytest.raises(LimitReached):
            import_advisories(export, place, clock=clock)
    with monkeypatch.context() as patched:
        patched.setattr(advisory_sources, "MAX_BYTES", 10)
        with pytest.raises(LimitReached):
            import_advisories(export, place, clock=clock)
    with monkeypatch.context() as patched:
        patched.setattr(advisory_sources, "MAX_RECORD", 10)
        with pytest.raises(Unsupported):
            import_advisories(export, place, clock=clock)
    assert not place.exists()


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with pytest.raises(InputMissing), open_database(tmp_path / "gone"):
        pass
    (tmp_path / "text").write_text("x" * 5000)
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    other.execute("INSERT INTO meta VALUES ('format', '1')")
    other.commit()
    other.close()
    for name in ("text", "other"):
        with pytest.raises(MalformedError), open_database(tmp_path / name):
            pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
KEYS = ["ranges", "versions", "aliases", "severity", "database_specific", "summary", "withdrawn"]


@given(st.dictionaries(st.sampled_from(KEYS), JSON), JSON)
def test_any_record_is_read_or_refused(more: dict[str, Any], affected: Any) -> None:
    for one in (record("A-1", **more), {**record("A-1"), "affected": affected}, affected):
        try:
            found = advisory(one)
        except MalformedError:
            continue
        assert found is None or found.id == "A-1"
