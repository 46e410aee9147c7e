"""Functions that run a command or a text, by whatever way a name leads to them."""

from __future__ import annotations

from functools import lru_cache

from sealwright.patterns import regex

_RUNS = regex(
    r"os\.(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|startfile|posix_spawnp?)"
    r"|subprocess\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)"
    r"|pty\.spawn|commands\.get(?:status)?output|_posixsubprocess\.fork_exec"
    r"|asyncio\.create_subprocess_(?:shell|exec)|exec|eval|compile|runpy\.run_path"
)
_TEXTS = frozenset(("exec", "eval", "compile", "execfile"))
SYSTEM_MODULES = frozenset(("os", "subprocess", "pty", "builtins", "importlib", "sys"))
"""Modules that lead to such functions; other modules hold them as attributes, too."""
_THROUGH = regex(
    r"(?P<outer>.+)\.(?:_?(?P<module>os|subprocess|pty|builtins|commands)|posix|nt)"
    r"\.(?P<name>\w+)"
)
_OWN = frozenset(("gevent", "eventlet", "six", "future", "anyio", "trio", "twisted", "os"))
"""Packages that offer the system's modules under the same names to everybody."""


@lru_cache(maxsize=4096)
def executes(path: str) -> bool:
    """Whether a dotted path (`names.resolve`) is a function that runs a command or a text."""
    return _RUNS.fullmatch(path) is not None


def runs_text(path: str) -> bool:
    """Whether it is a function that runs a text."""
    return path in _TEXTS or path.startswith(("code.", "timeit."))


@lru_cache(maxsize=4096)
def direct(path: str) -> str:
    """`os.system` for `torch.os.system`; empty where the path does not lead through a module."""
    found = _THROUGH.fullmatch(path)
    if found is None:
        return ""
    short = f"{found['module'] or 'os'}.{found['name']}".removeprefix("builtins.")
    return short if executes(short) else ""


def borrowed(path: str) -> bool:
    """Whether such a path leads through a module that has no business with processes."""
    odd = path.startswith((".", "@", "?")) or path.partition(".")[0] in _OWN
    return bool(direct(path)) and not odd
