"""Lets one reader look at some bytes, as the scan does."""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Examining, Format, Member, conclude
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.session import Limits, Session, Spent


def session(*, limits: Limits | None = None, policy: Policy | None = None) -> Session:
    """A session whose members are examined by the whole scanner."""
    from sealwright.vetting.scan import inspect

    return Session(
        policy=policy or Policy(), inspect=inspect, limits=limits or Limits(), strict=True
    )


def examine(
    form: Format,
    data: bytes,
    *,
    path: str = "file",
    limits: Limits | None = None,
    policy: Policy | None = None,
) -> Examining:
    """What `form` says of `data`; members that it visits are in `.session.reports`."""
    work = Examining(Member(path=path, data=data), session(limits=limits, policy=policy))
    assert form.examine is not None
    try:
        form.examine(work)
    except MalformedError as error:
        assert form.malformed is not None
        work.find(form.malformed, error.message)
    except Spent as error:
        work.gap(error.message)
    return work


def rules(work: Examining | MemberReport) -> set[str]:
    """The ids of the rules that were met."""
    return {seen.rule.id for seen in work.observations}


def verdict(work: Examining) -> str:
    """The verdict of the member with all that it holds."""
    seen = [*work.observations]
    complete = not work.gaps
    for report in work.session.reports:
        seen.extend(report.observations)
        complete = complete and not report.gaps
    return conclude(seen, complete=complete)
