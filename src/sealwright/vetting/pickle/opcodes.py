"""The opcodes of pickle, protocols 0 to 5: code, name and the shape of the argument.

After `enum opcode` in CPython's Modules/_pickle.c and the `load_…` functions that read arguments.
"""

from __future__ import annotations

_FIXED: dict[int, bytes] = {
    0: b"(012Nadelstu)]}RQbo\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98.",
    1: b"Khq\x80\x82",
    2: b"M\x83",
    4: b"Jjr\x84",
    8: b"G\x95",
}
"""Bytes of argument → opcodes."""
_COUNTED: dict[int, bytes] = {1: b"UC\x8a\x8c", 4: b"TBX\x8b", 8: b"\x8d\x8e\x96"}
"""Bytes of a little-endian length, before as many bytes as it says → opcodes."""

FIXED: dict[int, int] = {code: size for size, codes in _FIXED.items() for code in codes}
COUNTED: dict[int, int] = {code: size for size, codes in _COUNTED.items() for code in codes}
ONE_LINE = frozenset(b"FILSVPgp")
TWO_LINES = frozenset(b"ci")
KNOWN = frozenset(FIXED) | frozenset(COUNTED) | ONE_LINE | TWO_LINES
"""Every opcode that an unpickler takes."""

HIGHEST_PROTOCOL = 5

NAMES: dict[int, str] = {
    ord("("): "MARK",
    ord("."): "STOP",
    ord("0"): "POP",
    ord("1"): "POP_MARK",
    ord("2"): "DUP",
    ord("F"): "FLOAT",
    ord("I"): "INT",
    ord("J"): "BININT",
    ord("K"): "BININT1",
    ord("L"): "LONG",
    ord("M"): "BININT2",
    ord("N"): "NONE",
    ord("P"): "PERSID",
    ord("Q"): "BINPERSID",
    ord("R"): "REDUCE",
    ord("S"): "STRING",
    ord("T"): "BINSTRING",
    ord("U"): "SHORT_BINSTRING",
    ord("V"): "UNICODE",
    ord("X"): "BINUNICODE",
    ord("a"): "APPEND",
    ord("b"): "BUILD",
    ord("c"): "GLOBAL",
    ord("d"): "DICT",
    ord("}"): "EMPTY_DICT",
    ord("e"): "APPENDS",
    ord("g"): "GET",
    ord("h"): "BINGET",
    ord("i"): "INST",
    ord("j"): "LONG_BINGET",
    ord("l"): "LIST",
    ord("]"): "EMPTY_LIST",
    ord("o"): "OBJ",
    ord("p"): "PUT",
    ord("q"): "BINPUT",
    ord("r"): "LONG_BINPUT",
    ord("s"): "SETITEM",
    ord("t"): "TUPLE",
    ord(")"): "EMPTY_TUPLE",
    ord("u"): "SETITEMS",
    ord("G"): "BINFLOAT",
    ord("B"): "BINBYTES",
    ord("C"): "SHORT_BINBYTES",
    0x80: "PROTO",
    0x81: "NEWOBJ",
    0x82: "EXT1",
    0x83: "EXT2",
    0x84: "EXT4",
    0x85: "TUPLE1",
    0x86: "TUPLE2",
    0x87: "TUPLE3",
    0x88: "NEWTRUE",
    0x89: "NEWFALSE",
    0x8A: "LONG1",
    0x8B: "LONG4",
    0x8C: "SHORT_BINUNICODE",
    0x8D: "BINUNICODE8",
    0x8E: "BINBYTES8",
    0x8F: "EMPTY_SET",
    0x90: "ADDITEMS",
    0x91: "FROZENSET",
    0x92: "NEWOBJ_EX",
    0x93: "STACK_GLOBAL",
    0x94: "MEMOIZE",
    0x95: "FRAME",
    0x96: "BYTEARRAY8",
    0x97: "NEXT_BUFFER",
    0x98: "READONLY_BUFFER",
}
CODES: dict[str, int] = {name: code for code, name in NAMES.items()}
