"""Files that ordinary libraries wrote, what is to be scanned of them, and what may not pass."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from sealwright.vetting.scan import scan_paths

BENIGN = Path(__file__).parent.parent / "benign"
TOGETHER = ("documents/onnx/one_file", "documents/onnx/many_files", "documents/huggingface/*")
"""Folders whose files belong together: a model, and its numbers without a header."""
NOT_PASSED = {
    "containers/encrypted.7z": "inconclusive: its content cannot be read without the password",
    "containers/encrypted_header.7z": "inconclusive: its names cannot be read without the password",
    "containers/ppmd.7z": "inconclusive: PPMd is recognised and not unpacked",
    "other_formats/booster.bin": "inconclusive: a copy of memory, which is not examined",
    "other_formats/graph.pbtxt": "inconclusive: of the text form only the operations are looked at",
}
"""File → verdict and why. Everything else passes."""


def files(root: Path = BENIGN) -> Iterator[str]:
    """What to scan, as paths below `root`: single files, and folders that belong together."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        above = [parent.relative_to(root).as_posix() for parent in path.parents[: name.count("/")]]
        if any(_together(each) for each in above):
            continue
        if path.parent != root and (path.is_file() or _together(name)):
            yield name


def _together(name: str) -> bool:
    return any(fnmatchcase(name, pattern) and name.count("/") == 2 for pattern in TOGETHER)


def wrong(name: str, root: Path = BENIGN) -> str:
    """Why the verdict of one file is not the one that it should be; empty where it is."""
    outcome = scan_paths([root / name], strict=True)
    wanted = NOT_PASSED.get(name, "pass").partition(":")[0]
    if outcome.verdict == wanted:
        return ""
    seen = [f"{each.rule.id} {each.finding.message}" for each in outcome.observations[:3]]
    return f"{name}: {outcome.verdict} {seen}"


def main() -> int:
    """Scans the files below a folder; says which do not pass."""
    root = Path(sys.argv[1])
    names = list(files(root))
    found = [reason for name in names if (reason := wrong(name, root))]
    sys.stdout.write("".join(f"{reason}\n" for reason in found))
    sys.stdout.write(f"{len(names)} scanned, {len(found)} not as they should be\n")
    return 1 if found or not names else 0


if __name__ == "__main__":
    raise SystemExit(main())
