from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sealwright.lifecycle.model import ColumnRule, Labels
from sealwright.phases.data import label_noise
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.engine import Limits
from sealwright.phases.data.features import View
from sealwright.phases.data.labels import examine_labels
from sealwright.phases.data.reading import Source
from tests.data.support import opened, result, source, write_csv

LABELS = Labels(column="y", method="measured", by=["lab"])
Points = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]


def table(
    folder: Path, name: str, points: Points | Sequence[Sequence[Any]], given: Any, /, **fields: Any
) -> Source:
    columns = [f"f{index}" for index in range(len(points[0]))] if len(points) else ["f0"]
    rows = [[*map(str, row), label] for row, label in zip(points, given, strict=True)]
    path = write_csv(folder / f"{name}.csv", [*columns, "y"], rows)
    rules = {column: ColumnRule(type="number") for column in columns}
    return source(
        path,
        **{
            "columns": {**rules, "y": ColumnRule(type="integer", required=False)},
            "labels": LABELS,
            **fields,
        },
    )


def blobs(count: int, *, seed: int = 0) -> tuple[Points, Classes]:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return generator.normal(size=(count, 3)) + 4.0 * labels[:, None], labels.astype(np.int64)


def diabetes() -> tuple[Points, Classes, Points, Classes]:
    points, target = load_diabetes(return_X_y=True, scaled=False)
    labels = (target > 140).astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=0.3, random_state=0, stratify=labels
    )
    return points[train], labels[train], points[test], labels[test]


def flipped(labels: Classes, share: float, *, only: int | None = None) -> Classes:
    """A copy with `share` of all labels changed, `only` among those of one class."""
    changed = labels.copy()
    candidates = np.arange(len(labels)) if only is None else np.flatnonzero(labels == only)
    chosen = np.random.default_rng(1).choice(candidates, round(share * len(labels)), replace=False)
    changed[chosen] = 1 - changed[chosen]
    return changed


