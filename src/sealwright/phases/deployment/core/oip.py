"""Open Inference Protocol v2, REST, inference: reads requests strictly, writes them anew.

What goes to the runtime is written from what was understood, never relayed. Spec:
kserve/open-inference-protocol, specification/protocol/inference_rest.md. JSON has no NaN and no
infinity, and numbers beyond FP32 are refused, since models compute in it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

import msgspec

from sealwright.evidence.predicates.serving import Contract

INPUT: Final = "features"
SCORE, DECISION, CASE = "score", "decision", "case"

DATATYPES: Final = (
    *("BOOL", "BYTES", "FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64"),
    *("UINT8", "UINT16", "UINT32", "UINT64"),
)
"""All that the protocol knows; requests here are FP64 or FP32."""

MAX_ID: Final = 128
"""Characters of a request's id."""

LARGEST: Final = 3.4028234663852886e38
"""Largest FP32; inputs are within it on both sides of zero."""

_MAX_PARAMETERS: Final = 32
_TEXT: Final = 300
_GOT_NESTED: Final = "got `array` - at `$.inputs[0].data[0]`"

Parameters = dict[str, str | int | float | bool]
"""Nothing else is a parameter. They are read, bounded, and mean nothing here."""


class Problem(msgspec.Struct, frozen=True):
    """Why a body is not what it must be, in words for whoever sent it."""

    text: str


class Interface(msgspec.Struct, frozen=True):
    """What a model takes and gives: `width` features; `outputs` in their order."""

    width: int
    outputs: tuple[str, ...]


class InferRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that keeps the rules. `values` are `rows` x width numbers, row by row."""

    id: str | None
    rows: int
    values: list[float]
    outputs: tuple[str, ...]
    """Outputs that are wanted, in the order in which they were asked for."""


class _Tensor(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]
    parameters: Parameters = {}


class _NestedTensor(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[list[float]]
    parameters: Parameters = {}


class _Wanted(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str
    parameters: Parameters = {}


class _Request(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    inputs: list[_Tensor]
    id: str | msgspec.UnsetType = msgspec.UNSET
    parameters: Parameters = {}
    outputs: list[_Wanted] = []


class _NestedRequest(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    inputs: list[_NestedTensor]
    id: str | msgspec.UnsetType = msgspec.UNSET
    parameters: Parameters = {}
    outputs: list[_Wanted] = []


class OutputTensor(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One output: `shape` is [rows]."""

    name: str
    shape: list[int]
    datatype: str
    data: list[float] | list[str]


class _Response(msgspec.Struct, frozen=True, gc=False):
    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str | msgspec.UnsetType = msgspec.UNSET


