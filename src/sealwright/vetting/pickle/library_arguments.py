"""What the arguments of some libraries' functions must be: they unpickle one of them."""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.pickle import dtypes
from sealwright.vetting.pickle.facts import Call, Facts
from sealwright.vetting.pickle.inert import inert
from sealwright.vetting.pickle.payloads import holds_file
from sealwright.vetting.pickle.probe import result
from sealwright.vetting.pickle.signatures import constant, kind
from sealwright.vetting.pickle.values import Const, Dict, Global, List, Made, Set, Tuple, Value

_VOCAB = "spacy.vocab.unpickle_vocab"


def _pickled(value: Value, facts: Facts) -> Value | None:
    """What a pickle in these bytes gives, where the scan examines it itself (`payloads.look`)."""
    if type(value) is Made and facts.made_by(value) == "_codecs.encode":
        if type(value.args) is not Tuple or not value.args.items:
            return None
        text = constant(value.args.items[0])
        codec = [constant(item) for item in value.args.items[1:]]
        held: object = text.encode("latin-1", "replace") if isinstance(text, str) else None
        if codec != ["latin1"]:
            return None
    else:
        held = value.value if type(value) is Const else None
    if not isinstance(held, bytes | memoryview):
        return None
    head = bytes(held[:2])
    if head not in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") or not holds_file(held):
        return None
    return result(held)


def _getters(value: Value | None, facts: Facts) -> bool:
    """Functions of a text, by number: spacy's own, with the tables that they keep. Whatever makes
    a word of the vocabulary calls them."""
    if type(value) is not Dict:
        return False
    stack: list[Value] = [value]
    seen: set[int] = set()
    while stack:
        item = stack.pop()
        if id(item) in seen or (type(item) is not Global and inert(item, facts)):
            continue
        seen.add(id(item))
        if isinstance(item, Tuple | List | Set):
            stack.extend(item.items)
        elif isinstance(item, Dict):
            stack.extend(part for pair in item.items for part in pair)
        elif type(item) is Global:
            if not item.module.startswith("spacy.") or facts.role(item) is None:
                return False
        elif type(item) is Made and facts.made_by(item) in _KEPT:
            stack.extend((item.args, *item.states, *(part for pair in item.pairs for part in pair)))
        else:
            return False
    return True


_KEPT = frozenset({"functools.partial", "spacy.lookups.Table", "preshed.bloom.unpickle_bloom"})


def _spacy_vocab(call: Call, facts: Facts) -> str:
    """`unpickle_vocab(strings, vectors, morphology, unused, pickle, lookups, noun chunks)`."""
    if len(call.args) != 7 or call.keywords:
        return "takes the parts of a vocabulary"
    if not kind("object:spacy.strings.StringStore")(call.args[0], facts):
        return "takes a table of texts"
    held = _pickled(call.args[4], facts)
    if held is None:
        return "takes a pickle that can be examined"
    return "" if _getters(held, facts) else "takes functions of spacy alone in its pickle"


def _spacy_doc(call: Call, facts: Facts) -> str:
    """`unpickle_doc(vocabulary, pickle, bytes)`."""
    if len(call.args) != 3 or call.keywords or not kind("bytes")(call.args[2], facts):
        return "takes a vocabulary, a pickle and bytes"
    if not kind(f"object:{_VOCAB}")(call.args[0], facts):
        return "takes a vocabulary"
    held = _pickled(call.args[1], facts)
    if type(held) is Tuple and all(type(item) is Dict for item in held.items):
        return ""
    return "takes a pickle of plain dicts that can be examined"


def _jax_array(call: Call, facts: Facts) -> str:
    """`_reconstruct_array(numpy's _reconstruct, arguments, state, {'weak_type': flag})`: makes the
    array of numpy, and copies it."""
    if call.keywords or len(call.args) != 4:
        return "takes (numpy's _reconstruct, arguments, state, type)"
    function, arguments, state, kept = call.args
    entry = facts.entry(function)
    if entry is None or entry.args != "numpy array" or type(arguments) is not Tuple:
        return "takes (numpy's _reconstruct, arguments, state, type)"
    flags = type(kept) is Dict and all(
        constant(key) == "weak_type" and kind("bool")(value, facts) for key, value in kept.items
    )
    if not flags:
        return "takes weak_type alone as the type"
    inner = Call(entry=entry, subject=function, args=arguments.items)
    return dtypes.array_arguments(inner, facts) or dtypes.array_content(state, facts)


LIBRARY_ARGUMENTS: dict[str, Callable[[Call, Facts], str]] = {
    "spacy vocab": _spacy_vocab,
    "spacy doc": _spacy_doc,
    "jax array": _jax_array,
}
"""Arguments by name."""
