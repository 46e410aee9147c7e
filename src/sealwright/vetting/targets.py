"""Judges a dotted name that a configuration asks a program to import, and to call."""

from __future__ import annotations

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.target_tables import ANYWHERE, CLASSES, HARMLESS, MODULES, NAMES

_DOTTED = regex(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_NEMO = regex(
    r"nemo\.(?:core\.(?:optim|classes)|collections\.(?:asr|nlp|tts|vision|multimodal|common|audio"
    r"|speechlm2?|llm|vlm|diffusion)"
    r"\.(?:models|modules|losses|parts|data|metrics|g2p|torch|tokenizers))"
    r"(?:\.[a-z][a-z0-9_]*){0,4}\.[A-Z][A-Za-z0-9]+"
)
_TORCH = regex(r"(torch\.(?:nn|optim))\.(?:modules\.)?[a-z_0-9]+\.([A-Z]\w+)")
_BUILTIN = frozenset(
    name.removeprefix("builtins.") for name in NAMES if name.startswith("builtins.")
)


class Judged(msgspec.Struct, frozen=True):
    """What is known about a name. Neither: someone has to look."""

    harmless: bool = False
    dangerous: bool = False
    as_data: bool = False
    """Harmless where it is restored from a pickle, without its constructor: that one may read
    what its arguments name."""
    because: str = ""
    """What follows the name in a message."""


def judge_name(name: str, policy: Policy) -> Judged:
    """Whether building or calling `name` is known to do nothing else, or to be dangerous.

    Names walk attributes: `pkg.module.os.system` is `os.system`, whatever stands before it.
    """
    name = name.strip()
    if name.startswith("__builtin__."):
        name = "builtins." + name.partition(".")[2]
    parts = name.split(".")
    if not _DOTTED.fullmatch(name):
        bare = name in _BUILTIN or name in policy.labels
        return Judged(dangerous=bare, because=", which runs or loads code" if bare else "")
    if any(part.startswith("__") for part in parts):
        return Judged(dangerous=True, because=", which reaches for the internals of Python objects")
    for start in range(len(parts) - 1):
        rest = parts[start:]
        inside = rest[0] in ANYWHERE or (rest[0] == "builtins" and ".".join(rest[:2]) in NAMES)
        label = _label(rest, policy) if inside or start == 0 else ""
        if label:
            return Judged(dangerous=True, because=f": {label}")
    if _builds(name):
        return Judged(harmless=True)
    known = _restored(name, policy)
    return Judged(harmless=known, as_data=known)


def outright(name: str) -> bool:
    """Whether a name can only be meant to run something: `os.system`, `builtins.exec`."""
    return name in NAMES or name.partition(".")[0] in ANYWHERE


def _builds(name: str) -> bool:
    """Whether a name is in a table of what only builds something."""
    module, _, last = name.rpartition(".")
    if name in HARMLESS or last in CLASSES.get(module, ()):
        return True
    inner = _TORCH.fullmatch(name)
    if inner is not None and inner[2] in CLASSES[inner[1]]:
        return True
    return _NEMO.fullmatch(name) is not None


def _restored(name: str, policy: Policy) -> bool:
    module, _, last = name.rpartition(".")
    entry = policy.entry(module, last)
    return entry is not None and entry.role == "class"


def _label(parts: list[str], policy: Policy) -> str:
    """Why a name is dangerous, by the tables or by the labels of the packs."""
    name = ".".join(parts)
    if name in NAMES:
        return "it runs, loads, writes or fetches something"
    for end in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:end])
        known = policy.labels.get(f"{module}.*")
        if known is not None:
            return known.what
        if module in MODULES:
            return f"nothing of the module {module} belongs into a configuration"
    exact = policy.labels.get(name)
    return exact.what if exact is not None else ""
