"""`sealwright report`, `trace` and `why`: what a person reads about it all."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.console import Console


def test_the_report_is_written_as_page_and_json(admitted: Console, tmp_path: Path) -> None:
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    answer = admitted("report", "--html", str(page), "--json", str(data))
    assert f"page: {page}" in answer.out
    text = page.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "<script" not in text
    for name in ("diabetes-follow-up", "sam", "dana", "lea", "ines"):
        assert name in text
    written = json.loads(data.read_text(encoding="utf-8"))
    assert written.keys() == admitted.json("report").keys()


def test_the_report_comes_before_anything_was_run_too(fresh: Console, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    fresh("report", "--html", str(page))
    assert page.stat().st_size > 1000


def test_the_trace_of_a_model_names_the_data_it_was_made_from(trained: Console) -> None:
    answer = trained("trace", "model")
    assert "dataset train" in answer.out
    assert "dataset test" in answer.out
    assert "code train.py" in answer.out
    down = trained("trace", "train")
    assert "model" in down.out.split("used for:")[1]


def test_why_leads_to_the_root_cause(trained: Console) -> None:
    why = trained.json("why", "model", expect=1)
    assert "0 of" in str(why["steps"])


def test_why_has_nothing_to_explain_where_the_model_is_admitted(admitted: Console) -> None:
    assert "nothing to explain" in admitted("why", "model").out


def test_why_follows_a_failing_data_set_up_to_its_model(admitted: Console) -> None:
    place = admitted.folder / "data/train.csv"
    header, *rows = place.read_text().splitlines()
    place.write_text("\n".join([header, *(row[:-1] + "1" for row in rows)]) + "\n")
    admitted("run", "data", expect=1)
    why = admitted("why", "system", "--for", "train", expect=1)
    assert "labels" in why.out
