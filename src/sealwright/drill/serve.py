"""Serves a throw-away installation, by the function that `sealwright serve` calls, until standard
input ends.

    python -m sealwright.drill.serve ROOT

Says where it is reached as one line of JSON on standard output.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import threading
from pathlib import Path

from sealwright.clock import system_clock
from sealwright.errors import SealwrightError
from sealwright.project.core import Project
from sealwright.project.serving.serve import Started, serve


def main(root: Path) -> int:
    """Serves; the exit code of what went wrong, or 0."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        with Project.open(root) as project:
            serve(project, clock=system_clock, passphrase=None, started=_tell, say=_say)
    except SealwrightError as error:
        _say(error.message)
        return error.exit_code
    return 0


def _tell(started: Started) -> None:
    sys.stdout.write(json.dumps(dataclasses.asdict(started)) + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _end_with_input() -> None:
    """Whoever started this is gone, or has had enough."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
