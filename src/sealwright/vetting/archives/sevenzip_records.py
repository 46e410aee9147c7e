"""Reads the headers of a 7z archive (7zFormat.txt of the LZMA SDK): every count is held against the
bytes that are there before anything is made of it."""

from __future__ import annotations

import zlib
from typing import NoReturn

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.session import Spent

MAGIC = b"7z\xbc\xaf\x27\x1c"
START = 32
END, HEADER, PROPERTIES, ADDITIONAL, MAIN, FILES = 0, 1, 2, 3, 4, 5
PACK, UNPACK, SUBSTREAMS, SIZE, CRC, FOLDER, CODER_SIZES, COUNTS = 6, 7, 8, 9, 10, 11, 12, 13
EMPTY_STREAM, EMPTY_FILE, ANTI, NAMES, ATTRIBUTES, ENCODED = 14, 15, 16, 17, 21, 23
MAX_CODERS = 32


class Coder(msgspec.Struct, frozen=True):
    """One step of a folder's decoding."""

    id: bytes
    inputs: int
    outputs: int
    properties: bytes


class Folder(msgspec.Struct, kw_only=True):
    """Packed streams that are decoded together into one block of files."""

    coders: list[Coder]
    pairs: list[tuple[int, int]]
    """(input, output) of coders that are joined."""
    packed: list[int]
    """The inputs that take packed streams."""
    sizes: list[int] = msgspec.field(default_factory=list)
    """Of every output."""
    crc: int | None = None

    @property
    def size(self) -> int:
        """Bytes of what the folder gives: of the output that goes into no other coder."""
        joined = {output for _, output in self.pairs}
        return next((size for at, size in enumerate(self.sizes) if at not in joined), 0)


class Streams(msgspec.Struct):
    """Packed streams, folders, and the files' shares of them."""

    position: int = 0
    packed: list[int] = msgspec.field(default_factory=list)
    """Sizes of packed streams, one after the other from `START + position`."""
    folders: list[Folder] = msgspec.field(default_factory=list)
    parts: list[list[tuple[int, int | None]]] = msgspec.field(default_factory=list)
    """For each folder (size, CRC-32) of what it holds."""


class File(msgspec.Struct, frozen=True):
    """A file of the archive."""

    name: str
    has_data: bool
    is_folder: bool
    attributes: int = 0


