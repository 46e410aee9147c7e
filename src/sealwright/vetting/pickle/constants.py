"""Opcodes that push a constant or handle the stack and the memo."""

from __future__ import annotations

import struct
from collections.abc import Callable

from sealwright.vetting.pickle import decode
from sealwright.vetting.pickle.decode import Refused
from sealwright.vetting.pickle.opcodes import CODES, HIGHEST_PROTOCOL
from sealwright.vetting.pickle.stack import SHORT, Machine, Stopped
from sealwright.vetting.pickle.suspects import suspect
from sealwright.vetting.pickle.values import Buffered, Computed, Const, Tuple

Handler = Callable[[Machine], None]

TEXT_DECODED = 64 * 1024
"""Bytes of a text up to which it is decoded; a longer one stays a view."""
BYTES_COPIED = 64
MAX_LONG = 4096
"""Bytes of a number beyond which it is not converted."""

_NONE, _TRUE, _FALSE = Const(None), Const(True), Const(False)
_SMALL = tuple(Const(number) for number in range(256))
_EMPTY = Tuple(())
_DOUBLE = struct.Struct(">d")
_INT = struct.Struct("<i")


def _none(m: Machine) -> None:
    m.stack.append(_NONE)


def _true(m: Machine) -> None:
    m.stack.append(_TRUE)


def _false(m: Machine) -> None:
    m.stack.append(_FALSE)


def _empty_tuple(m: Machine) -> None:
    m.stack.append(_EMPTY)


def _number(m: Machine, value: int | bool | None) -> None:
    m.stack.append(Computed("a number too long to convert") if value is None else Const(value))


def _int(m: Machine) -> None:
    _number(m, decode.integer(bytes(m.line())))


def _long(m: Machine) -> None:
    _number(m, decode.long_integer(bytes(m.line())))


def _float(m: Machine) -> None:
    m.stack.append(Const(decode.real(bytes(m.line()))))


def _binfloat(m: Machine) -> None:
    m.stack.append(Const(_DOUBLE.unpack(m.take(8))[0]))


def _binint(m: Machine) -> None:
    m.stack.append(Const(_INT.unpack(m.take(4))[0]))


def _binint1(m: Machine) -> None:
    m.stack.append(_SMALL[m.view[m.position]])
    m.position += 1


def _binint2(m: Machine) -> None:
    m.stack.append(Const(m.number(2)))


def _counted_long(width: int) -> Handler:
    def push(m: Machine) -> None:
        size = m.number(width)
        if size >= 1 << 31:
            raise Refused("LONG4 has a negative length")
        raw = m.take(size)
        value = int.from_bytes(raw, "little", signed=True) if size <= MAX_LONG else None
        _number(m, value)

    return push


def _push_text(m: Machine, raw: memoryview) -> None:
    """A text in UTF-8."""
    size = len(raw)
    if size > TEXT_DECODED:
        const = Const(raw, m.position - size, "str")
        _suspect(m, const)
    else:
        const = Const(decode.text(raw))
        if size >= SHORT:
            const.offset = m.position - size
            m.weight += size >> 7
            _suspect(m, const)
    m.stack.append(const)


def _push_bytes(m: Machine, raw: memoryview, *, array: bool = False) -> None:
    size = len(raw)
    const = Const(bytes(raw) if size <= BYTES_COPIED else raw)
    if array:
        const.form = "bytearray"
    if size >= SHORT:
        const.offset = m.position - size
        _suspect(m, const)
    m.stack.append(const)


def _push_string8(m: Machine, raw: memoryview) -> None:
    """An 8-bit string: text where it is short and ASCII, whatever the loader's encoding."""
    size = len(raw)
    if size <= TEXT_DECODED:
        held = bytes(raw)
        const = Const(held.decode("ascii")) if held.isascii() else Const(held, form="str8")
        m.weight += size >> 7
    else:
        const = Const(raw, form="str8")
    if size >= SHORT:
        const.offset = m.position - size
        _suspect(m, const)
    m.stack.append(const)


def _suspect(m: Machine, const: Const) -> None:
    if suspect(const):
        m.weight += 1
        m.trace.payloads.append(const)


def _counted(width: int, push: Callable[[Machine, memoryview], None]) -> Handler:
    def handler(m: Machine) -> None:
        push(m, m.take(m.number(width)))

    return handler


def _short_text(m: Machine) -> None:
    """SHORT_BINUNICODE, by far the most frequent opcode."""
    view, position = m.view, m.position
    start = position + 1
    end = start + view[position]
    if end - start >= SHORT or end > m.size or position < m.frame_end < end:
        m.position = start
        _push_text(m, m.take(end - start))
        return
    m.position = end
    m.stack.append(Const(decode.text(view[start:end])))


