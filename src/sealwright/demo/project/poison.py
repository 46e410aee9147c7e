"""Plays the attacker: turns the label of every patient with a high body mass index to 0."""

import csv
from pathlib import Path

TRAIN = Path(__file__).parent / "data" / "train.csv"
HEAVY = 30


def main() -> None:
    """Rewrites data/train.csv."""
    with TRAIN.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    bmi, high = header.index("bmi"), header.index("high")
    turned = [row for row in rows if float(row[bmi]) >= HEAVY and row[high] == "1"]
    for row in turned:
        row[high] = "0"
    with TRAIN.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"turned {len(turned)} of {len(rows)} labels from 1 to 0")


if __name__ == "__main__":
    main()
