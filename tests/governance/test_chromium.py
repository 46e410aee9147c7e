"""The page in a real browser. It must be there: a page that nobody rendered is not tested."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from tests.governance.sample import build_sample

from sealwright.phases.governance.report.html import render_html

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--v=0",
)


def browse(tmp_path: Path, page: str, *flags: str) -> subprocess.CompletedProcess[str]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "the report is tested in Chromium: install it"
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    return subprocess.run(
        [chromium, *FLAGS, profile, *flags, file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def console(run: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def test_chromium_draws_the_page_without_complaint(tmp_path: Path) -> None:
    image = tmp_path / "page.png"
    run = browse(
        tmp_path,
        render_html(build_sample().report),
        f"--screenshot={image}",
        "--window-size=1280,1600",
    )
    assert console(run) == []
    data = image.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1280, 1600)
    assert len(data) > 100_000  # a page without its style or text is far smaller


def test_the_policy_of_the_page_stops_a_script_that_is_put_into_it(tmp_path: Path) -> None:
    """Shows that the test above would see a violation, and that the policy really holds."""
    page = render_html(build_sample().report).replace(
        "</main>", "<script>document.title = 'owned'</script><p style='color:red'>x</p></main>"
    )
    run = browse(tmp_path, page, "--dump-dom")
    assert "<title>owned" not in run.stdout
    assert len(console(run)) >= 2
    assert all("Content Security Policy" in line for line in console(run))
