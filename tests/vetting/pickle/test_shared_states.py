"""One state set on thousands of objects, or one list given to thousands of calls, is looked at
once or counted: the stream is a few bytes for each, so the scan may not be thousands of times that.
"""

from __future__ import annotations

import pytest

from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.judge import judge
from sealwright.vetting.pickle.machine import run
from sealwright.vetting.session import Limits, Spent
from tests.vetting.examine import session
from tests.vetting.pickle.assemble import build, mapped, name, new, number, text, verdict

TIMES = 400


def memoised(value: bytes, use: bytes) -> bytes:
    """`value` as memo 1, then `use` again and again."""
    return b"\x80\x04" + value + b"q\x010" + use * TIMES + b"N."


def operations(stream: bytes) -> int:
    """What judging a stream costs."""
    work = Examining(Member(path="file", data=stream), session(policy=builtin_policy()))
    trace = run(stream, session=work.session)
    before = work.session.operations
    judge(trace, work)
    return work.session.operations - before


@pytest.mark.parametrize(
    "cls",
    [
        "argparse.Namespace",
        "torch.nn.modules.linear.Linear",
        "transformers.models.bert.configuration_bert.BertConfig",
    ],
)
def test_a_shared_state_costs_once(cls: str) -> None:
    state = mapped(*(part for n in range(500) for part in (text(f"k{n}"), number(n))))
    stream = memoised(state, name(cls) + b")\x81h\x01b0")
    assert operations(stream) < 20 * TIMES


def test_a_shared_list_of_arguments_is_counted_each_time() -> None:
    given = b"(" + b"".join(text(f"p{n}") for n in range(500)) + b"t"
    stream = memoised(given, name("pathlib.PurePosixPath") + b"h\x01R0")
    assert operations(stream) > 500 * TIMES
    work = Examining(
        Member(path="file", data=stream),
        session(policy=builtin_policy(), limits=Limits(operations=100_000)),
    )
    trace = run(stream, session=work.session)
    with pytest.raises(Spent):
        judge(trace, work)


def test_a_state_is_held_against_each_class() -> None:
    state = mapped(text("keys"), number(1)) + b"q\x01"
    first = build(new(name("argparse.Namespace")), state)
    second = new(name("torch.optim.sgd.SGD")) + b"h\x01b"
    assert verdict(first) == "pass"
    assert verdict(first + b"0" + second) == "fail"
