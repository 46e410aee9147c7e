"""One scan at work: what it may still spend, and the way into what containers hold."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NoReturn

import msgspec

from sealwright.errors import LimitReached
from sealwright.vetting.interface import Buffer, Member

if TYPE_CHECKING:
    from sealwright.vetting.known import Known
    from sealwright.vetting.outcome import MemberReport
    from sealwright.vetting.pickle.policy import Policy

IN_MEMORY = 8 * 1024 * 1024
"""Bytes of one inflated member that are held in memory; more goes to an unlinked file, mapped."""


_HOLLOW = 4
"""How many times `Limits.large` all nearly empty members may give together."""

_VISIT = 500
"""Steps that a member costs, however small it is."""


class Spent(LimitReached):
    """A budget ran out: what remains was not examined, so the member is inconclusive."""


def limit(what: str, option: str) -> str:
    """What a limit was, and how it is raised."""
    return f"{what} (`sealwright scan --limit-{option}` raises that)"


class Steps(msgspec.Struct):
    """A budget of its own for a look that only has to tell what bytes are."""

    left: int

    def spend(self, operations: int = 1) -> None:
        """Counts steps; raises `Spent` where enough is known."""
        self.left -= operations
        if self.left < 0:
            raise Spent("enough is known")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one scan of one path may spend. All are totals, but for `depth`, `ratio` and
    `member`."""

    operations: int = 30_000_000
    """Steps of interpreters and parsers: pickle opcodes, fields, nodes."""
    members: int = 200_000
    depth: int = 8
    """Containers within containers."""
    inflated: int = 16 * 1024**3
    """Bytes that decompression gives in all."""
    ratio: int = 1_100
    """Inflated bytes for each compressed one, beyond the first MiB; deflate cannot give over
    1,032."""
    large: int = 256 * 1024**2
    """Inflated bytes of one member from which on it may be only `large_ratio` times its
    compressed size: large and nearly empty is a bomb."""
    large_ratio: int = 200
    grace: float = 3.0
    """Seconds that are left for the rest of a file once something in it inflated like a bomb."""
    member: int = 4 * 1024**3
    """Bytes of one inflated member."""
    seconds: float = 300.0
    """Wall clock."""


class Session(msgspec.Struct):
    """What the readers of one scan share. `budget` methods raise `Spent`."""

    policy: Policy
    inspect: Callable[[Member, Session], MemberReport]
    """The scan itself (`scan.inspect`), so that containers can hand over what they hold."""
    limits: Limits = Limits()
    known: Known | None = None
    """What earlier scans found, by digest."""
    strict: bool = False
    """Raise what a reader was not meant to raise, instead of calling the member inconclusive."""
    clock: Callable[[], float] = time.monotonic
    operations: int = 0
    inflated: int = 0
    hollow: int = 0
    """Inflated bytes of members that grew more than `large_ratio` times."""
    members: int = 0
    started: float = msgspec.field(default=-1.0)
    bomb: str = ""
    """What made an archive bomb of the file; nothing large is inflated after it."""
    stopped: set[str] = msgspec.field(default_factory=set)
    """Limits that were reached: by these words they are told from other gaps of a reader."""
    deadline: float = msgspec.field(default=float("inf"))
    reports: list[MemberReport] = msgspec.field(default_factory=list)
    """Of every member, outermost first come first."""

    def spend(self, operations: int = 1) -> None:
        """Counts steps, and looks at the clock now and then."""
        before, self.operations = self.operations, self.operations + operations
        if self.operations > self.limits.operations:
            self._over(f"more than {self.limits.operations} operations", "operations")
        if before >> 14 != self.operations >> 14:
            self.in_time()

    def in_time(self) -> None:
        """Raises `Spent` once the wall clock is over."""
        if self.started < 0:
            self.started = self.clock()
        now = self.clock()
        if now - self.started > self.limits.seconds:
            self._over(f"more than {self.limits.seconds:g} seconds", "seconds")
        if now > self.deadline:
            raise Spent(self.bomb)

    def next_file(self) -> None:
        """Forgets the bomb of the file before: each has a grace of its own, within the seconds that
        all have together."""
        self.bomb, self.hollow, self.deadline = "", 0, float("inf")

    def visit(self, name: str, data: Buffer, *, within: Member, declared: str = "") -> MemberReport:
        """Examines what a container holds, by content, with all that it holds in turn.

        Its findings go into the report by themselves; the caller gets to see what it was found to
        be.
        """
        self.members += 1
        self.spend(_VISIT)
        if self.members > self.limits.members:
            self._over(f"more than {self.limits.members} members", "members")
        if within.depth + 1 > self.limits.depth:
            self._over(f"containers are nested more than {self.limits.depth} deep", "depth")
        child = Member(
            path=f"{within.path}!{name}", data=data, depth=within.depth + 1, declared=declared
        )
        return self.inspect(child, self)

    def spool(self, pieces: Iterable[bytes], *, compressed: int) -> Buffer:
        """Collects inflated pieces: in memory while small, then in an unlinked file that is mapped.

        `compressed`: bytes that they come from. Raises `Spent` on too many bytes or a bomb's ratio;
        what `pieces` raises passes through.
        """
        import tempfile

        held = bytearray()
        file = None
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                self.inflated += len(piece)
                self._allow(size, compressed)
                self.in_time()
                if file is None and size <= IN_MEMORY:
                    held += piece
                    continue
                if file is None:
                    file = tempfile.TemporaryFile(prefix="sealwright-scan-")  # noqa: SIM115
                    file.write(held)
                    held = bytearray()
                file.write(piece)
            self._sum(size, compressed)
            if file is None:
                return bytes(held)
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        finally:
            if file is not None:
                file.close()

    def _allow(self, size: int, compressed: int) -> None:
        limits = self.limits
        ratio = limits.large_ratio if size > limits.large else limits.ratio
        if size > limits.member:
            self._stop(limit(f"a member inflates to more than {limits.member} bytes", "member"))
        if self.inflated > limits.inflated:
            what = f"the members inflate to more than {limits.inflated} bytes"
            self._stop(limit(what, "inflated"))
        if size > 1 << 20:
            if size > ratio * max(compressed, 1):
                self._stop(f"a member inflates more than {ratio} times")
            if self.bomb:
                raise Spent(self.bomb)

    def _sum(self, size: int, compressed: int) -> None:
        """Many members that each stay below the limit are a bomb as well, nested ones too."""
        limits = self.limits
        if size > 1 << 20 and size > limits.large_ratio * max(compressed, 1):
            self.hollow += size
            if self.hollow > _HOLLOW * limits.large:
                self._stop(
                    f"nearly empty members inflate to more than {_HOLLOW * limits.large} bytes"
                )

    def _over(self, what: str, option: str) -> NoReturn:
        """One of `limits` was reached."""
        why = limit(what, option)
        self.stopped.add(why)
        raise Spent(why)

    def _stop(self, why: str) -> NoReturn:
        """A bomb was met: only what is small is inflated after it, and not for long."""
        self.stopped.add(why)
        if not self.bomb:
            self.bomb = why
            self.deadline = self.clock() + self.limits.grace
        raise Spent(why)
