"""python -m sealwright.cli.reference docs/reference"""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright.cli.reference.pages import write_pages

write_pages(Path(sys.argv[1]))
