"""Writes the diabetes study's data as three CSV files: 442 patients, 30 % of them kept for the test
and 60 set aside as those of a partner clinic, each split by outcome.

The study (Efron, Hastie, Johnstone and Tibshirani, 2004) followed patients for a year and measured
how far the disease had progressed. We predict whether it was high: above 140, about the median.
"""

from importlib.metadata import distributions
from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

HIGH = 140
PARTNER = 60
HERE = Path(__file__).parent
FOLDER = HERE / "data"


def main() -> None:
    """Makes data/{train,partner,test}.csv, and a lock file where there is none."""
    study = load_diabetes(as_frame=False, scaled=False)
    high = (study.target > HIGH).astype(int)
    rows = [
        ",".join([*(f"{value:g}" for value in row), band(row[0]), str(label)])
        for row, label in zip(study.data, high, strict=True)
    ]
    header = ",".join([*study.feature_names, "age_band", "high"])
    known, test, outcome, _ = train_test_split(
        rows, high, test_size=0.3, random_state=7, stratify=high
    )
    train, partner = train_test_split(known, test_size=PARTNER, random_state=7, stratify=outcome)
    FOLDER.mkdir(exist_ok=True)
    for name, part in (("train", train), ("partner", partner), ("test", test)):
        (FOLDER / f"{name}.csv").write_text("\n".join([header, *part]) + "\n", encoding="utf-8")
    lock = HERE / "requirements.txt"
    if not lock.exists():
        installed = {f"{item.name}=={item.version}" for item in distributions()}
        lock.write_text("\n".join(sorted(installed)) + "\n", encoding="utf-8")
    print(
        f"wrote {len(train)} training, {len(partner)} partner and {len(test)} test patients "
        f"to {FOLDER.name}/"
    )


def band(age: float) -> str:
    """The age groups that results are compared between."""
    return "under-50" if age < 50 else "50-and-over"


if __name__ == "__main__":
    main()
