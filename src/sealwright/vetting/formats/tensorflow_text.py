"""TensorFlow's messages as text (`.pbtxt`): dangerous operations are found, no more is read."""

from __future__ import annotations

from sealwright.patterns import regex
from sealwright.vetting.formats import tensorflow_names as names
from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted

_HEAD = 64 * 1024
_STARTS = regex(
    rb"^\s*(?:saved_model_schema_version\s*:\s*\d+\s*)?(?:#[^\n]*\n\s*)*"
    rb"(?:meta_graphs|meta_info_def|graph_def|node|library|versions)\s*:?\s*[{<]"
)
_OPERATION = regex(rb"\bop\s*:\s*(?:\"([^\"\\\n]{1,200})\"|'([^'\\\n]{1,200})')")
_SETS: tuple[tuple[frozenset[str], Rule], ...] = (
    (names.PYTHON, rules.PYTHON),
    (names.FILES, rules.FILES),
    (names.NETWORK, rules.NETWORK),
    (names.PROCESS, rules.PROCESS),
    (names.DATASETS_FROM, rules.NESTED),
)


def recognise(member: Member) -> Fit:
    """By a first field of a graph, a meta graph or a SavedModel with a message in it."""
    head = bytes(member.data[:_HEAD])
    return "strong" if _STARTS.match(head) and b"\0" not in head else "no"


def examine(examining: Examining) -> None:
    """Looks for operations by their names, and says that nothing else was read."""
    seen: set[str] = set()
    for match in _OPERATION.finditer(examining.data):
        examining.session.spend(1)
        operation = (match.group(1) or match.group(2)).decode("utf-8", "replace")
        if operation in seen:
            continue
        seen.add(operation)
        for members, rule in _SETS:
            if operation in members:
                examining.find(rule, quoted(operation), offset=match.start())
    examining.gap("the text form of a graph is not read; save it as saved_model.pb")


FORMAT = Format(
    id="tensorflow-text",
    title="TensorFlow graph as text",
    examines=(
        "The names of operations, for those that read or write files, call Python or the network. "
        "The rest of the text form is not examined (inconclusive): save it as saved_model.pb."
    ),
    extensions=(".pbtxt",),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
    within=("text", "yaml", "json", "python"),
)
