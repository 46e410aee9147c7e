"""Group fairness on a million rows: ours against Fairlearn, same inputs, same definitions.

    python bench/fairness.py [--rows 1000000] [--replicates 2000] [--runs 5]

Prints CPU seconds (our best of the runs; Fairlearn runs once), ratios, and whether the values agree
to 1e-12. Without Fairlearn only our own side is timed. Run it from an environment that has numpy,
msgspec and Fairlearn, with `src` on PYTHONPATH; Fairlearn is no dependency of the project.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sealwright.phases.validation.count_table import (
    count_table,
    difference,
    difference_interval,
    false_positives,
    resample_counts,
    selection,
    true_positives,
)

FAIRLEARN_BOOTSTRAP_ROWS = 100_000
FAIRLEARN_REPLICATES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    groups, labels, answers = rows(arguments.rows)
    names = f"{arguments.rows} rows x {len(np.unique(groups))} groups"
    print(names)

    spent, (parity, odds) = timed(lambda: ours(groups, labels, answers), runs=arguments.runs)
    print(
        f"ours      both differences                     {spent:8.4f} s   {parity:.6f} {odds:.6f}"
    )
    full, interval = timed(
        lambda: ours_bootstrap(groups, labels, answers, replicates=arguments.replicates),
        runs=arguments.runs,
    )
    low, high = interval
    print(
        f"ours      both, with {arguments.replicates} replicates           {full:8.4f} s   "
        f"equalised odds in [{low:.4f}, {high:.4f}]"
    )
    if importlib.util.find_spec("fairlearn") is None:
        print("fairlearn is not importable here: no comparison")
        return
    metrics: Any = importlib.import_module("fairlearn.metrics")
    theirs, values = timed(lambda: fairlearn(metrics, groups, labels, answers), runs=1)
    print(
        f"fairlearn both differences                     {theirs:8.4f} s   "
        f"{values[0]:.6f} {values[1]:.6f}"
    )
    print(f"ratio     both differences                     {theirs / spent:8.1f} x")
    agree = max(abs(values[0] - parity), abs(values[1] - odds))
    print(
        f"values    largest disagreement {agree:.1e}: {'equal' if agree <= 1e-12 else 'DIFFERENT'}"
    )
    few = min(FAIRLEARN_BOOTSTRAP_ROWS, arguments.rows)
    part = [column[:few] for column in (groups, labels, answers)]
    boot, _ = timed(lambda: fairlearn_bootstrap(metrics, *part), runs=1)
    mine, _ = timed(
        lambda: ours_bootstrap(*part, replicates=FAIRLEARN_REPLICATES), runs=arguments.runs
    )
    print(f"fairlearn {FAIRLEARN_REPLICATES} replicates, {few} rows, one metric {boot:8.4f} s")
    print(f"ours      {FAIRLEARN_REPLICATES} replicates, {few} rows, both       {mine:8.4f} s")
    print(f"ratio     bootstrap                            {boot / mine:8.1f} x")


def rows(n: int) -> tuple[Any, Any, Any]:
    """Groups a, b, c with different base rates and different answers, seeded."""
    rng = np.random.default_rng(7)
    groups = np.array(["a", "b", "c"])[rng.choice(3, n, p=[0.6, 0.3, 0.1])]
    base = np.where(groups == "a", 0.5, np.where(groups == "b", 0.4, 0.3))
    labels = rng.random(n) < base
    answers = rng.random(n) < np.where(labels, 0.75, 0.2) + np.where(groups == "c", 0.1, 0.0)
    return groups, labels, answers


def ours(groups: Any, labels: Any, answers: Any) -> tuple[float, float]:
    """Demographic parity and equalised odds differences."""
    table = count_table(groups, labels, answers)
    odds = max(float(difference(true_positives(table))), float(difference(false_positives(table))))
    return float(difference(selection(table))), odds


def ours_bootstrap(
    groups: Any, labels: Any, answers: Any, *, replicates: int
) -> tuple[float | None, float | None]:
    """The same, with intervals for both; returns that of equalised odds."""
    table = count_table(groups, labels, answers)
    again = resample_counts(table, replicates=replicates, rng=np.random.default_rng(0))
    difference_interval((selection(table),), (selection(again),))
    interval = difference_interval(
        (true_positives(table), false_positives(table)),
        (true_positives(again), false_positives(again)),
    )
    return interval.low, interval.high


def fairlearn(metrics: Any, groups: Any, labels: Any, answers: Any) -> tuple[float, float]:
    """Fairlearn's own functions with numpy inputs."""
    return (
        float(metrics.demographic_parity_difference(labels, answers, sensitive_features=groups)),
        float(metrics.equalized_odds_difference(labels, answers, sensitive_features=groups)),
    )


def fairlearn_bootstrap(metrics: Any, groups: Any, labels: Any, answers: Any) -> object:
    """Fairlearn's bootstrap of one metric."""
    return metrics.MetricFrame(
        metrics=metrics.selection_rate,
        y_true=labels,
        y_pred=answers,
        sensitive_features=groups,
        n_boot=FAIRLEARN_REPLICATES,
        ci_quantiles=[0.025, 0.975],
        random_state=0,
    ).difference_ci()


def timed(work: Callable[[], Any], *, runs: int) -> tuple[float, Any]:
    """CPU seconds of the best run, and the last result."""
    best, result = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


if __name__ == "__main__":
    main()
