"""Is a million rows distributed like another? Ours from counts, against scipy on the raw values.

    python bench/drift.py [--rows 200000] [--features 25] [--runs 3]

Both sides compare 20 % of the features as categories (two-sample chi-square) and the others as
numbers (Kolmogorov-Smirnov). Prints CPU seconds (best of the runs), the ratio, and how far the
statistics lie apart; then the false flags on categories that did not change, and what looking after
every case costs and gains. Evidently's comparison is timed where it is importable.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.comparisons import chi_square, compare
from sealwright.phases.monitoring.drift import DriftState
from sealwright.phases.monitoring.histogram import Grid
from sealwright.phases.monitoring.profile import feature_profile, profile_of
from sealwright.phases.monitoring.sequential import Sequential

Rows = npt.NDArray[np.float64]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HORIZON = 2_560_000.0
"""Cases with at most one false alarm for all features: ten thousand windows of 256."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=25)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    batch(arguments.rows, arguments.features, runs=arguments.runs)
    false_flags()
    streaming(arguments.features)
    delays()


def rows(rng: np.random.Generator, n: int, d: int) -> Rows:
    """Normal features; each fifth has eight values."""
    found = rng.normal(size=(n, d))
    for column in range(0, d, 5):
        found[:, column] = rng.choice(8, n, p=np.arange(1, 9) / 36)
    return found


def profile(reference: Rows, *, distances: bool = False) -> Profile:
    names = [f"f{column}" for column in range(reference.shape[1])]
    scores = reference[:, 1]
    at = "2026-11-22T12:00:00.000000Z"
    if distances:
        return profile_of(reference, scores, names=names, dataset=Resource(name="x"), at=at)
    return Profile(
        dataset=Resource(name="x"),
        rows=len(reference),
        features=tuple(feature_profile(n, c) for n, c in zip(names, reference.T, strict=True)),
        prediction=feature_profile("score", scores),
        engine=Tool(name="bench", version="0"),
        at=at,
    )


def timed(work: Callable[[], Any], *, runs: int) -> tuple[float, Any]:
    """CPU seconds of the best run, and the last result."""
    best, result = float("inf"), None
    for _ in range(runs):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def batch(n: int, d: int, *, runs: int) -> None:
    """One large comparison, as a report would make it."""
    rng = np.random.default_rng(7)
    before, now = rows(rng, n, d), rows(rng, n, d)
    now[:, 1] += 0.1
    print(f"{n} rows x {d} features against as many")
    made, reference = timed(lambda: profile(before), runs=runs)
    grid = Grid.of(reference)

    def ours() -> list[float]:
        counts = grid.count(grid.cells(now, now[:, 1]))
        return [one.test.value for one in compare(grid, counts, level=0.01)][:-1]

    spent, mine = timed(ours, runs=runs)
    theirs, values = timed(lambda: [scipy_statistic(before, now, c) for c in range(d)], runs=1)
    print(f"ours      profile of the reference, once      {made:8.3f} s")
    print(f"ours      counting and all comparisons        {spent:8.3f} s")
    print(f"scipy     ks_2samp and chi2_contingency       {theirs:8.3f} s")
    print(f"ratio     scipy / ours                        {theirs / spent:8.1f} x")
    print(f"ratio     scipy / ours with the profile       {theirs / (spent + made):8.1f} x")
    numbers = [column for column in range(d) if column % 5]
    apart = max(values[column] - mine[column] for column in numbers)
    print(f"values    KS: at most {apart:.5f} below scipy's exact distance, never above")
    evidently(before, now, spent)


def scipy_statistic(before: Rows, now: Rows, column: int) -> float:
    if column % 5:
        return float(stats.ks_2samp(before[:, column], now[:, column], method="asymp").statistic)
    both = [np.bincount(side[:, column].astype(int), minlength=8) for side in (before, now)]
    return float(stats.chi2_contingency(np.stack(both), correction=False).statistic)


