"""Compiled programs beside a model: recognised, and never passed, since nobody can read them here.

Marks: System V ABI (ELF), Microsoft PE, loader.h of Mach-O, the WebAssembly and Java Virtual
Machine specifications, and importlib/_bootstrap_external.py (Python).
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, Rule

PROGRAM = Rule(
    id="SW-PROG-001",
    effect="inconclusive",
    severity="high",
    title="A compiled program lies beside the model",
    why=(
        "Machine code and bytecode run as they are once something loads them: an extension module "
        "that a configuration names, an operator library, a .pyc that Python takes instead of its "
        "source. What they do cannot be read here."
    ),
    example="model/ops/libcustom.so, or model/__pycache__/modeling.cpython-311.pyc",
    remediation="build it yourself from source that was scanned, or remove it",
    atlas=("AML.T0011.000", "AML.T0010.001"),
    cwe=(506, 829),
)
_FIRST_PYTHON_3, _LAST_PYTHON_3, _PYTHON_27 = 3000, 3999, 62211
"""Magic numbers of bytecode; 3.14 has 3627."""
_OLDEST_JAVA = 45
_MOST_SLICES = 40


def _elf(data: Buffer) -> bool:
    head = bytes(data[:7])
    return head[:4] == b"\x7fELF" and len(head) == 7 and head[4] in (1, 2) and head[5] in (1, 2)


def _pe(data: Buffer) -> bool:
    """A DOS header that leads to a PE header."""
    at = int.from_bytes(data[0x3C:0x40], "little")
    return bytes(data[:2]) == b"MZ" and bytes(data[at : at + 4]) == b"PE\0\0"


def _macho(data: Buffer) -> bool:
    """One architecture in either byte order, or a list of some."""
    head = bytes(data[:8])
    if head[:4] in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"):
        return len(head) == 8
    if head[:4] in (b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"):
        return len(head) == 8
    fat = head[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf") and len(head) == 8
    return fat and 0 < int.from_bytes(head[4:], "big") <= _MOST_SLICES


def _wasm(data: Buffer) -> bool:
    return bytes(data[:8]) == b"\0asm\1\0\0\0"


def _java_class(data: Buffer) -> bool:
    head = bytes(data[:8])
    return head[:4] == b"\xca\xfe\xba\xbe" and int.from_bytes(head[6:8], "big") >= _OLDEST_JAVA


def _bytecode(data: Buffer) -> bool:
    """A magic number of CPython, and a marshalled code object after the header of its version."""
    head = bytes(data[:17])
    magic = int.from_bytes(head[:2], "little")
    if len(head) < 17 or head[2:4] != b"\r\n":
        return False
    if magic == _PYTHON_27:
        return head[8:9] == b"c"
    return _FIRST_PYTHON_3 <= magic <= _LAST_PYTHON_3 and bool({head[12], head[16]} & {0xE3, 0x63})


def _program(
    name: str, title: str, test: Callable[[Buffer], bool], extensions: tuple[str, ...]
) -> Format:
    def recognise(member: Member) -> Fit:
        return "strong" if test(member.data) else "no"

    def examine(examining: Examining) -> None:
        examining.find(PROGRAM, f"{len(examining.data)} bytes: {title}")

    return Format(
        id=name,
        title=title,
        examines="not examined; build it yourself from source that was scanned",
        extensions=extensions,
        recognise=recognise,
        examine=examine,
        rules=(PROGRAM,),
        executes=True,
    )


FORMATS = (
    _program("elf", "ELF program or library", _elf, (".so", ".o")),
    _program("pe", "Windows program or library", _pe, (".exe", ".dll", ".pyd")),
    _program("mach-o", "macOS program or library", _macho, (".dylib",)),
    _program("wasm", "WebAssembly module", _wasm, (".wasm",)),
    _program("java-class", "compiled Java class", _java_class, (".class",)),
    _program("python-bytecode", "compiled Python", _bytecode, (".pyc", ".pyo")),
)
