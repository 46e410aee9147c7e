"""Watches the traffic of a serving installation: `python -m sealwright.phases.monitoring`.

Settings come as JSON lines on standard input, and when that ends, this ends, with 0. Reports go to
standard output, words to standard error. The files it makes are its user's alone.
"""

from __future__ import annotations

import asyncio
import os
import sys

from sealwright.errors import SealwrightError
from sealwright.phases.monitoring.process import serve
from sealwright.sandbox.service import wake_with_parent


def main() -> int:
    """The whole life of the process; its exit status."""
    os.umask(0o077)
    wake_with_parent()
    try:
        asyncio.run(serve())
    except SealwrightError as error:
        advice = f" ({error.advice})" if error.advice else ""
        sys.stderr.write(f"monitor: {error.message}{advice}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
