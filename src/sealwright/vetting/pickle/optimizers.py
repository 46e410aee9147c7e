"""Pickles that optuna's CMA-ES samplers keep in the attributes of trials, as hexadecimal text in
pieces: the sampler joins and unpickles them when the study goes on.

Follows `_restore_optimizer` of optuna/samplers/_cmaes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sealwright.patterns import regex
from sealwright.vetting.pickle.mappings import text_of
from sealwright.vetting.pickle.values import Value

_KEY = regex(r"((?:sep)?cma(?:wm)?:.{0,100}?optimizer)(?::(0|[1-9]\d{0,5}))?\Z")
"""`cma:optimizer:0`, and with the number of a restart between; old versions write one piece without
a number."""
MAX_PIECES = 10_000


def is_piece(name: str) -> bool:
    """Whether an attribute of this name holds a piece."""
    return "optimizer" in name and _KEY.match(name) is not None


def joined(entries: Mapping[str, Value]) -> Iterator[tuple[str, bytes]]:
    """The pickles in the attributes of one trial, each with its name. What is not hexadecimal is
    never unpickled."""
    pieces: dict[tuple[str, bool], dict[int, str]] = {}
    for name, value in list(entries.items())[:MAX_PIECES]:
        found = _KEY.match(name)
        text = text_of(value) if found is not None else None
        if found is not None and text is not None:
            numbered = found[2] is not None
            pieces.setdefault((found[1], numbered), {})[int(found[2] or 0)] = text
    for (name, _), texts in pieces.items():
        try:
            held = bytes.fromhex("".join(texts[place] for place in sorted(texts)))
        except ValueError:
            continue
        yield name, held
