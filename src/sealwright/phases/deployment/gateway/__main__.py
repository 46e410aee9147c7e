"""`python -m sealwright.phases.deployment.gateway`: settings on standard input, until it ends."""

from __future__ import annotations

import sys

from sealwright.errors import SealwrightError
from sealwright.phases.deployment.gateway.process import read_settings, run
from sealwright.sandbox.service import wake_with_parent


def main() -> int:
    """Exit code as the command line's."""
    wake_with_parent()
    try:
        run(read_settings(0))
    except SealwrightError as error:
        sys.stderr.write(f"gateway: {error.message}\n")
        if error.advice:
            sys.stderr.write(f"  {error.advice}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
