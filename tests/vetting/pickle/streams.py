"""Makes pickle streams that unpicklers take, or nearly: by a grammar, by mutation, by splicing."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import pickle
import random
import struct
from collections.abc import Callable
from pathlib import PurePosixPath

_DIGITS = (*b"1 0 00 01 0x1F 017 -3 1_000 +2".split(), b"9" * 40, b" 5", b"7\0junk")
_REALS = (b"1.5", b"-inf", b"1e9", b"nan", b"1\0x")
_OPCODES = b"(012NadelstuR}b]Qo)\x81\x85\x86\x93\x94."
_EMPTY = ((b"]", "list"), (b"}", "dict"), (b"\x8f", "set"), (b")", "tuple"))
_COLLECTED = {ord("t"): "tuple", ord("l"): "list", ord("d"): "dict", 0x91: "set"}
_HEADERS = (b"\x95" + bytes(8), b"\x80\x04", b"\x80\x02", b"\x95\x05" + bytes(7))
NAMES = ("os", "builtins", "__builtin__", "copy_reg", "a.b", "numpy.core", "é", "x" * 30)
ATTRIBUTES = ("system", "eval", "_reconstructor", "C.d", "reduce", "xrange", "ü", "y" * 40)
REAL: tuple[object, ...] = (
    {"a": [1, 2.5, "x" * 30, b"y" * 100], "b": (1, {3}, frozenset([4])), "n": None},
    collections.OrderedDict([("a", 1), ("b", [True, False])]),
    [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.date(2020, 1, 1), dt.timedelta(3)],
    [decimal.Decimal("1.5"), fractions.Fraction(1, 3), complex(1, 2), 2**70, -(2**2100)],
    [PurePosixPath("a/b"), len, collections.Counter("hello"), bytearray(b"abc")],
    ["a\nb\\u1234é\U0001f600", "\ud800", "", b"", 0, 255, 256, 65536, -1, 1e300],
    [[[[[]]]], {1: {2: {3: {}}}}, ((((),),),)],
)


class Grammar:
    """One random stream: mostly what is valid at each place, now and then anything."""

    def __init__(self, source: random.Random, *, errors: float = 0.01) -> None:
        self.source = source
        self.errors = errors
        self.out = bytearray()
        self.stack: list[str] = []
        self.marks: list[int] = []
        self.memo: dict[int, str] = {}

    def stream(self, *, length: int) -> bytes:
        """About `length` opcodes."""
        source = self.source
        if source.random() < 0.7:
            self.out += b"\x80" + bytes([source.choice((0, 1, 2, 3, 4, 5))])
        for _ in range(length):
            if source.random() < self.errors:
                self.out += bytes([source.choice(b"(012NadelstuR}b]Qo\x81\x85\x90\x92\x93\x94.")])
            self._step()
        while self.marks and source.random() < 0.9:
            self._collect(source.choice(b"tld"))
        if source.random() < 0.97:
            if not self._held():
                self._push(b"N", "const")
            self.out += b"."
        return bytes(self.out)

    def _held(self) -> int:
        return len(self.stack) - (self.marks[-1] if self.marks else 0)

    def _top(self, back: int = 1) -> str:
        return self.stack[-back] if self._held() >= back else ""

    def _push(self, raw: bytes, kind: str) -> None:
        self.out += raw
        self.stack.append(kind)

    def _step(self) -> None:
        self.source.choices(
            (self._constant, self._name, self._container, self._change, self._call, self._memo),
            (30, 14, 14, 14, 16, 12),
        )[0]()

    # -- constants

    def _constant(self) -> None:
        source = self.source
        raw, kind = source.choice(
            (
                lambda: (b"N", "const"),
                lambda: (source.choice((b"\x88", b"\x89")), "int"),
                lambda: (b"K" + bytes([source.randrange(256)]), "int"),
                lambda: (b"M" + struct.pack("<H", source.randrange(65536)), "int"),
                lambda: (b"J" + struct.pack("<i", source.randrange(-(2**31), 2**31)), "int"),
                lambda: (b"G" + struct.pack(">d", source.random()), "const"),
                lambda: (b"I" + self._digits() + b"\n", "int"),
                lambda: (b"L" + self._digits() + source.choice((b"L\n", b"\n")), "int"),
                lambda: (b"F" + source.choice(_REALS) + b"\n", "const"),
                lambda: (b"\x8a\x02\x01\x80", "int"),
                lambda: (b"\x8b\x03\0\0\0abc", "int"),
                lambda: (self._text(self._word()), "str"),
                lambda: (self._text(source.choice(NAMES)), "str"),
                lambda: (self._bytes(), "bytes"),
                lambda: (self._string8(), "str"),
            )
        )()
        self._push(raw, kind)

    def _digits(self) -> bytes:
        return self.source.choice(_DIGITS)

    def _word(self) -> str:
        return "".join(self.source.choice("ab.é\n\\'\"") for _ in range(self.source.randrange(6)))

    def _text(self, text: str) -> bytes:
        raw = text.encode("utf-8", "surrogatepass")
        line = text.replace("\\", "\\u005c").encode("raw-unicode-escape")
        return self.source.choice(
            (
                b"\x8c" + bytes([len(raw)]) + raw,
                b"X" + struct.pack("<I", len(raw)) + raw,
                b"\x8d" + struct.pack("<Q", len(raw)) + raw,
                b"V" + line.replace(b"\n", b"\\u000a") + b"\n",
            )
        )

    def _bytes(self) -> bytes:
        raw = self.source.randbytes(self.source.randrange(5))
        return self.source.choice(
            (
                b"C" + bytes([len(raw)]) + raw,
                b"B" + struct.pack("<I", len(raw)) + raw,
                b"\x8e" + struct.pack("<Q", len(raw)) + raw,
                b"\x96" + struct.pack("<Q", len(raw)) + raw,
            )
        )

    def _string8(self) -> bytes:
        raw = self.source.choice((b"abc", b"os", b"system", b"\xe9", b"", b"eval", b"a\\x41"))
        quoted = b"S'" + raw.replace(b"\xe9", b"\\xe9") + b"\\101'\n"
        return self.source.choice(
            (b"U" + bytes([len(raw)]) + raw, b"T" + struct.pack("<I", len(raw)) + raw, quoted)
        )

    # -- names

    def _name(self) -> None:
        source = self.source
        module, name = source.choice(NAMES), source.choice(ATTRIBUTES)
        how = source.randrange(6)
        if how < 2:
            self._push(b"c" + module.encode() + b"\n" + name.encode() + b"\n", "global")
        elif how < 4:
            self.out += self._text(module)
            self._maybe_memoize()
            self.out += self._text(name) + b"\x93"
            self.stack.append("global")
        elif how == 4 and self._top() == "str" and self._top(2) == "str":
            self.out += b"\x93"
            self.stack[-2:] = ["global"]
        elif self.marks:
            self.out += b"i" + module.encode() + b"\n" + name.encode() + b"\n"
            del self.stack[self.marks.pop() :]
            self.stack.append("object")

    def _maybe_memoize(self) -> None:
        if self.source.random() < 0.3:
            self.out += b"\x94"
            self.memo[len(self.memo)] = "str"

    # -- containers

    def _container(self) -> None:
        source = self.source
        how = source.randrange(8)
        if how == 0:
            self._push(*source.choice(_EMPTY))
        elif how <= 3:
            self.out += b"("
            self.marks.append(len(self.stack))
        elif how <= 5 and self.marks:
            self._collect(source.choice(b"tld\x91"))
        elif self._held():
            size = source.randrange(1, min(3, self._held()) + 1)
            self.out += bytes([0x84 + size])
            self.stack[-size:] = ["tuple"]

    def _collect(self, opcode: int) -> None:
        start = self.marks.pop()
        if opcode == ord("d") and (len(self.stack) - start) % 2:
            self._push(b"N", "const")
        self.out += bytes([opcode])
        del self.stack[start:]
        self.stack.append(_COLLECTED[opcode])

    def _change(self) -> None:
        source = self.source
        target = self._top()
        if target in ("list", "object", "global") and source.random() < 0.5:
            if source.random() < 0.5:
                self.out += b"K\x01a"
            else:
                self.out += source.choice((b"(K\x01K\x02e", b"(e", b"(Nce\nf\ne"))
        elif target in ("dict", "object", "list") and source.random() < 0.7:
            self.out += source.choice((b"K\0Ns", b"(K\0NK\0Nu", b"(u"))
        elif target == "set":
            self.out += source.choice((b"(K\x01K\x02\x90", b"(\x90"))
        elif target in ("object", "global"):
            self.out += source.choice((b"Nb", b"}b", b"}N\x86b", b"}U\x01aNsb", b"N}U\x01aNs\x86b"))
        elif self._held():
            self.out += source.choice((b"0", b"2"))
            if self.out[-1:] == b"0":
                self.stack.pop()
            else:
                self.stack.append(self.stack[-1])

    # -- calls

    def _call(self) -> None:
        source = self.source
        if self._top() == "tuple" and self._top(2) in ("global", "object"):
            self.out += source.choice((b"R", b"\x81"))
            self.stack[-2:] = ["object"]
        elif self._top() in ("global", "object"):
            self.out += source.choice((b")R", b")\x81", b")}\x92", b"(NtR", b"]R", b"N\x85}\x92"))
            self.stack[-1:] = ["object"]
        elif source.random() < 0.5:
            self.out += b"(" + b"cm\nn\n" + source.choice((b"", b"N", b"K\x01K\x02")) + b"o"
            self.stack.append("object")
        elif source.random() < 0.4:
            self._push(source.choice((b"Pabc\n", b"NQ")), "object")
        elif source.random() < 0.2:
            self._push(source.choice((b"\x97", b"\x97\x98")), "bytes")
        elif source.random() < 0.3:
            self.out += source.choice(_HEADERS)

    def _memo(self) -> None:
        source = self.source
        if self.memo and source.random() < 0.5:
            index = source.choice(tuple(self.memo))
            raw = source.choice((b"h%c" % index, b"j" + struct.pack("<I", index), b"g%d\n" % index))
            self._push(raw, self.memo[index])
        elif self._held():
            index = source.choice((len(self.memo), source.randrange(256)))
            raw = source.choice(
                (b"q%c" % (index % 256), b"r" + struct.pack("<I", index), b"p%d\n" % index, b"\x94")
            )
            if raw == b"\x94":
                index = len(self.memo)
            self.out += raw
            self.memo[index % 256 if raw[:1] == b"q" else index] = self.stack[-1]
            for key in [key for key in self.memo if key > 255]:
                del self.memo[key]


def real_pickles() -> list[bytes]:
    """Ordinary pickles of ordinary values, in every protocol."""
    return [pickle.dumps(value, protocol) for value in REAL for protocol in range(6)]


def mutated(source: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, dropped, put in, repeated or cut off."""
    data = bytearray(raw)
    for _ in range(source.randrange(1, 4)):
        place = source.randrange(len(data) + 1)
        what = source.randrange(6)
        if what == 0 and place < len(data):
            data[place] = source.randrange(256)
        elif what == 1:
            del data[place : place + source.randrange(1, 4)]
        elif what == 2:
            data[place:place] = source.choice(_SNIPPETS)
        elif what == 3:
            data[place:place] = data[place : place + source.randrange(12)]
        elif what == 4 and source.random() < 0.2:
            del data[place:]
        else:
            data[place:place] = bytes([source.choice(_OPCODES)])
    return bytes(data)


