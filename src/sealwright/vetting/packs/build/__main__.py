"""`python -m sealwright.vetting.packs.build LIBRARY`: makes a pack from a library's source.

Reads files below site-packages and imports nothing of them. What could not be proved harmless is
listed with the reason, for a person to review and to add to the library's TOML file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sealwright.errors import SealwrightError
from sealwright.vetting.packs.build.assemble import assemble, encode_pack
from sealwright.vetting.packs.build.reviewed import Reviewed, read_reviewed
from sealwright.vetting.packs.load import DATA, write_index

REVIEWED = Path(__file__).parent.parent / "reviewed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pack; prints how many names it has and what is left for review."""
    options = _options(arguments)
    reviewed_at = options.reviewed or REVIEWED / f"{options.library}.toml"
    try:
        if reviewed_at.is_file():
            reviewed = read_reviewed(reviewed_at)
        else:
            name = options.library
            modules = (name.replace("-", "_"),)
            reviewed = Reviewed(pack=name.lower(), library=name, modules=modules)
        pack, left = assemble(reviewed, _sites(options))
    except SealwrightError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    path = options.output or DATA / f"{reviewed.pack}.json"
    path.write_bytes(encode_pack(pack))
    if path.parent == DATA:
        write_index()
    names = sum(len(labels) for group in pack.groups for labels in group.names.values())
    versions = [version for version in pack.versions if version]
    of = f" of {', '.join(versions)}" if versions else ""
    sys.stdout.write(f"{path.name}: {_counted(names, 'name', 'names')}{of}\n")
    sys.stdout.write(f"{_counted(len(left), 'class', 'classes')} left for review\n")
    if options.review:
        options.review.write_text("".join(f"{name}: {why}\n" for name, why in left.items()))
    return 0


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sealwright.vetting.packs.build")
    parser.add_argument("library", help="name of the pack's TOML file, or of an installed library")
    parser.add_argument("--python", type=Path, help="an interpreter whose site-packages are read")
    parser.add_argument(
        "--site", type=Path, action="append", default=[], help="a site-packages folder"
    )
    parser.add_argument("--reviewed", type=Path, help="the TOML file of what was reviewed")
    parser.add_argument("-o", "--output", type=Path, help="where the pack is written")
    parser.add_argument("--review", type=Path, help="where what is left for review is written")
    return parser.parse_args(arguments)


def _sites(options: argparse.Namespace) -> list[Path]:
    sites = list(options.site)
    if options.python:
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        found = subprocess.run(
            [str(options.python), "-I", "-c", ask], capture_output=True, text=True, check=True
        )
        sites.insert(0, Path(found.stdout.strip()))
    return sites


if __name__ == "__main__":
    raise SystemExit(main())
