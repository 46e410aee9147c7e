"""Asks about three patients: with a key, without one, and more often than the limit allows."""

import sys
import time

from caller import ask, key_of, outputs, patients

TRIES = 15


def main() -> None:
    """`ask.py` as clinic, `ask.py nobody` without a key, `ask.py flood` too often."""
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
    for _ in range(TRIES):  # a version that was just released takes a moment to start
        if status != 503:
            break
        time.sleep(float(answer.get("retry_after", 1)))
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
