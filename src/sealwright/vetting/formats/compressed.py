"""Compressed streams (gzip, bzip2, xz, lzma, zstd, lz4, zlib): what they hold is examined by
content."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sealwright.vetting.archives import gzip_header, inflate, lz4
from sealwright.vetting.archives.chain import (
    BZIP2,
    GZIP,
    LZ4,
    LZMA,
    XZ,
    ZLIB,
    ZSTANDARD,
    Codec,
    unfold,
)
from sealwright.vetting.archives.inflate import Stream
from sealwright.vetting.archives.stream_rules import BROKEN, CLOSED, RULES
from sealwright.vetting.interface import Examining, Fit, Format, Member

_BZIP2_BLOCKS = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
_LZMA_LARGEST = 1 << 38
_TRIAL = 4096
_ZFILE = b"ZF0x"
_ZFILE_HEAD = 2 + 19
"""joblib up to 0.9: ZF, the size in hexadecimal padded to 19 characters, a zlib stream."""
_TARS = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar"}

_CARRIERS = (".joblib", ".pkl", ".pickle", ".nemo", ".mar")
"""Names under which libraries write compressed files without a second extension."""


def _examine(codec: Codec, work: Examining, *, start: int = 0) -> None:
    content = unfold(work, codec, start=start)
    work.parsed += len(work.data)
    if len(content) or not work.observations:
        work.session.visit(inner_name(work.member, codec), content, within=work.member)


def inner_name(member: Member, codec: Codec) -> str:
    """The name of what a compressed file holds: its own without the codec's extension."""
    extension = member.extension
    if extension not in codec.extensions:
        return member.name
    return member.name[: -len(extension)] + _TARS.get(extension, "")


def _gzip(member: Member) -> Fit:
    return "strong" if bytes(member.data[:3]) == gzip_header.MAGIC + b"\x08" else "no"


def _bzip2(member: Member) -> Fit:
    head = bytes(member.data[:10])
    if head[:3] == b"BZh" and head[3:4] in b"123456789" and head[4:] in _BZIP2_BLOCKS:
        return "strong"
    return "no"


def _xz(member: Member) -> Fit:
    return "strong" if bytes(member.data[:6]) == b"\xfd7zXZ\x00" else "no"


def _lzma(member: Member) -> Fit:
    """Properties, a dictionary size as encoders write it, a size that can be, and a first piece
    that inflates (liblzma asks the same before it takes bytes for .lzma)."""
    head = bytes(member.data[:14])
    if len(head) < 14 or head[0] >= 225 or head[13]:
        return "no"
    filters, _ = inflate.lzma1_filter(head[:5])
    dictionary = int.from_bytes(head[1:5], "little")
    power = dictionary & -dictionary
    ordinary = dictionary == 0xFFFFFFFF or (power and dictionary in (power, power * 3))
    size = int.from_bytes(head[5:13], "little")
    if not filters or not ordinary or not (size == (1 << 64) - 1 or size < _LZMA_LARGEST):
        return "no"
    if dictionary > inflate.MEMORY:
        return "strong"
    stream = Stream(bytes(member.data[:_TRIAL]))
    for _ in inflate.lzma_alone(stream):
        break
    return "strong" if stream.given or (stream.finished and not stream.broken) else "no"


def _zstd(member: Member) -> Fit:
    return "strong" if ZSTANDARD.begins(member.data, 0) else "no"


def _lz4(member: Member) -> Fit:
    return "strong" if bytes(member.data[:4]) in (lz4.MAGIC, lz4.LEGACY) else "no"


def _examine_lz4(work: Examining) -> None:
    if bytes(work.data[:4]) == lz4.LEGACY:
        work.find(CLOSED, "the file is of the old LZ4 format")
        return
    _examine(LZ4, work)


def _zlib(member: Member) -> Fit:
    """A right header (RFC 1950) and a first piece that inflates; joblib's old form by its mark."""
    head = bytes(member.data[:_ZFILE_HEAD])
    if head[:4] == _ZFILE:
        return "strong"
    if len(head) < 6 or head[0] & 0x8F != 8 or (head[0] << 8 | head[1]) % 31 or head[1] & 0x20:
        return "no"
    stream = Stream(bytes(member.data[:_TRIAL]))
    given = sum(len(piece) for piece in inflate.deflate(stream, wbits=15))
    if stream.finished:
        return "strong"
    if stream.broken:
        # A right header and some content may be chance; what a lenient reader delivers counts.
        return "weak" if head[0] == 0x78 and given else "no"
    return "strong" if len(member.data) >= 64 else "weak"


def _examine_zlib(work: Examining) -> None:
    if bytes(work.data[:4]) != _ZFILE:
        _examine(ZLIB, work)
        return
    after = bytes(work.data[_ZFILE_HEAD : _ZFILE_HEAD + 1])
    _examine(ZLIB, work, start=_ZFILE_HEAD + (after == b" "))


def _declare(
    codec: Codec,
    title: str,
    *,
    recognise: Callable[[Member], Fit],
    examine: Callable[[Examining], None] | None = None,
) -> Format:
    return Format(
        id=codec.name,
        title=title,
        examines=(
            "Every stream in the file, its header and end, and the joined content by what it is. "
            f"Within budgets; dictionaries up to {inflate.MEMORY >> 20} MiB."
        ),
        extensions=(*codec.extensions, *_CARRIERS),
        recognise=recognise,
        examine=examine or partial(_examine, codec),
        malformed=BROKEN,
        rules=RULES,
    )


GZIP_FORMAT = _declare(GZIP, "gzip stream", recognise=_gzip)
BZIP2_FORMAT = _declare(BZIP2, "bzip2 stream", recognise=_bzip2)
XZ_FORMAT = _declare(XZ, "xz stream", recognise=_xz)
LZMA_FORMAT = _declare(LZMA, "lzma stream", recognise=_lzma)
ZSTD_FORMAT = _declare(ZSTANDARD, "Zstandard stream", recognise=_zstd)
LZ4_FORMAT = _declare(LZ4, "LZ4 frame", recognise=_lz4, examine=_examine_lz4)
ZLIB_FORMAT = _declare(ZLIB, "zlib stream", recognise=_zlib, examine=_examine_zlib)
FORMATS = (
    *(GZIP_FORMAT, BZIP2_FORMAT, XZ_FORMAT, LZMA_FORMAT, ZSTD_FORMAT, LZ4_FORMAT, ZLIB_FORMAT),
)
