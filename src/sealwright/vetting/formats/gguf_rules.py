"""The rules of the GGUF reader."""

from __future__ import annotations

from sealwright.vetting.interface import Rule

_CORRUPT = ("AML.T0076", "AML.T0011.000")
_AGAIN = "do not load it; get the model again from its source, or convert it again"

MALFORMED = Rule(
    id="SW-GGUF-001",
    effect="fail",
    severity="high",
    title="The file is not well-formed GGUF",
    why=(
        "Readers of GGUF are written in C and take counts and lengths from the file. A count that "
        "the file cannot hold has led to heap overflows and to allocations of terabytes "
        "(CVE-2024-25664 to CVE-2024-25668, CVE-2024-21802, CVE-2025-53630)."
    ),
    example="GGUF, version 3, tensor count 0, metadata count 2**60, end of file",
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(20, 122, 789),
)
TENSOR = Rule(
    id="SW-GGUF-002",
    effect="fail",
    severity="high",
    title="A tensor's dimensions, type or place are impossible",
    why=(
        "The reader computes a size from dimensions and type and reads that much at the tensor's "
        "offset. Where the size overflows or the place lies outside the file, it reads foreign "
        "memory."
    ),
    example="tensor 'w': dimensions [2**62, 4], type F32, offset 0",
    remediation=_AGAIN,
    atlas=_CORRUPT,
    cwe=(125, 190),
)
LAYOUT = Rule(
    id="SW-GGUF-003",
    effect="fail",
    severity="high",
    title="Tensors overlap, or bytes belong to no tensor",
    why=(
        "Bytes outside all tensors are read by nobody and can carry anything; tensors that share "
        "bytes are not what any converter writes. What lies outside is examined by its content."
    ),
    example="the last tensor ends at byte 4096, the file at byte 9000",
    remediation="convert the model again, and find out who changed the file",
    atlas=("AML.T0018.002", "AML.T0076"),
    cwe=(506,),
)
METADATA = Rule(
    id="SW-GGUF-004",
    effect="fail",
    severity="high",
    title="The metadata is ambiguous or impossible",
    why=(
        "Of a key that occurs twice, one program takes the first value and another the last: one "
        "checks a harmless chat template while the other renders the harmful one. An alignment "
        "that is no power of two breaks the reader's arithmetic."
    ),
    example="tokenizer.chat_template (harmless), tokenizer.chat_template (harmful)",
    remediation="write the metadata again with each key once",
    atlas=("AML.T0074", "AML.T0076"),
    cwe=(436, 20),
)
UNKNOWN_TYPE = Rule(
    id="SW-GGUF-005",
    effect="inconclusive",
    severity="medium",
    title="A tensor's element type is not known",
    why=(
        "Types are added, dropped and forked. Without the size of a block nobody can say where the "
        "tensor ends, so what the file holds is not accounted for."
    ),
    example="a tensor of type 31, which ggml has dropped",
    remediation="convert the model with a current version of the converter",
)
VERSION = Rule(
    id="SW-GGUF-006",
    effect="inconclusive",
    severity="medium",
    title="The version of GGUF is not examined",
    why=(
        "Version 1 has other lengths and is refused by current readers; versions above 3 are not "
        "known."
    ),
    example="GGUF, version 1",
    remediation="convert the model with a current version of the converter",
)
TEXT_TYPE = Rule(
    id="SW-GGUF-007",
    effect="review",
    severity="medium",
    title="A chat template or a tokenizer is stored as something other than a text",
    why=(
        "No converter writes that. One program ignores the value, another takes an array of one "
        "text for the text and renders it: what was checked in the one runs in the other."
    ),
    example='tokenizer.chat_template as an array that holds the text "{{ x.__globals__ }}"',
    remediation="write the metadata again with the text itself",
    atlas=("AML.T0074", "AML.T0076"),
    cwe=(436,),
)

RULES = (MALFORMED, TENSOR, LAYOUT, METADATA, UNKNOWN_TYPE, VERSION, TEXT_TYPE)