def test_ten_percent_random_flips_in_digits_rank_first() -> None:
    points, labels = load_digits(return_X_y=True)
    generator = np.random.default_rng(0)
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[generator.choice(len(labels), len(labels) // 10, replace=False)] = True
    noisy = labels.astype(np.int64)
    noisy[wrong] = (noisy[wrong] + generator.integers(1, 10, wrong.sum())) % 10
    scaled = StandardScaler().fit_transform(points)
    view = View(rows=np.arange(len(labels)), points=scaled, labels=noisy)
    near = label_noise.neighbours(view)
    assert float(roc_auc_score(wrong, label_noise.dispute(noisy, near))) >= 0.99
    disputed = (label_noise.dispute(noisy, near) >= label_noise.EXTREME).mean()
    clean = (label_noise.dispute(labels, near) >= label_noise.EXTREME).mean()
    assert clean < 0.01 < 0.09 < disputed
    power = label_noise.calibrate(noisy, near, classes=10, seed=0)
    assert power.auc > 0.9


def test_neighbours_are_other_rows_even_among_twins() -> None:
    points = np.zeros((40, 2))
    view = View(rows=np.arange(40), points=points, labels=np.zeros(40, dtype=np.int64))
    near = label_noise.neighbours(view)
    assert near.shape == (40, label_noise.NEIGHBOURS)
    assert not (near == np.arange(40)[:, None]).any()


def test_clean_separable_labels_pass_and_flips_fail(tmp_path: Path) -> None:
    points, labels = blobs(200)
    with opened(data=table(tmp_path, "data", points, labels)) as tables:
        clean = examine_labels("data", opened=tables)
    found = result(clean, "labels.label-noise")
    assert (found.n, found.violations, found.result) == (200, 0, "passed")
    assert "AUC" in found.detail
    noisy = flipped(labels, 0.1)
    with opened(data=table(tmp_path, "data", points, noisy)) as tables:
        examined = examine_labels("data", opened=tables)
    found = result(examined, "labels.label-noise")
    assert found.result == "failed"
    assert found.violations is not None
    assert found.violations >= 10  # of 20: flipped neighbours hide some
    suspects = next(item for item in examined.findings if item.rule == "SW-DAT-LABEL-SUSPECT")
    wrong = {str(row + 1) for row in np.flatnonzero(noisy != labels)}
    named = suspects.message.partition("rows ")[2]
    assert {part.split(" ")[0] for part in named.split(", ")} <= wrong


def test_diabetes_clean_passes_although_it_is_a_noisy_problem(tmp_path: Path) -> None:
    train, labels, test, test_labels = diabetes()
    with opened(
        train=table(tmp_path, "train", train, labels, parent="0" * 64),
        before=table(tmp_path, "before", train, labels),
        test=table(tmp_path, "test", test, test_labels),
    ) as tables:
        examined = examine_labels("train", opened=tables, parent="before", reference="test")
    assert {item.check: item.result for item in examined.checks} == {
        "label-noise": "passed",
        "label-change": "passed",
        "label-reference": "passed",
    }


@pytest.mark.parametrize(
    ("share", "only"), [(0.01, None), (0.15, None), (0.1, 1), (0.15, 1), (0.2, 1)]
)
def test_any_flip_in_diabetes_is_seen_against_the_parent(
    tmp_path: Path, share: float, only: int | None
) -> None:
    train, labels, _, _ = diabetes()
    poisoned = flipped(labels, share, only=only)
    with opened(
        train=table(tmp_path, "train", train, poisoned, parent="0" * 64),
        before=table(tmp_path, "before", train, labels),
    ) as tables:
        examined = examine_labels("train", opened=tables, parent="before")
    found = result(examined, "labels.label-change")
    assert (found.result, found.violations) == ("failed", int((poisoned != labels).sum()))
    assert "SW-DAT-LABEL-CHANGED" in {item.rule for item in examined.findings}


def test_targeted_flips_in_diabetes_disagree_with_a_trusted_set(tmp_path: Path) -> None:
    train, labels, test, test_labels = diabetes()
    poisoned = flipped(labels, 0.25, only=1)
    with opened(
        train=table(tmp_path, "train", train, poisoned),
        test=table(tmp_path, "test", test, test_labels),
    ) as tables:
        examined = examine_labels("train", opened=tables, reference="test")
    assert result(examined, "labels.label-reference").result == "failed"
    assert "SW-DAT-LABEL-REFERENCE" in {item.rule for item in examined.findings}


def changes(
    folder: Path,
    before: list[tuple[float, int]],
    after: list[tuple[float, int]],
    **fields: Any,
) -> Examined:
    def split(rows: list[tuple[float, int]]) -> tuple[list[list[float]], list[int]]:
        return [[value] for value, _ in rows], [label for _, label in rows]

    with opened(
        data=table(folder, "data", *split(after), **fields),
        before=table(folder, "before", *split(before)),
    ) as tables:
        return examine_labels("data", opened=tables, parent="before")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ([(1, 0), (2, 1)], [(2, 1), (1, 0)], 0),
        ([(1, 0), (2, 1)], [(1, 1), (2, 1)], 1),
        ([(1, 0)], [(1, 0), (3, 1)], 0),
        ([(1, 0)], [(1.0000000001, 1)], 1),  # a tenth digit hides nothing
        ([(1, 0)], [(1, 0), (1, 1)], 1),  # a contradicting twin
        ([(1, 0), (1, 0), (1, 1)], [(1, 0), (1, 1), (1, 1)], 1),
        ([(1, 0), (1, 1)], [(1, 1), (1, 0)], 0),
        ([(1, 0), (1, 1)], [(1, 0), (1, 1), (1, 1)], 0),  # one more of a known kind
        ([(1, 0), (2, 0)], [(1, 0)], 0),
    ],
)
def test_changes_are_counted_row_by_row(
    tmp_path: Path, before: list[tuple[float, int]], after: list[tuple[float, int]], changed: int
) -> None:
    found = result(changes(tmp_path, before, after), "labels.label-change")
    assert found.violations == changed
    assert found.result == ("failed" if changed else "passed")


