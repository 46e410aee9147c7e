"""Follows a pickle opcode by opcode, as far as C's unpickler or the pure Python one goes.

Nothing is imported or called. Where the two differ, the machine goes on with whichever goes
further, so that what it says is reached is a superset for each. A stream that breaks has run what
stood before: the events are kept.
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.interface import Buffer
from sealwright.vetting.pickle import building, calls, constants
from sealwright.vetting.pickle.decode import Refused
from sealwright.vetting.pickle.stack import Budget, Machine, Stopped
from sealwright.vetting.pickle.trace import Trace
from sealwright.vetting.pickle.values import Value
from sealwright.vetting.session import Spent

_STEPS = 2048
"""Opcodes between two looks at the budget."""


class StreamSpent(Spent):
    """A budget ended before the stream did. `trace` holds what was seen until then."""

    def __init__(self, message: str, trace: Trace) -> None:
        super().__init__(message)
        self.trace = trace


def _unknown(m: Machine) -> None:
    raise Refused(f"0x{m.view[m.position - 1]:02x} is no opcode")


_HANDLERS: list[Callable[[Machine], None]] = [
    {**constants.HANDLERS, **building.HANDLERS, **calls.HANDLERS}.get(code, _unknown)
    for code in range(256)
]


def run(
    data: Buffer,
    *,
    start: int = 0,
    session: Budget,
    array_blocks: bool = False,
    previous: Trace | None = None,
    dropping: bool = False,
) -> Trace:
    """Follows one stream from `start` to its STOP, or to where every unpickler breaks.

    `array_blocks`: read the raw arrays that joblib's loader reads from between the opcodes.
    `previous`: the stream before this one in the same file, whose memo some loaders keep.
    `dropping`: read as C does that gets a file in pieces; where this makes a difference, both
    readings are followed. Raises StreamSpent where the session's budget ends.
    """

    def inner(position: int) -> Trace:
        return run(data, start=position, session=session)

    machine = Machine(
        data,
        start=start,
        budget=session,
        arrays=array_blocks,
        dropping=dropping,
        previous=previous.memo if previous else _no_memo(),
        inner=inner,
    )
    trace = machine.trace
    try:
        _follow(machine)
    except Stopped:
        pass
    except Refused as error:
        trace.broken = str(error)
    except IndexError:
        ended = machine.position >= machine.size
        trace.broken = "the stream ends before STOP" if ended else "the stack holds too little"
    except Spent as error:
        raise StreamSpent(error.message, trace) from None
    finally:
        trace.end = machine.position
        trace.resume = max(machine.position, min(machine.frame_end, machine.size))
        trace.memo = (machine.memo, machine.scattered)
    if trace.crossed and not dropping:
        trace.inner.append(
            run(data, start=start, session=session, previous=previous, dropping=True)
        )
        trace.broken = trace.broken or "an argument reaches beyond the end of its frame"
    return trace


def _follow(machine: Machine) -> None:
    """Takes one opcode after the other until an exception ends it."""
    handlers, view = _HANDLERS, machine.view
    left = 0
    try:
        while True:
            left = _STEPS
            while left:
                opcode = view[machine.position]
                machine.position += 1
                handlers[opcode](machine)
                left -= 1
            machine.account(_STEPS)
    except (Stopped, Refused, IndexError):
        machine.account(_STEPS - left)
        raise


def _no_memo() -> tuple[list[Value], dict[int, Value]]:
    return [], {}
