"""Puts pickle streams together by hand, as an attacker would: each function gives opcodes."""

from __future__ import annotations

from sealwright.vetting.interface import Examining, Member, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.pickle.judge import judge
from sealwright.vetting.pickle.machine import run
from sealwright.vetting.pickle.policy import Policy
from tests.vetting.examine import session

NONE = b"N"
EMPTY = b"}"


def name(dotted: str, qualified: str = "") -> bytes:
    """`module.name`; with `qualified`, that name of the whole of `dotted`."""
    module, _, last = dotted.rpartition(".")
    if qualified:
        module, last = dotted, qualified
    return b"c" + module.encode() + b"\n" + last.encode() + b"\n"


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def raw(value: bytes) -> bytes:
    return b"B" + len(value).to_bytes(4, "little") + value


def number(value: int) -> bytes:
    return b"I%d\n" % value


def true() -> bytes:
    return b"\x88"


def several(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def listed(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"l"


def mapped(*items: bytes) -> bytes:
    """Keys and values in turn."""
    return b"(" + b"".join(items) + b"d"


def call(function: bytes, *args: bytes) -> bytes:
    return function + several(*args) + b"R"


def new(cls: bytes, *args: bytes) -> bytes:
    return cls + several(*args) + b"\x81"


def build(target: bytes, state: bytes) -> bytes:
    return target + state + b"b"


def put(target: bytes, *items: bytes) -> bytes:
    """SETITEMS."""
    return target + b"(" + b"".join(items) + b"u"


def judged(body: bytes, *, policy: Policy | None = None, protocol: int = 4) -> Examining:
    """What the judge says of a stream of these opcodes."""
    data = b"\x80" + bytes([protocol]) + body + b"."
    work = Examining(Member(path="file", data=data), session(policy=policy or builtin_policy()))
    judge(run(data, session=work.session), work)
    return work


def verdict(body: bytes, **options: int) -> str:
    """`pass`, `review` or `fail`."""
    return conclude(judged(body, **options).observations, complete=True)  # type: ignore[arg-type]


def met(body: bytes, *, protocol: int = 4) -> set[str]:
    """The ids of the rules that are met."""
    return {seen.rule.id for seen in judged(body, protocol=protocol).observations}
