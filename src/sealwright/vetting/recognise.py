"""Says what bytes are, whatever their name says: which formats could take them, and whether the
name, the content and each other agree."""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule

_MASQUERADE = ("AML.T0074", "AML.T0011.000")

UNEXAMINED = Rule(
    id="SW-FMT-001",
    effect="inconclusive",
    severity="medium",
    title="The format is recognised but not examined",
    remediation="convert the model to ONNX or safetensors, or look at the file with its own tools",
    why="A scanner that passes what it did not read says nothing. The file may be harmless; nobody "
    "has looked.",
    example="model.rds (an R object)",
    atlas=("AML.T0011.000",),
)
DISGUISED = Rule(
    id="SW-FMT-002",
    effect="fail",
    severity="high",
    title="The name promises data, the content is a format that can run code",
    remediation="find out where the file came from; do not load it under either name",
    why="People and tools decide by the name whether a file is safe to load. A pickle called "
    "`model.safetensors` passes a review and still runs code where a loader goes by content.",
    example="weights.safetensors that begins with the bytes 80 04 95 (a pickle)",
    atlas=_MASQUERADE,
    cwe=(434, 646),
)
POLYGLOT = Rule(
    id="SW-FMT-003",
    effect="fail",
    severity="high",
    title="The file is valid in more than one format",
    remediation="do not load it: what a loader sees depends on the loader",
    why="One reader is shown harmless content, another runs what it finds in the same bytes.",
    example="an ONNX file with a zip archive at its end",
    atlas=("AML.T0018.002", "AML.T0074"),
    cwe=(436,),
)
MISNAMED = Rule(
    id="SW-FMT-004",
    effect="warn",
    severity="low",
    title="The file's extension and its content disagree",
    remediation="give the file the extension of its content",
    why="The content was examined as what it is. Another program may go by the name.",
    example="model.h5 that is a zip archive (the Keras 3 format)",
    atlas=("AML.T0074",),
    cwe=(646,),
)
EMPTY = Rule(
    id="SW-FMT-005",
    effect="inconclusive",
    severity="low",
    title="A model file is empty",
    remediation="get the file again, or remove it",
    why="An empty file where a model is expected is a broken download or a placeholder for "
    "something that comes later.",
    example="model.onnx with 0 bytes",
)
UNKNOWN = Rule(
    id="SW-FMT-006",
    effect="inconclusive",
    severity="medium",
    title="The content is of no known format",
    remediation="keep only model files, text and settings in the folder; convert the model to ONNX "
    "or safetensors",
    why="What no reader recognises nobody has examined. It may be raw numbers; it may be anything.",
    example="payload.bin with 4 KiB of random bytes",
    atlas=("AML.T0011.000",),
)
CONTRADICTED = Rule(
    id="SW-FMT-007",
    effect="fail",
    severity="high",
    title="The content is not what a file of this name must be",
    remediation="do not load it; get the file again from its source",
    why="The extension belongs to one format that is easy to recognise, and the content is of no "
    "known format at all: the file is broken, or it was made for a reader with a flaw.",
    example="model.onnx whose bytes are not protobuf",
    atlas=("AML.T0076", "AML.T0011.000"),
    cwe=(20,),
)
RULES = (UNEXAMINED, DISGUISED, POLYGLOT, MISNAMED, EMPTY, UNKNOWN, CONTRADICTED)

DATA_ONLY = frozenset(
    (
        *(".safetensors", ".onnx", ".gguf", ".json", ".jsonl", ".txt", ".md", ".csv", ".tsv"),
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".pdf", ".wav", ".mp3", ".mp4"),
        *(".parquet", ".arrow", ".feather", ".tflite", ".yaml", ".yml", ".toml", ".ini", ".cfg"),
        *(".html", ".xml", ".rst", ".ubj", ".cbm", ".log"),
    )
)
"""Extensions that people take for data: nothing under such a name is expected to run."""
PLAIN = ("text", "json", "yaml", "toml", "xml", "jinja", "python", "notebook", "gin")
"""Formats of text: the same letters may well be two of them, and that is no polyglot."""


def candidates(member: Member, formats: Sequence[Format]) -> list[tuple[Format, Fit]]:
    """The formats whose loader could take the bytes: the strong ones, or else the weak ones.

    A weak fit beside a strong one is chance (a pickle that acts is a strong fit, whatever else the
    same bytes are), but for formats that hide in others.
    """
    fits = [(form, form.recognise(member)) for form in formats]
    strong = [pair for pair in fits if pair[1] == "strong"]
    weak = [pair for pair in fits if pair[1] == "weak"]
    return [*strong, *(pair for pair in weak if pair[0].hides)] if strong else weak


def claimants(member: Member, formats: Sequence[Format]) -> list[Format]:
    """The formats that the extension stands for."""
    return [form for form in formats if member.extension in form.extensions]


def compare(work: Examining, found: Sequence[Format], formats: Sequence[Format]) -> None:
    """Holds the content against the name, and the formats against each other."""
    member = work.member
    clashing = _clash(found)
    if clashing:
        work.find(POLYGLOT, f"the same bytes are {' and '.join(clashing)}")
    expected = claimants(member, formats)
    names = {form.id for form in found}
    lineage = names | {parent for form in found for parent in form.within}
    if any(form.executes for form in found) and member.extension in DATA_ONLY:
        if not all(form.id in PLAIN for form in found):
            titles = " and ".join(form.title for form in found)
            work.find(DISGUISED, f"the name ends in {member.extension}, the content is {titles}")
        return
    agrees = any(form.id in lineage or set(form.within) & names for form in expected)
    if expected and found and not agrees and not names <= set(PLAIN):
        titles = " and ".join(form.title for form in found)
        work.find(MISNAMED, f"the name ends in {member.extension}, the content is {titles}")


def _clash(found: Sequence[Format]) -> list[str]:
    """Titles of two formats that are no special form of each other."""
    telling = [form for form in found if form.id not in PLAIN]
    for index, one in enumerate(telling):
        for other in telling[index + 1 :]:
            if other.id not in one.within and one.id not in other.within:
                return [one.title, other.title]
    return []
