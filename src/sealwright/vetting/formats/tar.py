"""Tar archives: members are examined by content, and what tar readers see differently is told."""

from __future__ import annotations

from sealwright.vetting.archives import tar_rules
from sealwright.vetting.archives.tar_records import BLOCK, header_at
from sealwright.vetting.interface import Examining, Fit, Format, Member


def recognise(member: Member) -> Fit:
    """By a first header with a right checksum; the mark `ustar` alone is weaker."""
    data = member.data
    if len(data) < BLOCK:
        return "no"
    if not isinstance(header_at(data, 0), str):
        return "strong"
    return "weak" if bytes(data[257:262]) == b"ustar" else "no"


def examine(work: Examining) -> None:
    """Visits every member with data."""
    from sealwright.vetting.archives.tar_walk import walk

    archive = walk(work.data, work.session)
    for problem in archive.problems:
        work.find(problem.rule, problem.message, offset=problem.offset)
    work.parsed += archive.structure
    for member in archive.members:
        name = member.name.encode("utf-8", "backslashreplace").decode()
        work.session.visit(name, archive.view(member), within=work.member)


FORMAT = Format(
    id="tar",
    title="Tar archive",
    examines=(
        "Every header with its checksum, pax and GNU extended headers, names, links, devices, "
        "modes; sizes that readers see differently; what follows the end. Every member's "
        "content. Not: sparse members."
    ),
    extensions=(".tar", ".nemo", ".pt", ".pth", ".mar"),
    recognise=recognise,
    examine=examine,
    malformed=tar_rules.MALFORMED,
    rules=tar_rules.RULES,
)
