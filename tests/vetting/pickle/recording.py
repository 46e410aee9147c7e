"""Real unpicklers that only record what a stream reaches and calls, held against our machine."""

from __future__ import annotations

import io
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sealwright.vetting.pickle.machine import run
from sealwright.vetting.pickle.trace import Called, Reached, Trace
from sealwright.vetting.pickle.values import Computed, Global, Made, Value

Name = tuple[str, str]
ENCODINGS = ("ASCII", "latin1", "bytes")


@dataclass
class Record:
    """What one real unpickler did."""

    reached: Counter[Name] = field(default_factory=Counter)
    called: Counter[Name] = field(default_factory=Counter)
    ended: int = -1
    """Offset after STOP, or -1 if it raised an error."""


class Unlimited:
    """A budget that never ends."""

    def spend(self, operations: int = 1) -> None:
        """Nothing."""


def _actor(record: Record, name: Name) -> type:
    """A class that takes everything that a stream can do, and does nothing."""

    class Harmless:
        def __new__(cls, *args: Any, **kwargs: Any) -> Harmless:
            record.called[name] += 1
            return object.__new__(cls)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            pass

        def __call__(self, *args: Any, **kwargs: Any) -> Harmless:
            return object.__new__(Harmless)

        def __setitem__(self, key: Any, value: Any) -> None:
            pass

        def __setstate__(self, state: Any) -> None:
            pass

        def extend(self, items: Any) -> None:
            pass

        def append(self, item: Any) -> None:
            pass

        def add(self, item: Any) -> None:
            pass

    return Harmless


def _recorder(base: Any, data: bytes, encoding: str) -> tuple[Any, Record, io.BytesIO]:
    record = Record()

    class Recorder(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            record.reached[module, name] += 1
            return _actor(record, (module, name))

        def persistent_load(self, pid: Any) -> Any:
            return _actor(Record(), ("", ""))()

    file = io.BytesIO(data)
    loader = Recorder(file, encoding=encoding, buffers=[b"buffer"] * 4)
    return loader, record, file


def record(base: Any, data: bytes, encoding: str) -> Record:
    """Lets `base` (`pickle.Unpickler` or `pickle._Unpickler`) read one stream."""
    loader, seen, file = _recorder(base, data, encoding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loader.load()
            seen.ended = file.tell()
        except Exception:  # noqa: BLE001 - whatever the stream provokes
            seen.ended = -1
    return seen


PYTHON: Any = pickle._Unpickler
LOADERS: dict[str, Any] = {"C": pickle.Unpickler, "Python": PYTHON}


def disagreement(data: bytes, encoding: str) -> tuple[str, dict[str, Record]]:
    """What a real unpickler did and our machine does not say; empty if it says all."""
    trace = run(data, session=Unlimited())
    records = {name: record(base, data, encoding) for name, base in LOADERS.items()}
    for name, seen in records.items():
        problem = _missing(trace, seen)
        if problem:
            return f"{name} with {encoding}: {problem}", records
    return "", records


def _missing(trace: Trace, seen: Record) -> str:
    computed = any(
        isinstance(event, Reached) and isinstance(event.target, Computed) for event in trace.events
    )
    ours = _most(
        Counter(
            event.target.raw
            for event in reading.events
            if isinstance(event, Reached) and isinstance(event.target, Global)
        )
        for reading in (trace, *trace.inner)
    )
    lost = _without(seen.reached - ours, computed=computed)
    if lost:
        return f"reached and not seen: {lost}"
    calls = _most(
        Counter(_maker(event.made) for event in reading.events if isinstance(event, Called))
        for reading in (trace, *trace.inner)
    )
    lost = _without(seen.called - calls, computed=computed)
    if lost:
        return f"called and not seen: {lost}"
    readings = [each for each in (trace, *trace.inner) if trace.crossed or not each.broken]
    ends = {end for each in readings for end in (each.end, each.resume)}
    if seen.ended >= 0 and seen.ended not in ends:
        return f"it ends well at {seen.ended}, ours at {trace.end}: {trace.broken}"
    return ""


def _most(counters: Iterable[Counter[Name]]) -> Counter[Name]:
    """The largest count of each name: two readings of one stream are no two calls."""
    most: Counter[Name] = Counter()
    for counter in counters:
        most |= counter
    return most


def _maker(value: Value) -> Name:
    """The name whose call, or whose `__new__`, makes a value, through the objects between."""
    while isinstance(value, Made):
        value = value.function
    return value.raw if isinstance(value, Global) else ("", "")


def _without(names: Counter[Name], *, computed: bool) -> list[Name]:
    """Names without those that a name of unknown text may stand for."""
    return [name for name in names if not computed or (name[0].isascii() and name[1].isascii())]


@dataclass
class Figures:
    """What a run of many streams came to."""

    streams: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    reached: int = 0
    called: int = 0
    problems: list[tuple[bytes, str]] = field(default_factory=list)


def compare(make: Callable[[], bytes], count: int) -> Figures:
    """Lets the real unpicklers and ours read `count` streams."""
    figures = Figures()
    for number in range(count):
        data = make()
        problem, records = disagreement(data, ENCODINGS[number % len(ENCODINGS)])
        figures.streams += 1
        for name, seen in records.items():
            figures.accepted[name] += seen.ended >= 0
        figures.reached += records["C"].reached.total()
        figures.called += records["C"].called.total()
        if problem and len(figures.problems) < 20:
            figures.problems.append((data, problem))
    return figures