def test_changes_under_a_new_labelling_record_warn(tmp_path: Path) -> None:
    again = Labels(column="y", method="measured again", by=["other lab"])
    found = result(changes(tmp_path, [(1, 0)], [(1, 1)], labels=again), "labels.label-change")
    assert found.result == "warned"


def test_a_known_identifier_with_another_label_is_a_change(tmp_path: Path) -> None:
    rules = {
        "id": ColumnRule(type="string", unique=True),
        "f": ColumnRule(type="number"),
        "y": ColumnRule(type="integer"),
    }
    before = write_csv(tmp_path / "before.csv", list(rules), [["a", 1, 0], ["b", 2, 1]])
    after = write_csv(tmp_path / "data.csv", list(rules), [["a", 1.5, 1], ["b", 2, 1]])
    with opened(
        data=source(after, columns=rules, labels=LABELS),
        before=source(before, columns=rules, labels=LABELS),
    ) as tables:
        examined = examine_labels("data", opened=tables, parent="before")
    found = result(examined, "labels.label-change")
    assert (found.violations, found.result) == (1, "failed")


def test_a_parent_that_is_not_at_hand_is_inconclusive(tmp_path: Path) -> None:
    points, labels = blobs(60)
    with opened(data=table(tmp_path, "data", points, labels, parent="0" * 64)) as tables:
        examined = examine_labels("data", opened=tables)
    assert result(examined, "labels.label-change").result == "inconclusive"


def test_what_cannot_be_examined_is_inconclusive(tmp_path: Path) -> None:
    points, labels = blobs(60)

    def noise(points: Any, given: Any, /, **fields: Any) -> tuple[str, str]:
        with opened(data=table(tmp_path, "data", points, given, **fields)) as tables:
            found = result(examine_labels("data", opened=tables), "labels.label-noise")
        return found.result, found.detail

    holes = points.copy()
    holes[3, 1] = np.nan
    assert noise(holes, labels) == (
        "inconclusive",
        "column 'f1' has 1 values that are missing or infinite",
    )
    assert noise(points, ["", *labels[1:]]) == ("inconclusive", "labels are missing")
    assert noise(points[:20], labels[:20])[0] == "inconclusive"
    assert noise(points, [0] * 60)[0] == "inconclusive"
    assert noise([], [])[0] == "inconclusive"
    random = np.random.default_rng(0).integers(0, 2, 60)
    assert noise(points, random, max_label_noise=1.0)[0] == "inconclusive"
    assert noise(points, labels, labels=Labels(column="nothing", method="?"))[0] == "inconclusive"
    optional = {f"f{index}": ColumnRule(type="number", required=False) for index in range(3)}
    columns = {**optional, "y": ColumnRule(type="integer")}
    outcome, detail = noise(holes, labels, columns=columns)
    assert outcome == "passed"
    assert "without f1" in detail


def test_a_large_set_is_sampled_and_the_result_says_so(tmp_path: Path) -> None:
    points, labels = blobs(300)
    data = table(tmp_path, "data", points, labels)
    found = []
    for _ in range(2):
        with opened(Limits(sample_rows=100), data=data) as tables:
            found.append(result(examine_labels("data", opened=tables), "labels.label-noise"))
    assert found[0] == found[1]
    assert found[0].n == 100
    assert "a sample of 100 of 300 rows" in found[0].detail


def test_text_features_count(tmp_path: Path) -> None:
    rules = {"f0": ColumnRule(type="string"), "y": ColumnRule(type="string")}
    rows = [["red" if index % 2 else "blue", "no" if index % 2 else "yes"] for index in range(80)]
    rows[0][1] = "no"
    path = write_csv(tmp_path / "data.csv", ["f0", "y"], rows)
    with opened(data=source(path, columns=rules, labels=LABELS)) as tables:
        found = result(examine_labels("data", opened=tables), "labels.label-noise")
    assert (found.violations, found.result) == (1, "passed")
