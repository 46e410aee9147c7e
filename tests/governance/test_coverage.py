"""What counts as evidenced, and what never does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.governance.page import read_page
from tests.governance.sample import Sample, build_sample
from tests.governance.test_chromium import browse, console
from tests.governance.test_html import HOSTILE, assert_harmless, with_text

from sealwright.phases.governance.catalogues.classes import NOT_PRODUCED
from sealwright.phases.governance.coverage.compute import coverage, status_of
from sealwright.phases.governance.coverage.page import render_coverage
from sealwright.phases.governance.coverage.records import ClassRow, Coverage, Status
from sealwright.phases.governance.dossier.document import Dossier, build_dossier
from sealwright.phases.governance.dossier.page import render_dossier

STATUSES: tuple[Status, ...] = (
    "evidenced", "partly", "stale", "against", "human", "not-evidenced",
)  # fmt: skip


def covered(sample: Sample, *, days: int = 0, entries: int | None = None) -> Coverage:
    return coverage(
        sample.evidence[:entries],
        ("eu-ai-act", "nist-ai-rmf", "iso-42001", "mitre-atlas"),
        system="triage",
        tier="high",
        max_age_days=90,
        now=sample.ledger.now + timedelta(days=days),
    )


def class_rows(found: Coverage) -> dict[str, ClassRow]:
    return {
        each.name: each
        for framework in found.frameworks
        for control in framework.controls
        for each in control.classes
    }


def test_what_is_on_record_is_evidenced_by_the_entries_that_say_so() -> None:
    sample = build_sample()
    rows = class_rows(covered(sample))
    fairness = rows["fairness-result"]
    assert fairness.status in ("evidenced", "against")
    said = sample.evidence[fairness.entries[0]]
    assert said.kind == "evaluation"
    assert rows["approval"].status == "evidenced"
    for row in rows.values():
        assert all(0 <= index < len(sample.evidence) for index in row.entries)


def test_nothing_is_evidenced_by_an_empty_ledger() -> None:
    found = covered(build_sample(), entries=0)
    for framework in found.frameworks:
        for control in framework.controls:
            computed = {each.name for each in control.classes if each.status == "evidenced"}
            assert computed <= {
                "control-coverage", "dossier", "ledger-checkpoint", "ledger-diff", "export-bundle",
            }  # fmt: skip


def test_old_evidence_is_stale() -> None:
    now, later = class_rows(covered(build_sample())), class_rows(covered(build_sample(), days=400))
    assert now["approval"].status == "evidenced"
    assert later["approval"].status == "stale"
    assert "days old" in later["approval"].note
    assert not any(row.status == "evidenced" and row.entries for row in later.values())


def test_a_class_that_the_product_cannot_produce_is_never_evidenced() -> None:
    for name, row in class_rows(covered(build_sample())).items():
        if name in NOT_PRODUCED:
            assert row.status == "human"
            assert row.note


def test_what_is_due_later_is_said() -> None:
    act = covered(build_sample(), days=3650).frameworks[0]
    assert all(control.due for control in act.controls)
    early = covered(build_sample(), days=-3650).frameworks[0]
    assert not any(control.due for control in early.controls)
    assert sum(early.counts.values()) == 0


@given(st.lists(st.sampled_from(STATUSES), max_size=6))
def test_a_control_is_evidenced_only_if_all_that_it_asks_for_is(statuses: list[Status]) -> None:
    rows = [ClassRow(name=str(i), status=s, entries=(), note="") for i, s in enumerate(statuses)]
    whole = status_of(rows)
    if whole == "evidenced":
        assert statuses
        assert set(statuses) == {"evidenced"}
    if "against" in statuses:
        assert whole == "against"


def documents() -> tuple[str, str]:
    sample = build_sample()
    found = covered(sample)
    return render_coverage(sample.report, found), render_dossier(
        build_dossier(sample.report, found)
    )


def test_the_pages_are_the_same_each_time_and_never_say_complies() -> None:
    pages = documents()
    assert pages == documents()
    for page in pages:
        assert_harmless(read_page(page))
        assert "complies" not in page.lower()
        assert "compliant" not in page.lower()


def test_every_line_of_the_dossier_links_to_its_statement() -> None:
    sample = build_sample()
    found = build_dossier(sample.report, covered(sample))
    assert [item.id for item in found.items][:3] == ["IV.1a", "IV.1b", "IV.1c"]
    assert len(found.items) == 23
    digests = {item.digest for item in sample.evidence}
    lines = [line for item in found.items for line in item.lines]
    assert lines
    assert all(line.digest in digests for line in lines)
    page = render_dossier(found)
    for line in lines:
        assert f'href="#e-{line.index}"' in page
        assert f'id="e-{line.index}"' in page
    assert len(found.to_write) == sum(len(item.missing) for item in found.items) > 0


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(HOSTILE) | st.text(max_size=60))
def test_text_of_others_cannot_become_markup(text: str) -> None:
    sample = build_sample()
    found = build_dossier(sample.report, covered(sample))
    closed = msgspec.to_builtins(found)
    hostile = msgspec.convert(
        with_text({**closed, "items": closed["items"]}, text) | {"schema": found.schema}, Dossier
    )
    assert_harmless(read_page(render_dossier(hostile)))


@pytest.mark.parametrize("width", ["1280", "390"])
def test_chromium_draws_both_pages_without_complaint(tmp_path: Path, width: str) -> None:
    for number, page in enumerate(documents()):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = browse(
            folder, page, f"--screenshot={folder / 'page.png'}", f"--window-size={width},1200"
        )
        assert console(run) == []
        assert (folder / "page.png").stat().st_size > 20_000