class Cursor:
    """Reads header bytes one after another; MalformedError where they do not suffice."""

    def __init__(self, data: bytes, *, most: int) -> None:
        self.data = data
        self.at = 0
        self.most = most
        """Things of one kind that are listed before the budget ends."""

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > len(self.data) - self.at:
            broken("it is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def number(self) -> int:
        """A number whose first byte tells by its leading ones how many bytes follow."""
        first = self.byte()
        value = 0
        for index in range(8):
            mask = 0x80 >> index
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * index
            value |= self.byte() << 8 * index
        return value

    def count(self) -> int:
        """A number of things that take at least a byte each. Raises Spent beyond `most`."""
        value = self.number()
        left = len(self.data) - self.at
        if value > left:
            broken(f"{value} things are announced, {left} bytes are left")
        if value > self.most:
            raise Spent(f"a list of more than {self.most} entries")
        return value

    def bits(self, count: int) -> list[bool]:
        """`count` bits, highest first, padded to a byte."""
        raw = self.take((count + 7) // 8)
        return [bool(raw[at >> 3] & 0x80 >> (at & 7)) for at in range(count)]

    def defined(self, count: int) -> list[bool]:
        """A byte that says that all are there, or bits that say which are."""
        return [True] * count if self.byte() else self.bits(count)

    def sums(self, count: int) -> list[int | None]:
        """CRC-32 values of those that have one."""
        return [
            int.from_bytes(self.take(4), "little") if there else None
            for there in self.defined(count)
        ]

    def expect(self, kind: int) -> None:
        """The next byte is the property `kind`."""
        found = self.byte()
        if found != kind:
            broken(f"property {found} stands where {kind} must")


def broken(why: str) -> NoReturn:
    """Raises MalformedError."""
    raise MalformedError(f"the 7z header is broken: {why}")


def start_header(head: bytes) -> tuple[int, int, int]:
    """(offset from the start of the file, size, CRC-32) of the header at the end."""
    if len(head) < START or zlib.crc32(head[12:32]) != int.from_bytes(head[8:12], "little"):
        broken("the checksum of its start is wrong")
    offset, size = (int.from_bytes(head[at : at + 8], "little") for at in (12, 20))
    return START + offset, size, int.from_bytes(head[28:32], "little")


def streams_info(cursor: Cursor) -> Streams:
    """PackInfo, UnPackInfo and SubStreamsInfo, up to their End."""
    streams = Streams()
    kind = cursor.byte()
    if kind == PACK:
        _pack_info(cursor, streams)
        kind = cursor.byte()
    if kind == UNPACK:
        _unpack_info(cursor, streams)
        kind = cursor.byte()
    streams.parts = [[(folder.size, folder.crc)] for folder in streams.folders]
    if kind == SUBSTREAMS:
        _substreams_info(cursor, streams)
        kind = cursor.byte()
    if kind != END:
        broken(f"property {kind} stands where the streams must end")
    return streams


def _pack_info(cursor: Cursor, streams: Streams) -> None:
    streams.position = cursor.number()
    count = cursor.count()
    kind = cursor.byte()
    if kind == SIZE:
        streams.packed = [cursor.number() for _ in range(count)]
        kind = cursor.byte()
    if kind == CRC:
        cursor.sums(count)
        kind = cursor.byte()
    if kind != END or len(streams.packed) != count:
        broken("the sizes of packed streams")


def _unpack_info(cursor: Cursor, streams: Streams) -> None:
    cursor.expect(FOLDER)
    count = cursor.count()
    if cursor.byte():
        broken("folders that are described elsewhere")
    streams.folders = [_folder(cursor) for _ in range(count)]
    cursor.expect(CODER_SIZES)
    for folder in streams.folders:
        outputs = sum(coder.outputs for coder in folder.coders)
        folder.sizes = [cursor.number() for _ in range(outputs)]
    kind = cursor.byte()
    if kind == CRC:
        for folder, crc in zip(streams.folders, cursor.sums(count), strict=True):
            folder.crc = crc
        kind = cursor.byte()
    if kind != END:
        broken(f"property {kind} stands where the folders must end")


def _folder(cursor: Cursor) -> Folder:
    coders: list[Coder] = []
    for _ in range(_few(cursor)):
        flags = cursor.byte()
        name = cursor.take(flags & 0x0F)
        inputs, outputs = (_few(cursor), _few(cursor)) if flags & 0x10 else (1, 1)
        properties = cursor.take(cursor.number()) if flags & 0x20 else b""
        coders.append(Coder(name, inputs, outputs, properties))
    inputs = sum(coder.inputs for coder in coders)
    outputs = sum(coder.outputs for coder in coders)
    if not outputs or inputs < outputs - 1:
        broken("coders that cannot be joined")
    pairs = [(cursor.number(), cursor.number()) for _ in range(outputs - 1)]
    loose = inputs - len(pairs)
    if loose > 1:
        packed = [cursor.number() for _ in range(loose)]
    else:
        bound = {into for into, _ in pairs}
        packed = [at for at in range(inputs) if at not in bound][:loose]
    return Folder(coders=coders, pairs=pairs, packed=packed)


def _few(cursor: Cursor) -> int:
    value = cursor.number()
    if value > MAX_CODERS:
        broken(f"{value} coders or streams of a folder")
    return value


def _substreams_info(cursor: Cursor, streams: Streams) -> None:
    kind = cursor.byte()
    counts = [1] * len(streams.folders)
    if kind == COUNTS:
        counts = [cursor.number() for _ in streams.folders]
        kind = cursor.byte()
    if sum(counts) > cursor.most:
        raise Spent(f"folders of more than {cursor.most} files")
    left = len(cursor.data) - cursor.at
    if sum(max(count - 1, 0) for count in counts) > left:
        broken(f"{sum(counts)} files in folders, {left} bytes are left")
    sizes = [
        _shares(cursor, folder.size, count, told=kind == SIZE)
        for folder, count in zip(streams.folders, counts, strict=True)
    ]
    if kind == SIZE:
        kind = cursor.byte()
    known = [
        count == 1 and folder.crc is not None
        for folder, count in zip(streams.folders, counts, strict=True)
    ]
    open_ones = sum(count for count, there in zip(counts, known, strict=True) if not there)
    sums: list[int | None] = [None] * open_ones
    if kind == CRC:
        sums = cursor.sums(open_ones)
        kind = cursor.byte()
    if kind != END:
        broken(f"property {kind} stands where the files' shares must end")
    following = iter(sums)
    streams.parts = [
        [(size, folder.crc if there else next(following)) for size in share]
        for folder, share, there in zip(streams.folders, sizes, known, strict=True)
    ]


def _shares(cursor: Cursor, size: int, count: int, *, told: bool) -> list[int]:
    """Sizes of the files in a folder: all but the last are written, the last is what is left."""
    if not count:
        return []
    if count > 1 and not told:
        broken("files of a folder without sizes")
    shares = [cursor.number() for _ in range(count - 1)]
    last = size - sum(shares)
    if last < 0:
        broken("files that are larger than their folder")
    return [*shares, last]


def files_info(cursor: Cursor) -> list[File]:
    """Names and kinds of the files."""
    count = cursor.count()
    names: list[str] = []
    empty = [False] * count
    plain: list[bool] = []
    attributes = [0] * count
    while (kind := cursor.number()) != END:
        inner = Cursor(cursor.take(cursor.number()), most=cursor.most)
        if kind == EMPTY_STREAM:
            empty = inner.bits(count)
        elif kind == EMPTY_FILE:
            plain = inner.bits(sum(empty))
        elif kind == NAMES:
            names = _names(inner, count)
        elif kind == ATTRIBUTES:
            there = inner.defined(count)
            if inner.byte():
                broken("attributes that are kept elsewhere")
            attributes = [int.from_bytes(inner.take(4), "little") if each else 0 for each in there]
    if len(names) != count:
        broken(f"{len(names)} names for {count} files")
    files: list[File] = []
    nothing = iter(plain)
    for name, bare, attribute in zip(names, empty, attributes, strict=True):
        is_folder = bare and not next(nothing, False)
        files.append(File(name, not bare, is_folder, attribute))
    return files


def _names(cursor: Cursor, count: int) -> list[str]:
    if cursor.byte():
        broken("names that are kept elsewhere")
    raw = cursor.data[cursor.at :]
    names: list[str] = []
    at = 0
    while at < len(raw) and len(names) < count:
        end = raw.find(b"\0\0", at)
        while end >= 0 and (end - at) % 2:
            end = raw.find(b"\0\0", end + 1)
        if end < 0:
            broken("a name without an end")
        names.append(raw[at:end].decode("utf-16-le", "replace"))
        at = end + 2
    return names
