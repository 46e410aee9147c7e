"""Three clinics whose patients are not those of the study: heavier, with higher blood pressure."""

import time

from caller import FEATURES, ask, key_of, patients

HEAVIER, HIGHER = 7, 15
BATCH = 24
CLINICS = ("north", "south", "west")


def main() -> None:
    """Sends the shifted patients until enough windows are full."""
    bmi, pressure = FEATURES.index("bmi"), FEATURES.index("bp")
    rows = [list(row) for name in ("train", "partner") for row in patients(name)]
    for row in rows:
        row[bmi] += HEAVIER
        row[pressure] += HIGHER
    sent = 0
    for start in range(0, len(rows), BATCH):
        for client in CLINICS:
            status, _ = ask(rows[start : start + BATCH], key_of(client))
            sent += len(rows[start : start + BATCH]) if status == 200 else 0
        time.sleep(0.02)
    print(f"sent {sent} patients from three clinics: bmi +{HEAVIER}, blood pressure +{HIGHER}")


if __name__ == "__main__":
    main()