_SNIPPETS = (
    b"cos\nsystem\n",
    b"cos\nsystem\n)R",
    b"(ios\nsystem\n",
    b"(S'a'\nios\nsystem\n",
    b"(cos\nsystem\no",
    b"\x8c\x02os\x8c\x06system\x93",
    b"V__builtin__\nVeval\n\x93)\x81",
    b"Pid\n",
    b"I0x10\n0",
    b"L017L\n",
    b"N0",
    b"2",
    b"\x95\xff\xff\0\0\0\0\0\0",
    b"\x80\x03",
    b"(t",
    b"(e",
    b"}b",
    b"h\x00",
    b"q\x00",
)


def spliced(source: random.Random, one: bytes, other: bytes) -> bytes:
    """The head of one stream and the tail of another."""
    return one[: source.randrange(len(one) + 1)] + other[source.randrange(len(other) + 1) :]


def generate(seed: int, count: int) -> Callable[[], bytes]:
    """A function that makes one stream after the other; the same ones for the same seed."""
    source = random.Random(seed)
    real = real_pickles()
    recent: list[bytes] = list(real)

    def make() -> bytes:
        how = source.random()
        if how < 0.55:
            made = Grammar(source, errors=source.choice((0, 0, 0.01, 0.05))).stream(
                length=source.randrange(1, 40)
            )
        elif how < 0.8:
            made = mutated(source, source.choice(recent))
        else:
            made = spliced(source, source.choice(recent), source.choice(recent))
        kept = made if source.random() < 0.5 else source.choice(real)
        recent[source.randrange(len(recent))] = kept
        return made

    return make
