"""Pairs the files of two models, and says what became of each file and of what it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sealwright.vetting.comparison.records import Difference, Side
from sealwright.vetting.outcome import MemberReport

Reports = Sequence[MemberReport]
CODE_FORMATS = frozenset(("python", "notebook"))
CODE_NAMES = (".py", ".pyw", ".ipynb", ".sh", ".bash", ".bat", ".ps1", ".js", ".c", ".cpp", ".cu")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the old side and what stands for it on the new one; None: there is none."""

    name: str
    """Of the new side where it is there."""
    old: Reports | None
    new: Reports | None
    was: str = ""
    """Its name before, where it has another."""

    @property
    def same(self) -> bool:
        """The same bytes on both sides."""
        return bool(self.old and self.new and digest(self.old) == digest(self.new) != "")


def digest(reports: Reports) -> str:
    """Hex sha256 of a file; empty where it could not be read."""
    return reports[0].sha256


def pairs(old: Side, new: Side) -> tuple[Pair, ...]:
    """By name, then by content. Two single files stand for each other, whatever their names."""
    before, after = old.files(), new.files()
    if old.is_folder != new.is_folder:
        before, after = (
            {name or side.root.name: reports for name, reports in files.items()}
            for side, files in ((old, before), (new, after))
        )
    made = [
        Pair(name=name or new.root.name, old=before[name], new=after[name])
        for name in before
        if name in after
    ]
    gone = {name: before[name] for name in before if name not in after}
    moved: dict[str, list[str]] = {}
    for name, reports in gone.items():
        if digest(reports) and reports[0].size:
            moved.setdefault(digest(reports), []).append(name)
    for name in (name for name in after if name not in before):
        same = moved.get(digest(after[name]))
        was = same.pop(0) if same else ""
        made.append(Pair(name=name, was=was, old=gone.pop(was) if was else None, new=after[name]))
    made += [Pair(name=name, old=reports, new=None) for name, reports in gone.items()]
    return tuple(sorted(made, key=lambda pair: pair.name))


def file_differences(pair: Pair) -> Iterator[Difference]:
    """What became of the file, of its format, and of the members of a container."""
    old, new = pair.old, pair.new
    if pair.was:
        yield Difference(
            kind="file", change="renamed", name=pair.name, before=pair.was, after=pair.name
        )
    if pair.same:
        return
    yield Difference(
        kind="file",
        change="changed" if old and new else "new" if new else "gone",
        name=pair.name,
        before=_shown(old[0]) if old else "",
        after=_shown(new[0]) if new else "",
    )
    if old and new:
        yield from _formats(pair.name, old[0], new[0])
        yield from _members(pair.name, old, new)


def _shown(report: MemberReport) -> str:
    form = "+".join(report.formats) or "unknown format"
    known = f", sha256 {report.sha256}" if report.sha256 else ""
    return f"{report.size} bytes, {form}{known}"


def _formats(name: str, old: MemberReport, new: MemberReport) -> Iterator[Difference]:
    """A file that has become one of another format; one whose loader can run code is looked at."""
    from sealwright.vetting.registry import FORMATS

    if old.formats == new.formats:
        return
    running = {form.id for form in FORMATS if form.executes}
    yield Difference(
        kind="format",
        change="changed",
        name=name,
        look=bool((set(new.formats) - set(old.formats)) & running),
        before="+".join(old.formats) or "unknown",
        after="+".join(new.formats) or "unknown",
    )


def _members(name: str, old: Reports, new: Reports) -> Iterator[Difference]:
    before, after = _by_name(old), _by_name(new)
    held = Counter(one for reports in before.values() for one in reports)
    for member in sorted({*before, *after}):
        was, now = before.get(member, []), after.get(member, [])
        if was == now:
            continue
        if not was and all(held[one] for one in now):
            continue  # it was there under another name
        code = member.casefold().endswith(CODE_NAMES) or any("python" in one for one in now)
        yield Difference(
            kind="code" if code else "member",
            change="changed" if was and now else "new" if now else "gone",
            name=member,
            look=code and bool(now),
            where=name,
            before="; ".join(was),
            after="; ".join(now),
        )


def _by_name(reports: Reports) -> Mapping[str, list[str]]:
    """Way into the container → what lies there; a name can occur more than once."""
    found: dict[str, list[str]] = {}
    for report in reports[1:]:
        found.setdefault(report.path[len(reports[0].path) + 1 :], []).append(_shown(report))
    return found


def is_code(name: str, report: MemberReport) -> bool:
    """Whether a file is program text."""
    return bool(CODE_FORMATS & set(report.formats)) or name.casefold().endswith(CODE_NAMES)
