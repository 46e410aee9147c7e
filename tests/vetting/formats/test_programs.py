from __future__ import annotations

import py_compile
import shutil
import sys
from pathlib import Path

import pytest

from sealwright.vetting.formats.programs import FORMATS
from sealwright.vetting.interface import Member
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths

ZERO = bytes(64)
SAMPLES = {
    "elf": b"\x7fELF\x02\x01\x01" + ZERO,
    "pe": b"MZ".ljust(0x3C, b"\0") + (0x40).to_bytes(4, "little") + b"PE\0\0" + ZERO,
    "mach-o": b"\xcf\xfa\xed\xfe\x07\x00\x00\x01" + ZERO,
    "wasm": b"\0asm\1\0\0\0" + ZERO,
    "java-class": b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + ZERO,
    "python-bytecode": (3495).to_bytes(2, "little") + b"\r\n" + bytes(12) + b"\xe3" + ZERO,
}


def found(data: bytes) -> list[str]:
    member = Member(path="file", data=data)
    return [form.id for form in FORMATS if form.recognise(member) != "no"]


@pytest.mark.parametrize("name", SAMPLES)
def test_is_recognised_and_never_passes(name: str, tmp_path: Path) -> None:
    assert found(SAMPLES[name]) == [name]
    path = tmp_path / "library"
    path.write_bytes(SAMPLES[name])
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "inconclusive"
    assert [seen.rule.id for seen in outcome.observations] == ["SW-PROG-001"]


@pytest.mark.parametrize("name", SAMPLES)
def test_under_the_name_of_data_it_fails(name: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(SAMPLES[name])
    assert scan_paths([path], policy=builtin_policy(), strict=True).verdict == "fail"


def test_other_forms_of_the_same() -> None:
    universal = b"\xca\xfe\xba\xbe\x00\x00\x00\x02" + ZERO
    python_27 = (62211).to_bytes(2, "little") + b"\r\n" + bytes(4) + b"c" + ZERO
    python_36 = (3379).to_bytes(2, "little") + b"\r\n" + bytes(8) + b"\xe3" + ZERO
    assert found(universal) == ["mach-o"]
    assert found(python_27) == found(python_36) == ["python-bytecode"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"MZ" + ZERO, b"\x7fELF", b"\x7fELF\x09\x01\x01", b"\0asm\2\0\0\0", b"\xca\xfe\xba\xbe"),
        *(b"\xca\xfe\xba\xbe" + ZERO, b"\xa7\r\r\n" + bytes(12) + b"x", b"\xa7\r\r\n", b""),
    ],
)
def test_marks_alone_are_not_enough(data: bytes) -> None:
    assert found(data) == []


def test_the_interpreter_and_what_it_compiles(tmp_path: Path) -> None:
    program = shutil.copyfile(Path(sys.executable).resolve(), tmp_path / "program")
    source = tmp_path / "modeling.py"
    source.write_text("x = 1\n")
    compiled = tmp_path / "modeling.pyc"
    py_compile.compile(str(source), cfile=str(compiled), doraise=True)
    assert found(compiled.read_bytes()) == ["python-bytecode"]
    assert found(program.read_bytes()) in (["elf"], ["mach-o"])
