"""Waits until the monitor has raised an alert of one kind, and says how long that took."""

import json
import sys
import time
from pathlib import Path

ALERTS = Path(__file__).parent / ".sealwright" / "serving" / "alerts.jsonl"
SECONDS = 20


def main() -> None:
    """`wait.py DETECTOR`."""
    detector, started = sys.argv[1], time.monotonic()
    while time.monotonic() - started < SECONDS:
        lines = ALERTS.read_text(encoding="utf-8").splitlines() if ALERTS.exists() else []
        for line in lines:
            found = json.loads(line)["finding_info"]
            if detector in found["analytic"]["name"]:
                print(f"{found['title']}: seen within {time.monotonic() - started:.1f} s")
                return
        time.sleep(0.1)
    raise SystemExit(f"no alert of kind {detector} within {SECONDS} s")


if __name__ == "__main__":
    main()
