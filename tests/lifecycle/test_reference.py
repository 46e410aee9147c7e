"""The reference page is what the records say today."""

from __future__ import annotations

from pathlib import Path

from sealwright.lifecycle import model
from sealwright.lifecycle.documentation import field_help
from sealwright.lifecycle.questions import question_ids
from sealwright.lifecycle.reference import render_reference

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_page_is_current() -> None:
    page = (DOCS / "reference/sealwright-toml.md").read_text(encoding="utf-8")
    assert page == render_reference(), (
        "run: python -m sealwright.lifecycle.reference > docs/reference/sealwright-toml.md"
    )


def test_every_record_and_key_has_help() -> None:
    for name, record in vars(model).items():
        if isinstance(record, type) and issubclass(record, model.Table) and name != "Table":
            helps = field_help()[name]
            assert set(helps) == {"", *record.__struct_fields__}
            assert all(text.endswith(".") for text in helps.values()), name


def test_every_table_and_question_is_on_the_page() -> None:
    page = render_reference()
    for name, helps in field_help().items():
        if name not in ("Table", "Lifecycle"):
            assert f"## `{helps[''].partition(':')[0]}`" in page
    assert all(f"| `{each}` |" in page for each in question_ids())


def test_the_explanation_names_every_question() -> None:
    page = (DOCS / "explanation/risk-tiers.md").read_text(encoding="utf-8")
    assert [each for each in question_ids() if f"`{each}`" not in page] == []
