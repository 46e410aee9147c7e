"""Runs and judges one pickle inside a torch file, with the storages that its loader would give
it."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.formats.torch_named import described
from sealwright.vetting.formats.torch_storages import Storages, check_tensors, give_classes
from sealwright.vetting.interface import Buffer, Examining, Member
from sealwright.vetting.pickle import payloads
from sealwright.vetting.pickle.judge import judge
from sealwright.vetting.pickle.machine import StreamSpent, run
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.pickle.trace import Trace
from sealwright.vetting.pickle.values import Const, Dict, List, Made, Set, Tuple, Value


def part(examining: Examining, name: str, data: Buffer) -> Examining:
    """The same examination, with its findings at `name` inside the member, where `data` stands."""
    member = examining.member
    inner = Member(path=f"{member.path}!{name}", data=data, depth=member.depth + 1)
    return Examining(
        inner,
        examining.session,
        observations=examining.observations,
        gaps=examining.gaps,
        facts=examining.facts,
    )


def examine_pickle(
    examining: Examining,
    *,
    start: int = 0,
    storages: Storages | None = None,
    policy: Policy | None = None,
) -> Trace:
    """Follows the member's pickle at `start` and judges it, by `policy` instead of the session's
    if given.

    `storages`: what persistent ids may ask for; without, there may be none. What was seen before a
    budget ended is judged, too; `Spent` goes on from here.
    """
    session = examining.session
    kept = session.policy
    session.policy = policy or kept
    try:
        before = session.operations
        try:
            trace = run(examining.data, start=start, session=session)
        except StreamSpent:
            session.operations = before  # judging what was seen may cost as much as seeing it
            raise
        _judge(trace, examining, storages)
    except StreamSpent as spent:
        _judge(spent.trace, examining, storages)
        raise
    finally:
        session.policy = kept
    payloads.look(trace, examining)
    if storages is not None:
        for tensor in described(trace.result):
            examining.fact("tensor", tensor)
    return trace


def _judge(trace: Trace, examining: Examining, storages: Storages | None) -> None:
    if storages is None:
        judge(trace, examining)
        return
    if storages.legacy:
        give_classes(trace)
    try:
        judge(trace, examining, persistent=storages.check)
        check_tensors(trace, storages, examining)
    finally:
        for problem, offset in storages.problems.items():
            examining.find(rules.STORAGE, problem, offset=offset)


def strings(trace: Trace) -> Iterator[str]:
    """Every text in what the pickle builds out of plain containers."""
    pending: list[Value] = [trace.result] if trace.result is not None else []
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if type(value) is Const:
            if isinstance(value.value, str):
                yield value.value
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is Dict:
            pending.extend(each for pair in value.items for each in pair)
        elif isinstance(value, Tuple | List | Set):
            pending.extend(value.items)
        elif type(value) is Made:
            pending.append(value.args)
            pending.extend(value.states)
            pending.extend(value.appended)
