"""Bounds on the process while it scans, for the case that a reader's own budgets fail.

The budgets of a session are cooperative. These are not: more memory than allowed is a MemoryError,
more time than allowed an exception, and a call that never returns to Python ends the process, which
is no pass either.
"""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from sealwright.vetting.session import Spent, limit

MEMORY = 768 * 1024 * 1024
"""Bytes of private memory beyond those in use. Mapped files do not count."""
GRACE = 15.0
"""Seconds beyond the session's own limit."""
_AGAIN = 5.0
_CPU_GRACE = 60


@contextmanager
def bounded(*, seconds: float) -> Iterator[None]:
    """Bounds what runs inside; `Spent` is raised in it once `seconds` and a grace are over.

    Only the main thread gets signals: elsewhere just the memory is bounded.
    """
    with ExitStack() as stack:
        stack.enter_context(_memory())
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_processor(seconds))
            stack.enter_context(_alarm(seconds + GRACE))
        yield


@contextmanager
def _memory() -> Iterator[None]:
    """A soft limit on private memory (RLIMIT_DATA)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[5])
    with _soft(resource.RLIMIT_DATA, pages * resource.getpagesize() + MEMORY):
        yield


@contextmanager
def _processor(seconds: float) -> Iterator[None]:
    """A soft limit on CPU time: the system ends a process that even signals do not reach."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    whole = int(spent.ru_utime + spent.ru_stime + seconds) + _CPU_GRACE
    with _soft(resource.RLIMIT_CPU, whole):
        yield


@contextmanager
def _soft(kind: int, limit: int) -> Iterator[None]:
    """Lowers a soft limit, never raises it, and puts back what was there."""
    soft, hard = resource.getrlimit(kind)
    limits = [limit, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)]
    resource.setrlimit(kind, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises `Spent` after some seconds, and again every few seconds where it was not heard."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Spent(limit(f"more than {seconds:g} seconds", "seconds"))

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
