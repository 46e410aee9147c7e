"""Plain text: passes, unless it stands where a model must be."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from sealwright.patterns import regex
from sealwright.vetting.code.attack_rules import DANGEROUS_SHELL, PERSISTENCE
from sealwright.vetting.dependencies.startup import MAX_PTH, RUNS, UNREAD, examine_pth, is_pth
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, Rule, quoted

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEAD = 1 << 16
_WINDOW = 1 << 20
MAX_SCRIPT = 4 * 1024 * 1024
_ODD_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r\x0b\x0c\x1b\x08\x07")) + b"\x7f"
_BINARY = frozenset(
    (
        *(".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".skops"),
        *(".safetensors", ".onnx", ".h5", ".hdf5", ".keras", ".gguf", ".pb", ".tflite", ".nemo"),
        *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".zst", ".cbm", ".mar", ".whl"),
    )
)
"""Extensions of formats that never are text."""
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"

POINTER = Rule(
    id="SW-TEXT-001",
    effect="inconclusive",
    severity="medium",
    title="A pointer of Git LFS stands in for the file",
    remediation="fetch the file itself (git lfs pull), and scan again",
    why="The model is not here: only its digest is. What will be loaded was not examined.",
    example="version https://git-lfs.github.com/spec/v1\noid sha256:4d7a…\nsize 438",
    atlas=("AML.T0010.003",),
)
NO_MODEL = Rule(
    id="SW-TEXT-002",
    effect="inconclusive",
    severity="medium",
    title="Text stands where the name promises a model",
    remediation="get the file again from its source; often it is an error page of a download",
    why="The name belongs to a binary format, the content is text. No loader of that format takes "
    "it as it is, and what another program makes of it is not known.",
    example="model.pt that holds <html>…404 Not Found…</html>",
    atlas=("AML.T0074",),
)
BREAKS = Rule(
    id="SW-TEXT-003",
    effect="inconclusive",
    severity="medium",
    title="The text goes on as something that is not text",
    remediation="find out what the rest of the file is",
    why="A text at the beginning makes people and tools take the file for harmless; what follows "
    "can be a program or an archive.",
    example="#!/bin/sh, and 2 MB of a compressed archive after it",
    atlas=("AML.T0074",),
)
SCRIPT = Rule(
    id="SW-TEXT-004",
    effect="warn",
    severity="low",
    title="A script for a shell or another interpreter lies among the files",
    remediation="read it before anyone runs it",
    why="No loader of models runs it by itself; people who follow a README do.",
    example="#!/bin/sh",
    atlas=("AML.T0011",),
)
BUILD = Rule(
    id="SW-TEXT-005",
    effect="review",
    severity="high",
    title="A build file gives what it downloads or decodes to a shell",
    remediation="read what it runs; pin it by digest, or take it from a package registry",
    why="Whoever builds the image, or types make, runs what the address answers that day. Honest "
    "build files install tools so as well, so a person decides.",
    example="RUN curl -s https://example.org/x | sh",
    atlas=("AML.T0010.001", "AML.T0011"),
    cwe=(494,),
)
RULES = (POINTER, NO_MODEL, BREAKS, SCRIPT, BUILD)
_SCRIPTS = frozenset((".sh", ".bash", ".zsh", ".command", ".ps1", ".psm1", ".bat", ".cmd"))
_GOING_ON = {".ps1": "`", ".psm1": "`", ".bat": "^", ".cmd": "^"}
"""What stands at the end of a line that goes on; a backslash elsewhere."""
_BUILD_FILE = regex(
    r"(?:gnu)?makefile(?:\..*)?|.*\.(?:mk|mak|dockerfile)|(?:docker|container)file(?:\..*)?",
    re.IGNORECASE,
)
_DOWNLOADS = regex(
    r"\b(?:iwr|irm|curl|wget|invoke-(?:webrequest|restmethod))\b|downloadstring|net\.webclient",
    re.IGNORECASE,
)


def is_text(data: Buffer) -> bool:
    """Whether the first 64 KiB are text: UTF-8, or UTF-16 with its mark, or one-byte text."""
    head = bytes(data[:_HEAD])
    if not head:
        return False
    if head.startswith(_UTF_16):
        return _decodes(head, "utf-16", whole=len(head) == len(data))
    if b"\0" in head:
        return False
    odd = len(head) - len(head.translate(None, _ODD_CONTROLS))
    if odd * 500 > len(head):
        return False
    if _decodes(head, "utf-8", whole=len(head) == len(data)):
        return True
    high = sum(1 for byte in head if byte >= 0x80)
    return not odd and high * 10 < len(head)


def _decodes(head: bytes, encoding: str, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def recognise(member: Member) -> Fit:
    """Weak: a text may be many things."""
    return "weak" if is_text(member.data) else "no"


def examine(examining: Examining) -> None:
    """Reads it to its end."""
    data, member = examining.data, examining.member
    head = bytes(data[: len(_POINTER)])
    if head == _POINTER:
        examining.find(POINTER, "the file is not here, only a pointer to it")
    elif member.extension == ".pth" and is_pth(bytes(data[:MAX_PTH]).decode("utf-8", "replace")):
        examining.observations += examine_pth(bytes(data[: MAX_PTH + 1]), where=member.path)
    elif member.extension in _BINARY:
        examining.find(NO_MODEL, f"text under the extension {member.extension}")
    if head.startswith(b"#!") or member.extension in _SCRIPTS:
        examining.find(SCRIPT, "a script")
        _script(examining)
    elif _BUILD_FILE.fullmatch(member.name):
        _build_file(examining)
    if not head.startswith(_UTF_16):
        for start in range(0, len(data), _WINDOW):
            place = bytes(data[start : start + _WINDOW]).find(b"\0")
            examining.session.spend(16)
            if place >= 0:
                examining.find(BREAKS, "a zero byte in a text", offset=start + place)
                examining.parsed = start + place
                return
    examining.parsed = len(data)


def _script(examining: Examining) -> None:
    """Its commands, by the patterns that no honest script shows."""
    from sealwright.vetting.code.shell import judge

    powershell = examining.member.extension in (".ps1", ".psm1")
    for number, line in _lines(examining):
        said = powershell and _DOWNLOADS.search(line)
        judged = judge(f"powershell {line}" if said else line)
        if judged is not None and judged[0].effect == "fail":
            place = f"{examining.member.path}:{number}"
            examining.find(judged[0], f"{judged[1]}: {quoted(line.strip())}", location=place)


def _build_file(examining: Examining) -> None:
    """The commands of a Makefile or Dockerfile, one by one: what they write stays in an image."""
    from sealwright.vetting.code.shell import judge

    for number, line in _lines(examining):
        for command in re.split(r"&&|;", line):
            judged = judge(command)
            if judged is not None and judged[0] is DANGEROUS_SHELL:
                place = f"{examining.member.path}:{number}"
                examining.find(BUILD, f"{judged[1]}: {quoted(command.strip())}", location=place)


def _lines(examining: Examining) -> Iterator[tuple[int, str]]:
    """The lines that are no comments, continued lines in one piece, with their numbers."""
    if len(examining.data) > MAX_SCRIPT:
        examining.gap(f"a script of {len(examining.data)} bytes; {MAX_SCRIPT} are read")
    data = bytes(examining.data[:MAX_SCRIPT])
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8"
    text = data.decode(encoding, "replace").replace("\r\n", "\n")
    going_on = _GOING_ON.get(examining.member.extension, "\\")
    text = text.replace(f"{going_on}\n", "")
    for number, line in enumerate(text.splitlines(), start=1):
        examining.session.spend(1 + len(line) // 64)
        if not line.lstrip().startswith("#"):
            yield number, line


FORMAT = Format(
    id="text",
    title="plain text",
    examines=(
        "That it is text to its end, that it is no pointer to a file elsewhere, and that it does "
        "not stand where a binary model is expected; which lines of a .pth file run whenever "
        "Python starts; the commands in scripts, Makefiles and Dockerfiles, by known patterns. "
        "What other text says is not judged."
    ),
    extensions=(".txt", ".md", ".csv", ".tsv", ".rst", ".log", ".ini", ".cfg", ".conf", ".html"),
    recognise=recognise,
    examine=examine,
    rules=(*RULES, DANGEROUS_SHELL, PERSISTENCE, RUNS, UNREAD),
)
