"""The state of the symbolic machine: input, stack with marks, memo, and what it has told so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sealwright.vetting.interface import Buffer
from sealwright.vetting.pickle.decode import Refused, line_finder
from sealwright.vetting.pickle.trace import Event, Trace
from sealwright.vetting.pickle.values import Const, Value
from sealwright.vetting.session import Spent

MAX_HELD = 4_000_000
"""Values held at a time, by weight: a few hundred bytes each at most."""
KEPT_ITEMS = 100_000
"""Items of one container after which plain numbers and short texts are only counted."""
SPARSE = 1 << 20
"""Memo numbers up to which an array that long is no burden: 16 bytes each, for C's unpickler."""
SHORT = 24
"""Length from which a text or bytes may hide something."""


class Budget(Protocol):
    """Whatever counts steps and raises Spent."""

    def spend(self, operations: int = 1) -> None:
        """Counts steps."""


class Stopped(Exception):
    """STOP was reached."""


class Machine:
    """One stream at work. Handlers of opcodes (`constants`, `building`) change it."""

    __slots__ = (
        "arrays",
        "budget",
        "data",
        "dropping",
        "end",
        "find_line",
        "frame_end",
        "inner",
        "memo",
        "metastack",
        "position",
        "previous",
        "protocol",
        "scattered",
        "size",
        "stack",
        "trace",
        "view",
        "weight",
    )

    def __init__(
        self,
        data: Buffer,
        *,
        start: int,
        budget: Budget,
        arrays: bool,
        dropping: bool,
        previous: tuple[list[Value], dict[int, Value]],
        inner: Callable[[int], Trace],
    ) -> None:
        """`previous`: the memo of the stream before, for loaders that keep it. `arrays`: joblib's
        raw array blocks are read; `inner` follows a whole pickle that begins at an offset.
        `dropping`: see `_cross`."""
        view = memoryview(data)
        self.view = view if view.format == "B" and view.ndim == 1 else view.cast("B")
        self.data = data
        self.size = len(self.view)
        self.find_line = line_finder(data)
        self.position = start
        self.frame_end = 0
        self.budget = budget
        self.arrays = arrays
        self.dropping = dropping
        self.protocol = 0
        self.stack: list[Value] = []
        self.metastack: list[list[Value]] = []
        self.memo: list[Value] = []
        self.scattered: dict[int, Value] = {}
        self.previous = previous
        self.inner = inner
        self.weight = 0
        self.trace = Trace(start=start, end=start)

    def account(self, steps: int) -> None:
        """Counts steps and what is held. Raises Spent."""
        held = self.weight + len(self.stack) + len(self.metastack) + len(self.memo)
        held += len(self.scattered) + 3 * len(self.trace.events)
        if held > MAX_HELD:
            raise Spent(f"a pickle holds more than {MAX_HELD} values")
        self.budget.spend(steps)

    def take(self, size: int) -> memoryview:
        """The next bytes, as a view."""
        position = self.position
        end = position + size
        if position < self.frame_end < end:
            position = self._cross(position)
            end = position + size
        if end > self.size:
            raise Refused("the stream ends within an argument")
        self.position = end
        return self.view[position:end]

    def take_whole(self, size: int) -> memoryview:
        """The next bytes of BINBYTES and BYTEARRAY8, of which C never drops any."""
        if self.position < self.frame_end < self.position + size:
            self.trace.crossed = True
            self.frame_end = 0
        return self.take(size)

    def _cross(self, position: int) -> int:
        """Where an argument begins that reaches beyond its frame.

        Python raises an error there. C reads on where it reads from memory; where it reads a file
        in pieces, it drops what is left of the frame and takes the argument from behind it.
        """
        self.trace.crossed = True
        end, self.frame_end = self.frame_end, 0
        return end if self.dropping else position

    def cross_to_frame(self) -> None:
        """Begins a frame that does not fit into the one around it."""
        self.position = self._cross(self.position)

    def number(self, size: int) -> int:
        """The next bytes as a little-endian number without sign."""
        return int.from_bytes(self.take(size), "little")

    def line(self) -> memoryview:
        """The argument up to the next line feed, which is passed over.

        At the end of the data, where there is no line feed, C raises an error; the pure Python
        unpickler takes what is left without its last byte.
        """
        start = self.position
        end = self.find_line(start)
        if start < self.frame_end and not start <= end < self.frame_end:
            start = self._cross(start)
            end = self.find_line(start)
        if end < 0:
            self.position = self.size
            self.odd("a line without an end")
            return self.view[start : max(start, self.size - 1)]
        self.position = end + 1
        return self.view[start:end]

    def pop_mark(self) -> list[Value]:
        """The items since the last mark; raises IndexError without one."""
        items = self.stack
        self.stack = self.metastack.pop()
        return items

    def put(self, index: int) -> None:
        """Memoizes the top of the stack. The size of the index costs nothing."""
        memo, value = self.memo, self.stack[-1]
        if index < 0:
            raise Refused("a negative memo index")
        if index < len(memo):
            if memo[index] is not value:
                self.odd("a memo entry is overwritten")
            memo[index] = value
        elif index == len(memo) and not self.scattered:
            memo.append(value)
        else:
            if index > max(self.position, SPARSE) and self.trace.sparse < 0:
                self.trace.sparse = self.position
            if self.scattered.get(index, value) is not value:
                self.odd("a memo entry is overwritten")
            self.scattered[index] = value

    def get(self, index: int) -> None:
        """Pushes what was memoized."""
        if 0 <= index < len(self.memo):
            self.stack.append(self.memo[index])
            return
        value = self.scattered.get(index)
        if value is None:
            kept, scattered = self.previous
            value = kept[index] if 0 <= index < len(kept) else scattered.get(index)
            if value is None:
                raise Refused("the memo has no such entry")
            self.odd("the memo of the stream before is used")
        self.stack.append(value)

    def tell(self, event: Event) -> None:
        """Adds to the trace."""
        self.trace.events.append(event)

    def odd(self, what: str) -> None:
        """Notes a form that no pickler writes."""
        if len(self.trace.oddities) < 100:
            self.trace.oddities.append((self.position, what))


def plain(value: Value) -> bool:
    """Whether a value is a number or a short text, of which a container need not keep a million."""
    if not isinstance(value, Const) or value.form:
        return False
    inner = value.value
    if isinstance(inner, str):
        return len(inner) < 64
    return inner is None or isinstance(inner, int | float)
