"""Scans one file in a process of its own and prints its verdict and its greatest memory in KiB."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.scan import inspect
from tests.vetting.examine import session


def main() -> None:
    work = session()
    inspect(Member(path="bomb", data=Path(sys.argv[1]).read_bytes()), work)
    seen = [each for report in work.reports for each in report.observations]
    # Not getrusage: a process inherits that from the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0])
    verdict = conclude(seen, complete=True)
    sys.stdout.write(json.dumps({"verdict": verdict, "peak": peak, "inflated": work.inflated}))


if __name__ == "__main__":
    main()
