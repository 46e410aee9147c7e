"""Asks about three patients: with a key, without one, too often, and until there is an answer."""

import sys
import time

from caller import ask, key_of, outputs, patients

PATIENCE = 20


def main() -> None:
    """`ask.py` as clinic, `nobody` without a key, `flood` too often, `again` until it answers."""
    how = sys.argv[1] if len(sys.argv) > 1 else "clinic"
    rows = patients()[:3]
    if how == "nobody":
        print(*ask(rows))
        return
    key = key_of("clinic")
    if how == "flood":
        tried = [ask(rows[:1], key)[0] for _ in range(90)]
        refused = ask(rows[:1], key)
        print(f"{tried.count(200)} of {len(tried)} answered, {tried.count(429)} refused: {refused}")
        return
    status, answer = ask(rows, key)
    started = time.monotonic()
    while how == "again" and status != 200 and time.monotonic() - started < PATIENCE:
        time.sleep(0.1)  # the gateway follows the ledger, and a runtime takes a moment to start
        status, answer = ask(rows, key)
    if status != 200:
        print(status, answer)
        raise SystemExit(1)
    said = outputs(answer)
    print(f"version {answer['model_version']}")
    for row, score, decision in zip(rows, said["score"], said["decision"], strict=True):
        print(f"  age {row[0]:.0f}, bmi {row[2]:.1f}: {score:.3f} {decision}")


if __name__ == "__main__":
    main()