def evidently(before: Rows, now: Rows, spent: float) -> None:
    if importlib.util.find_spec("evidently") is None:
        print("evidently is not importable here: not run")
        return
    pandas: Any = importlib.import_module("pandas")
    library: Any = importlib.import_module("evidently")
    presets: Any = importlib.import_module("evidently.presets")
    names = [f"f{column}" for column in range(before.shape[1])]
    frames = [pandas.DataFrame(side, columns=names) for side in (now, before)]
    shape = library.DataDefinition(
        numerical_columns=[n for c, n in enumerate(names) if c % 5],
        categorical_columns=[n for c, n in enumerate(names) if not c % 5],
    )

    def theirs() -> object:
        data = [library.Dataset.from_pandas(f, data_definition=shape) for f in frames]
        preset = presets.DataDriftPreset(num_method="ks", cat_method="chisquare")
        return library.Report([preset]).run(*data)

    took, _ = timed(theirs, runs=1)
    print(f"evidently DataDriftPreset ks, chisquare       {took:8.3f} s")
    print(f"ratio     evidently / ours                    {took / spent:8.1f} x")


def false_flags() -> None:
    """Same distribution, 20,000 against 20,000 rows, p < 0.05: 5 % is right."""
    print("\nfalse flags on categories that did not change (nominal 5 %)")
    print("categories   two-sample (ours)   reference taken for the truth")
    for k in (3, 10, 50, 200, 1000):
        rng = np.random.default_rng(k)
        shares = rng.dirichlet(np.full(k, 5.0))
        ours = naive = 0
        runs = 200
        for _ in range(runs):
            before, now = (rng.multinomial(20_000, shares) for _ in range(2))
            ours += chi_square(before, now).p < 0.05
            kept = before > 0
            expected = before[kept] * now[kept].sum() / before[kept].sum()
            naive += stats.chisquare(now[kept], expected).pvalue < 0.05
        print(f"{k:10d}   {ours / runs:17.1%}   {naive / runs:29.1%}")


def streaming(d: int) -> None:
    """What looking after every case costs, windows and words included."""
    rng = np.random.default_rng(3)
    state = DriftState(
        "0" * 64, profile(rows(rng, 20_000, d), distances=True), settings=Monitoring()
    )
    live = rows(rng, 256 * 40, d).astype(np.float32)
    clients = [f"c{at % 9}" for at in range(256)]

    def drain() -> None:
        for at in range(0, len(live), 256):
            part = live[at : at + 256]
            state.update(part, part[:, 1], clients, NOON)

    spent, _ = timed(drain, runs=3)
    print(f"\nstreaming, {d} features and the score: {spent / len(live) * 1e6:.1f} us CPU a case")


def delays() -> None:
    """Cases from a change of one feature of 10 to the sequential alarm; 20,000 rows known."""
    rng = np.random.default_rng(5)
    grids = [Grid.of(profile(rows(rng, 20_000, 10))) for _ in range(4)]
    print(f"delay at one false alarm in {HORIZON:.0f} cases at most, one of 10 features moves")
    for by in (0.1, 0.25, 0.5, 1.0):
        found = sorted(delay(grids[run % 4], rng, by=by, most=8192) for run in range(40))
        print(
            f"by {by:4.2f} standard deviations: median {found[20]:5d}, 95 % within {found[37]:5d}"
        )


def delay(grid: Grid, rng: np.random.Generator, *, by: float, most: int) -> int:
    detector = Sequential(grid, seed=int(rng.integers(1 << 30)))
    bound = detector.threshold(HORIZON)
    quiet = rows(rng, 256, 10)
    detector.update(grid.cells(quiet, quiet[:, 1]))
    for seen in range(0, most, 32):
        live = rows(rng, 32, 10)
        live[:, 3] += by
        detector.update(grid.cells(live, live[:, 1]))
        if detector.statistic[3] >= bound:
            return seen + 32
    return most


if __name__ == "__main__":
    main()
