"""Runs one reader with a scan that only writes down what it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Examining, Format, Member
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.session import Limits, Session, Spent


@dataclass
class Visited:
    """What a reader showed and said."""

    members: list[tuple[str, bytes]] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)
    spent: str = ""

    def holds(self, content: bytes) -> bool:
        return any(content in data for _, data in self.members)


def visits(
    form: Format, data: bytes, *, path: str = "file", limits: Limits | None = None
) -> Visited:
    """The members that `form` visits, not followed further."""
    seen = Visited()

    def inspect(member: Member, session: Session) -> MemberReport:
        seen.members.append((member.path.partition("!")[2], bytes(member.data)))
        return MemberReport(path=member.path, size=len(member.data), formats=(), verdict="pass")

    session = Session(policy=Policy(), inspect=inspect, limits=limits or Limits())
    work = Examining(Member(path=path, data=data), session)
    assert form.examine is not None
    try:
        form.examine(work)
    except MalformedError as error:
        assert form.malformed is not None
        work.find(form.malformed, error.message)
    except Spent as error:
        seen.spent = error.message
    seen.rules = {each.rule.id for each in work.observations}
    return seen
