"""Examines the pickles of a file, one after the other: follows, judges and looks into each."""

from __future__ import annotations

from sealwright.vetting.interface import Buffer, Examining, quoted
from sealwright.vetting.pickle import payloads
from sealwright.vetting.pickle.judge import PersistentCheck, judge
from sealwright.vetting.pickle.machine import StreamSpent, run
from sealwright.vetting.pickle.opcodes import KNOWN
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.pickle.probe import headed, probe
from sealwright.vetting.pickle.standard_library import STANDARD_LIBRARY
from sealwright.vetting.pickle.stream_rules import FOREIGN_FILE, OTHER_FILE, PADDING, TRAILING
from sealwright.vetting.pickle.trace import Called, Event, Reached, Trace
from sealwright.vetting.pickle.values import Computed, Global, Made, Persistent
from sealwright.vetting.session import Session

_BLANK = b"\0\t\n\r\x1a "
_STEPS_OF_A_STREAM = 20
"""What beginning another stream costs, in steps."""


def follow(
    examining: Examining,
    *,
    start: int = 0,
    array_blocks: bool = False,
    previous: Trace | None = None,
    persistent: PersistentCheck | None = None,
) -> Trace:
    """Follows one stream of the member, judges it, and examines the files that its constants hold.

    Where a budget ends, what was seen until then is judged before `Spent` goes on from here.
    """
    session = examining.session
    session.spend(_STEPS_OF_A_STREAM)
    before = session.operations
    try:
        trace = run(
            examining.data,
            start=start,
            session=session,
            array_blocks=array_blocks,
            previous=previous,
        )
    except StreamSpent as spent:
        session.operations = before  # judging what was seen may cost as much as seeing it
        judge(spent.trace, examining, persistent=persistent)
        raise
    judge(trace, examining, persistent=persistent)
    payloads.look(trace, examining)
    for inner in trace.inner:
        payloads.look(inner, examining)
    if trace.first_block >= 0:
        _as_plain_pickle(examining, trace, persistent)
    examining.parsed += trace.end - start - trace.blocks
    examining.numbers += trace.blocks
    return trace


def _as_plain_pickle(
    examining: Examining, trace: Trace, persistent: PersistentCheck | None
) -> None:
    """What `pickle.load` makes of a file of joblib's: it takes the array's bytes for opcodes.

    That it breaks there is no news; that it calls something before it breaks is.
    """
    plain = run(examining.data, start=trace.start, session=examining.session)
    after = [event for event in plain.events if event.offset >= trace.first_block]
    if _shifted(trace, after):
        after = [event for event in after if _known(event, examining.session.policy)]
        plain.result = None
    if any(isinstance(event, Called) for event in after):
        plain.events, plain.broken, plain.oddities = after, "", []
        judge(plain, examining, persistent=persistent)
    for offset, name in trace.files:
        parts = name.replace("\\", "/").split("/")
        inside = bool(name) and ".." not in parts and not name.startswith(("/", "\\", "~"))
        rule = OTHER_FILE if inside and ":" not in name else FOREIGN_FILE
        examining.find(rule, f"the loader reads {quoted(name)}", offset=offset)


def _shifted(trace: Trace, after: list[Event]) -> bool:
    """Whether a name is looked up in another module than joblib's loader looks it up in.

    Each array of objects is a pickle with a memo of its own. Read on with the memo of the outer
    one, `numpy` becomes whatever text stands there, and `StandardScaler.dtype` is no name at all.
    """
    names = {
        event.offset: event.target
        for inner in trace.inner
        for event in inner.events
        if isinstance(event, Reached)
    }
    for event in after:
        if isinstance(event, Reached) and isinstance(event.target, Global):
            other = names.get(event.offset)
            if not isinstance(other, Global) or other.name != event.target.name:
                continue
            if other.module != event.target.module:
                return True
    return False


def _known(event: Event, policy: Policy) -> bool:
    """Whether an event is about a name that exists and does more than an array needs."""
    value = event.made.function if isinstance(event, Called) else getattr(event, "target", None)
    while isinstance(value, Made):
        value = value.function
    if not isinstance(value, Global):
        return isinstance(value, Computed | Persistent)
    if policy.label(value.module, value.name) is not None:
        return True
    standard = value.module.partition(".")[0] in STANDARD_LIBRARY
    return standard and policy.entry(value.module, value.name) is None


def examine_streams(examining: Examining) -> None:
    """Examines every pickle from the member's first byte on, and what follows the last one.

    Where a pickle ends before its frame does, loaders disagree on where the next one begins: both
    places are looked at.
    """
    data = examining.data
    waiting, done = [0], set[int]()
    previous: Trace | None = None
    last, broken = 0, False
    while waiting:
        position = waiting.pop()
        if position in done:
            continue
        done.add(position)
        trace = follow(examining, start=position, array_blocks=True, previous=previous)
        broken = broken or bool(trace.broken)
        if trace.broken:
            continue
        previous = trace
        last = max(last, trace.end)
        nexts = dict.fromkeys((trace.end, trace.resume))
        waiting += [place for place in nexts if place not in done and begins(data, place, trace)]
    if not broken:
        _trailing(examining, last)


def _trailing(examining: Examining, end: int) -> None:
    """What follows the last STOP."""
    data = examining.data
    if end >= len(data):
        return
    rest = memoryview(data)[end:]
    if len(rest) <= 1 << 20 and not bytes(rest).strip(_BLANK):
        examining.find(PADDING, f"{len(rest)} blank bytes follow", offset=end)
    else:
        examining.find(TRAILING, f"{len(rest)} bytes follow the last pickle", offset=end)
        if payloads.holds_file(rest):
            examining.session.visit("trailing", rest, within=examining.member)
    examining.parsed += len(rest)


def begins(data: Buffer, position: int, previous: Trace | None) -> bool:
    """Whether another pickle stands here, for a loader that reads on."""
    if position >= len(data) or data[position] not in KNOWN:
        return False
    if headed(data, position):
        return True
    return probe(data, start=position, previous=previous, streams=1).act != "nothing"


def reach(data: Buffer, session: Session) -> list[Trace]:
    """The streams in these bytes, followed and not judged, up to the first that breaks."""
    traces: list[Trace] = []
    position = 0
    previous: Trace | None = None
    while position < len(data) and (previous is None or begins(data, position, previous)):
        session.spend(_STEPS_OF_A_STREAM)
        previous = run(data, start=position, session=session, previous=previous)
        traces.append(previous)
        if previous.broken:
            break
        position = previous.end
    return traces
