"""Withdraws the partner's data set while clinics ask on, and measures how long answers come."""

import subprocess
import sys
import threading
import time

from caller import ask, key_of, patients

LIMIT = 2.0
REVOKE = ("revoke", "partner", "--reason", "the partner clinic's patients withdrew consent")


def main() -> None:
    """Asks without a pause, revokes, and prints the time until the last answer."""
    answered: list[float] = []
    refused: list[tuple[float, int, str]] = []
    over = threading.Event()

    def keep_asking(client: str) -> None:
        row, key = patients()[:1], key_of(client)
        while not over.is_set():
            status, answer = ask(row, key)
            now = time.monotonic()
            if status == 200:
                answered.append(now)
            else:
                refused.append((now, status, answer["error"]))
            time.sleep(0.02)

    threads = [threading.Thread(target=keep_asking, args=(name,)) for name in ("north", "south")]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    program = "import sys; from sealwright.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *REVOKE], capture_output=True, text=True, check=False
    )
    revoked = time.monotonic()
    time.sleep(2.5)
    over.set()
    for thread in threads:
        thread.join()
    print(done.stdout.rstrip())
    if not answered:
        raise SystemExit(f"nothing was answered: {refused[-1]}")
    last = max(answered) - revoked
    after = [(status, text) for moment, status, text in refused if moment > revoked]
    print(f"{len(answered)} answers while it was served")
    print(f"last answer {max(last, 0):.2f} s after the command ended; since then {after[-1]}")
    if done.returncode or last > LIMIT or {status for status, _ in after} != {403}:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
