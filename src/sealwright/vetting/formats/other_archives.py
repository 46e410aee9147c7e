"""Archive and stream formats that are recognised by their marks and not examined."""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.interface import Fit, Format, Member

_MARKS: tuple[tuple[str, str, tuple[tuple[int, bytes], ...], tuple[str, ...]], ...] = (
    ("rar", "RAR archive", ((0, b"Rar!\x1a\x07"),), (".rar",)),
    ("cab", "Cabinet archive", ((0, b"MSCF\0\0\0\0"),), (".cab",)),
    ("arj", "ARJ archive", ((0, b"\x60\xea"), (2, b"\x2c\x00")), (".arj",)),
    ("lha", "LHA archive", ((2, b"-lh"), (6, b"-")), (".lzh", ".lha")),
    ("ar", "ar archive", ((0, b"!<arch>\n"),), (".a", ".deb")),
    ("cpio", "cpio archive", ((0, b"07070"),), (".cpio",)),
    ("xar", "xar archive", ((0, b"xar!\x00\x1c"),), (".xar", ".pkg")),
    ("rpm", "RPM package", ((0, b"\xed\xab\xee\xdb"),), (".rpm",)),
    ("iso9660", "ISO 9660 image", ((32769, b"CD001"),), (".iso",)),
    ("squashfs", "SquashFS image", ((0, b"hsqs"),), (".squashfs", ".sif")),
    ("compress", "compress (.Z) stream", ((0, b"\x1f\x9d"),), (".Z",)),
    ("lzip", "lzip stream", ((0, b"LZIP\x01"),), (".lz",)),
    ("lzop", "lzop stream", ((0, b"\x89LZO\0\r\n\x1a\n"),), (".lzo",)),
    ("snappy", "Snappy frame", ((0, b"\xff\x06\0\0sNaPpY"),), (".sz",)),
    ("zpaq", "ZPAQ archive", ((0, b"7kSt\xa0\x31\x83\xd3"),), (".zpaq",)),
    ("ace", "ACE archive", ((7, b"**ACE**"),), (".ace",)),
    ("wim", "WIM image", ((0, b"MSWIM\0\0\0"),), (".wim",)),
)


def _recognise(marks: tuple[tuple[int, bytes], ...]) -> Callable[[Member], Fit]:
    def recognise(member: Member) -> Fit:
        data = member.data
        found = all(bytes(data[at : at + len(mark)]) == mark for at, mark in marks)
        return "strong" if found else "no"

    return recognise


FORMATS: tuple[Format, ...] = tuple(
    Format(
        id=name,
        title=title,
        examines="Recognised by its mark. Unpack it with its own tool and scan what it holds.",
        extensions=extensions,
        recognise=_recognise(marks),
        examine=None,
    )
    for name, title, marks, extensions in _MARKS
)
"""Each is inconclusive: nobody has looked inside."""
