"""Writes tests/benign/containers: ordinary archives by the tools that people use.

Needs py7zr, joblib with lz4, numpy, the commands zip, tar and jar, and go. Run it from the root of
the repository: `python tests/benign/write_containers.py`. Versions go into the JSON file beside it.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

TEXT = b"These are ordinary words in an ordinary file.\n" * 8
TARGET = Path(__file__).parent / "containers"
GO = """package main

import (
	"archive/zip"
	"os"
)

func main() {
	out, _ := os.Create(os.Args[1])
	archive := zip.NewWriter(out)
	archive.SetComment("written by Go")
	for _, name := range []string{"folder/", "folder/words.txt", "größe.txt"} {
		entry, _ := archive.Create(name)
		if name[len(name)-1] != '/' {
			content, _ := os.ReadFile("words.txt")
			entry.Write(content)
		}
	}
	archive.Close()
	out.Close()
}
"""
COMMANDS = {
    "infozip.zip": "zip -qr {out} folder words.txt",
    "infozip_stored.zip": "zip -qr0 {out} folder",
    "infozip_stream.zip": "zip -q - folder/words.txt > {out}",
    "infozip_pipe.zip": "cat words.txt | zip -q - - > {out}",
    "infozip_zip64.zip": "zip -qr -fz {out} folder",
    "infozip_comment.zip": "echo a comment | zip -qrz {out} folder",
    "infozip_deleted.zip": "zip -qr {out} folder words.txt && zip -qd {out} words.txt",
    "infozip_bzip2.zip": "zip -qr -Z bzip2 {out} folder",
    "infozip_link.zip": "zip -qry {out} link.txt words.txt",
    "java.zip": "jar --create --no-manifest --file {out} folder words.txt",
    "java_stored.jar": "jar --create -0 --file {out} folder",
    "gnu.tar": "tar --format=gnu -cf {out} folder words.txt",
    "pax.tar": "tar --format=pax -cf {out} folder words.txt",
    "ustar.tar": "tar --format=ustar -cf {out} folder",
    "v7.tar": "tar --format=v7 -cf {out} folder",
    "here.tar": "tar -cf {out} .",
    "packed.tar.gz": "tar -czf {out} folder",
    "packed.tar.xz": "tar -cJf {out} folder",
    "packed.tar.bz2": "tar -cjf {out} folder",
    "words.txt.gz": "gzip -c words.txt > {out}",
}


def with_commands(room: Path) -> None:
    for name, command in COMMANDS.items():
        subprocess.run(["sh", "-c", command.format(out=TARGET / name)], cwd=room, check=True)
    program = room / "program"
    program.mkdir()
    (program / "main.go").write_text(GO)
    go = shutil.which("go") or sys.exit("go is not there")
    subprocess.run([go, "run", program / "main.go", TARGET / "go.zip"], cwd=room, check=True)


def with_py7zr() -> None:
    # By name: the type checker runs where it is not installed.
    py7zr: Any = importlib.import_module("py7zr")

    chains = {
        "lzma2": None,
        "lzma": [{"id": py7zr.FILTER_LZMA}],
        "copy": [{"id": py7zr.FILTER_COPY}],
        "deflate": [{"id": py7zr.FILTER_DEFLATE}],
        "bzip2": [{"id": py7zr.FILTER_BZIP2}],
        "zstd": [{"id": py7zr.FILTER_ZSTD}],
        "ppmd": [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
        "delta": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 7}],
        "branch": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 7}],
        "branch_lzma": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA}],
    }
    for name, filters in chains.items():
        with py7zr.SevenZipFile(TARGET / f"{name}.7z", "w", filters=filters) as archive:
            _fill(archive)
    for name, hidden in (("encrypted", False), ("encrypted_header", True)):
        path = TARGET / f"{name}.7z"
        with py7zr.SevenZipFile(path, "w", password="x", header_encryption=hidden) as archive:
            _fill(archive)


def _fill(archive: Any) -> None:
    archive.writestr(TEXT, "words.txt")
    archive.writestr(b"", "empty.txt")
    archive.writestr(TEXT * 3, "folder/more.txt")


def with_joblib() -> None:
    import joblib
    import numpy as np

    value = {"weights": np.arange(300.0), "zeros": np.zeros((20, 50)), "name": "model"}
    for codec in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
        joblib.dump(value, TARGET / f"{codec}.joblib", compress=(codec, 3))


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "folder" / "inner").mkdir(parents=True)
        for place in ("words.txt", "folder/words.txt", "folder/inner/größe.txt"):
            (room / place).write_bytes(TEXT)
        (room / "folder" / "empty.txt").write_bytes(b"")
        (room / "link.txt").symlink_to("words.txt")
        with_commands(room)
    with_py7zr()
    with_joblib()
    versions = {name: version(name) for name in ("py7zr", "joblib", "numpy", "lz4")}
    for command in ("zip -v", "tar --version", "jar --version", "go version"):
        ran = subprocess.run(command.split(), capture_output=True, text=True, check=True)
        versions[command.split()[0]] = " ".join(ran.stdout.splitlines()[:2])[:90]
    notes = TARGET.parent / "write_containers.versions.json"
    notes.write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
