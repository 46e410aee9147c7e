"""Asks one scanner about many files: its own command in a forked process for each, imported once.

    python ask.py MODULE:FUNCTION[+MODULE...] ARGUMENT... < paths

Modules that the command would import each time are named after it, and imported once.

Writes one JSON line for each path: exit code (null if it was ended) and the end of what it printed.
Runs in the scanner's own environment, so it uses nothing but the standard library.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from typing import Any, NoReturn

PATIENCE = 90.0
_TAIL = 4_000


def main() -> None:
    target, *more = sys.argv[1].split("+")
    for each in more:
        importlib.import_module(each)
    module, _, name = target.partition(":")
    command = getattr(importlib.import_module(module), name)
    for path in sys.stdin.read().splitlines():
        with tempfile.TemporaryFile() as output:
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                _run(command, [name, *sys.argv[2:], path], output.fileno())
            code = _wait(child)
            output.seek(max(0, os.fstat(output.fileno()).st_size - _TAIL))
            text = output.read().decode("utf-8", "replace")
        print(json.dumps([code, text]), flush=True)


def _run(command: Any, words: list[str], output: int) -> NoReturn:
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = words
    code: object = 0
    try:
        code = command()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - whatever it is, it is the answer
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _wait(child: int) -> int | None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    main()
