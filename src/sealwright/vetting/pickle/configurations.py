"""Settings that objects of a pickle keep and that libraries follow later: chat templates and names
of code to import, judged as in a configuration file, and pickles in pieces of text.
"""

from __future__ import annotations

from typing import Any

from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.pickle import rules
from sealwright.vetting.pickle.mappings import named_entries, text_of
from sealwright.vetting.pickle.optimizers import is_piece, joined
from sealwright.vetting.pickle.probe import would_act
from sealwright.vetting.pickle.trace import Trace
from sealwright.vetting.pickle.values import Const, Dict, List, Made, Set, Tuple, Value
from sealwright.vetting.session import Spent

HUGGING_FACE = frozenset(
    {"chat_template", "chat_templates", "default_chat_template", "auto_map", "custom_pipelines"}
)
"""Keys of transformers and diffusers."""
_MODULE = "topic_model_module_string"
"""gensim's EnsembleLda imports the module of that name for the class of its models."""
_NAMES = HUGGING_FACE | {_MODULE}
MAX_PARTS = 10_000
"""Values of one setting."""
MAX_DEPTH = 20


def look(trace: Trace, examining: Examining) -> None:
    """Observes the rules that settings of a stream meet. May raise `Spent`."""
    seen: set[object] = set()
    spend = examining.session.spend
    for entries in named_entries(trace, _wanted, examining.session):
        for name, held in joined(entries):
            spend(len(held))
            if held not in seen and would_act(held):
                examining.session.visit(name, held, within=examining.member)
            seen.add(held)
        for name in sorted(_NAMES & entries.keys()):
            if (name, id(entries[name])) in seen:
                continue
            seen.add((name, id(entries[name])))
            left = [MAX_PARTS]
            plain = _plain(entries[name], left, MAX_DEPTH)
            spend(MAX_PARTS - left[0])
            if plain is not None and f"{name}={plain!r}" not in seen:
                seen.add(f"{name}={plain!r}")
                _examine(name, plain, examining)


def _wanted(name: str) -> bool:
    return name in _NAMES or is_piece(name)


def _examine(name: str, plain: Any, examining: Examining) -> None:
    from sealwright.vetting.formats import huggingface_documents

    if name in HUGGING_FACE:
        huggingface_documents.examine({name: plain}, examining)
    elif not (isinstance(plain, str) and plain.startswith("gensim.models.")):
        message = f"the module {quoted(str(plain))} is imported for {quoted(name)}"
        examining.find(rules.UNKNOWN, message)


def _plain(value: Value, left: list[int], depth: int) -> Any:
    """A value as JSON would have it; of an object, the texts that it is made of."""
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        raise Spent("a setting of more parts than are looked at")
    text = text_of(value)
    if text is not None or type(value) is Const:
        kept = type(value) is Const and isinstance(value.value, bool | int | float)
        return value.value if kept and type(value) is Const else text
    if isinstance(value, List | Tuple | Set):
        return [_plain(item, left, depth - 1) for item in value.items]
    if isinstance(value, Dict):
        return {
            text_of(key) or str(place): _plain(held, left, depth - 1)
            for place, (key, held) in enumerate(value.items)
        }
    if isinstance(value, Made):
        return {str(place): text for place, text in enumerate(_texts(value))}
    return None


def _texts(value: Made) -> list[str]:
    found: list[str] = []
    stack: list[Value] = [value]
    seen: set[int] = set()
    while stack:
        if len(seen) > MAX_PARTS:
            raise Spent("a setting of more parts than are looked at")
        item = stack.pop()
        text = text_of(item) if type(item) is Const else None
        if text is not None:
            found.append(text)
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, List | Tuple | Set):
            stack += item.items
        elif isinstance(item, Dict):
            stack += [part for pair in item.items for part in pair]
        elif isinstance(item, Made):
            stack += [item.args, *item.states, *item.appended]
            stack += [part for pair in item.pairs for part in pair]
    return found
