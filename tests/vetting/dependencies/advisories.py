"""OSV records by hand, and databases made of them."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
YESTERDAY = "2026-11-21T10:00:00Z"


def clock() -> datetime:
    return NOW


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def events(*pairs: str) -> dict[str, Any]:
    """`events("introduced:0", "fixed:2")`"""
    listed = [dict([pair.split(":", 1)]) for pair in pairs]
    return {"type": "ECOSYSTEM", "events": listed}


def record(name: str, package: str = "acme", **more: Any) -> dict[str, Any]:
    """An advisory about one package; `ranges` and `versions` go into `affected`."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": package},
        "ranges": more.pop("ranges", [events("introduced:0")]),
        "versions": more.pop("versions", []),
    }
    return {"id": name, "modified": YESTERDAY, "affected": [affected], **more}


def write_zip(path: Path, *records: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, one in enumerate(records):
            name = one.get("id", number) if isinstance(one, dict) else number
            data = one if isinstance(one, str | bytes) else json.dumps(one)
            archive.writestr(f"{number}-{name}.json", data)
    return path
