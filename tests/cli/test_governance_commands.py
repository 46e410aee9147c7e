"""Incidents with their clocks, courses, coverage and the dossier, as they are typed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.console import Console


def test_an_incident_is_opened_reported_and_closed_by_somebody_else(trained: Console) -> None:
    opened = trained.json(
        "incident", "open", "model", "--as", "mina", "--title", "wrong advice",
        "--severity", "high", "--serious", "widespread", "--aware", "2026-01-02",
    )  # fmt: skip
    name = opened["incident"]["id"]
    (row,) = trained.json("incident", "list")
    assert row["overdue"] is True
    assert row["report_by"].startswith("2026-01-04")
    assert "overdue" in trained("incident", "list").out
    trained("incident", "report", name, "--to", "the authority", "--as", "lea")
    (row,) = trained.json("incident", "list")
    assert row["overdue"] is False
    assert "the authority" in trained("incident", "list").out
    trained("incident", "close", name, "--as", "mina", "--reason", "over", expect=2)
    trained("incident", "close", name, "--as", "sam", "--reason", "looked at it")
    assert trained("incident", "list").out.strip() == "no incident is open"
    (row,) = trained.json("incident", "list", "--all")
    assert row["open"] is False


def test_awareness_cannot_lie_ahead(trained: Console) -> None:
    answer = trained(
        "incident", "open", "model", "--as", "mina", "--title", "x", "--severity", "low",
        "--aware", "2999-01-01", expect=2,
    )  # fmt: skip
    assert "later than now" in answer.err


def test_a_course_is_recorded_by_somebody_else_and_expires(trained: Console) -> None:
    words = ("course", "record", "sam", "--course", "oversight-basics", "--score", "92")
    assert "their own training" in trained(*words, "--as", "sam", expect=2).err
    assert "no person" in trained("course", "record", "eve", *words[3:], expect=2).err
    trained(*words, "--as", "lea", "--days", "30")
    (row,) = trained.json("course", "list")
    assert row["holds"] is True
    assert row["completion"]["person"] == "sam"
    assert "oversight-basics" in trained("course", "list").out


def test_coverage_says_what_is_evidenced_and_what_is_not(trained: Console) -> None:
    answer = trained("coverage", "--html", "c.html", "--json", "c.json")
    assert "eu-ai-act:" in answer.out
    assert "safeguards: 65" in answer.out
    assert "complies" not in answer.out
    page = Path(trained.folder / "c.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    found = trained.json("coverage", "--framework", "iso-42001")
    assert [each["id"] for each in found["frameworks"]] == ["iso-42001"]
    assert "no catalogue" in trained("coverage", "--framework", "iso-1", expect=2).err


def test_the_dossier_lists_what_people_must_write(trained: Console) -> None:
    answer = trained("dossier", "--html", "d.html", "--json", "d.json")
    assert "of 23 items are evidenced" in answer.out
    found = trained.json("dossier")
    assert any("design-record" in each for each in found["to_write"])
    assert (trained.folder / "d.html").stat().st_size > 50_000


def test_cards_of_data_sets_and_the_model_are_shown(trained: Console) -> None:
    for name, kind in (("train", "dataset"), ("test", "dataset"), ("model", "model")):
        answer = trained("card", name)
        assert answer.out.startswith(f"{kind} card of {name}")
        assert trained.json("card", name)["card"]["kind"] == kind
    assert "examinations 1" in trained("card", "train").out
    assert "no card" in trained("card", "train.py", expect=3).err