class _RuntimeResponse(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    model_name: str
    outputs: list[_Tensor]
    model_version: str = ""
    id: str = ""
    parameters: Parameters = {}


_flat: Final = msgspec.json.Decoder(_Request)
_nested: Final = msgspec.json.Decoder(_NestedRequest)
_answer: Final = msgspec.json.Decoder(_RuntimeResponse)
_encode: Final = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def interface(contract: Contract) -> Interface:
    """What a model under this contract takes and gives."""
    cases = (CASE,) if contract.review or contract.confirm else ()
    return Interface(len(contract.features), (SCORE, DECISION, *cases))


def read_infer(body: bytes, face: Interface, *, max_rows: int) -> InferRequest | Problem:
    """An inference request, or what is wrong with it. The caller bounds the size of `body`."""
    request: _Request | _NestedRequest
    try:
        request = _flat.decode(body)
    except _UNREADABLE as error:
        try:
            request = _nested.decode(body)
        except _UNREADABLE as other:
            return _first_wrong(error, other)
    if len(request.inputs) != 1:
        return Problem(f"one input is taken, `{INPUT}`; there are {len(request.inputs)}")
    tensor = request.inputs[0]
    wrong = _check_tensor(tensor, face, max_rows=max_rows)
    if wrong:
        return Problem(wrong)
    rows = tensor.shape[0]
    if isinstance(tensor, _Tensor):
        values = tensor.data
    else:
        if len(tensor.data) != rows or any(len(row) != face.width for row in tensor.data):
            return Problem(f"nested data must be {rows} lists of {face.width} numbers")
        values = [value for row in tensor.data for value in row]
    if len(values) != rows * face.width:
        return Problem(f"shape asks for {rows * face.width} numbers; data has {len(values)}")
    if not (max(values) <= LARGEST and min(values) >= -LARGEST):
        return Problem("a number is beyond the range of FP32")
    if tensor.datatype == "FP32":
        values = array("f", values).tolist()
    wanted = _wanted(request, face)
    if isinstance(wanted, Problem):
        return wanted
    identity = None if request.id is msgspec.UNSET else request.id
    return InferRequest(identity, rows, values, wanted)


def _check_tensor(tensor: _Tensor | _NestedTensor, face: Interface, *, max_rows: int) -> str:
    """What is wrong with the input but its data, or ""."""
    if tensor.name != INPUT:
        return f"the input is called `{INPUT}`"
    if tensor.datatype not in ("FP64", "FP32"):
        known = "" if tensor.datatype in DATATYPES else ", and this is no datatype"
        return f"`{INPUT}` is FP64 or FP32{known}"
    shape = tensor.shape
    if len(shape) != 2 or shape[1] != face.width:
        return f"the shape of `{INPUT}` is [rows, {face.width}]"
    if not 1 <= shape[0] <= max_rows:
        return f"1 to {max_rows} rows are taken at once"
    if len(tensor.parameters) > _MAX_PARAMETERS:
        return f"at most {_MAX_PARAMETERS} parameters are taken"
    return ""


def _wanted(request: _Request | _NestedRequest, face: Interface) -> tuple[str, ...] | Problem:
    if request.id is not msgspec.UNSET and len(request.id) > MAX_ID:
        return Problem(f"an id has at most {MAX_ID} characters")
    if len(request.parameters) > _MAX_PARAMETERS:
        return Problem(f"at most {_MAX_PARAMETERS} parameters are taken")
    if not request.outputs:
        return face.outputs
    if len(request.outputs) > len(face.outputs):
        return Problem(f"outputs are {', '.join(face.outputs)}, each once")
    names = tuple(wanted.name for wanted in request.outputs)
    if len(set(names)) != len(names) or not set(names) <= set(face.outputs):
        return Problem(f"outputs are {', '.join(face.outputs)}, each once")
    if any(len(wanted.parameters) > _MAX_PARAMETERS for wanted in request.outputs):
        return Problem(f"at most {_MAX_PARAMETERS} parameters are taken")
    return names


def _first_wrong(flat: Exception, nested: Exception) -> Problem:
    """Flat data is what most send: its error counts, unless it is only that data is nested."""
    error = nested if _GOT_NESTED in str(flat) else flat
    if isinstance(error, msgspec.MsgspecError):
        return Problem(str(error)[:_TEXT])
    return Problem("the body is not JSON in UTF-8")


def runtime_body(request: InferRequest) -> bytes:
    """The request as the runtime gets it: the numbers, as FP64, and nothing of the caller's."""
    return b'{"inputs":[{"name":"features","shape":[%d,%d],"datatype":"FP64","data":%b}]}' % (
        request.rows,
        len(request.values) // request.rows,
        _encode(request.values),
    )


def read_scores(body: bytes, *, rows: int) -> list[float] | Problem:
    """The runtime's scores, one for each row and each in [0, 1]."""
    try:
        response = _answer.decode(body)
    except _UNREADABLE:
        return Problem("the runtime's answer is not an inference response")
    if len(response.outputs) != 1 or response.outputs[0].name != SCORE:
        return Problem("the runtime's answer has not the one output `score`")
    tensor = response.outputs[0]
    if tensor.datatype not in ("FP64", "FP32") or tensor.shape not in ([rows], [rows, 1]):
        return Problem(f"the runtime's scores are not {rows} numbers")
    return scores_problem(tensor.data, rows=rows) or tensor.data


def scores_problem(scores: Sequence[float], *, rows: int) -> Problem | None:
    """What is wrong with scores, if anything: how many there are, or one outside [0, 1]."""
    if len(scores) != rows or rows == 0:
        return Problem(f"{len(scores)} scores for {rows} rows")
    for score in scores:
        if not 0.0 <= score <= 1.0:
            return Problem("a score is not in [0, 1]")
    return None


def infer_response(
    *,
    name: str,
    version: str,
    id: str | None,  # noqa: A002 - the protocol's word
    wanted: Sequence[str],
    scores: Sequence[float],
    decisions: Sequence[str],
    cases: Sequence[str],
) -> bytes:
    """The answer to an inference request, with the outputs that are wanted."""
    shape = [len(scores)]
    outputs = []
    for output in wanted:
        if output == SCORE:
            outputs.append(OutputTensor(SCORE, shape, "FP64", list(scores)))
        else:
            texts = decisions if output == DECISION else cases
            outputs.append(OutputTensor(output, shape, "BYTES", list(texts)))
    return _encode(_Response(name, version, outputs, msgspec.UNSET if id is None else id))