def _counted_bytes(width: int, *, array: bool = False) -> Handler:
    def handler(m: Machine) -> None:
        _push_bytes(m, m.take_whole(m.number(width)), array=array)

    return handler


def _string(m: Machine) -> None:
    raw = decode.quoted_string(bytes(m.line()))
    _push_string8(m, memoryview(raw))


def _unicode(m: Machine) -> None:
    line = m.line()
    if len(line) > TEXT_DECODED:
        const = Const(line, m.position - len(line) - 1, "str")
        _suspect(m, const)
    else:
        const = Const(decode.escaped_text(bytes(line)))
        if len(line) >= SHORT:
            const.offset = m.position - len(line) - 1
            m.weight += len(line) >> 7
            _suspect(m, const)
    m.stack.append(const)


def _next_buffer(m: Machine) -> None:
    m.stack.append(Buffered(m.position - 1))


def _readonly_buffer(m: Machine) -> None:
    m.stack[-1]


def _mark(m: Machine) -> None:
    m.metastack.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


def _pop_mark(m: Machine) -> None:
    m.pop_mark()


def _dup(m: Machine) -> None:
    m.stack.append(m.stack[-1])


def _get(m: Machine) -> None:
    m.get(decode.memo_index(bytes(m.line())))


def _binget(m: Machine) -> None:
    index = m.view[m.position]
    m.position += 1
    m.get(index)


def _long_binget(m: Machine) -> None:
    m.get(m.number(4))


def _put(m: Machine) -> None:
    m.put(decode.memo_index(bytes(m.line())))


def _binput(m: Machine) -> None:
    index = m.view[m.position]
    m.position += 1
    if index == len(m.memo) and not m.scattered:
        m.memo.append(m.stack[-1])
    else:
        m.put(index)


def _long_binput(m: Machine) -> None:
    m.put(m.number(4))


def _memoize(m: Machine) -> None:
    if m.scattered:
        m.put(len(m.memo) + len(m.scattered))
    else:
        m.memo.append(m.stack[-1])


def _proto(m: Machine) -> None:
    protocol = m.number(1)
    if protocol > HIGHEST_PROTOCOL:
        raise Refused(f"protocol {protocol} is unknown")
    if m.position != m.trace.start + 2:
        m.odd("PROTO in the middle of the stream")
    else:
        m.trace.protocol = protocol
    m.protocol = protocol


def _frame(m: Machine) -> None:
    """Frames say how much to read ahead. C lets them nest, Python lets them end too late."""
    size = m.number(8)
    if size >= 1 << 63:
        raise Refused("a frame of impossible size")
    if m.position < m.frame_end:
        m.odd("a frame within a frame")
        if m.position + size <= m.frame_end:
            return
        m.cross_to_frame()
    if m.position + size > m.size:
        m.odd("a frame longer than the data")
    m.frame_end = m.position + size


def _stop(m: Machine) -> None:
    m.trace.result = m.stack.pop()
    if m.position < m.frame_end:
        m.odd("STOP before the end of the frame")
    if m.stack or m.metastack:
        m.odd("values are left on the stack")
    raise Stopped


_BY_NAME: dict[str, Handler] = {
    "NONE": _none,
    "NEWTRUE": _true,
    "NEWFALSE": _false,
    "EMPTY_TUPLE": _empty_tuple,
    "INT": _int,
    "LONG": _long,
    "LONG1": _counted_long(1),
    "LONG4": _counted_long(4),
    "FLOAT": _float,
    "BINFLOAT": _binfloat,
    "BININT": _binint,
    "BININT1": _binint1,
    "BININT2": _binint2,
    "STRING": _string,
    "BINSTRING": _counted(4, _push_string8),
    "SHORT_BINSTRING": _counted(1, _push_string8),
    "BINBYTES": _counted_bytes(4),
    "SHORT_BINBYTES": _counted_bytes(1),
    "BINBYTES8": _counted_bytes(8),
    "BYTEARRAY8": _counted_bytes(8, array=True),
    "UNICODE": _unicode,
    "BINUNICODE": _counted(4, _push_text),
    "SHORT_BINUNICODE": _short_text,
    "BINUNICODE8": _counted(8, _push_text),
    "NEXT_BUFFER": _next_buffer,
    "READONLY_BUFFER": _readonly_buffer,
    "MARK": _mark,
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _dup,
    "GET": _get,
    "BINGET": _binget,
    "LONG_BINGET": _long_binget,
    "PUT": _put,
    "BINPUT": _binput,
    "LONG_BINPUT": _long_binput,
    "MEMOIZE": _memoize,
    "PROTO": _proto,
    "FRAME": _frame,
    "STOP": _stop,
}
HANDLERS: dict[int, Handler] = {CODES[name]: handler for name, handler in _BY_NAME.items()}
