"""Picks the strongest level that this machine offers, and refuses what is weaker than asked for."""

from __future__ import annotations

import sys

from sealwright.errors import Refused, Unsupported
from sealwright.sandbox import bubblewrap, landlock
from sealwright.sandbox.interface import Level
from sealwright.sandbox.limits import has_child_lists

_STRENGTH: dict[Level, int] = {"none": 0, "landlock": 1, "bubblewrap": 2}


def available() -> tuple[Level, ...]:
    """The levels that work here, strongest first; `none` is never among them."""
    if sys.platform != "linux":
        return ()
    levels: list[Level] = []
    if bubblewrap.works():
        levels.append("bubblewrap")
    if landlock.works():
        levels.append("landlock")
    return tuple(levels)


def choose(minimum: Level, *, offered: tuple[Level, ...] | None = None) -> Level:
    """The strongest level of `offered` (default: what this machine has).

    Raises Unsupported where there is no sandbox at all, Refused where the best is below `minimum`.
    """
    if sys.platform != "linux":
        raise Unsupported(
            "training is sandboxed with Linux kernel features, and this is not Linux",
            advice="run the training on a Linux machine or in a Linux virtual machine",
        )
    levels = available() if offered is None else offered
    if not levels:
        raise Unsupported(
            "this machine offers neither bubblewrap nor Landlock (version 3 or later)",
            advice="install the package bubblewrap and allow unprivileged user namespaces",
        )
    if not has_child_lists():
        raise Unsupported(
            "this kernel does not list the children of a process, so nothing could be counted",
            advice="use a kernel with CONFIG_PROC_CHILDREN and mount /proc",
        )
    best = max(levels, key=_STRENGTH.__getitem__)
    if _STRENGTH[best] < _STRENGTH[minimum]:
        raise Refused(
            f"the training must run at isolation level {minimum}, and this machine reaches {best}",
            advice="install the package bubblewrap, or set a weaker isolation in [training]",
        )
    return best
