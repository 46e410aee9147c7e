"""Serves one admitted model over a Unix socket: `python -m sealwright.phases.deployment.runtime`.

Settings come as one JSON line on standard input; when that ends, this ends. The order is: settings,
socket, walls, and only then libraries and the model. Ends with 0 after the end of its input, else
with the status of the error (4: the files are not those that were admitted).
"""

from __future__ import annotations

import sys

from sealwright.errors import LimitReached, SealwrightError
from sealwright.phases.deployment.runtime.listening import listen
from sealwright.phases.deployment.runtime.startup import (
    read_arguments,
    read_line,
    read_settings,
)
from sealwright.sandbox.service import confine


def main() -> int:
    """The whole life of the process; its exit status."""
    arguments = read_arguments(sys.argv[1:])
    try:
        line = read_line(0)
        if line is None:
            return 0
        settings = read_settings(line)
        listener = listen(settings.socket)
        walls = confine(
            level=arguments.level, readable=(settings.folder,), memory_mb=arguments.memory_mb
        )
        from sealwright.phases.deployment.runtime.app import RuntimeApp
        from sealwright.phases.deployment.runtime.loading import load
        from sealwright.phases.deployment.runtime.serving import serve

        model = load(settings)
        _say(f"serving {settings.digest[:12]} behind {', '.join(walls)}")
        serve(RuntimeApp(settings, model), listener, settings=settings, level=arguments.level)
    except SealwrightError as error:
        _say(error.message + (f" ({error.advice})" if error.advice else ""))
        return error.exit_code
    except MemoryError:
        _say(f"the model needs more than {arguments.memory_mb} MiB")
        return LimitReached.exit_code
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"runtime: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
