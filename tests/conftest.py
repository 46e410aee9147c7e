"""What all tests share: a cache of their own, so that the user's stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".pytest_cache" / "xdg")
