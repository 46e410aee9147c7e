"""Open Inference Protocol v2 as the runtime speaks it: one input `features`, one output `score`.

The gateway has read the caller's body and written its own, so this takes flat data only; it checks
again all the same, since a Unix socket is still a door. Spec: kserve/open-inference-protocol,
specification/protocol/inference_rest.md.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from sealwright.errors import UsageError
from sealwright.evidence.predicates.serving import Contract
from sealwright.inference.scoring import FloatArray
from sealwright.phases.deployment.settings import RuntimeSettings

INPUT: Final = "features"
OUTPUT: Final = "score"
PLATFORM: Final = "onnx_onnxv1"
MAX_ID: Final = 128
"""Characters of a request's id."""
MAX_BODY: Final = 64 * 1024 * 1024
LARGEST: Final = 3.4028234663852886e38
"""Largest FP32: models compute in it."""
_NUMBER_BYTES: Final = 26
"""The longest that a double is written by any encoder, and a comma."""
_REST_BYTES: Final = 4096


class _Tensor(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    inputs: list[_Tensor]
    id: str = ""
    outputs: list[_Wanted] = []


_requests: Final = msgspec.json.Decoder(_Request)
_encode: Final = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """A request that can be put to the model. `rows` is (n, d) float64."""

    id: str
    rows: FloatArray


def longest_body(settings: RuntimeSettings) -> int:
    """Bytes of the longest body that can hold a good request."""
    numbers = settings.max_rows * len(settings.contract.features)
    return min(MAX_BODY, _REST_BYTES + numbers * _NUMBER_BYTES)


def read_request(body: bytes, *, width: int, max_rows: int) -> Asked:
    """The rows of a request; UsageError, in words for the gateway, for anything that is not one.

    The caller bounds the size of `body`.
    """
    try:
        request = _requests.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"not an inference request: {error}"[:300]) from error
    if len(request.inputs) != 1 or request.inputs[0].name != INPUT:
        raise UsageError(f"one input is taken, `{INPUT}`")
    if len(request.outputs) > 1 or (request.outputs and request.outputs[0].name != OUTPUT):
        raise UsageError(f"one output is given, `{OUTPUT}`")
    if len(request.id) > MAX_ID:
        raise UsageError(f"an id has at most {MAX_ID} characters")
    tensor = request.inputs[0]
    if tensor.datatype not in ("FP64", "FP32"):
        raise UsageError(f"`{INPUT}` is FP64 or FP32")
    shape, data = tensor.shape, tensor.data
    if len(shape) != 2 or shape[1] != width or not 1 <= shape[0] <= max_rows:
        raise UsageError(f"the shape of `{INPUT}` is [1 to {max_rows}, {width}]")
    if len(data) != shape[0] * width:
        raise UsageError(f"shape asks for {shape[0] * width} numbers; data has {len(data)}")
    if not (max(data) <= LARGEST and min(data) >= -LARGEST):
        raise UsageError("a number is beyond the range of FP32")
    return Asked(request.id, np.array(data, dtype=np.float64).reshape(shape[0], width))


def write_answer(scores: FloatArray, *, contract: Contract, version: str, id: str) -> bytes:  # noqa: A002 - the protocol's word
    """The answer with the raw scores, (n,) float64."""
    answer: dict[str, object] = {
        "model_name": contract.name,
        "model_version": version,
        "outputs": [
            {
                "name": OUTPUT,
                "datatype": "FP64",
                "shape": [len(scores)],
                "data": scores.tolist(),
            }
        ],
    }
    if id:
        answer["id"] = id
    return _encode(answer)


def write_metadata(contract: Contract, *, version: str) -> bytes:
    """What the model takes and gives."""
    width = len(contract.features)
    return _encode(
        {
            "name": contract.name,
            "versions": [version],
            "platform": PLATFORM,
            "inputs": [{"name": INPUT, "datatype": "FP64", "shape": [-1, width]}],
            "outputs": [{"name": OUTPUT, "datatype": "FP64", "shape": [-1]}],
        }
    )


def write_error(text: str) -> bytes:
    """An error as the protocol has it."""
    return _encode({"error": text})
